import { concatBytes, fromHex } from '../../core/bytes.ts'
import { refuse } from '../../core/errors.ts'
import { isRecord } from '../../core/input.ts'
import { type LoggedEvent, loggedEvent, type Preimage } from '../../eventlog/events.ts'
import { type EventLog, eventLog, REGISTER_BYTES, RTMRS } from './log.ts'

/** Largest JSON log that is read, in bytes. */
export const MAX_JSON_BYTES: number = 4 * 1024 * 1024
const MAX_EVENTS = 8192
const MAX_NAME = 256

/**
 * Reads the JSON log of dstack's guest agent: a report whose `event_log` is the list or its JSON text,
 * or the list alone. Each event has `imr` (0 to 3), `event_type`, `digest` (hex, zeros are appended up to
 * 48 bytes), `event` (a name) and `event_payload` (hex). Other members are left alone.
 *
 * @see https://github.com/Dstack-TEE/dstack, `cc-eventlog`
 * @throws EvidenceError when the text is no JSON or not such a log. JSON has no offsets: the field tells the
 *   event, as in `event_log[3].digest`
 */
export function parseDstackLog(bytes: Uint8Array): EventLog {
  const list = eventList(parseJson(decode(bytes), 0))
  if (list.length > MAX_EVENTS)
    throw refuse('event_log', `${list.length} events`, `at most ${MAX_EVENTS} events`, 0, 'too-large')
  if (list.length === 0) throw refuse('event_log', 'there is no event', 'a list of events')
  return eventLog('dstack-json', list.map(dstackEvent), bytes.length, bytes.length)
}

function decode(bytes: Uint8Array): string {
  if (bytes.length > MAX_JSON_BYTES) {
    throw refuse('event log', `${bytes.length} bytes`, `at most ${MAX_JSON_BYTES} bytes`, 0, 'too-large')
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw refuse('event log', 'not UTF-8', 'JSON')
  }
}

// Every event is one object: brackets bound what JSON.parse builds, and how deep.
const MAX_BRACKETS = 4 * MAX_EVENTS

function parseJson(text: string, nested: number): unknown {
  let brackets = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if ((code === 0x5b || code === 0x7b) && ++brackets > MAX_BRACKETS) {
      throw refuse(fieldOf(nested), `more than ${MAX_BRACKETS} brackets`, 'fewer values', 0, 'too-large')
    }
  }
  try {
    return JSON.parse(text)
  } catch {
    throw refuse(fieldOf(nested), 'this is no JSON', 'a JSON value')
  }
}

function fieldOf(nested: number): string {
  return nested === 0 ? 'event log' : 'event_log'
}

function eventList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  const log = isRecord(value) ? value.event_log : undefined
  const list = typeof log === 'string' ? parseJson(log, 1) : log
  if (Array.isArray(list)) return list
  throw refuse('event_log', 'there is no list of events', 'a list, or the JSON text of one')
}

function dstackEvent(value: unknown, number: number): LoggedEvent {
  const at = `event_log[${number}]`
  if (!isRecord(value)) throw refuse(at, 'this is no object', 'an event')
  const imr = integer(value.imr, `${at}.imr`, RTMRS.length - 1)
  const type = integer(value.event_type, `${at}.event_type`, 0xffffffff)
  const digest = paddedDigest(hex(value.digest, `${at}.digest`), `${at}.digest`)
  const name = eventName(value.event, `${at}.event`)
  const data = hex(value.event_payload, `${at}.event_payload`)
  const event = { number, register: RTMRS[imr], extends: true, type, digest, data }
  // The firmware's events have no name, and no digest would cover one.
  if (imr !== 3) return loggedEvent(event, 'sha384')
  return { ...event, name, preimages: [applicationPreimage(type, name, data)] }
}

/**
 * What the guest agent measures of an event: the type (4 bytes, little-endian), `:`, the name, `:` and the
 * payload. A name with a colon in it could be split in two ways: such an event is never covered.
 */
function applicationPreimage(type: number, name: string, payload: Uint8Array): Preimage {
  const number = Uint8Array.of(type, type >>> 8, type >>> 16, type >>> 24)
  const colon = Uint8Array.of(0x3a)
  const data = concatBytes(number, colon, new TextEncoder().encode(name), colon, payload)
  return { covers: name.includes(':') ? 'none' : 'all', job: { kind: 'digest', algorithm: 'sha384', data } }
}

function integer(value: unknown, field: string, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) return value
  throw refuse(field, 'not such a number', `a whole number from 0 to ${max}`)
}

function hex(value: unknown, field: string): Uint8Array {
  const bytes = typeof value === 'string' ? fromHex(value) : undefined
  if (bytes === undefined) throw refuse(field, 'no hex', 'bytes in hex')
  return bytes
}

function paddedDigest(digest: Uint8Array, field: string): Uint8Array {
  if (digest.length === 0 || digest.length > REGISTER_BYTES) {
    throw refuse(field, `${digest.length} bytes`, `1 to ${REGISTER_BYTES} bytes`)
  }
  const padded = new Uint8Array(REGISTER_BYTES)
  padded.set(digest)
  return padded
}

function eventName(value: unknown, field: string): string {
  // A lone surrogate has no UTF-8, so that two names could have one digest.
  if (typeof value === 'string' && value.length <= MAX_NAME && !/\p{Surrogate}/u.test(value)) return value
  throw refuse(field, 'not such a text', `text of at most ${MAX_NAME} characters`)
}
