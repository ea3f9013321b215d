import { fromHex, toHex } from '../core/bytes.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { isMembers } from './snp-structure.ts'

const NAMES: readonly string[] = [
  ...['pck_crl_issuer_chain', 'root_ca_crl', 'pck_crl', 'tcb_info_issuer_chain', 'tcb_info', 'tcb_info_signature'],
  ...['qe_identity_issuer_chain', 'qe_identity', 'qe_identity_signature', 'pck_certificate_chain'],
]
/** How other writers call these members, in small letters: other cases, and the headers of Intel's service. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(NAMES.map((name) => [name.replaceAll('_', ''), name])),
  enclaveidentityissuerchain: 'qe_identity_issuer_chain',
  enclaveidentity: 'qe_identity',
  pckcertificateissuerchain: 'pck_crl_issuer_chain',
  rootcrl: 'root_ca_crl',
  pckplatformcrl: 'pck_crl',
  pckprocessorcrl: 'pck_crl',
  tdqeidentity: 'qe_identity',
}
/** One chain for both documents, as Oasis and Automata have it. */
const OF_BOTH: readonly string[] = ['certs', 'tcb_info_and_qe_identity_issuer_chain']
const OF_ONE_AUTHORITY = /^pck_?(?:platform|processor)_?crl$/i
const AROUND: readonly string[] = ['quote_collateral', 'quoteCollateral', 'collateral', 'data', 'result', 'tcb']
const MAX_AROUND = 4

/**
 * Intel's endorsements out of a JSON object: in the shape of the field's tools, with names in other cases, or as Intel's
 * library hands them on: whole answers of the service with their signature inside, as text or as JSON, texts with a zero
 * behind them as lists of numbers or in base64, CRLs as bytes; signatures as bytes or in base64, chains in the encoding of
 * URLs, which the service's headers have, or as lists of certificates. What they say is not looked at.
 *
 * @returns members by the names of `DcapCollateralInput`; undefined for an object that is none
 */
export function dcapCollateralOf(value: unknown): Readonly<Record<string, string>> | undefined {
  return collateralOf(value, 0, [])
}

/**
 * The members of Intel's endorsements in such an object whose value is none in any of these forms, a number say, by the
 * names that they have there: {@link dcapCollateralOf} leaves them out, as if they were not there.
 */
export function dcapMembersUnread(value: unknown): readonly string[] {
  const unread: string[] = []
  return collateralOf(value, 0, unread) === undefined ? [] : unread
}

function collateralOf(value: unknown, depth: number, unread: string[]): Readonly<Record<string, string>> | undefined {
  if (!isMembers(value)) return undefined
  const found: Record<string, string> = {}
  const listed = value['platforms']
  // A list of what depends on the platform, for one of them.
  const [platform, another]: readonly unknown[] = Array.isArray(listed) ? listed : []
  const own = isMembers(platform) && another === undefined ? { ...platform, ...value } : value
  for (const [given, one] of Object.entries(own)) {
    const name = nameOf(given)
    const text = name === undefined ? undefined : textOf(name, one)
    // Some writers have an empty text for what is not there.
    if (name !== undefined && text) found[name] ??= text
    if (name !== undefined && text === undefined && one !== null && one !== undefined) unread.push(given)
  }
  for (const name of [...OF_BOTH, 'signature'])
    if (Object.hasOwn(value, name) && value[name] !== null && textOf(readAs(name), value[name]) === undefined)
      unread.push(name)
  // Lists of both authorities: which one the quote's certificate is under, only the quote tells.
  if (Object.keys(own).filter((name) => OF_ONE_AUTHORITY.test(name)).length > 1) delete found['pck_crl']
  const main = ['tcb_info', 'qe_identity', 'tcb_info_issuer_chain', 'pck_crl_issuer_chain']
  if (!main.some((name) => Object.hasOwn(found, name))) {
    const inner = AROUND.find((name) => Object.hasOwn(value, name))
    // Where there is a quote as well, it is evidence with its collateral.
    const isEvidence = depth > 0 && Object.hasOwn(value, 'quote')
    return inner === undefined || isEvidence || depth === MAX_AROUND
      ? undefined
      : collateralOf(value[inner], depth + 1, unread)
  }
  split(found, 'tcb_info')
  split(found, 'qe_identity')
  signatureBeside(value, found)
  const signers = OF_BOTH.map((name) => chainOf(value[name])).find((chain) => chain !== undefined)
  for (const name of ['tcb_info_issuer_chain', 'qe_identity_issuer_chain']) if (signers) found[name] ??= signers
  return found
}

/** A member that is read in the same way. */
function readAs(name: string): string {
  return name === 'signature' ? 'tcb_info_signature' : 'tcb_info_issuer_chain'
}

function nameOf(given: string): string | undefined {
  if (NAMES.includes(given)) return given
  if (given.length > MAX_NAME) return undefined
  const plain = given
    .toLowerCase()
    .replace(/^(?:sgx-|raw(?:signed)?)/, '')
    .replace(/[_-]/g, '')
  return Object.hasOwn(OTHER_NAMES, plain) ? OTHER_NAMES[plain] : undefined
}

const MAX_NAME = 64

/** The exact text that was signed, and its signature, out of an answer of the service. */
const ANSWER =
  /^\s*\{\s*"(?:tcbInfo|enclaveIdentity|tcb_info|enclave_identity)"\s*:\s*(\{[\s\S]*\})\s*,\s*"signature"\s*:\s*"([0-9a-f]{128})"\s*\}\s*$/i

function split(members: Record<string, string>, name: 'tcb_info' | 'qe_identity'): void {
  const [, text, signature] = ANSWER.exec(members[name] ?? '') ?? []
  if (text === undefined || signature === undefined) return
  members[name] = text
  members[`${name}_signature`] ??= signature
}

/** An answer of the service as it stands has its signature beside the document. */
function signatureBeside(value: Readonly<Record<string, unknown>>, found: Record<string, string>): void {
  const documents = ['tcb_info', 'qe_identity'].filter((name) => Object.hasOwn(found, name))
  const [name, second] = documents
  const signature = textOf('tcb_info_signature', value['signature'])
  if (name !== undefined && second === undefined && signature) found[`${name}_signature`] ??= signature
}

function textOf(name: string, value: unknown): string | undefined {
  if (name.endsWith('signature')) return signatureOf(value)
  if (name.endsWith('chain')) return chainOf(value)
  if (name.endsWith('crl')) return plainOf(value)?.replace(/^0x/i, '')
  // The service's documents have no blanks, so that this is the text that was signed: or its signature will not verify.
  return isMembers(value) ? JSON.stringify(value) : plainOf(value)
}

const SIGNATURE = 64

function signatureOf(value: unknown): string | undefined {
  const bytes = Array.isArray(value) ? bytesOf(value) : undefined
  if (bytes !== undefined) return bytes.length === SIGNATURE ? toHex(bytes) : textOfBytes(bytes)
  if (typeof value !== 'string') return undefined
  const digits = value.replace(/^0x/i, '')
  if (fromHex(digits) !== undefined) return digits
  const decoded = decodeBase64(value)
  return decoded?.length === SIGNATURE ? toHex(decoded) : value
}

function chainOf(value: unknown): string | undefined {
  if (Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string'))
    return value.map((one) => chainOf(one)).join('\n')
  const text = plainOf(value)
  if (text === undefined || !/^\s*-----BEGIN(?:%20|\+)/.test(text)) return text
  try {
    // A form writes a blank as `+`, and that sign as `%2B`.
    return decodeURIComponent(text.startsWith('-----BEGIN+') ? text.replaceAll('+', ' ') : text)
  } catch {
    // Not in the encoding of URLs after all: what reads it will say what is wrong.
    return text
  }
}

// In base64: PEM, JSON, and hexadecimal of a CRL.
const ENCODED = /^(?:LS0t|eyJ|MzA4)/
const SEQUENCE = 0x30
const SECOND_OF_LONG = 0x80

function plainOf(value: unknown): string | undefined {
  if (Array.isArray(value)) return textOfBytes(bytesOf(value))
  if (typeof value !== 'string') return undefined
  return (ENCODED.test(value) ? textOfBytes(decodeBase64(value)) : undefined) ?? value
}

// Characters of C are signed, so that some lists have numbers below zero.
function bytesOf(list: readonly unknown[]): Uint8Array | undefined {
  const bytes = new Uint8Array(list.length)
  for (const [i, one] of list.entries()) {
    if (typeof one !== 'number' || !Number.isInteger(one) || one < -128 || one > 255) return undefined
    bytes[i] = one
  }
  return bytes
}

function textOfBytes(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined
  if (bytes[0] === SEQUENCE && (bytes[1] ?? 0) >= SECOND_OF_LONG) return toHex(bytes)
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  return new TextDecoder().decode(bytes.subarray(0, end))
}
