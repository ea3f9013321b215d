import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorCode, inWords } from '../input.ts'
import { parseJson } from '../options/json-text.ts'
import type { JsonValue } from './case.ts'
import { textMember } from './json.ts'

/** JSON of a case's files. @throws CliError (unreadable) that names the file */
export function parseCaseJson(text: string, name: string): JsonValue {
  return parseJson(text, name) as JsonValue
}

/** Files of one case, with edits on top. */
export class CaseFiles {
  /** Absolute. */
  readonly folder: string
  readonly #edited = new Map<string, Uint8Array>()

  /** `folder` is absolute. */
  constructor(folder: string) {
    this.folder = folder
  }

  /** The folder that the case's own is in; without the edits. */
  get parent(): CaseFiles {
    return new CaseFiles(dirname(this.folder))
  }

  /** The file with its edits; undefined when there is none. */
  async read(name: string): Promise<Uint8Array | undefined> {
    const edited = this.#edited.get(name)
    if (edited !== undefined) return edited
    try {
      return new Uint8Array(await readFile(join(this.folder, name)))
    } catch (error) {
      const code = errorCode(error)
      if (code === 'ENOENT') return undefined
      throw code === undefined ? error : inWords(name, error)
    }
  }

  /**
   * The file that a member names.
   *
   * @param where path of `value` in the case, for errors
   * @throws Error that names the member when it is no name of a file that can be read
   */
  async needOf(value: JsonValue, name: string, where: string): Promise<Uint8Array> {
    const file = textMember(value, name) ?? ''
    const fault = (what: string): Error => new Error(`${where}.${name}: ${what}`)
    if (file === '') throw fault('expected the name of a file of the case')
    try {
      return await this.need(file)
    } catch (error) {
      throw error instanceof Error ? fault(error.message) : error
    }
  }

  /** As {@link read}. @throws Error when there is no such file: the case names it */
  async need(name: string): Promise<Uint8Array> {
    const bytes = await this.read(name)
    if (bytes === undefined) throw new Error(`the case has no file ${name}`)
    return bytes
  }

  /** A file as text; undefined when there is none. */
  async readText(name: string): Promise<string | undefined> {
    const bytes = await this.read(name)
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
  }

  /** A file as JSON; undefined when there is none. @throws CliError when it is no JSON */
  async readJson(name: string): Promise<JsonValue | undefined> {
    const text = await this.readText(name)
    return text === undefined ? undefined : parseCaseJson(text, name)
  }

  /** As {@link readJson}. @throws Error when there is no such file */
  async needJson(name: string): Promise<JsonValue> {
    return parseCaseJson(new TextDecoder().decode(await this.need(name)), name)
  }

  /** The files of these names that there are, each under the key it is given here. */
  async readEach<Key extends string>(names: Readonly<Record<Key, string>>): Promise<Partial<Record<Key, Uint8Array>>> {
    const found: Partial<Record<Key, Uint8Array>> = {}
    for (const [key, name] of Object.entries(names) as [Key, string][]) {
      const bytes = await this.read(name)
      if (bytes !== undefined) found[key] = bytes
    }
    return found
  }

  /** Names of the files in a folder of the case, sorted; none when there is no such folder. */
  async list(folder = '.'): Promise<readonly string[]> {
    try {
      return (await readdir(join(this.folder, folder))).sort()
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
