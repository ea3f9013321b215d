import { createHash, type Hash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesBelow, ROOT } from './files.ts'

/** What something is built from: a digest over the names and bytes of files, all from the root of the workspace. */
export class Sources {
  readonly #hash: Hash = createHash('sha256')

  /** Every file below a folder whose name ends in one of `endings`. */
  below(folder: string, ...endings: readonly string[]): this {
    for (const ending of endings)
      for (const path of filesBelow(join(ROOT, folder), ending)) this.file(`${folder}/${path}`)
    return this
  }

  file(path: string): this {
    return this.text(path).text(readFileSync(join(ROOT, path), 'latin1'))
  }

  text(text: string): this {
    this.#hash.update(`${text.length}\0`).update(text, 'latin1')
    return this
  }

  /** In hexadecimal, of everything so far. */
  digest(): string {
    return this.#hash.copy().digest('hex')
  }
}

/** A file beside what was built, with the digest of what it was built from. */
export class Stamp {
  readonly #file: string
  readonly #made: readonly string[]

  /** @param made files that must be there, or the stamp is worth nothing */
  constructor(file: string, made: readonly string[]) {
    this.#file = file
    this.#made = made
  }

  says(digest: string): boolean {
    const there = [this.#file, ...this.#made].every((file) => existsSync(file))
    return there && readFileSync(this.#file, 'utf8') === digest
  }

  set(digest: string): void {
    writeFileSync(this.#file, digest)
  }
}
