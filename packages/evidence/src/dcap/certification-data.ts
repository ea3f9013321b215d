import { concatBytes, type Reader } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import { encodeLayout, parseLayout } from './layout.ts'

/** A platform named by its ids instead of by a certificate. */
export interface PlatformIds {
  /** 1: PPID in plain; 2: encrypted with RSA-2048-OAEP; 3: with RSA-3072-OAEP. */
  readonly type: 1 | 2 | 3
  readonly ppid: Uint8Array
  readonly cpuSvn: Uint8Array
  readonly pceSvn: number
  /** Two bytes, in order; empty in Intel's own sample, which leaves it out. */
  readonly pceId: Uint8Array
}

/** How a quote says which PCK certificate belongs to it. `data` is the content as received. */
export type CertificationData = { readonly data: Uint8Array } & (
  | PlatformIds
  /** 4: PCK certificate in PEM; 5: PCK chain in PEM, leaf first; 7: platform manifest. */
  | { readonly type: 4 | 5 | 7 }
)

const PPID_SIZES: Readonly<Record<number, number>> = { 1: 16, 2: 256, 3: 384 }
const MAX_LENGTH = 64 * 1024

/**
 * Reads certification data: type, length and content.
 * @throws EvidenceError; `unsupported-kind` for types that cannot stand here
 * @see Intel SGX ECDSA Quote Library API, appendix A.4, table 9
 */
export function parseCertificationData(from: Reader): CertificationData {
  const at = from.offset
  const type = from.u16('certificationData.type')
  if (!isKnown(type)) throw refuse('unsupported-kind', `type ${type}`, 'type', at, 'type 1 to 5 or 7')
  const length = from.u32('certificationData.length')
  if (length > MAX_LENGTH) throw refuse('too-large', `${length}`, 'length', at + 2, `at most ${MAX_LENGTH} bytes`)
  const data = from.bytes(length, 'certificationData')
  if (type === 4 || type === 5 || type === 7) return { type, data }
  const size = (PPID_SIZES[type] as number) + 20
  if (length !== size && length !== size - 2)
    throw refuse('malformed', `${length} bytes`, 'length', at + 2, `${size} bytes for type ${type}`)
  return { type, data, ...parseLayout(data, idsLayout(type, size - length)) }
}

/** Bytes of certification data: the reverse of {@link parseCertificationData}. */
export function encodeCertificationData(certification: CertificationData): Uint8Array {
  const { type, data } = certification
  const head = encodeLayout(
    { type, length: data.length },
    { type: [0, 2, 'integer'], length: [2, 4, 'integer'] } as const,
    6,
  )
  return concatBytes(head, data)
}

function idsLayout(
  type: number,
  missing: number,
): {
  readonly ppid: readonly [number, number, 'bytes']
  readonly cpuSvn: readonly [number, number, 'bytes']
  readonly pceSvn: readonly [number, number, 'integer']
  readonly pceId: readonly [number, number, 'bytes']
} {
  const ppid = PPID_SIZES[type] as number
  return {
    ppid: [0, ppid, 'bytes'],
    cpuSvn: [ppid, 16, 'bytes'],
    pceSvn: [ppid + 16, 2, 'integer'],
    pceId: [ppid + 18, 2 - missing, 'bytes'],
  }
}

function isKnown(type: number): type is CertificationData['type'] {
  return (type >= 1 && type <= 5) || type === 7
}

function refuse(
  code: 'unsupported-kind' | 'too-large' | 'malformed',
  found: string,
  field: string,
  offset: number,
  expected: string,
): EvidenceError {
  return new EvidenceError(code, found, { field: `certificationData.${field}`, offset, expected })
}
