import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

/**
 * Signed notes and their keys after C2SP signed-note: a text, an empty line, and signature lines
 * `— name base64(key id || signature)`. Only Ed25519 (algorithm 1) is made and checked; lines of
 * other keys are passed over, as the document asks.
 */
export interface VerifierKey {
  readonly name: string
  /** First four bytes of SHA-256(name || LF || algorithm || public key), as hex. */
  readonly id: string
  readonly key: KeyObject
}

const ED25519 = 1
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex')
const NOTE_LIMIT = 100_000
const SIGNATURE_LIMIT = 100

/**
 * The public key of a signer in the form that is handed to verifiers: `name+id+base64`.
 *
 * @throws TypeError for a name with white space or a plus sign, and for a key that is not Ed25519
 */
export function encodeVerifierKey(name: string, key: KeyObject): string {
  checkName(name)
  const raw = rawKey(key)
  return `${name}+${keyId(name, raw)}+${Buffer.concat([Buffer.of(ED25519), raw]).toString('base64')}`
}

/** @throws TypeError naming what is wrong with the text */
export function readVerifierKey(text: string): VerifierKey {
  const match = /^([^+]{1,255})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{1,100})$/.exec(text.trim())
  if (match === null) throw new TypeError('a verifier key has the form name+hexadecimal id+base64')
  const [, name = '', id = '', encoded = ''] = match
  checkName(name)
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.length !== 33 || bytes[0] !== ED25519) throw new TypeError('the verifier key is no Ed25519 key')
  const raw = bytes.subarray(1)
  if (keyId(name, raw) !== id) throw new TypeError('the id of the verifier key does not belong to its name and key')
  return { name, id, key: createPublicKey({ key: Buffer.concat([SPKI_ED25519, raw]), format: 'der', type: 'spki' }) }
}

/** Signs a text (its last line must be ended) as `name`. */
export function signNote(text: string, name: string, signingKey: KeyObject): string {
  const id = Buffer.from(keyId(name, rawKey(createPublicKey(signingKey))), 'hex')
  const signature = sign(null, Buffer.from(text), signingKey)
  return `${text}\n\u2014 ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`
}

/**
 * The text of a note that `key` signed.
 *
 * @throws TypeError when the note is not well-formed, or has no signature of this key that verifies
 */
export function openNote(note: string, key: VerifierKey): string {
  if (note.length > NOTE_LIMIT) throw new TypeError('the signed note is too long')
  const border = note.lastIndexOf('\n\n')
  if (border < 0 || !note.endsWith('\n')) throw new TypeError('the signed note has no signature')
  const text = note.slice(0, border + 1)
  const lines = note.slice(border + 2, -1).split('\n')
  if (lines.length > SIGNATURE_LIMIT) throw new TypeError('the signed note has too many signatures')
  let found = false
  for (const line of lines) {
    const match = /^\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(line)
    if (match === null) throw new TypeError('a signature line of the signed note is not well-formed')
    const bytes = Buffer.from(match[2] ?? '', 'base64')
    if (match[1] !== key.name || bytes.subarray(0, 4).toString('hex') !== key.id) continue
    // One signature has one form: bits that base64 leaves unused are not a place to hide a difference.
    const exact = bytes.toString('base64') === match[2]
    if (!exact || !verify(null, Buffer.from(text), key.key, bytes.subarray(4))) {
      throw new TypeError(`the signature of ${key.name} on the signed note does not verify`)
    }
    found = true
  }
  if (!found) throw new TypeError(`the signed note has no signature of the key ${key.name}+${key.id}`)
  return text
}

function checkName(name: string): void {
  if (!/^[^\s+\p{C}]{1,255}$/u.test(name)) {
    throw new TypeError('the name of a key is not empty and has no white space, control character or plus sign')
  }
}

function rawKey(key: KeyObject): Buffer {
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('the key of a log must be Ed25519')
  const spki = key.export({ format: 'der', type: 'spki' })
  return spki.subarray(SPKI_ED25519.length)
}

function keyId(name: string, raw: Uint8Array): string {
  return createHash('sha256').update(`${name}\n`).update(Buffer.of(ED25519)).update(raw).digest('hex').slice(0, 8)
}
