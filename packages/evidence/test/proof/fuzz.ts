import { mutate, mutateText, Prng } from '@sekisho/emulator/kit'
import { EvidenceError } from '../../src/core/errors.ts'
import type { Decoder } from './decoders.ts'

/** What fuzzing a decoder showed. */
export interface Fuzzed {
  readonly inputs: number
  /** Inputs that it read without an error. */
  readonly read: number
  /** Inputs with another error than a documented one. */
  readonly problems: readonly string[]
  /** Longest time of the processor for one input, in milliseconds: where others are at work, a clock tells of them. */
  readonly slowest: number
}

/** Runs something whose errors need no stack: to write one takes longer than to find most of the errors. */
export function withoutStacks<T>(run: () => T): T {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return run()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/**
 * Feeds `inputs` mutated samples to a decoder. A seed repeats the mutations; the samples are signed
 * anew by each process, so that a problem shows its whole input.
 */
export function fuzz(decoder: Decoder, seed: number, inputs: number): Fuzzed {
  const random = new Prng(seed)
  const problems: string[] = []
  let read = 0
  let slowest = 0
  for (let i = 0; i < inputs && problems.length < 5; i++) {
    const { run, show } = nextInput(decoder, random)
    const start = process.cpuUsage()
    const problem = withoutStacks(() => problemOf(decoder, run))
    const { user, system } = process.cpuUsage(start)
    slowest = Math.max(slowest, (user + system) / 1000)
    if (problem === undefined) read++
    else if (problem !== '')
      problems.push(`${decoder.name}, seed ${seed}, input ${i}: ${problemOf(decoder, run) ?? problem}\n${show()}`)
  }
  return { inputs, read, problems, slowest }
}

function nextInput(decoder: Decoder, random: Prng): { readonly run: () => unknown; readonly show: () => string } {
  if (decoder.form === 'bytes') {
    const bytes = mutate(random.one(decoder.samples), random, decoder.samples)
    return { run: () => decoder.decode(bytes), show: () => Buffer.from(bytes).toString('hex') }
  }
  const text = mutateText(random.one(decoder.samples), random, decoder.samples)
  return { run: () => decoder.decode(text), show: () => JSON.stringify(text) }
}

/** Undefined when the input was read, empty when it was refused as documented, and else what happened. */
function problemOf(decoder: Decoder, run: () => unknown): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (error instanceof EvidenceError) return faultOf(error)
    if (error instanceof TypeError && decoder.throwsTypeError === true) return ''
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}

// An error must be fit for a person, and must not repeat the input at length.
function faultOf(error: EvidenceError): string {
  const { message, field, offset, expected } = error
  if (message.length > 1000) return `a message of ${message.length} characters`
  if (field === '' || expected === '' || !Number.isSafeInteger(offset) || offset < 0)
    return `an error without a place: ${message}`
  return /undefined|NaN|\[object/.test(message) ? `an error in no words: ${message}` : ''
}
