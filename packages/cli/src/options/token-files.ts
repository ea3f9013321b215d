import { EvidenceError } from '@sekisho/evidence'
import { readCoseKeySet } from '@sekisho/evidence/token'
import { decodePem, parseCrl, WIDE } from '@sekisho/evidence/x509'

/** Keys of attestation services that files hold. */
export interface TokenFiles {
  /** Text of a JSON Web Key Set; the last one counts. */
  jwks: string | undefined
  /** A COSE_KeySet or COSE_Key, which counts where there is no other. */
  coseKeys: Uint8Array | undefined
  /** Revocation lists of other authorities than those of AMD and Intel's hardware, DER or PEM. */
  readonly crls: Uint8Array[]
}

/** None yet. */
export function noTokenFiles(): TokenFiles {
  return { jwks: undefined, coseKeys: undefined, crls: [] }
}

/** Names of files in a folder that are read as key sets. */
export function isTokenFile(name: string): boolean {
  return /^jwks\.json$|\.jwks$/.test(name)
}

/** Takes a JSON Web Key Set, a COSE_KeySet or a COSE_Key. @returns false when the bytes are none */
export function takeToken(bytes: Uint8Array, into: TokenFiles): boolean {
  if (isCoseKeys(bytes)) {
    into.coseKeys = bytes
    return true
  }
  const text = new TextDecoder().decode(bytes)
  if (!/^\s*\{\s*"keys"\s*:\s*\[/.test(text)) return false
  into.jwks = text
  return true
}

const HARDWARE = /^(ARK-|Intel SGX )/

/** Takes revocation lists that may be of authorities of attestation services, all of a file. @returns false when there is none */
export function takeTokenList(bytes: Uint8Array, into: TokenFiles): boolean {
  try {
    const ders = bytes[0] === 0x30 ? [bytes] : decodePem(Buffer.from(bytes).toString('latin1'), 'X509 CRL', 'crl')
    const lists = ders.filter((der) => !HARDWARE.test(parseCrl(der, WIDE).issuer.commonName ?? ''))
    into.crls.push(...lists)
    return lists.length > 0
  } catch (error) {
    // A certificate, say: it is for whoever takes certificates.
    if (error instanceof EvidenceError) return false
    throw error
  }
}

// An array or a map of CBOR, in which a key can be read.
function isCoseKeys(bytes: Uint8Array): boolean {
  const major = (bytes[0] ?? 0) >> 5
  if ((major !== 4 && major !== 5) || bytes.length > MAX_KEYS) return false
  try {
    return readCoseKeySet(bytes).some(({ fault }) => fault === undefined)
  } catch (error) {
    if (error instanceof EvidenceError) return false
    throw error
  }
}

const MAX_KEYS = 64 * 1024
