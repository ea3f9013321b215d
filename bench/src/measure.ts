/** One contender of a comparison: does its work once a call. */
export interface Contender {
  readonly name: string
  run(): void | Promise<void>
}

/** What a comparison measured: microseconds a call (median over the rounds) and the ratio to the first contender. */
export interface Measured {
  readonly name: string
  readonly micros: number
  /** Median over the rounds of (first contender's time / this one's time): above 1 is faster than the first. */
  readonly ratio: number
}

const ROUNDS = 31
const ROUND_MS = 25

/**
 * Times contenders side by side in one process. Each round runs all of them, one after the other, so
 * that a busy machine slows all alike; the ratio is taken within the round.
 *
 * @param contenders the first one is what the others are compared with
 */
export async function compare(contenders: readonly Contender[]): Promise<readonly Measured[]> {
  const calls = await Promise.all(contenders.map(() => 0))
  for (const [i, contender] of contenders.entries()) calls[i] = await callsPerRound(contender)
  const times: number[][] = contenders.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, contender] of contenders.entries()) {
      times[i]?.push((await time(contender, calls[i] as number)) / (calls[i] as number))
    }
  }
  const first = times[0] as number[]
  return contenders.map((contender, i) => {
    const own = times[i] as number[]
    return {
      name: contender.name,
      micros: median(own) * 1000,
      ratio: median(own.map((value, round) => (first[round] as number) / value)),
    }
  })
}

// The engine compiles what runs often, some of it after three thousand calls only: a figure taken before that is one of
// the compiler. Whatever takes long is not waited for that often.
const WARM_UP = { ms: 1500, calls: 4000, mostMs: 8000 } as const

async function callsPerRound(contender: Contender): Promise<number> {
  let spent = 0
  for (let calls = 0; spent < WARM_UP.ms || (calls < WARM_UP.calls && spent < WARM_UP.mostMs); calls += 20)
    spent += await time(contender, 20)
  const once = (await time(contender, 20)) / 20
  return Math.max(1, Math.round(ROUND_MS / once))
}

/** Milliseconds of `calls` calls. */
async function time(contender: Contender, calls: number): Promise<number> {
  const start = process.hrtime.bigint()
  for (let i = 0; i < calls; i++) {
    const pending = contender.run()
    if (pending !== undefined) await pending
  }
  return Number(process.hrtime.bigint() - start) / 1e6
}

/** The middle of the values, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  const upper = sorted[half] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? Number.NaN)) / 2
}
