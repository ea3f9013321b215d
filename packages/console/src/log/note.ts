import { toHex } from '@sekisho/evidence'
import { fromBase64 as looseBase64 } from '../engine/bytes.ts'
import { equalBytes, strictBase64 } from './bytes.ts'
import { type Bytes, HASH_BYTES, isSize, type TreeHead } from './merkle.ts'

/** The key of a log: `name+id+base64`, after C2SP signed-note. Only Ed25519 (algorithm 1). */
export interface VerifierKey {
  readonly name: string
  /** First four bytes of SHA-256(name || LF || algorithm || public key), as hex. */
  readonly id: string
  readonly key: CryptoKey
  /** As it was written. */
  readonly text: string
}

/** A signed size and root (C2SP tlog-checkpoint). */
export interface Checkpoint extends TreeHead {
  readonly origin: string
  /** The whole signed note. */
  readonly note: string
}

/** Something is not what it should be: `code` names what, for a text in the reader's language. */
export class ProofError extends Error {
  override readonly name = 'ProofError'
  readonly code: ProofFault

  constructor(code: ProofFault, detail: string) {
    super(detail)
    this.code = code
  }
}

/** What can be wrong with a key, a note, a checkpoint or a proof. */
export type ProofFault =
  | 'key-form'
  | 'key-id'
  | 'note-form'
  | 'not-signed'
  | 'signature'
  | 'origin'
  | 'checkpoint-form'
  | 'receipt-form'
  | 'size'
  | 'proof-length'
  | 'root'
  | 'tile'
  | 'entry'
  | 'shrunk'
  | 'fork'
  | 'decision'
  | 'verdict'

const ED25519 = 1
const NOTE_LIMIT = 100_000
const SIGNATURE_LIMIT = 100
const KEY = /^([^+]{1,255})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{1,100})$/
const NAME = /^[^\s+\p{C}]{1,255}$/u

/** Whether this browser can check anything: Web Crypto is there only for https and for the machine itself. */
export function canCheck(): boolean {
  return globalThis.crypto?.subtle !== undefined
}

/** Reads a verifier key. @throws ProofError `key-form` or `key-id` */
export async function readVerifierKey(text: string): Promise<VerifierKey> {
  const [, name = '', id = '', encoded = ''] = KEY.exec(text.trim()) ?? []
  if (!NAME.test(name)) throw new ProofError('key-form', 'a verifier key has the form name+hexadecimal id+base64')
  const bytes = strictBase64(encoded)
  if (bytes?.length !== 33 || bytes[0] !== ED25519) throw new ProofError('key-form', 'not an Ed25519 key')
  const head = new TextEncoder().encode(`${name}\n`)
  const named = new Uint8Array(head.length + bytes.length)
  named.set(head)
  named.set(bytes, head.length)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', named))
  if (toHex(digest.subarray(0, 4)) !== id) throw new ProofError('key-id', `the id ${id} is not that of ${name}`)
  const key = await crypto.subtle.importKey('raw', bytes.slice(1), 'Ed25519', false, ['verify'])
  return { name, id, key, text: text.trim() }
}

/** The text of a note that `key` signed; lines of other keys are passed over. @throws ProofError */
export async function openNote(note: string, key: VerifierKey): Promise<string> {
  if (note.length > NOTE_LIMIT) throw new ProofError('note-form', 'the signed note is too long')
  const border = note.lastIndexOf('\n\n')
  if (border < 0 || !note.endsWith('\n')) throw new ProofError('note-form', 'the signed note has no signature')
  const text = note.slice(0, border + 1)
  const lines = note.slice(border + 2, -1).split('\n')
  if (lines.length > SIGNATURE_LIMIT) throw new ProofError('note-form', 'the signed note has too many signatures')
  let found = false
  for (const line of lines) found = (await isSigned(line, text, key)) || found
  if (!found) throw new ProofError('not-signed', `no signature of ${key.name}+${key.id}`)
  return text
}

async function isSigned(line: string, text: string, key: VerifierKey): Promise<boolean> {
  const [, name, encoded] = /^\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? []
  if (encoded === undefined) throw new ProofError('note-form', 'a signature line is not well-formed')
  const bytes = looseBase64(encoded)
  if (name !== key.name || bytes === undefined || toHex(bytes.subarray(0, 4)) !== key.id) return false
  const signed = new TextEncoder().encode(text)
  const exact = strictBase64(encoded) !== undefined
  if (!exact || !(await crypto.subtle.verify('Ed25519', key.key, bytes.slice(4), signed)))
    throw new ProofError('signature', `the signature of ${key.name} does not verify`)
  return true
}

/** Opens a checkpoint of the key's own log. @throws ProofError */
export async function openCheckpoint(note: string, key: VerifierKey): Promise<Checkpoint> {
  const [origin, size = '', root = ''] = (await openNote(note, key)).split('\n')
  if (origin !== key.name) throw new ProofError('origin', `of another log than ${key.name}`)
  const hash = strictBase64(root)
  if (!/^(0|[1-9][0-9]{0,15})$/.test(size) || !isSize(Number(size)) || hash?.length !== HASH_BYTES)
    throw new ProofError('checkpoint-form', 'size or root is not well-formed')
  return { origin, size: Number(size), root: hash, note }
}

/** Whether two checkpoints say the same. */
export function isSameHead(a: TreeHead, b: TreeHead): boolean {
  return a.size === b.size && equalBytes(a.root, b.root)
}

/** The hash that a proof writes in base64. */
export function readHash(text: unknown): Bytes | undefined {
  const bytes = typeof text === 'string' && text.length === 44 ? strictBase64(text) : undefined
  return bytes?.length === HASH_BYTES ? bytes : undefined
}
