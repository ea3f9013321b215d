import { azureOfMembers } from './azure-members.ts'
import { deviceOfMembers } from './device-members.ts'
import { jsonFault } from './json-error.ts'
import { byteArray, isMembers } from './snp-structure.ts'
import { textOf } from './text.ts'
import { bundleOfMembers } from './token.ts'
import { HAS_QUOTE } from './tpm-members.ts'

const MAX_DEPTH = 12
/** What evidence that goes by other names holds: a TPM's quote, an SPDM exchange, or a token that says what it is. */
const HAS_DEVICE = /"\s*(?:EeAB|(?:0x)?11e001|MTFlMDAx|MTFFMDAx)|\[\s*17\s*,\s*224\s*,\s*1\s*,/
const HAS_BUNDLE = /"JWT"/

/** JSON text with evidence that goes by other names than those it is read by, as text that goes by these. */
export function underKnownNames(bytes: Uint8Array): Uint8Array | undefined {
  const text = /[[{]/.test(String.fromCharCode(...bytes.subarray(0, 16))) ? textOf(bytes) : undefined
  if (text === undefined || ![HAS_QUOTE, HAS_DEVICE, HAS_BUNDLE].some((one) => one.test(text))) return undefined
  if (jsonFault(text) !== undefined) return undefined
  const value: unknown = JSON.parse(text)
  const known = knownNames(value)
  return known === value ? undefined : new TextEncoder().encode(JSON.stringify(known))
}

/** A JSON value with what goes by other names under the known ones; the value itself where there is nothing. */
export function knownNames(value: unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH) return value
  if (Array.isArray(value)) {
    if (byteArray(value) !== undefined) return value
    const list = value.map((one) => knownNames(one, depth + 1))
    return list.some((one, i) => one !== value[i]) ? list : value
  }
  if (!isMembers(value)) return value
  // Whatever is in an object goes first: the one around it may be a form that is known.
  const entries = Object.entries(value).map(([name, one]) => [name, knownNames(one, depth + 1)] as const)
  const inner = entries.some(([name, one]) => one !== value[name]) ? Object.fromEntries(entries) : value
  // A device may be a member of the same object as the parts of its machine.
  const machine = azureOfMembers(inner)
  return deviceOfMembers(machine ?? inner) ?? machine ?? bundleOfMembers(inner) ?? inner
}
