import { toHex } from '../core/bytes.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { isMembers } from './snp-structure.ts'

const NAMES: readonly string[] = [
  ...['pck_crl_issuer_chain', 'root_ca_crl', 'pck_crl', 'tcb_info_issuer_chain', 'tcb_info', 'tcb_info_signature'],
  ...['qe_identity_issuer_chain', 'qe_identity', 'qe_identity_signature', 'pck_certificate_chain'],
]
/** How other writers call these members. */
const OTHER_NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  NAMES.map((name) => [name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()), name]),
)
const AROUND: readonly string[] = ['quote_collateral', 'collateral']

/**
 * Intel's endorsements out of a JSON object: in the shape of the field's tools, with names in camel case, or as Intel's
 * library hands them on: whole answers of the service with their signature inside, texts with a zero behind them as lists
 * of numbers or in base64, CRLs as bytes. What they say is not looked at.
 *
 * @returns members by the names of `DcapCollateralInput`; undefined for an object that is none
 */
export function dcapCollateralOf(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isMembers(value)) return undefined
  const found: Record<string, string> = {}
  for (const [given, one] of Object.entries(value)) {
    const name = NAMES.includes(given) ? given : Object.hasOwn(OTHER_NAMES, given) ? OTHER_NAMES[given] : undefined
    const text = name === undefined ? undefined : textOf(one)
    // Some writers have an empty text for what is not there.
    if (name !== undefined && text) found[name] ??= text
  }
  if (found['tcb_info'] === undefined && found['pck_crl_issuer_chain'] === undefined) {
    const inner = AROUND.find((name) => Object.hasOwn(value, name))
    return inner === undefined ? undefined : dcapCollateralOf(value[inner])
  }
  split(found, 'tcb_info')
  split(found, 'qe_identity')
  return found
}

/** The exact text that was signed, and its signature, out of an answer of the service. */
const ANSWER =
  /^\s*\{\s*"(?:tcbInfo|enclaveIdentity)"\s*:\s*(\{[\s\S]*\})\s*,\s*"signature"\s*:\s*"([0-9a-f]{128})"\s*\}\s*$/i

function split(members: Record<string, string>, name: 'tcb_info' | 'qe_identity'): void {
  const [, text, signature] = ANSWER.exec(members[name] ?? '') ?? []
  if (text === undefined || signature === undefined) return
  members[name] = text
  members[`${name}_signature`] ??= signature
}

// In base64: PEM, JSON, and hexadecimal of a CRL.
const ENCODED = /^(?:LS0t|eyJ|MzA4)/
const SEQUENCE = 0x30
const SECOND_OF_LONG = 0x80

function textOf(value: unknown): string | undefined {
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
  return new TextDecoder().decode(bytes).replace(/\0+$/, '')
}
