import { type EifOptions, makeEif, makeSigner, mutate, Prng, sealEif, signEif, utf8 } from '@sekisho/emulator/kit'
import { EvidenceError } from '@sekisho/evidence'
import { measureEif } from '../src/index.ts'
import { AT } from './kit.ts'

/** What fuzzing showed. */
export interface Fuzzed {
  /** Inputs that were measured. */
  readonly read: number
  /** Inputs with another error than a documented one, or an error that is no help. */
  readonly problems: readonly string[]
  /** Longest time for one input, in milliseconds. */
  readonly slowest: number
}

const SIGNERS = [makeSigner('P-256', AT), { ...makeSigner('P-256', AT), strings: true as const }]
const METADATA = utf8(JSON.stringify({ ImageName: 'x', BuildMetadata: { BuildTime: '2026', KernelVersion: '6' } }))
const SAMPLES: readonly EifOptions[] = [
  {},
  { version: 2, metadata: null, ramdisks: [utf8('one')] },
  ...SIGNERS.map((signer): EifOptions => ({ metadata: METADATA, signature: signEif({}, signer) })),
]
const IMAGES: readonly Uint8Array[] = SAMPLES.map(makeEif)
const SIGNATURES: readonly Uint8Array[] = SAMPLES.flatMap(({ signature }) => signature ?? [])

/**
 * Measures `inputs` mutated images. Most have their checksum mended, since nothing behind it is reached otherwise; some
 * are mutated in one section alone, so that the rest of the image leads there.
 */
export async function fuzz(seed: number, inputs: number): Promise<Fuzzed> {
  const random = new Prng(seed)
  const problems: string[] = []
  let read = 0
  let slowest = 0
  for (let i = 0; i < inputs && problems.length < 5; i++) {
    const image = nextImage(random)
    const start = performance.now()
    const problem = await problemOf(image)
    slowest = Math.max(slowest, performance.now() - start)
    if (problem === undefined) read++
    else if (problem !== '')
      problems.push(`seed ${seed}, input ${i}: ${problem}\n${Buffer.from(image).toString('hex')}`)
  }
  return { read, problems, slowest }
}

function nextImage(random: Prng): Uint8Array {
  switch (random.below(4)) {
    case 0:
      return mutate(random.one(IMAGES), random, IMAGES)
    case 1:
      return sealEif(mutate(random.one(IMAGES), random, IMAGES))
    case 2:
      return makeEif({ signature: mutate(random.one(SIGNATURES), random, SIGNATURES) })
    default:
      return makeEif({ metadata: mutate(METADATA, random, [METADATA]) })
  }
}

/** Undefined when the image was measured, empty when it was refused as documented, and else what happened. */
async function problemOf(image: Uint8Array): Promise<string | undefined> {
  try {
    await measureEif(image, { at: AT })
    return undefined
  } catch (error) {
    if (!(error instanceof EvidenceError))
      return error instanceof Error ? (error.stack ?? error.message) : String(error)
    const { message, field, offset, expected } = error
    if (message.length > 1000) return `a message of ${message.length} characters`
    if (field === '' || expected === '' || !Number.isSafeInteger(offset) || offset < 0) return `no place: ${message}`
    return /undefined|NaN|\[object/.test(message) ? `no words: ${message}` : ''
  }
}
