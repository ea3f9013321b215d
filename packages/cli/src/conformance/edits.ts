import type { JsonValue } from './case.ts'
import { CaseFiles } from './case-files.ts'
import { isRecord, member, textMember } from './json.ts'

/**
 * Makes one edit of a `mutations.json` on the files of a case, in memory.
 *
 * @param folder the folder of all cases, which `from` of a replacement is in
 * @throws Error for an edit that does not exist
 */
export async function applyEdit(folder: string, files: CaseFiles, op: JsonValue): Promise<void> {
  const kind = textMember(op, 'op') ?? ''
  const known = MEMBERS[kind]
  if (known === undefined) throw new Error(`there is no edit ${JSON.stringify(member(op, 'op'))}`)
  const stranger = Object.keys(isRecord(op) ? op : {}).find((name) => !['op', 'file', ...known].includes(name))
  if (stranger !== undefined) throw new Error(`nothing in an edit ${JSON.stringify(kind)} heeds ${stranger}`)
  const file = textMember(op, 'file') ?? ''
  const present = await files.read(file)
  if (present === undefined && kind !== 'replace') throw new Error(`there is no file ${file} to edit`)
  const bytes = present ?? new Uint8Array()
  switch (kind) {
    case 'set': {
      const edited = new Uint8Array(bytes)
      edited.set(hexOf(op), numberOf(op, 'offset'))
      return files.edit(file, edited)
    }
    case 'truncate':
      return files.edit(file, bytes.subarray(0, numberOf(op, 'length')))
    case 'append':
      return files.edit(file, new Uint8Array(Buffer.concat([bytes, hexOf(op)])))
    case 'replace':
      return files.edit(file, await new CaseFiles(folder).needOf(op, 'from', 'ops'))
    default:
      return files.edit(file, editJson(bytes, member(op, 'path'), member(op, 'value') ?? null))
  }
}

/** Members of each edit beside `op` and `file`. */
const MEMBERS: Readonly<Record<string, readonly string[] | undefined>> = {
  set: ['offset', 'hex'],
  truncate: ['length'],
  append: ['hex'],
  replace: ['from'],
  json: ['path', 'value'],
}

function numberOf(op: JsonValue, name: string): number {
  const value = member(op, name)
  if (typeof value === 'number') return value
  throw new Error(`an edit without ${name}`)
}

function hexOf(op: JsonValue): Buffer {
  const hex = textMember(op, 'hex') ?? '-'
  if (!/^(?:[0-9a-f]{2})*$/i.test(hex)) throw new Error('an edit whose hex is none')
  return Buffer.from(hex, 'hex')
}

/** Sets the value at a path of member names; null removes it. */
function editJson(bytes: Uint8Array, path: JsonValue | undefined, value: JsonValue): Uint8Array {
  const names = Array.isArray(path) ? path.map(String) : []
  const last = names.pop()
  const whole: Record<string, unknown> = JSON.parse(new TextDecoder().decode(bytes))
  let at: Record<string, unknown> = whole
  for (const name of names) {
    const next = at[name]
    if (!isObject(next)) throw new Error(`there is no member ${name} to edit`)
    at = next
  }
  if (last === undefined) throw new Error('an edit of JSON without a path')
  if (value === null) delete at[last]
  else at[last] = value
  return new TextEncoder().encode(JSON.stringify(whole))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
