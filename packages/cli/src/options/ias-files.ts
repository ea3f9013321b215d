import { EvidenceError } from '@sekisho/evidence'
import { IAS_ROOT } from '@sekisho/evidence/ias'
import { decodePem, parseCrl, WIDE } from '@sekisho/evidence/x509'

/** What files hold for archived reports of Intel's attestation service. */
export interface IasFiles {
  /** The revocation list of its authority, DER; the last one counts. */
  crl: Uint8Array | undefined
}

/** None yet. */
export function noIasFiles(): IasFiles {
  return { crl: undefined }
}

const NAME: Buffer = Buffer.from(IAS_ROOT.name)

/** Takes a revocation list, DER or PEM, of the authority of the service. @returns false when the bytes are none */
export function takeIas(bytes: Uint8Array, into: IasFiles): boolean {
  const der = derOf(bytes)
  if (der === undefined || !Buffer.from(der).includes(NAME)) return false
  try {
    if (parseCrl(der, WIDE).issuer.commonName !== IAS_ROOT.name) return false
  } catch (error) {
    // A certificate of the same authority, say: it is for whoever takes certificates.
    if (error instanceof EvidenceError) return false
    throw error
  }
  into.crl = der
  return true
}

function derOf(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes[0] === 0x30) return bytes
  const text = Buffer.from(bytes).toString('latin1')
  if (!text.trimStart().startsWith('-----BEGIN X509 CRL-----')) return undefined
  try {
    return decodePem(text, 'X509 CRL', 'crl')[0]
  } catch (error) {
    // Whoever takes lists of other authorities says what is wrong with it.
    if (error instanceof EvidenceError) return undefined
    throw error
  }
}
