import { createHash } from 'node:crypto'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type KeyPair, keyFromPem } from './keys.ts'

/**
 * The key pair called `name`: read from `folder`, or what `make` gives, which is left there. Processes that want it at once
 * get the same one.
 */
export function keptInFolder(folder: string, name: string, make: () => KeyPair): KeyPair {
  const file = join(folder, `${createHash('sha256').update(name).digest('hex')}.pem`)
  const known = read(file)
  if (known !== undefined) return keyFromPem(known)
  const made = make()
  const pem = made.privateKey.export({ format: 'pem', type: 'pkcs8' })
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, pem, { mode: 0o600, flag: 'wx' })
  try {
    // Whole or not there at all, and never in the place of one that others have read.
    linkSync(draft, file)
    return made
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
    return keyFromPem(readFileSync(file, 'utf8'))
  } finally {
    rmSync(draft)
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
