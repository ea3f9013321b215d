import { fromHex } from '../core/bytes.ts'
import { parseSnpJson } from '../snp/json-report.ts'

type Members = Readonly<Record<string, unknown>>

/** Whether a JSON value looks like the report as a structure of the Rust `sev` crate. */
export function isReportStructure(value: unknown): value is Members {
  return isMembers(value) && ['measurement', 'reported_tcb', 'signature'].every((name) => Object.hasOwn(value, name))
}

/**
 * The 1184 bytes of a report that was delivered field by field, by the newest version of the
 * structure or an older one. Reserved bytes are zero: where the signed report had others, the
 * signature will not verify.
 *
 * @throws EvidenceError that names the member
 */
export function reportFromStructure(report: Members): Uint8Array {
  return parseSnpJson({ attestation_report: inNewForm(report) }).report
}

// Before version 5 of the crate: KEY_INFO under the name of its first bit, firmware versions in three
// members each, reserved bytes spelled out.
function inNewForm(report: Members): Members {
  // Without a prototype: a member of the name `__proto__` is a member like any other.
  const form: Record<string, unknown> = Object.create(null)
  for (const [name, value] of Object.entries(report)) {
    if (/^(current|committed)_(major|minor|build)$/.test(name) || /^_?reserved/.test(name)) continue
    if (name === '_author_key_en' || name === 'author_key_en') form['key_info'] = value
    else form[name] = isMembers(value) ? withoutReserved(value) : fromText(value)
  }
  for (const name of ['current', 'committed']) {
    form[name] ??= { major: report[`${name}_major`], minor: report[`${name}_minor`], build: report[`${name}_build`] }
  }
  return form
}

function withoutReserved(value: Members): Members {
  const entries = Object.entries(value).filter(([name]) => !/^_?reserved/.test(name))
  return Object.fromEntries(entries.map(([name, one]) => [name, fromText(one)]))
}

// Some write byte strings in hexadecimal.
function fromText(value: unknown): unknown {
  const bytes = typeof value === 'string' && value.length <= LONGEST_HEX ? fromHex(value) : undefined
  return bytes === undefined ? value : [...bytes]
}

/** A number of the signature, 72 bytes. */
const LONGEST_HEX = 144

/**
 * Bytes of a JSON array of numbers from 0 to 255, or from -128 to 127 as Java has them, or of the object that JavaScript
 * makes of an array of bytes: members `0`, `1` and so on. Undefined for anything else.
 */
export function byteArray(value: unknown): Uint8Array | undefined {
  const list = isMembers(value) ? listOf(value) : value
  if (!Array.isArray(list)) return undefined
  const bytes = new Uint8Array(list.length)
  let least = 0
  let most = 0
  for (let i = 0; i < list.length; i++) {
    const one: unknown = list[i]
    if (typeof one !== 'number' || !Number.isInteger(one) || one < -128 || one > 255) return undefined
    least = Math.min(least, one)
    most = Math.max(most, one)
    bytes[i] = one
  }
  return least < 0 && most > 127 ? undefined : bytes
}

// Whole numbers come first, in their order.
function listOf(value: Members): readonly unknown[] | undefined {
  if (!Object.hasOwn(value, '0')) return undefined
  const names = Object.keys(value)
  return names.every((name, i) => name === String(i)) ? Object.values(value) : undefined
}

/** Whether a JSON value is an object. */
export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
