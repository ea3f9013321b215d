import { latin1 } from '../core/bytes.ts'

const MAX_CERTIFICATE = 16_384
// 1.3.6.1.5.5.7.1.35 and 2.16.840.1.113730.1.13, as elements.
const CMW = '\x06\x08\x2b\x06\x01\x05\x05\x07\x01\x23'
const NETSCAPE_COMMENT = '\x06\x09\x60\x86\x48\x01\x86\xf8\x42\x01\x0d'
const IAS_REPORT = 'isvEnclaveQuoteBody'

/** Whether bytes look like a DER certificate with a conceptual message wrapper in an extension. */
export function carriesCmw(bytes: Uint8Array): boolean {
  return isCertificate(bytes) && latin1(bytes).includes(CMW)
}

/** Whether bytes look like a DER certificate with an archived IAS report in its comment. */
export function carriesIasReport(bytes: Uint8Array): boolean {
  if (!isCertificate(bytes)) return false
  const text = latin1(bytes)
  return text.includes(NETSCAPE_COMMENT) && text.includes(IAS_REPORT)
}

/** Whether bytes look like a DER certificate that carries evidence. */
export function carriesEvidence(bytes: Uint8Array): boolean {
  return carriesCmw(bytes) || carriesIasReport(bytes)
}

/** Whether bytes look like one DER certificate of at most `most` bytes. */
export function isCertificate(bytes: Uint8Array, most: number = MAX_CERTIFICATE): boolean {
  return bytes[0] === 0x30 && bytes[1] === 0x82 && bytes.length <= most
}
