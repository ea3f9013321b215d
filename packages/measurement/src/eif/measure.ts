import { Crc32, EvidenceError, toHex } from '@sekisho/evidence'
import type { Name } from '@sekisho/evidence/x509'
import { digestOf } from '../digest.ts'
import { type ImageBytes, ImageReader } from '../image-reader.ts'
import { CRC_OFFSET, type EifArchitecture, HEADER_SIZE, parseEifHeader } from './header.ts'
import { type EifMetadata, parseEifMetadata, utf8 } from './metadata.ts'
import { extended } from './registers.ts'
import { type EifSection, type ReadSections, readSections } from './sections.ts'
import { type EifSignatureEntry, parseEifSignature } from './signature.ts'
import { checkSignature, type EifCheck } from './signature-checks.ts'

/** Who signed an image, and whether the signature holds. */
export interface EifSigner {
  readonly subject: string
  readonly issuer: string
  readonly serial: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** E.g. `EC P-384`. */
  readonly keyKind: string
  /** The DER that PCR8 is made from. */
  readonly certificate: Uint8Array
  readonly checks: readonly EifCheck[]
}

/** What a Nitro enclave of an image will measure, and what the image says of itself. Registers are lower-case hex. */
export interface EifMeasurement {
  readonly format: 'eif'
  readonly version: number
  readonly architecture: EifArchitecture
  readonly defaultMemory: bigint
  readonly defaultCpus: bigint
  /** Bytes of the image. */
  readonly size: number
  readonly crc32: number
  readonly sections: readonly EifSection[]
  readonly commandLine: string
  readonly metadata: EifMetadata | undefined
  readonly pcrs: EifRegisters
  /** Empty for an image that is not signed. */
  readonly signers: readonly EifSigner[]
  /** `invalid` when any check of any signature fails: then nothing vouches for PCR8. */
  readonly signature: 'none' | 'valid' | 'invalid'
}

/** Registers that an image settles. PCR8 only of signed images. */
export interface EifRegisters {
  readonly pcr0: string
  readonly pcr1: string
  readonly pcr2: string
  readonly pcr8?: string
}

/** What measuring takes beside the image. */
export interface MeasureOptions {
  /** The time at which a signing certificate must be in date. */
  readonly at: Date
  /**
   * Longest accepted image in bytes, default 1 GiB. Where cryptography digests whole inputs only (WebCrypto), the
   * image is held in memory; in Node.js it is not.
   */
  readonly maxSize?: number
}

const DEFAULT_MAX_SIZE = 1024 ** 3

/**
 * Computes PCR0, PCR1, PCR2 and PCR8 from an AWS Nitro enclave image file (EIF, version 2 to 4), in one pass.
 * `image` must not change before the promise settles.
 *
 * A bad signature is told by its checks. It makes no image unreadable, and the registers are those that the hypervisor
 * would compute.
 *
 * @throws EvidenceError for every file that is not exactly one image: with the byte offset and what was expected there
 * @throws TypeError for options that make no sense
 * @see AWS Nitro Enclaves image format; AWS Nitro Enclaves user guide, "Where to find an enclave's measurements"
 */
export async function measureEif(image: ImageBytes, options: MeasureOptions): Promise<EifMeasurement> {
  const { at, maxSize = DEFAULT_MAX_SIZE } = options
  if (!(at instanceof Date) || Number.isNaN(at.getTime())) throw new TypeError('at: expected a valid Date')
  if (!Number.isSafeInteger(maxSize) || maxSize < 1) throw new TypeError('maxSize: expected a whole number of bytes')
  const crc = new Crc32()
  const reader = new ImageReader(image, watcher(crc))
  try {
    const header = parseEifHeader(await reader.take(HEADER_SIZE, 'eif.header'), maxSize)
    const read = await readSections(reader, header)
    await reader.end('eif')
    refuseWrongChecksum(header.crc32, crc.value)
    const { version, architecture, defaultMemory, defaultCpus, crc32 } = header
    const about = { version, architecture, defaultMemory, defaultCpus, crc32, size: reader.offset }
    return { format: 'eif', ...about, ...(await measured(read, at)) }
  } finally {
    await reader.close()
  }
}

// The checksum covers the file but for its own field. The reader hands on pieces from the header's first byte on.
function watcher(crc: Crc32): (bytes: Uint8Array) => void {
  let seen = 0
  return (bytes) => {
    const before = Math.max(0, Math.min(bytes.length, CRC_OFFSET - seen))
    const behind = Math.max(0, Math.min(bytes.length, HEADER_SIZE - seen))
    crc.update(bytes.subarray(0, before))
    crc.update(bytes.subarray(behind))
    seen += bytes.length
  }
}

function refuseWrongChecksum(stated: number, computed: number): void {
  if (stated === computed) return
  const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`
  throw new EvidenceError('malformed', hex(stated), {
    field: 'eif.crc32',
    offset: CRC_OFFSET,
    expected: `${hex(computed)}, the CRC-32 of everything else: the image is damaged or was changed`,
  })
}

type Measured = Pick<EifMeasurement, 'sections' | 'commandLine' | 'metadata' | 'pcrs' | 'signers' | 'signature'>

async function measured(read: ReadSections, at: Date): Promise<Measured> {
  const { sections, contents } = read
  const field = (type: EifSection['type']): string =>
    `eif.section[${sections.findIndex((one) => one.type === type)}] (${type})`
  const metadata = contents.get('metadata')
  const signature = contents.get('signature')
  const commandLine = utf8(contents.get('command-line') ?? new Uint8Array(), field('command-line'))
  const entries = signature === undefined ? [] : parseEifSignature(signature, field('signature'))
  const pcrs = await registersOf(read, entries[0])
  const signers = await Promise.all(entries.map((entry) => signerOf(entry, pcrs.pcr0, at)))
  const failed = signers.some(({ checks }) => checks.some(({ outcome }) => outcome === 'fail'))
  return {
    sections,
    commandLine,
    metadata: metadata && parseEifMetadata(metadata, field('metadata')),
    pcrs,
    signers,
    signature: entries.length === 0 ? 'none' : failed ? 'invalid' : 'valid',
  }
}

// A signature section holds one entry for each signed register; of several, the first one's certificate is measured.
async function registersOf(read: ReadSections, signed: EifSignatureEntry | undefined): Promise<EifRegisters> {
  const [pcr0, pcr1, pcr2] = await Promise.all([read.image, read.boot, read.application].map(registerOf))
  const registers = { pcr0: pcr0 ?? '', pcr1: pcr1 ?? '', pcr2: pcr2 ?? '' }
  if (signed === undefined) return registers
  return { ...registers, pcr8: await registerOf(await digestOf('sha384', signed.certificate.der)) }
}

async function registerOf(digest: Uint8Array): Promise<string> {
  return toHex(await extended(digest))
}

async function signerOf(entry: EifSignatureEntry, pcr0: string, at: Date): Promise<EifSigner> {
  const { subject, issuer, serial, notBefore, notAfter, keyKind, der } = entry.certificate
  return {
    subject: nameOf(subject),
    issuer: nameOf(issuer),
    serial,
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
    keyKind,
    certificate: der,
    checks: await checkSignature(entry, pcr0, at),
  }
}

function nameOf({ commonName, organization, organizationalUnit }: Name): string {
  return [commonName, organizationalUnit, organization].filter((part) => part !== undefined).join(', ') || 'no name'
}
