import type { Field } from '../core/fields.ts'
import { isList, isObject, type Json } from '../core/json.ts'
import type { Token } from './model.ts'

const MAX_FIELDS = 2048
const MAX_TEXT = 512

/** Every member of header and claims, by path; at most 2048, texts cut to 512 characters. */
export function tokenFields(token: Token): readonly Field[] {
  const fields: Field[] = []
  collect('header', token.header, fields)
  collect('claims', token.claims, fields)
  for (const one of token.submodules) collect(`submodules.${one.name.slice(0, 64)}`, one.token.claims, fields)
  return fields
}

function collect(path: string, value: Json, into: Field[]): void {
  if (into.length >= MAX_FIELDS) return
  if (isObject(value))
    for (const [name, one] of Object.entries(value)) collect(`${path}.${name.slice(0, 64)}`, one, into)
  else if (isList(value)) for (const [i, one] of value.entries()) collect(`${path}[${i}]`, one, into)
  else into.push({ path, value: plain(value), source: 'RFC 7519' })
}

function plain(value: string | number | boolean | null): string | number | boolean {
  if (value === null) return 'null'
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return String(value)
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : value
}
