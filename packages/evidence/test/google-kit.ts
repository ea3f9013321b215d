import { EvidenceError } from '../src/core/errors.ts'
import { recogniseParts } from '../src/recognise/index.ts'
import { withoutStacks } from './proof/fuzz.ts'

/** Number, declared name and value of a field; a value of several fields is a message. */
export type Field = readonly [number, string, bigint | number | Uint8Array | readonly Field[]]

function varint(value: bigint): number[] {
  return value < 128n ? [Number(value)] : [Number(value & 127n) | 128, ...varint(value >> 7n)]
}

/** A message in the wire format; zeros are left out, as writers do. */
export function wire(fields: readonly Field[]): Uint8Array {
  const out = fields.map(([number, , value]): Uint8Array => {
    if (typeof value === 'number' || typeof value === 'bigint')
      return BigInt(value) === 0n
        ? new Uint8Array()
        : Uint8Array.from([...varint(BigInt(number) << 3n), ...varint(BigInt(value))])
    const content = value instanceof Uint8Array ? value : wire(value)
    return Buffer.concat([
      Buffer.from([...varint((BigInt(number) << 3n) | 2n), ...varint(BigInt(content.length))]),
      content,
    ])
  })
  return new Uint8Array(Buffer.concat(out))
}

/** The same in the text format, byte strings with octal escapes. */
export function text(fields: readonly Field[]): string {
  const lines = fields.map(([, name, value]) => {
    if (typeof value === 'number' || typeof value === 'bigint') return `${name}: ${value}`
    if (!(value instanceof Uint8Array)) return `${name} {\n${text(value)}}`
    const quoted = [...value].map((byte) =>
      byte > 0x5c && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`,
    )
    return `${name}: "${quoted.join('')}"`
  })
  return `${lines.join('\n')}\n`
}

/** The same in the JSON form. `named` keeps the declared names. */
export function json(fields: readonly Field[], named = false): Readonly<Record<string, unknown>> {
  const out: Record<string, unknown> = {}
  for (const [, name, value] of fields) {
    const key = named ? name : name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
    const one = name === 'hash' ? HASH_NAMES[Number(value)] : jsonValue(value, named)
    if (one === undefined) continue
    const before: unknown = out[key]
    // A map is one object; of the two fields of this name, the inner is one.
    if (name === 'pcrs' && isEntry(one)) out[key] = Object.assign(before ?? {}, { [`${one.key ?? 0}`]: one.value })
    else out[key] = REPEATED.has(name) ? [...(Array.isArray(before) ? before : []), one] : one
  }
  return out
}

function isEntry(value: unknown): value is { readonly key?: unknown; readonly value: unknown } {
  return typeof value === 'object' && value !== null && 'value' in value
}

function jsonValue(value: Field[2], named: boolean): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (typeof value === 'bigint') return value === 0n ? undefined : `${value}`
  if (typeof value === 'number') return value === 0 ? undefined : value
  return json(value, named)
}

const HASH_NAMES: Readonly<Record<number, string>> = { 4: 'SHA1', 11: 'SHA256' }
const REPEATED: ReadonlySet<string> = new Set(['quotes', 'intermediate_certs', 'rtmrs'])

/** Bytes of text. */
export const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value)

/** Every form of a message, as bytes. */
export const FORMS: Readonly<Record<string, (fields: readonly Field[]) => Uint8Array>> = {
  wire,
  text: (fields) => utf8(`# an attestation\n${text(fields)}`),
  json: (fields) => utf8(JSON.stringify(json(fields))),
  'json with declared names': (fields) => utf8(JSON.stringify(json(fields, true))),
}

/** Takes bytes that are read or refused. @throws what else becomes of them */
export function readOrRefused(bytes: Uint8Array): void {
  if (withoutStacks(() => isReadOrRefused(bytes))) return
  // Again, for its stack.
  recogniseParts(bytes)
  throw new Error('what fails once is read or refused the next time')
}

function isReadOrRefused(bytes: Uint8Array): boolean {
  try {
    recogniseParts(bytes)
    return true
  } catch (error) {
    return error instanceof EvidenceError
  }
}
