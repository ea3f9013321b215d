import { Reader } from '../core/bytes.ts'
import { type EvidenceError, refuse } from '../core/errors.ts'
import { AMD_USAGE, type AmdCertificate, readAmdCertificate } from './amd-certificate.ts'
import { readSevCertificate, SEV_CERTIFICATE_SIZE, SEV_USAGE, type SevCertificate } from './sev-certificate.ts'

/** Places of a chain, by the key they hold. */
export type SevPlace = 'ark' | 'ask' | 'cek' | 'oca' | 'pek' | 'pdh'

/** Certificates by the place they were given in; whether they have the usage of their place is checked, not assumed. */
export interface SevCertificates {
  readonly ark?: AmdCertificate
  readonly ask?: AmdCertificate
  readonly cek?: SevCertificate
  readonly oca?: SevCertificate
  readonly pek?: SevCertificate
  readonly pdh?: SevCertificate
}

const MAX_SIZE = 4 * SEV_CERTIFICATE_SIZE + 2 * 1600

/**
 * Parses certificates as tools deliver them: one alone; `PEK || OCA || CEK` (PDH_CERT_EXPORT);
 * `PDH || PEK || OCA || CEK`; `ASK || ARK`; or all six in this order.
 *
 * @throws EvidenceError
 */
export function parseSevCertificates(input: Uint8Array): SevCertificates {
  if (input.length > MAX_SIZE)
    throw refuse('certificates', `${input.length} bytes`, `at most ${MAX_SIZE} bytes`, 0, 'too-large')
  const bytes = new Uint8Array(input)
  const reader = new Reader(bytes)
  const platform: SevCertificate[] = []
  const vendor: AmdCertificate[] = []
  do {
    const index = platform.length + vendor.length
    const field = `certificates[${index}]`
    if (vendor.length === 0 && isSevForm(bytes, reader.offset)) platform.push(readSevCertificate(bytes, reader, field))
    else vendor.push(readAmdCertificate(bytes, reader, field))
  } while (reader.remaining > 0)
  return { ...placePlatform(platform), ...placeVendor(vendor) }
}

// The usage of the SEV form stands at byte 8, where AMD's form has random bytes of a key id.
function isSevForm(bytes: Uint8Array, offset: number): boolean {
  if (bytes.length < offset + 12) return false
  const usage = new Reader(bytes, offset + 8).u32('usage')
  return usage >= SEV_USAGE.oca && usage <= SEV_USAGE.cek
}

function placePlatform(found: readonly SevCertificate[]): SevCertificates {
  const [a, b, c, d] = found
  if (a === undefined) return {}
  if (found.length === 1) {
    const { usage } = a
    return usage === SEV_USAGE.oca
      ? { oca: a }
      : usage === SEV_USAGE.pek
        ? { pek: a }
        : usage === SEV_USAGE.pdh
          ? { pdh: a }
          : { cek: a }
  }
  if (b !== undefined && c !== undefined && found.length === 3) return { pek: a, oca: b, cek: c }
  if (b !== undefined && c !== undefined && d !== undefined && found.length === 4)
    return { pdh: a, pek: b, oca: c, cek: d }
  throw wrongCount(`${found.length} certificates of a platform`, 'one, PEK || OCA || CEK, or PDH || PEK || OCA || CEK')
}

function placeVendor(found: readonly AmdCertificate[]): SevCertificates {
  const [a, b] = found
  if (a === undefined) return {}
  if (b !== undefined) {
    if (found.length > 2) throw wrongCount(`${found.length} certificates of AMD`, 'ASK || ARK')
    return { ask: a, ark: b }
  }
  return a.usage === AMD_USAGE.ark ? { ark: a } : { ask: a }
}

function wrongCount(found: string, expected: string): EvidenceError {
  return refuse('certificates', found, expected)
}
