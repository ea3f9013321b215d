import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { VaultError } from './errors.ts'
import { decodeMasterKey, type MasterKey, softwareMasterKey } from './master-key.ts'
import type { Pkcs11Location } from './pkcs11/location.ts'

/** Where the master key is. */
export type MasterKeySource =
  /** A file that only its owner can read (mode 0600 or 0400): 32 bytes, 64 hex digits, or base64. */
  | { readonly file: string }
  /** Name of an environment variable: 64 hex digits or base64. Others of the same user can read a process's environment: prefer a file. */
  | { readonly env: string; readonly environment?: Readonly<Record<string, string | undefined>> }
  /** An AES-256 key in a PKCS#11 token, which it never leaves. */
  | { readonly pkcs11: Pkcs11Location }

/** @throws VaultError `master-key` */
export async function masterKeyFrom(source: MasterKeySource): Promise<MasterKey> {
  if ('file' in source)
    return softwareMasterKey(decodeMasterKey(await readPrivateFile(source.file, 'master key')), 'file')
  if ('env' in source) {
    const value = (source.environment ?? process.env)[source.env]
    if (value === undefined || value === '') throw new VaultError('master-key', `${source.env} is not set`)
    return softwareMasterKey(decodeMasterKey(Buffer.from(value)), 'environment')
  }
  // Only who keeps the key in a token needs the native library.
  const { pkcs11MasterKey } = await import('./pkcs11/pkcs11-master-key.ts')
  const pin = Buffer.from(await readPrivateFile(source.pkcs11.pinFile, 'PIN'))
    .toString()
    .trimEnd()
  return await pkcs11MasterKey(source.pkcs11, pin)
}

const MAX_FILE_BYTES = 1024

/** The bytes of a small file that nobody but its owner can read. @throws VaultError `master-key` */
export async function readPrivateFile(path: string, what: string): Promise<Uint8Array> {
  let file: FileHandle
  try {
    // Not blocking: a named pipe in the file's place must not hang the start.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (cause) {
    throw new VaultError('master-key', `the file of the ${what} cannot be opened: ${path}`, cause)
  }
  try {
    const { mode, size } = await file.stat()
    const kind = mode & constants.S_IFMT
    if (kind !== constants.S_IFREG) throw new VaultError('master-key', `the ${what} is not in a file: ${path}`)
    if ((mode & 0o077) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, '0')
      throw new VaultError('master-key', `others can reach the file of the ${what} (mode ${shown}): chmod 600 ${path}`)
    }
    if (size > MAX_FILE_BYTES) throw new VaultError('master-key', `the file of the ${what} is too long: ${path}`)
    return await file.readFile()
  } finally {
    await file.close()
  }
}
