import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { describe, it } from 'node:test'
import { nonceBytes, openSession, readSessionToken } from '../../src/checkpoint/session-token.ts'

const KEY = createSecretKey(Buffer.alloc(32, 1))
const OTHER_KEY = createSecretKey(Buffer.alloc(32, 2))
const OPENING = { namespace: 'team-a', protocol: 'kbs', tee: 'snp', expires: 1_800_000_300_000, era: 3 } as const
const WORDS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

describe('the token of a session', () => {
  it('says what the session was opened with, and names it by 32 hex digits', () => {
    const namespace = 'n'.repeat(63)
    for (const more of [
      {},
      { protocol: 'native', tee: '' },
      { tee: 'ein tee mit € 🫖', namespace },
      { era: 0 },
    ] as const) {
      const session = openSession(KEY, { ...OPENING, ...more })
      assert.match(session.id, /^[0-9a-f]{32}$/)
      assert.ok(session.token.startsWith(session.id) && session.token.length <= 512)
      assert.deepEqual(readSessionToken(KEY, session.token), session)
    }
    assert.notEqual(openSession(KEY, OPENING).token, openSession(KEY, OPENING).token)
  })

  it('is of this key alone, and no character of it may be another, be gone or be more', () => {
    const { token } = openSession(KEY, OPENING)
    assert.equal(readSessionToken(OTHER_KEY, token), undefined)
    for (let i = 0; i < token.length; i++) {
      for (const letter of WORDS) {
        if (letter === token[i]) continue
        assert.equal(readSessionToken(KEY, token.slice(0, i) + letter + token.slice(i + 1)), undefined, `at ${i}`)
      }
      assert.equal(readSessionToken(KEY, token.slice(0, i)), undefined)
      assert.equal(readSessionToken(KEY, token.slice(0, i) + token.slice(i + 1)), undefined)
    }
    for (const text of [
      `${token}A`,
      `${token}=`,
      ` ${token}`,
      `${token}\n`,
      token.toUpperCase(),
      '',
      'A'.repeat(100_000),
    ])
      assert.equal(readSessionToken(KEY, text), undefined)
  })

  it('takes no id, time, era, protocol, namespace or TEE from another', () => {
    const [one, other] = [openSession(KEY, OPENING), openSession(KEY, { ...OPENING, namespace: 'team-b' })]
    const parts = (token: string): readonly [string, string, string] => [
      token.slice(0, 32),
      token.slice(32, 75),
      token.slice(75),
    ]
    const [a, b] = [parts(one.token), parts(other.token)]
    assert.equal(readSessionToken(KEY, a[0] + a[1] + b[2]), undefined)
    assert.equal(readSessionToken(KEY, b[0] + a[1] + a[2]), undefined)
    assert.equal(readSessionToken(KEY, a[0] + b[1] + a[2]), undefined)
    for (const from of [/.* team/, / kbs /, / 3 /, /snp$/]) {
      const text = Buffer.from(a[2], 'base64url').toString()
      assert.match(text, from)
      const changed = Buffer.from(text.replace(from, ' 9 ')).toString('base64url')
      assert.equal(readSessionToken(KEY, a[0] + a[1] + changed), undefined)
    }
  })

  it('has a nonce that is the same for the same token, and for no other token or key', () => {
    const [one, other] = [openSession(KEY, OPENING), openSession(KEY, OPENING)]
    const nonce = nonceBytes(KEY, one)
    assert.equal(nonce.length, 32)
    assert.deepEqual(nonceBytes(KEY, one), nonce)
    assert.notDeepEqual(nonceBytes(KEY, other), nonce)
    assert.notDeepEqual(nonceBytes(OTHER_KEY, one), nonce)
    assert.ok(
      !one.token.includes(nonce.toString('base64url')),
      'who sees a token must not see its nonce, nor the other way round',
    )
  })
})
