import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { daysUntil, givable, isOwn, tokenStanding } from '../src/pages/access/model.ts'
import { levelsByProduct, levelsOf, standingAt, timeLeft } from '../src/pages/leases/model.ts'
import { isPath, matching, metadataOf, metadataText, type SecretSummary } from '../src/pages/secrets/model.ts'
import { toBase64 } from '../src/ui/base64.ts'

const NOW = Date.parse('2026-11-21T10:00:00Z')

describe('secrets and keys', () => {
  it('takes paths as the checkpoint does', () => {
    for (const path of ['a/b/c', 'shop/data-base/pass.word_1', `${'x'.repeat(128)}/y/z`]) assert.ok(isPath(path), path)
    for (const path of ['', 'a/b', 'a/b/c/d', '/b/c', 'a//c', '.a/b/c', 'a/b/c ', `${'x'.repeat(129)}/y/z`, 'ä/b/c'])
      assert.ok(!isPath(path), path)
  })

  it('reads metadata a line each, and names the line that is none', () => {
    assert.deepEqual(metadataOf('owner = me\n\n url=http://a/?b=c '), {
      metadata: { owner: 'me', url: 'http://a/?b=c' },
    })
    assert.deepEqual(metadataOf('owner = me\nnothing'), { badLine: 2 })
    assert.deepEqual(metadataOf('= nothing'), { badLine: 1 })
    const metadata = { a: '1', b: 'two words' }
    assert.deepEqual(metadataOf(metadataText(metadata)), { metadata })
  })

  it('searches by all words and by kind', () => {
    const one = (path: string, kind: SecretSummary['kind']): SecretSummary => ({
      path,
      kind,
      metadata: {},
      version: 1,
      created: '',
      updated: '',
    })
    const list = [one('shop/db/password', 'secret'), one('shop/signing/1', 'key')]
    const found = (words: string, kind?: SecretSummary['kind']): readonly string[] =>
      matching(list, words, kind).map(({ path }) => path)
    assert.deepEqual(found(''), ['shop/db/password', 'shop/signing/1'])
    assert.deepEqual(found('SHOP sign'), ['shop/signing/1'])
    assert.deepEqual(found('shop', 'secret'), ['shop/db/password'])
    assert.deepEqual(found('bank'), [])
  })

  it('writes base64 of more bytes than an argument list takes', () => {
    const bytes = Uint8Array.from({ length: 300_001 }, (_, i) => i % 251)
    assert.equal(toBase64(bytes), Buffer.from(bytes).toString('base64'))
    assert.equal(toBase64(new Uint8Array()), '')
  })
})

describe('leases', () => {
  it('counts down in a text that is always as long', () => {
    assert.equal(timeLeft('2026-11-21T10:59:59.900Z', NOW), '00:59:59')
    assert.equal(timeLeft('2026-11-21T10:00:00Z', NOW), '00:00:00')
    assert.equal(timeLeft('2026-11-23T11:02:03Z', NOW), '2 d 01:02:03')
    assert.equal(timeLeft('2026-11-21T09:59:59Z', NOW), undefined)
    assert.equal(timeLeft('no time', NOW), undefined)
  })

  it('has expired when its time is over, whatever the server wrote down', () => {
    assert.equal(standingAt({ state: 'live', expires: '2026-11-21T09:59:59Z' }, NOW), 'expired')
    assert.equal(standingAt({ state: 'live', expires: '2026-11-21T10:00:01Z' }, NOW), 'live')
    assert.equal(standingAt({ state: 'revoked', expires: '2026-11-21T09:00:00Z' }, NOW), 'revoked')
  })

  it('reads levels, and none that is half said', () => {
    const row = (product: string, part: string, level: string): Parameters<typeof levelsOf>[0][number] => ({
      product,
      part,
      level,
    })
    assert.deepEqual(levelsOf([row('', 'microcode', '220'), row('', '', '')]), { microcode: 220 })
    for (const [part, level] of [
      ['microcode', ''],
      ['', '1'],
      ['microcode', '65536'],
      ['microcode', '-1'],
      ['micro code', '1'],
    ] as const)
      assert.equal(levelsOf([row('', part, level)]), undefined, `${part} ${level}`)
    assert.deepEqual(
      levelsByProduct([row('Milan', 'snp', '24'), row('Genoa', 'snp', '22'), row('Milan', 'microcode', '220')]),
      { Milan: { snp: 24, microcode: 220 }, Genoa: { snp: 22 } },
    )
    assert.deepEqual(levelsByProduct([row('Milan', '', '')]), {})
    assert.equal(levelsByProduct([row('', 'snp', '1')]), undefined)
  })
})

describe('tokens', () => {
  const token = { id: '00aa', namespace: 'default', name: 'n', scopes: [], created: '' }

  it('are live until they are revoked or over', () => {
    assert.equal(tokenStanding({ ...token, expires: '2026-11-21T10:00:01Z' }, NOW), 'live')
    assert.equal(tokenStanding({ ...token, expires: '2026-11-21T10:00:00Z' }, NOW), 'expired')
    assert.equal(
      tokenStanding({ ...token, expires: '2026-11-22T00:00:00Z', revoked: '2026-11-20T00:00:00Z' }, NOW),
      'revoked',
    )
  })

  it('know their owner, and what can be given', () => {
    const who = { actor: 'token:00aa', grants: [{ namespace: 'default', scopes: ['tokens:write', 'leases:read'] }] }
    assert.ok(isOwn(token, who))
    assert.ok(!isOwn({ ...token, id: '00ab' }, who))
    assert.deepEqual(givable(who, 'default'), ['leases:read', 'tokens:write'])
    assert.deepEqual(givable(who, '*'), [])
    assert.equal(givable({ ...who, grants: [{ namespace: '*', scopes: ['admin'] }] }, 'other')[0], 'admin')
  })

  it('end with a day to come, at most two years away', () => {
    assert.equal(daysUntil('2026-11-28', NOW), 8)
    assert.equal(daysUntil('2026-11-20', NOW), undefined)
    assert.equal(daysUntil('2029-01-01', NOW), undefined)
    assert.equal(daysUntil('', NOW), undefined)
  })
})
