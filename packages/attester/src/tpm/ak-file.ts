import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** An attestation key as it is kept in a file. The context is encrypted by the TPM, and useless elsewhere. */
export interface KeptKey {
  readonly name: Uint8Array
  readonly context: Uint8Array
}

const MAX_FILE = 16_384

/** Reads a kept key. @returns undefined when there is none, or the file is none of ours */
export async function readKeptKey(folder: string, id: string): Promise<KeptKey | undefined> {
  const text = await readBounded(fileOf(folder, id))
  return text === undefined ? undefined : parse(text)
}

/** Keeps a key, in a file of mode 0600 that is whole or not there. */
export async function writeKeptKey(folder: string, id: string, { name, context }: KeptKey): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = fileOf(folder, id)
  const text = JSON.stringify({
    schema: 'urn:sekisho:tpm-ak:v1',
    name: Buffer.from(name).toString('hex'),
    context: Buffer.from(context).toString('base64'),
  })
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, `${text}\n`, { mode: 0o600, flag: 'wx' })
  await rename(draft, path)
}

function fileOf(folder: string, id: string): string {
  return join(folder, `tpm-ak-${id}.json`)
}

async function readBounded(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  if (file === undefined) return undefined
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_FILE), 0, MAX_FILE, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}

// A file that is damaged costs the making of a key, and nothing else.
function parse(text: string): KeptKey | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('name' in value) || !('context' in value)) return undefined
    const { name, context } = value
    if (typeof name !== 'string' || typeof context !== 'string') return undefined
    return {
      name: new Uint8Array(Buffer.from(name, 'hex')),
      context: new Uint8Array(Buffer.from(context, 'base64')),
    }
  } catch {
    return undefined
  }
}
