import { DEVICE_LISTS, looksLikeJson } from '../nvidia/envelope.ts'
import { isMore, namesOf } from './beside.ts'
import { jsonFault } from './json-error.ts'
import type { Identified } from './model.ts'
import { isMembers } from './snp-structure.ts'

const REQUEST = 37

/**
 * Tells an SPDM exchange of a GPU or NVSwitch by request and response code, and NVIDIA's JSON: an object with
 * `evidence` that begins like one in base64, or a list of such, beside which there is no evidence of the machine.
 */
export function identifyNvidia(bytes: Uint8Array): Identified | undefined {
  if (bytes[0] === 0x11 && bytes[1] === 0xe0 && (bytes.length <= REQUEST + 1 || bytes[REQUEST + 1] === 0x60))
    return { tee: 'nvidia-gpu', form: 'NVIDIA SPDM measurements', bytes }
  if (!looksLikeJson(bytes)) return undefined
  const text = new TextDecoder().decode(bytes)
  const value: unknown = EVIDENCE.test(text) && jsonFault(text) === undefined ? JSON.parse(text) : undefined
  if (!isDevices(value)) return undefined
  const around = [...new Set(besideDevices(value))]
  const unused = around.length === 0 ? {} : { unused: [`what lies around it: ${namesOf(around)}`] }
  return { tee: 'nvidia-gpu', form: 'NVIDIA evidence in JSON', bytes, ...unused }
}

/** Names of members of devices, and beside their list, that belong to none. */
function besideDevices(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(besideDevices)
  if (!isMembers(value)) return []
  return Object.entries(value).flatMap(([name, one]) => {
    if (DEVICE_LISTS.includes(name)) return besideDevices(one)
    return OF_DEVICE.includes(name) || !isMore(one) ? [] : [name]
  })
}

const OF_DEVICE: readonly string[] = ['evidence', 'certificate', 'nonce']

// Base64 of 11 e0 01: SPDM 1.1, GET_MEASUREMENTS, signature wanted.
const EVIDENCE = /"evidence"\s*:\s*"EeAB/

/** Members that are evidence of the machine in which the devices are: whoever reads the devices alone would not see it. */
const MACHINE: readonly string[] = [
  ...['tee-evidence', 'primary_evidence', 'attestation_report', 'outblob', 'quote', 'sgx_quote', 'tdx_quote'],
  ...['intel_quote', 'td_quote', 'tdQuote', 'hcl_report', 'tpm_quote', 'token'],
]

function isDevices(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every(isDevice)
  if (!isMembers(value) || MACHINE.some((name) => Object.hasOwn(value, name))) return false
  return isDevice(value) || DEVICE_LISTS.some((name) => isDevices(value[name]))
}

function isDevice(value: unknown): boolean {
  return isMembers(value) && typeof value['evidence'] === 'string'
}
