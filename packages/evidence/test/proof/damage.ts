import { EvidenceError } from '../../src/core/errors.ts'
import type { Claims, Verdict } from '../../src/core/verdict.ts'
import { withoutStacks } from './fuzz.ts'
import { objections } from './subjects.ts'
import type { Region, Target } from './target.ts'

/** What damaging a target showed. */
export interface Damage {
  readonly flips: number
  readonly truncations: number
  /** Sentences; empty when every piece of damage was noticed where it is. */
  readonly problems: readonly string[]
  /** Longest single verification, in milliseconds. */
  readonly slowest: number
}

const MOST_PROBLEMS = 12
/** Every so many flips one goes through the public door with nothing prepared. */
const AFRESH = 101

/** How thorough to be. */
export interface Depth {
  /** Bits to flip of a byte: 1 (which one depends on the byte) or 8. */
  readonly bits: 1 | 8
  /** 1: every byte and every length. Otherwise those whose offset leaves `start` when divided by it. */
  readonly stride: number
  readonly start: number
}

/** Flips bits of every byte in turn, and cuts the part at every length. */
export function damage(target: Target, undamaged: Verdict<Claims>, { bits, stride, start: first }: Depth): Damage {
  const problems: string[] = []
  let flips = 0
  let truncations = 0
  let slowest = 0
  const look = (damaged: Uint8Array, region: Region, what: string, afresh: boolean): void => {
    if (problems.length >= MOST_PROBLEMS) return
    const start = performance.now()
    const quick = withoutStacks(() => answer(() => target.judge(damaged)))
    slowest = Math.max(slowest, performance.now() - start)
    // A crash is shown with its stack.
    const told = 'crash' in quick ? answer(() => target.judge(damaged)) : quick
    const problem = problemOf(told, damaged, region, undamaged)
    if (problem !== undefined) problems.push(`${what} (${region.name}): ${problem}`)
    if (!afresh) return
    const full = answer(() => target.judgeAfresh(damaged))
    if (summary(full) !== summary(quick))
      problems.push(`${what} (${region.name}): ${summary(quick)}, but afresh ${summary(full)}`)
  }
  for (const region of target.regions) {
    if (region.elsewhere !== undefined) continue
    for (let at = region.from; at < region.to; at++) {
      if (at % stride !== first % stride) continue
      for (const bit of bits === 8 ? [0, 1, 2, 3, 4, 5, 6, 7] : [(at * 5 + 3) % 8]) {
        const damaged = Uint8Array.from(target.bytes)
        damaged[at] = (damaged[at] as number) ^ (1 << bit)
        look(damaged, region, `${target.part}: byte ${at}, bit ${bit}`, flips % AFRESH === 0)
        flips++
      }
      truncations++
      const cut = target.bytes.slice(0, at)
      const { decode } = target
      if (decode !== undefined && withoutStacks(() => decodes(decode, cut)))
        problems.push(`${target.part}: cut to ${at} bytes, it is still read`)
      if (decode !== undefined && bits === 1 && at % 4 !== 1) continue
      look(cut, cutRegion(region, target.cuts), `${target.part}: cut to ${at} bytes`, truncations % AFRESH === 0)
    }
  }
  return { flips, truncations, problems, slowest }
}

function decodes(decode: (cut: Uint8Array) => unknown, cut: Uint8Array): boolean {
  try {
    decode(cut)
    return true
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return false
  }
}

// A part of a fixed length is refused when it is cut, also inside of bytes that nobody signs.
function cutRegion(region: Region, cuts: readonly string[] | undefined): Region {
  if (cuts === undefined) return region
  const { unsigned: _, ...rest } = region
  return { ...rest, checks: cuts }
}

type Answer = { readonly verdict: Verdict<Claims> } | { readonly error: EvidenceError } | { readonly crash: string }

function answer(judge: () => Verdict<Claims>): Answer {
  try {
    return { verdict: judge() }
  } catch (error) {
    if (error instanceof EvidenceError) return { error }
    return { crash: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

function summary(one: Answer): string {
  if ('crash' in one) return one.crash
  if ('error' in one) return `${one.error.code}: ${one.error.message}`
  return `${one.verdict.outcome}, ${one.verdict.authenticity}, ${objections(one.verdict).join(' ')}`
}

function problemOf(one: Answer, damaged: Uint8Array, region: Region, undamaged: Verdict<Claims>): string | undefined {
  if ('crash' in one) return `a crash: ${one.crash}`
  if ('error' in one) {
    const { error } = one
    if ((region.errors ?? []).some((field) => error.field.startsWith(field))) return undefined
    return `an error elsewhere: ${summary(one)}`
  }
  const { verdict } = one
  if (region.unsigned !== undefined) {
    return verdict.outcome === undamaged.outcome ? undefined : `unsigned bytes changed the outcome: ${summary(one)}`
  }
  if (verdict.outcome === undamaged.outcome && region.neutral?.(damaged) === true) return undefined
  if (verdict.outcome === 'verified' || verdict.authenticity === 'proven') return `ACCEPTED: ${summary(one)}`
  if (objections(verdict).some((id) => region.checks.some((check) => id.startsWith(check)))) return undefined
  return `blamed on something else: ${summary(one)}`
}
