import { refuse } from '../core/errors.ts'
import { isRecord } from '../core/input.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { encodeSeExchange, isSeExchange, parseSeExchange, type SeExchange, type SeExchangeEntry } from './exchange.ts'

const MAX_JSON = 1 << 20
const BRACE = 0x7b
const DATA_AT = 64

/** An answer as the KBS protocol has it: what the Ultravisor gave, without the request that it answers. */
export interface SeKbsAnswer {
  readonly measurement: Uint8Array
  readonly additional: Uint8Array | undefined
  readonly userData: Uint8Array | undefined
  readonly configUid: Uint8Array
}

/** Whether bytes are JSON, as this form alone is among the evidence of Secure Execution. */
export function isSeJson(bytes: Uint8Array): boolean {
  return bytes.find((byte) => byte > 0x20) === BRACE
}

/**
 * Reads the `se` evidence of the KBS protocol: `measurement`, `additional_data`, `user_data` and `cuid` in base64. Its
 * other members are the verifier's own keys coming back, and tags of the header, which the measurement covers.
 *
 * @see KBS protocol, section 6
 * @throws EvidenceError that names the member
 */
export function parseSeKbs(json: Uint8Array): SeKbsAnswer {
  if (json.length > MAX_JSON) throw refuse('se', `${json.length} bytes`, `at most ${MAX_JSON} bytes`, 0, 'too-large')
  const found = membersOf(json)
  const optional = (name: string): Uint8Array | undefined => {
    const value = found.get(name)
    if (value === undefined || value === null || value === '') return undefined
    const bytes = typeof value === 'string' ? decodeBase64(value) : undefined
    if (bytes === undefined) throw refuse(`se.${name}`, 'another value', 'base64')
    return bytes
  }
  const need = (name: string): Uint8Array => {
    const bytes = optional(name)
    if (bytes === undefined) throw refuse(`se.${name}`, 'nothing', 'base64', 0, 'truncated')
    return bytes
  }
  return {
    measurement: need('measurement'),
    additional: optional('additional_data'),
    userData: optional('user_data'),
    configUid: need('cuid'),
  }
}

function membersOf(json: Uint8Array): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json))
    if (isRecord(value)) return new Map(Object.entries(value))
  } catch {
    // Said below, in the same words on every runtime.
  }
  throw refuse('se', 'another value', 'a JSON object')
}

/**
 * Puts an answer together with the request that it answers, which the protocol leaves with the verifier.
 *
 * @param request bare, or in a `pvattest` container
 * @throws EvidenceError when there is none, or for sizes that a response does not have
 */
export function exchangeOfKbs(answer: SeKbsAnswer, request: Uint8Array | undefined): SeExchange {
  if (request === undefined) {
    throw refuse('se', 'an answer without its request', 'the request that was sent, beside it', 0, 'unsupported-kind')
  }
  const asked = isSeExchange(request) ? parseSeExchange(request).entries.request.bytes : request
  let offset = DATA_AT
  const entry = (bytes: Uint8Array | undefined): SeExchangeEntry => {
    if (bytes === undefined) return { size: 0, offset: 0, bytes }
    const placed = { size: bytes.length, offset, bytes }
    offset += bytes.length
    return placed
  }
  const entries = {
    request: entry(asked),
    measurement: entry(answer.measurement),
    additional: entry(answer.additional),
    userData: entry(answer.userData),
    configUid: entry(answer.configUid),
  }
  return parseSeExchange(encodeSeExchange({ entries, reserved: new Uint8Array(8) }))
}
