import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Op {
  readonly op: 'set' | 'truncate' | 'append' | 'replace'
  readonly file: string
  readonly offset?: number
  readonly hex?: string
  readonly length?: number
  readonly from?: string
}

/** One edited copy of a case of SEV-SNP. */
export interface Mutation {
  readonly id: string
  /** Folder of the case that is edited. */
  readonly base: string
  readonly evaluateAt?: string
  readonly ops: readonly Op[]
}

/** The edits of `mutations.json` in a folder of cases; none where there is no such file. */
export function mutationsOf(folder: string): readonly Mutation[] {
  const path = join(folder, 'mutations.json')
  if (!existsSync(path)) return []
  const content: { readonly mutations: readonly Mutation[] } = JSON.parse(readFileSync(path, 'utf8'))
  return content.mutations
}

/** A file of the case after the edits; undefined when it never was there. */
export function editedFile(folder: string, { base, ops }: Mutation, file: string): Uint8Array | undefined {
  const path = join(folder, base, file)
  const start = existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined
  return ops
    .filter((op) => op.file === file)
    .reduce<Uint8Array | undefined>((bytes, op) => edit(folder, bytes ?? new Uint8Array(), op), start)
}

function edit(folder: string, bytes: Uint8Array, { op, hex = '', offset = 0, length = 0, from = '' }: Op): Uint8Array {
  const given = Buffer.from(hex, 'hex')
  switch (op) {
    case 'set': {
      const edited = new Uint8Array(bytes)
      edited.set(given, offset)
      return edited
    }
    case 'truncate':
      return bytes.subarray(0, length)
    case 'append':
      return new Uint8Array(Buffer.concat([bytes, given]))
    case 'replace':
      return new Uint8Array(readFileSync(join(folder, from)))
  }
}
