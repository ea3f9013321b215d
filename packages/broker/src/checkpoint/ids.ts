import { randomBytes } from 'node:crypto'

const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz'
const TIME_LETTERS = 10
const RANDOM_LETTERS = 16

let lastTime = -1
let lastTimeText = ''
let lastRandom: number[] = []

/**
 * A new id: a prefix, and 26 characters that sort by time (48 bits of milliseconds, 80 random bits, in Crockford's
 * base 32). Two of the same millisecond and process sort in the order they were made.
 */
export function newId(prefix: 'dec' | 'lse' | 'apr', at: Date): string {
  const time = at.getTime()
  if (time === lastTime) lastRandom = next(lastRandom)
  else {
    lastRandom = Array.from(randomBytes(RANDOM_LETTERS), (byte) => byte & 31)
    lastTimeText = timeText(time)
    lastTime = time
  }
  let random = ''
  for (const value of lastRandom) random += LETTERS.charAt(value)
  return `${prefix}_${lastTimeText}${random}`
}

function timeText(time: number): string {
  let text = ''
  for (let i = TIME_LETTERS - 1; i >= 0; i--) text += LETTERS.charAt(Math.floor(time / 32 ** i) % 32)
  return text
}

/** What ids begin with that were made at a time: no id that was made earlier sorts behind it. */
export function idTime(prefix: 'dec' | 'lse' | 'apr', at: Date): string {
  return `${prefix}_${timeText(at.getTime())}`
}

function next(digits: readonly number[]): number[] {
  const more = [...digits]
  for (let i = more.length - 1; i >= 0; i--) {
    const value = ((more[i] ?? 0) + 1) % 32
    more[i] = value
    if (value !== 0) break
  }
  return more
}

/** A new id of a session or an enrolment: 32 lower-case hex digits. */
export function newSessionId(): string {
  return randomBytes(16).toString('hex')
}
