import { snpPublicKey, snpSignature } from './amd-report.ts'
import { concat, filled, fromHex, layout, le } from './bytes.ts'
import { digest, type KeyPair } from './keys.ts'

/** GUIDs of the GHCB certificate table, in the byte order in which they lie there. */
export const TABLE_GUIDS = {
  vcek: '63da758de6644564adc5f4b93be8accd',
  vlek: 'a8074bc2a25a483eaae639c045a0b8a1',
  ask: '4ab7b379bbac4fe4a02f05aef327c782',
  ark: 'c0b406a4a803495297433fb6014cd0ae',
  crl: '92f81bc358114d3d97ffd19f88dc67ea',
  platform: 'ecae0c0f950243b1afa20ae2e0d565b6',
} as const

/** One entry of a certificate table; offset and length are those of the data unless told otherwise. */
export interface TableEntry {
  /** GUID in hex, as it lies in the table. */
  readonly guid: string
  readonly data: Uint8Array
  readonly offset?: number
  readonly length?: number
}

const PAGE = 4096

/**
 * Writes a certificate table, padded to whole pages.
 * @see AMD 56421, Guest-Hypervisor Communication Block Standardization, section 4.1.8.1
 */
export function certificateTable(entries: readonly TableEntry[]): Uint8Array {
  let at = 24 * (entries.length + 1)
  const lines: Uint8Array[] = []
  for (const entry of entries) {
    lines.push(fromHex(entry.guid), le(entry.offset ?? at, 4), le(entry.length ?? entry.data.length, 4))
    at += entry.data.length
  }
  const table = concat(...lines, filled(24), ...entries.map((entry) => entry.data))
  return concat(table, filled((PAGE - (table.length % PAGE)) % PAGE))
}

/** Fields of an ID block; byte strings in hex. */
export interface IdBlockFields {
  readonly launchDigest: string
  readonly familyId: string
  readonly imageId: string
  readonly version: number
  readonly guestSvn: number
  readonly policy: bigint
}

/** Encodes an ID block, 96 bytes. SEV-SNP ABI, table 75. */
export function encodeIdBlock(fields: IdBlockFields): Uint8Array {
  return layout(96, [
    [0, 48, fromHex(fields.launchDigest)],
    [48, 16, fromHex(fields.familyId)],
    [64, 16, fromHex(fields.imageId)],
    [80, 4, le(fields.version, 4)],
    [84, 4, le(fields.guestSvn, 4)],
    [88, 8, le(fields.policy, 8)],
  ])
}

/** An ID block's authentication: 4096 bytes, and the digests that a report then shows. */
export interface IdAuth {
  readonly bytes: Uint8Array
  /** Hex of SHA-384 over the 1028 bytes of each key. */
  readonly idKeyDigest: string
  /** Zeros without an author key. */
  readonly authorKeyDigest: string
}

/** Signs an ID block with the ID key, and the ID key with the author key if there is one. SEV-SNP ABI, table 76. */
export function makeIdAuth(block: Uint8Array, idKey: KeyPair, authorKey?: KeyPair): IdAuth {
  const id = snpPublicKey(idKey)
  const author = authorKey === undefined ? undefined : snpPublicKey(authorKey)
  const bytes = layout(4096, [
    [0, 4, le(1, 4)],
    [4, 4, le(author === undefined ? 0 : 1, 4)],
    [0x40, 512, snpSignature(idKey, block)],
    [0x240, 1028, id],
    ...(author === undefined || authorKey === undefined
      ? []
      : ([
          [0x680, 512, snpSignature(authorKey, id)],
          [0x880, 1028, author],
        ] as const)),
  ])
  const hex = (key: Uint8Array): string => Buffer.from(digest('sha384', key)).toString('hex')
  return { bytes, idKeyDigest: hex(id), authorKeyDigest: author === undefined ? '00'.repeat(48) : hex(author) }
}
