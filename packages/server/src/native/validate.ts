import type { TObject, TSchema } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler, type ValueError, ValueErrorType } from '@sinclair/typebox/compiler'
import { type FieldError, type HttpError, unexpected } from '../http/errors.ts'

const compiled = new WeakMap<TSchema, TypeCheck<TSchema>>()

/** As many members as one answer names. */
const MAX_ERRORS = 20
/** Characters of a place that an answer repeats: the names in it are the sender's. */
const MAX_FIELD = 200

/** Checks a value against a schema. @throws HttpError 400 naming every member that is not what was expected. */
export function check(schema: TSchema, value: unknown, where: string): void {
  const validator = compiled.get(schema) ?? compile(schema)
  if (validator.Check(value)) return
  const errors: FieldError[] = []
  for (const error of validator.Errors(value)) {
    if (errors.length === MAX_ERRORS) break
    const field = (where + error.path).slice(0, MAX_FIELD)
    if (errors.some((one) => one.field === field)) continue
    errors.push({ field, expected: expectation(error) })
  }
  const [first = { field: where, expected: 'something else' }, ...others] = errors
  throw unexpected([first, ...others])
}

function compile(schema: TSchema): TypeCheck<TSchema> {
  const validator = TypeCompiler.Compile(schema)
  compiled.set(schema, validator)
  return validator
}

/** What the schema's author wrote, else what the schema says; never the value, which may be a secret. */
function expectation({ type, schema, message }: ValueError): string {
  // Here the schema is the object's, whose own description says nothing of its members.
  if (type === ValueErrorType.ObjectAdditionalProperties) return stranger(Object.keys(schema['properties'] ?? {}))
  const text = message.replace(/^Expected /, '')
  const words = wordsOf(schema) ?? text.charAt(0).toLowerCase() + text.slice(1)
  return type === ValueErrorType.ObjectRequiredProperty ? `to be given, as ${words}` : words
}

function wordsOf(schema: TSchema): string | undefined {
  if (typeof schema.description === 'string')
    return schema['type'] === 'object' ? `a JSON object: ${schema.description}` : schema.description
  if (typeof schema['pattern'] === 'string') return `a text that matches ${schema['pattern']}`
  const constants: readonly TSchema[] = Array.isArray(schema['anyOf']) ? schema['anyOf'] : []
  if (constants.length > 0 && constants.every((one) => 'const' in one))
    return `one of ${constants.map((one) => JSON.stringify(one['const'])).join(', ')}`
  switch (schema['type']) {
    case 'string':
      return `a text${range(schema['minLength'], schema['maxLength'], ' character', ' characters')}`
    case 'integer':
      return `a whole number${range(schema['minimum'], schema['maximum'])}`
    case 'boolean':
      return 'true or false'
    case 'array':
      return `a list${range(schema['minItems'], schema['maxItems'], ' entry', ' entries')}${schema['uniqueItems'] === true ? ', no two alike' : ''}`
    case 'object':
      return 'a JSON object'
    default:
      return undefined
  }
}

function range(low: unknown, high: unknown, one = '', many = ''): string {
  const last = high ?? low
  const unit = last === 1 ? one : many
  if (low !== undefined && high !== undefined) return ` of ${low} to ${high}${unit}`
  if (last === undefined) return ''
  return ` of at ${high === undefined ? 'least' : 'most'} ${last}${unit}`
}

function stranger(known: readonly string[]): string {
  return known.length === 0 ? 'no members' : `no member of this name; known are ${known.join(', ')}`
}

/**
 * Reads a query by its schema: numbers and booleans from their texts.
 *
 * @throws HttpError 400 for a member given twice, unknown, or not as its schema says.
 */
export function readQuery(schema: TObject | undefined, query: URLSearchParams): Readonly<Record<string, unknown>> {
  const out: Record<string, unknown> = {}
  for (const [name, text] of query) {
    const member = schema !== undefined && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined
    if (member === undefined)
      throw badQuery(name.slice(0, 40), schema === undefined ? NO_QUERY : stranger(Object.keys(schema.properties)))
    if (Object.hasOwn(out, name)) throw badQuery(name, 'to be given once')
    out[name] = typed(member, text)
  }
  if (schema !== undefined) check(schema, out, 'query')
  return out
}

const NO_QUERY = 'nothing: this route takes no query'

function typed(schema: TSchema, text: string): unknown {
  if ((schema['type'] === 'integer' || schema['type'] === 'number') && /^-?\d{1,15}$/.test(text)) return Number(text)
  if (schema['type'] === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

function badQuery(name: string, expected: string): HttpError {
  return unexpected([{ field: `query/${name}`, expected }])
}
