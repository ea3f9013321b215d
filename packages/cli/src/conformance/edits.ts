import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JsonValue } from './case.ts'
import { type CaseFiles, member, textMember } from './snp-files.ts'

/**
 * Makes one edit of a `mutations.json` on the files of a case, in memory.
 *
 * @param folder the folder of all cases, which `from` of a replacement is in
 * @throws Error for an edit that does not exist
 */
export async function applyEdit(folder: string, files: CaseFiles, op: JsonValue): Promise<void> {
  const file = textMember(op, 'file') ?? ''
  const bytes = (await files.read(file)) ?? new Uint8Array()
  const number = (name: string): number => {
    const value = member(op, name)
    return typeof value === 'number' ? value : 0
  }
  const hex = Buffer.from(textMember(op, 'hex') ?? '', 'hex')
  switch (member(op, 'op')) {
    case 'set': {
      const edited = new Uint8Array(bytes)
      edited.set(hex, number('offset'))
      return files.edit(file, edited)
    }
    case 'truncate':
      return files.edit(file, bytes.subarray(0, number('length')))
    case 'append':
      return files.edit(file, new Uint8Array(Buffer.concat([bytes, hex])))
    case 'replace':
      return files.edit(file, new Uint8Array(await readFile(join(folder, textMember(op, 'from') ?? ''))))
    case 'json':
      return files.edit(file, editJson(bytes, member(op, 'path'), member(op, 'value') ?? null))
    default:
      throw new Error(`there is no edit ${JSON.stringify(member(op, 'op'))}`)
  }
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
