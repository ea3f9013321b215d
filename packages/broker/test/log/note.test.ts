import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import { checkpointBody, openCheckpoint } from '../../src/log/checkpoint.ts'
import { encodeVerifierKey, openNote, readVerifierKey, signNote } from '../../src/log/note.ts'

// The example that the documentation of Go's note package shows.
const PUBLISHED_KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const PUBLISHED_TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const PUBLISHED_NOTE = `${PUBLISHED_TEXT}
\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
`

const name = 'log.example/sekisho'
const { privateKey, publicKey } = generateKey('Ed25519')
const verifierKey = encodeVerifierKey(name, publicKey)
const key = readVerifierKey(verifierKey)

/** A verifier key as C2SP signed-note has it, with the id that belongs to whatever its bytes are. */
function named(by: string, bytes: Uint8Array): string {
  const id = createHash('sha256').update(`${by}\n`).update(bytes).digest('hex').slice(0, 8)
  return `${by}+${id}+${Buffer.from(bytes).toString('base64')}`
}

describe('signed notes', () => {
  it('opens a note that another implementation signed', () => {
    assert.equal(openNote(PUBLISHED_NOTE, readVerifierKey(PUBLISHED_KEY)), PUBLISHED_TEXT)
  })

  it('encodes a key as another implementation does', () => {
    const published = readVerifierKey(PUBLISHED_KEY)
    assert.equal(encodeVerifierKey(published.name, published.key), PUBLISHED_KEY)
  })

  it('opens what it signed, among signatures of others', () => {
    const note = signNote('a text\n\nwith an empty line\n', name, privateKey)
    assert.equal(openNote(note, key), 'a text\n\nwith an empty line\n')
    const others = `${note}\u2014 witness.example AAAAAAAA\n`
    assert.equal(openNote(others, key), 'a text\n\nwith an empty line\n')
  })

  it('refuses every other byte of text or signature', () => {
    const note = signNote('text\n', name, privateKey)
    for (let i = 0; i < note.length; i++) {
      const changed = `${note.slice(0, i)}${note[i] === 'x' ? 'y' : 'x'}${note.slice(i + 1)}`
      assert.throws(() => openNote(changed, key), TypeError, `changed at ${i}`)
    }
  })

  it('refuses what is no note', () => {
    const note = signNote('text\n', name, privateKey)
    for (const wrong of ['', 'text\n', 'text\n\n', note.trimEnd(), note.replace('\u2014', '-'), 'x'.repeat(200_000)]) {
      assert.throws(() => openNote(wrong, key), TypeError)
    }
    const long = signNote(`${'x'.repeat(100_000)}\n`, name, privateKey)
    assert.throws(() => openNote(long, key), /too long/)
    const other = signNote('text\n', name, generateKey('Ed25519').privateKey)
    assert.throws(() => openNote(other, key), /no signature of the key/)
  })

  it('refuses keys that are none', () => {
    const [, id = '', bytes = ''] = verifierKey.split('+')
    for (const wrong of ['', name, `${name}+00000000+AQ==`, `other+${id}+${bytes}`, `a b+${id}+${bytes}`]) {
      assert.throws(() => readVerifierKey(wrong), TypeError)
    }
    const raw = Buffer.from(bytes, 'base64')
    const long = Buffer.concat([raw, Buffer.of(0)])
    for (const wrong of [
      `${name}+${id}+${Buffer.concat([Buffer.of(2), raw.subarray(1)]).toString('base64')}`,
      named(name, long),
    ])
      assert.throws(() => readVerifierKey(wrong), /is no Ed25519 key/)
    assert.throws(() => readVerifierKey(named('a b', raw)), /the name of a key/)
    assert.throws(() => encodeVerifierKey('two words', publicKey), TypeError)
    assert.throws(() => encodeVerifierKey('a+b', publicKey), TypeError)
    assert.throws(() => encodeVerifierKey('', publicKey), TypeError)
    const ec = generateKey('P-256').publicKey
    assert.throws(() => encodeVerifierKey(name, ec), /Ed25519/)
  })
})

describe('checkpoints', () => {
  const root = Buffer.alloc(32, 7)
  const signed = (body: string): string => signNote(body, name, privateKey)

  it('say what was signed', () => {
    const head = openCheckpoint(signed(checkpointBody(name, { size: 12, root })), key)
    assert.equal(head.size, 12)
    assert.deepEqual(Buffer.from(head.root), root)
  })

  it('are refused when signed for another log, or malformed', () => {
    const base64 = root.toString('base64')
    const bodies = [
      `other.example\n12\n${base64}\n`,
      `${name}\n012\n${base64}\n`,
      `${name}\n-1\n${base64}\n`,
      `${name}\n9007199254740993\n${base64}\n`,
      `${name}\n12\n${base64.slice(4)}\n`,
      `${name}\n12\n`,
      `${name}\n`,
    ]
    for (const body of bodies) assert.throws(() => openCheckpoint(signed(body), key), TypeError, body)
  })
})
