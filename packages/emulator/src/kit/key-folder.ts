import { createHash } from 'node:crypto'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type KeyPair, keyFromPem } from './keys.ts'

/** Making a key takes seconds of a core, and more where others are at work. */
const PATIENCE_MS = 60_000
const LOOKS_MS = 20

/**
 * The key pair called `name`: read from `folder`, or what `make` gives, which is left there. Processes that want it at once
 * get the same one: the first makes it, and the others wait, without a core. They make it themselves when the first has
 * ended without it, or is not done within a minute.
 */
export function keptInFolder(folder: string, name: string, make: () => KeyPair): KeyPair {
  const file = join(folder, `${createHash('sha256').update(name).digest('hex')}.pem`)
  const known = read(file)
  if (known !== undefined) return keyFromPem(known)
  const claim = `${file}.making`
  const isFirst = create(claim, `${process.pid}`)
  const awaited = isFirst ? undefined : waitFor(file, claim)
  if (awaited !== undefined) return keyFromPem(awaited)
  try {
    return leave(file, make())
  } finally {
    if (isFirst) rmSync(claim)
  }
}

/** Leaves a key where others find it; theirs, when another was faster. */
function leave(file: string, made: KeyPair): KeyPair {
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, made.privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600, flag: 'wx' })
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

/** The key that another process is making; undefined when nothing comes of it. */
function waitFor(file: string, claim: string): string | undefined {
  const bell = new Int32Array(new SharedArrayBuffer(4))
  const until = Date.now() + PATIENCE_MS
  for (;;) {
    const isMaking = isAtWork(read(claim))
    // In this order: what was made before the claim went away is there.
    const known = read(file)
    if (known !== undefined || !isMaking || Date.now() > until) return known
    Atomics.wait(bell, 0, 0, LOOKS_MS)
  }
}

/** Whether the process that claimed a key is another that still runs. */
function isAtWork(claim: string | undefined): boolean {
  // Between its making and its writing a claim is empty.
  if (claim === '') return true
  if (claim === undefined || Number(claim) === process.pid) return false
  try {
    return process.kill(Number(claim), 0)
  } catch (error) {
    return !isCode(error, 'ESRCH')
  }
}

/** Whether the file was not there, and is now. */
function create(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
    return true
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
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
