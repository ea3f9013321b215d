import { type TInteger, type TObject, type TProperties, type TString, type TUnsafe, Type } from '@sinclair/typebox'
import { unexpected } from '../http/errors.ts'

/** Where the native API begins. */
export const API_PREFIX = '/api/v1'

/** Largest JSON body that a route takes unless it says otherwise. */
export const JSON_LIMIT: number = 1024 * 1024

/** Largest body of bytes that a route takes unless it says otherwise. */
export const BYTES_LIMIT: number = 2 * 1024 * 1024

/** Name of a namespace. */
export function namespaceSchema(): TString {
  return Type.String({
    pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
    description: 'the name of a namespace: lower-case letters, digits and `-`, at most 63',
  })
}

/** One of three segments of a resource's path. */
export function segmentSchema(): TString {
  return Type.String({
    pattern: '^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$',
    description: 'letters, digits, `_`, `-` and `.`, at most 128, not beginning with a dot',
  })
}

/** An identifier that the server gave: prefix and 26 characters, sortable by time. */
export function idSchema(prefix: string): TString {
  return Type.String({
    pattern: `^${prefix}_[0-9A-Za-z]{26}$`,
    description: `an identifier: ${prefix}_ and 26 letters or digits`,
  })
}

/** An instant, ISO 8601 in UTC. */
export function timeSchema(): TString {
  return Type.String({
    pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,3})?Z$',
    description: 'a time in UTC, e.g. 2026-11-21T02:05:00Z',
  })
}

/** One of these texts. */
export function oneOf<T extends string>(values: readonly T[]): TUnsafe<T> {
  const literals = values.map((value) => Type.Literal(value))
  return Type.Unsafe<T>(Type.Union(literals, { description: `one of ${values.join(', ')}` }))
}

/** RFC 9457 problem details as this server writes them. */
export function problemSchema(): TObject {
  return Type.Object(
    {
      type: Type.String(),
      title: Type.String(),
      status: Type.Integer(),
      detail: Type.String(),
      instance: Type.Optional(Type.String({ description: 'which request it was; missing where it never became one' })),
      code: Type.String(),
      errors: Type.Optional(
        Type.Array(
          Type.Object(
            {
              field: Type.String(),
              expected: Type.String(),
              line: Type.Optional(Type.Integer()),
              column: Type.Optional(Type.Integer()),
              hint: Type.Optional(Type.String()),
            },
            { additionalProperties: false },
          ),
        ),
      ),
      decision: Type.Optional(Type.String()),
      emulated: Type.Optional(Type.Boolean()),
    },
    { additionalProperties: false },
  )
}

/** An object that has these members and no others. */
export function closed<P extends TProperties>(properties: P): TObject<P> {
  return Type.Object(properties, { additionalProperties: false })
}

/** `repository/type/tag`. */
export function resourceSchema(): TString {
  const segment = '[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}'
  return Type.String({ pattern: `^${segment}/${segment}/${segment}$`, description: 'a resource, repository/type/tag' })
}

/** Bytes in base64 with padding; read them with {@link bytesOf}. */
export function base64Schema(maxLength: number): TString {
  return Type.String({
    // No groups: a body of 2 MiB must not cost a backtracking matcher's stack.
    pattern: '^[A-Za-z0-9+/]*={0,2}$',
    maxLength,
    description: 'bytes in base64 with padding',
  })
}

/** How many entries of a list are wanted. */
export function limitSchema(): TInteger {
  return Type.Integer({ minimum: 1, maximum: 1000, description: 'a whole number from 1 to 1000' })
}

/** JSON whose shape another document describes. */
export function anyObject(description: string): TUnsafe<Readonly<Record<string, unknown>>> {
  return Type.Unsafe<Readonly<Record<string, unknown>>>(Type.Object({}, { additionalProperties: true, description }))
}

/** The bytes of a base64 text. @throws HttpError 400 naming the member when the text is not what these bytes are written as */
export function bytesOf(base64: string, field: string): Uint8Array {
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.toString('base64') === base64) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  throw unexpected([{ field, expected: 'bytes in base64 with padding' }])
}
