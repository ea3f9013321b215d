import {
  type EifOptions,
  makeEif,
  makeFirmware,
  makeSigner,
  mutate,
  Prng,
  SEV_METADATA_AT,
  sealEif,
  signEif,
  TDVF_METADATA_AT,
  utf8,
} from '@sekisho/emulator/kit'
import { EvidenceError } from '@sekisho/evidence'
import { measureEif, measureSnp, measureTdx, readSevFirmware, readTdvf, recogniseFirmware } from '../src/index.ts'
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

/** What is fuzzed: mutated images, and what is done with each. */
export interface Subject {
  readonly name: string
  readonly next: (random: Prng) => Uint8Array
  readonly measure: (image: Uint8Array) => Promise<unknown>
}

/**
 * Enclave images. Most have their checksum mended, since nothing behind it is reached otherwise; some
 * are mutated in one section alone, so that the rest of the image leads there.
 */
export const ENCLAVE_IMAGES: Subject = {
  name: 'enclave images',
  next: nextImage,
  measure: (image) => measureEif(image, { at: AT }),
}

/** Firmware of confidential VMs: mutated anywhere, or where its metadata and its table stand. */
export const FIRMWARE: Subject = {
  name: 'firmware',
  next: nextFirmware,
  measure: async (image) => {
    recogniseFirmware(image)
    // A section that became large costs a hash a page, as it should; here it would cost the time of all others.
    const pages = readSevFirmware(image).sections.reduce((sum, { size }) => sum + size / 4096, 0)
    if (pages < 64) await measureSnp(image, { vcpus: 1, cpu: 'EPYC', boot: { kernel: new Uint8Array() } })
    const memory = readTdvf(image).reduce((sum, { size, isAugmented }) => sum + (isAugmented ? 0 : size), 0)
    if (memory < 2 ** 18) await measureTdx(image)
  },
}

/** Measures `inputs` mutated images. */
export async function fuzz(seed: number, inputs: number, { next, measure }: Subject): Promise<Fuzzed> {
  const random = new Prng(seed)
  const problems: string[] = []
  let read = 0
  let slowest = 0
  for (let i = 0; i < inputs && problems.length < 5; i++) {
    const image = next(random)
    const start = process.cpuUsage()
    const problem = await problemOf(measure, image)
    const { user, system } = process.cpuUsage(start)
    slowest = Math.max(slowest, (user + system) / 1000)
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

const FIRMWARES: readonly Uint8Array[] = [
  makeFirmware({ tdvf: [[0, 0x1000, 0xfffff000n, 0x1000n, 0, 1]] }),
  makeFirmware({ pages: 1, svsmEntry: 1, tdvf: [[0, 0x100, 0x1000n, 0x2000n, 5, 1]] }),
]
/** From here on a made firmware has its table. */
const TABLE = 300

function nextFirmware(random: Prng): Uint8Array {
  const firmware = random.one(FIRMWARES).slice()
  const part = (start: number, end: number): Uint8Array => {
    const mutated = mutate(firmware.subarray(start, end), random, FIRMWARES)
    firmware.set(mutated.subarray(0, end - start), start)
    return firmware
  }
  switch (random.below(4)) {
    case 0:
      return mutate(firmware, random, FIRMWARES)
    case 1:
      return part(SEV_METADATA_AT, SEV_METADATA_AT + 76)
    case 2:
      return part(TDVF_METADATA_AT, TDVF_METADATA_AT + 48)
    default:
      return part(firmware.length - TABLE, firmware.length - 32)
  }
}

/** Undefined when the image was measured, empty when it was refused as documented, and else what happened. */
async function problemOf(measure: Subject['measure'], image: Uint8Array): Promise<string | undefined> {
  try {
    await measure(image)
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
