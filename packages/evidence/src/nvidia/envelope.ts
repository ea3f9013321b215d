import { refuse } from '../core/errors.ts'
import { exceedsJson, JSON_BOUND } from '../core/json-bound.ts'
import { decodeBase64 } from '../x509/pem.ts'

/** The evidence of one device, taken out of its envelope. */
export interface NvidiaDeviceEvidence {
  /** The exchange as the driver returned it. */
  readonly report: Uint8Array
  /** PEM of the chain, where it travels along. */
  readonly certificateChain?: Uint8Array
}

const MAX_DEVICES = 32
const MAX_JSON = 4 * 1024 * 1024
/** Members that are a list of devices. */
export const DEVICE_LISTS: readonly string[] = ['evidence_list', 'device_evidence_list', 'evidences']

/**
 * The devices that evidence is about. It is one exchange as the driver returns it, or the JSON of NVIDIA's tools and
 * service: a list of objects with `evidence` in base64 and `certificate` in base64 or PEM, bare or as `evidence_list`,
 * `device_evidence_list` or `evidences` (what `nvattest collect-evidence` prints). Other members, such as `arch` and
 * `nonce`, are nobody's word and are not read.
 *
 * @throws EvidenceError
 */
export function splitNvidiaEvidence(bytes: Uint8Array): readonly NvidiaDeviceEvidence[] {
  // An exchange begins with 0x11, which no JSON text does.
  if (!looksLikeJson(bytes)) return [{ report: bytes }]
  if (bytes.length > MAX_JSON) throw refuse('evidence', `${bytes.length} bytes`, `at most ${MAX_JSON}`, 0, 'too-large')
  if (exceedsJson(bytes))
    throw refuse('evidence', 'more values', `at most ${JSON_BOUND.members} members`, 0, 'too-large')
  const value = parseJson(bytes)
  const devices = listOf(value)
  if (devices.length === 0 || devices.length > MAX_DEVICES)
    throw refuse('evidence', `${devices.length} devices`, `1 to ${MAX_DEVICES}`)
  return devices.map((device, i) => {
    const report = base64(device, i, 'evidence')
    const certificateChain = pem(device) ?? base64(device, i, 'certificate')
    if (report === undefined) throw refuse(`evidence[${i}].evidence`, 'nothing', 'base64')
    return certificateChain === undefined ? { report } : { report, certificateChain }
  })
}

/** Whether the first byte that is no white space opens a JSON array or object. */
export function looksLikeJson(bytes: Uint8Array): boolean {
  for (const byte of bytes)
    if (!(byte === 0x20 || (byte >= 0x09 && byte <= 0x0d))) return byte === 0x5b || byte === 0x7b
  return false
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return value
  } catch {
    // The engine's own message differs between runtimes and may repeat input.
    throw refuse('evidence', 'text that is not JSON', 'JSON')
  }
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  for (const name of DEVICE_LISTS) {
    const list = memberOf(value, name)
    if (Array.isArray(list)) return list
  }
  return [value]
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}

// Some attesters send the chain as it is.
function pem(device: unknown): Uint8Array | undefined {
  const text = memberOf(device, 'certificate')
  return typeof text === 'string' && text.startsWith('-----BEGIN ') ? new TextEncoder().encode(text) : undefined
}

function base64(device: unknown, i: number, name: string): Uint8Array | undefined {
  const text = memberOf(device, name)
  if (text === undefined || text === null) return undefined
  const bytes = typeof text === 'string' ? decodeBase64(text) : undefined
  if (bytes === undefined) throw refuse(`evidence[${i}].${name}`, 'another value', 'base64')
  return bytes
}
