import { bigEndian, equalBytes } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import type { DigestJob } from '../crypto/jobs.ts'
import { BigEndianReader, bigOf } from './big-endian.ts'
import { SE_HEADER_MAGIC } from './magic.ts'

const PAGE = 4096
const METADATA_AT = 0xc000
const METADATA_MAGIC: Uint8Array = Uint8Array.from('SeImgLnx', (letter) => letter.charCodeAt(0))
const PAGES_LOOKED_AT = 0x15

/** Where things lie in an image. */
export interface SeImageLayout {
  readonly headerOffset: number
  /** Undefined for images without metadata. */
  readonly ipibOffset?: number
}

/**
 * Finds the header in an image or a bare header file: where the metadata say, or at the start of one
 * of the first pages when there are none.
 *
 * @returns undefined when there is no header
 * @throws EvidenceError for metadata that cannot be read
 */
export function findSeHeader(image: Uint8Array): SeImageLayout | undefined {
  if (startsWith(image, METADATA_AT, METADATA_MAGIC)) return fromMetadata(image)
  for (let page = 0; page < PAGES_LOOKED_AT; page++) {
    if (startsWith(image, page * PAGE, SE_HEADER_MAGIC)) return { headerOffset: page * PAGE }
  }
  return undefined
}

function fromMetadata(image: Uint8Array): SeImageLayout | undefined {
  const reader = new BigEndianReader(image, METADATA_AT + 8)
  const header = reader.be64('metadata.headerOffset')
  const version = reader.be32('metadata.version')
  if (version !== 1) throw refuse('metadata.version', String(version), '1', METADATA_AT + 16, 'unsupported-version')
  const ipib = reader.be64('metadata.ipibOffset')
  if (header > BigInt(image.length) || ipib > BigInt(Number.MAX_SAFE_INTEGER)) return undefined
  return startsWith(image, Number(header), SE_HEADER_MAGIC)
    ? { headerOffset: Number(header), ipibOffset: Number(ipib) }
    : undefined
}

function startsWith(bytes: Uint8Array, at: number, magic: Uint8Array): boolean {
  return equalBytes(bytes.subarray(at, at + magic.length), magic)
}

/** A component as it lies in the image: encrypted, unless the header says otherwise. */
export interface SeStoredComponent {
  readonly address: bigint
  /** 16 bytes. */
  readonly tweak: Uint8Array
  /** Whole pages. */
  readonly data: Uint8Array
}

/** Digests of components in the order of their addresses, to be settled and compared with those of a header. */
export interface SePageDigests {
  readonly pages: number
  readonly pld: DigestJob
  readonly ald: DigestJob
  readonly tld: DigestJob
}

const MAX_PAGES = 0x100000

/**
 * Digests of page contents, addresses and tweaks.
 * @throws EvidenceError for a component that is not whole pages, or tweaks or addresses that do not fit
 */
export function sePageDigests(components: readonly SeStoredComponent[]): SePageDigests {
  const sorted = [...components].sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))
  const pages = sorted.reduce((sum, { data }) => sum + data.length / PAGE, 0)
  if (
    !Number.isInteger(pages) ||
    pages > MAX_PAGES ||
    sorted.some(({ data, tweak }) => data.length % PAGE !== 0 || tweak.length !== 16)
  ) {
    throw refuse(
      'components',
      'other sizes',
      `whole pages of ${PAGE} bytes, at most ${MAX_PAGES}, and tweaks of 16 bytes`,
    )
  }
  const contents = new Uint8Array(pages * PAGE)
  const addresses = new Uint8Array(pages * 8)
  const tweaks = new Uint8Array(pages * 16)
  let page = 0
  for (const { address, tweak, data } of sorted) {
    contents.set(data, page * PAGE)
    const first = bigOf(tweak)
    for (let offset = 0; offset < data.length; offset += PAGE) {
      addresses.set(bigEndian(address + BigInt(offset), 8), page * 8)
      tweaks.set(bigEndian(first + BigInt(offset), 16), page * 16)
      page++
    }
  }
  const sha512 = (data: Uint8Array): DigestJob => ({ kind: 'digest', algorithm: 'sha512', data })
  return { pages, pld: sha512(contents), ald: sha512(addresses), tld: sha512(tweaks) }
}
