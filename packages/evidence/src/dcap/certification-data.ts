import { concatBytes, type Reader } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import { encodeLayout, type Parsed, parseLayout } from './layout.ts'

// Intel's own sample leaves the PCE id out.
const IDS = { cpuSvn: 16, pceSvn: 'u16' } as const

/** A platform named by its ids instead of by a certificate. */
export interface PlatformIds extends Parsed<typeof IDS> {
  /** 1: PPID in plain; 2: encrypted with RSA-2048-OAEP; 3: with RSA-3072-OAEP. */
  readonly type: 1 | 2 | 3
  readonly ppid: Uint8Array
  /** Two bytes, in order; empty in Intel's own sample, which leaves it out. */
  readonly pceId: Uint8Array
}

/** How a quote says which PCK certificate belongs to it. `data` is the content as received. */
export type CertificationData = { readonly data: Uint8Array } & (
  | PlatformIds
  /** 4: PCK certificate in PEM; 5: PCK chain in PEM, leaf first; 7: platform manifest, which names no certificate. */
  | { readonly type: 4 | 5 | 7 }
)

const PPID_SIZES = { 1: 16, 2: 256, 3: 384 } as const
const MAX_LENGTH = 64 * 1024

/**
 * Reads certification data: type, length and content.
 * @throws EvidenceError; `unsupported-kind` for types that cannot stand here: 6 only wraps
 * @see Intel SGX ECDSA Quote Library API, appendix A.4, table 9
 */
export function parseCertificationData(from: Reader): CertificationData {
  const at = from.offset
  const type = from.u16('certificationData.type')
  if (!isKnown(type)) throw refuse('certificationData.type', `${type}`, '1 to 5 or 7', at, 'unsupported-kind')
  const length = from.u32('certificationData.length')
  if (length > MAX_LENGTH)
    throw refuse('certificationData.length', `${length}`, `at most ${MAX_LENGTH}`, at + 2, 'too-large')
  const data = from.bytes(length, 'certificationData')
  if (type === 4 || type === 5 || type === 7) return { type, data }
  const ppid = PPID_SIZES[type]
  const size = ppid + 20
  if (length !== size && length !== size - 2)
    throw refuse('certificationData.length', `${length}`, `${size} for type ${type}`, at + 2)
  const ids = parseLayout(data.subarray(ppid), IDS)
  return { type, data, ppid: data.subarray(0, ppid), ...ids, pceId: data.subarray(ppid + 18) }
}

/** Bytes of certification data: the reverse of {@link parseCertificationData}. */
export function encodeCertificationData({ type, data }: CertificationData): Uint8Array {
  return concatBytes(encodeLayout({ type, length: data.length }, { type: 'u16', length: 'u32' } as const), data)
}

function isKnown(type: number): type is CertificationData['type'] {
  return (type >= 1 && type <= 5) || type === 7
}
