import { type EvidenceError, refuse } from '../core/errors.ts'
import type { ProtoMessage } from './protobuf.ts'

/** Every message under a name. */
export function messagesOf(message: ProtoMessage, name: string): readonly ProtoMessage[] {
  return (message.get(name) ?? []).filter((one): one is ProtoMessage => one instanceof Map)
}

/** Every byte string under a name. */
export function bytesListOf(message: ProtoMessage, name: string): readonly Uint8Array[] {
  return (message.get(name) ?? []).filter((one) => one instanceof Uint8Array)
}

/**
 * The one of a list, or none: readers join what occurs again, or take the last, and which one would count is
 * anybody's guess.
 *
 * @throws EvidenceError for more than one
 */
export function once<T>(list: readonly T[], name: string): T | undefined {
  if (list.length > 1) throw lacks(name, 'the field once')
  return list[0]
}

/** The byte string under a name; empty where there is none, as writers leave empty ones out. @throws EvidenceError */
export function bytesOf(message: ProtoMessage, name: string): Uint8Array {
  return once(bytesListOf(message, name), name) ?? new Uint8Array(0)
}

/** The message under a name; one without fields where there is none. @throws EvidenceError */
export function messageOf(message: ProtoMessage, name: string): ProtoMessage {
  return once(messagesOf(message, name), name) ?? NOTHING
}

const NOTHING: ProtoMessage = new Map()

/** The number under a name; zero is what is not written. @throws EvidenceError above `most` */
export function numberOf(message: ProtoMessage, name: string, most: bigint = 0xffffffffffffffffn): bigint {
  const value = once(message.get(name) ?? [], name) ?? 0n
  if (typeof value === 'bigint' && value <= most) return value
  throw lacks(name, `a number of at most ${most}`)
}

/** What is wrong with a field. */
export function lacks(field: string, expected: string): EvidenceError {
  return refuse(`protobuf.${field}`, 'another value', expected)
}
