import { createHash, X509Certificate } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TrustAnchor } from '@sekisho/evidence'
import type { JsonValue } from './case.ts'

/** Files of one case, with edits on top. */
export class CaseFiles {
  readonly #folder: string
  readonly #edited = new Map<string, Uint8Array>()

  /** `folder` is absolute. */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** The file with its edits; undefined when there is none. */
  async read(name: string): Promise<Uint8Array | undefined> {
    const edited = this.#edited.get(name)
    if (edited !== undefined) return edited
    try {
      return new Uint8Array(await readFile(join(this.#folder, name)))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  }

  /** As {@link read}. @throws Error when there is no such file: the case names it */
  async need(name: string): Promise<Uint8Array> {
    const bytes = await this.read(name)
    if (bytes === undefined) throw new Error(`the case has no file ${name}`)
    return bytes
  }

  /** Names of the files in a folder of the case, sorted; none when there is no such folder. */
  async list(folder: string): Promise<readonly string[]> {
    try {
      return (await readdir(join(this.#folder, folder))).sort()
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
      throw error
    }
  }

  /** Puts `bytes` in the place of a file, in memory only. */
  edit(name: string, bytes: Uint8Array): void {
    this.#edited.set(name, bytes)
  }
}

/** Lower-case hex of the SHA-256. */
export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The root of a case's own hierarchy as an emulated anchor; `der` is the certificate of the root. */
export function emulatedAnchor(der: Uint8Array): TrustAnchor {
  const spki = new X509Certificate(der).publicKey.export({ type: 'spki', format: 'der' })
  return { id: 'case-root', name: 'root of the case', vendor: 'test', spkiSha256: sha256Hex(spki), emulated: true }
}

/** Whether a JSON value is an object. */
export function isRecord(value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A member of an object; undefined for anything else. */
export function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

/** A member that is text. */
export function textMember(value: JsonValue | undefined, name: string): string | undefined {
  const found = member(value, name)
  return typeof found === 'string' ? found : undefined
}
