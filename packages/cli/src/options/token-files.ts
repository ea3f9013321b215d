import { EvidenceError } from '@sekisho/evidence'
import { readCoseKeySet } from '@sekisho/evidence/token'
import { decodePem, parseCrl, WIDE } from '@sekisho/evidence/x509'
import { unreadable } from '../exit.ts'
import { isRecord } from './record.ts'

/** A JSON Web Key Set, which may say of itself whose it is, and which certificates above its keys are revoked. */
export interface TokenKeySetFile {
  /** Its text, with whatever else it has. */
  readonly jwks: string
  /** `issuer` beside `keys`. */
  readonly issuer: string | undefined
  /** `crls` beside `keys`: lists in base64 of DER. */
  readonly crls: readonly Uint8Array[]
}

/** Keys of attestation services that files hold. */
export interface TokenFiles {
  readonly keySets: TokenKeySetFile[]
  /** A COSE_KeySet or COSE_Key, which counts where there is no other. */
  coseKeys: Uint8Array | undefined
  /** Revocation lists of other authorities than those of AMD and Intel's hardware, DER or PEM. */
  readonly crls: Uint8Array[]
}

/** None yet. */
export function noTokenFiles(): TokenFiles {
  return { keySets: [], coseKeys: undefined, crls: [] }
}

/** Names of files in a folder that are read as key sets. */
export function isTokenFile(name: string): boolean {
  return /^jwks\.json$|\.jwks$/.test(name)
}

/** The set for tokens of an issuer: that which names it, or else the last one that names nobody. */
export function keySetFor({ keySets }: TokenFiles, issuer: unknown): TokenKeySetFile | undefined {
  return keySets.findLast((one) => one.issuer === issuer) ?? keySets.findLast((one) => one.issuer === undefined)
}

/**
 * Takes a JSON Web Key Set, a COSE_KeySet or a COSE_Key.
 *
 * @returns false when the bytes are none
 * @throws CliError (unreadable) for members beside the keys that are not what they should be
 */
export function takeToken(bytes: Uint8Array, into: TokenFiles): boolean {
  if (isCoseKeys(bytes)) {
    into.coseKeys = bytes
    return true
  }
  const text = new TextDecoder().decode(bytes)
  const set = /^\s*\{/.test(text) ? parsed(text) : undefined
  if (!isRecord(set) || !Array.isArray(set['keys'])) {
    // Damaged, it is a key set still: the verdict says so.
    if (set !== undefined || !/^\s*\{\s*"keys"\s*:\s*\[/.test(text)) return false
    into.keySets.push({ jwks: text, issuer: undefined, crls: [] })
    return true
  }
  const { issuer, crls = [] } = set
  if (issuer !== undefined && typeof issuer !== 'string') throw unreadable('key set: `issuer` is no text')
  const lists = listsOf(crls)
  // Without keys they are lists for tokens that bring their certificates.
  if (set['keys'].length === 0 && lists.length > 0) into.crls.push(...lists)
  else into.keySets.push({ jwks: text, issuer, crls: lists })
  return true
}

function listsOf(crls: unknown): readonly Uint8Array[] {
  if (!Array.isArray(crls) || crls.length > MAX_LISTS)
    throw unreadable(`key set: \`crls\` is no list of at most ${MAX_LISTS} revocation lists`)
  const texts: readonly unknown[] = crls
  return texts.map((one, i) => {
    if (typeof one === 'string' && /^[A-Za-z0-9+/]+={0,2}$/.test(one)) return new Uint8Array(Buffer.from(one, 'base64'))
    throw unreadable(`key set: \`crls[${i}]\` is no base64`)
  })
}

const MAX_LISTS = 16

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Whatever it is, it is for others to say what is wrong with it.
    return undefined
  }
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

/** Revocation lists among files that were taken for IBM's: DigiCert is the authority of others, too. */
export function listsAmong(files: readonly Uint8Array[]): readonly Uint8Array[] {
  const found = noTokenFiles()
  for (const bytes of files) takeTokenList(bytes, found)
  return found.crls
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
