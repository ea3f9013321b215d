import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { SCOPES } from '../../src/access/access.ts'
import {
  createRecoveryLink,
  createSetupLink,
  endSetupSession,
  type LinkKeeper,
  redeemSetupLink,
} from '../../src/access/setup-link.ts'
import { accessTokens, type NewToken } from '../../src/access/tokens.ts'
import { openDatabase } from '../../src/storage/database.ts'
import type { Database } from '../../src/storage/sql.ts'

const AT = new Date('2026-11-21T08:00:00Z')
const later = (ms: number): Date => new Date(AT.getTime() + ms)
const HOUR = 3_600_000
const WANTED: NewToken = { namespace: 'blue', name: 'ci', scopes: ['secrets:write'], expires: later(HOUR), at: AT }

async function database(t: TestContext): Promise<{ readonly db: Database; readonly folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-access-'))
  const db = await openDatabase({ folder })
  t.after(async () => {
    await db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { db, folder }
}

function make(db: Database, changed: Partial<NewToken> = {}) {
  return db.transaction((sql) => accessTokens(db).create(sql, { ...WANTED, ...changed }))
}

/** `told`: what of a link goes to the log. */
function keeper(db: Database, told: unknown[] = []): LinkKeeper & { readonly tokens: ReturnType<typeof accessTokens> } {
  const record: LinkKeeper['record'] = async (_, { what, details }) => told.push({ what, ...details })
  return { db, tokens: accessTokens(db), record }
}

describe('API tokens', () => {
  it('speak for what they were made for', async (t) => {
    const { db } = await database(t)
    const { id, token } = await make(db)
    assert.match(token, /^sk_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/)
    assert.ok(token.startsWith(`sk_${id}_`))
    assert.deepEqual(await accessTokens(db).check(token, AT), {
      actor: `token:${id}`,
      grants: [{ namespace: 'blue', scopes: ['secrets:write'] }],
    })
  })

  it('are refused altered, mixed and malformed', async (t) => {
    const { db } = await database(t)
    const tokens = accessTokens(db)
    const [one, two] = [await make(db), await make(db)]
    const secretOf = (token: string): string => token.slice(20)
    const flip = (token: string, at: number): string => {
      return token.slice(0, at) + (token[at] === 'a' ? 'b' : 'a') + token.slice(at + 1)
    }
    const wrong = [
      '',
      'sk_',
      one.token.slice(0, -1),
      `${one.token}a`,
      `${one.token}\n`,
      ` ${one.token}`,
      one.token.toUpperCase(),
      `sk_${one.id}_${secretOf(two.token)}`,
      `sk_${one.id}_`,
      `sk_${one.id}_${'A'.repeat(43)}`,
      `sk_${'0'.repeat(16)}_${secretOf(one.token)}`,
      'x'.repeat(1_000_000),
      ...Array.from({ length: 16 + 43 }, (_, i) => flip(one.token, i < 16 ? 3 + i : 4 + i)),
    ]
    for (const token of wrong) {
      assert.equal(await tokens.check(token, AT), undefined, token.slice(0, 80))
    }
    assert.ok(await tokens.check(one.token, AT))
  })

  it('end when they expire and when they are revoked', async (t) => {
    const { db } = await database(t)
    const tokens = accessTokens(db)
    const { id, token } = await make(db)
    assert.ok(await tokens.check(token, later(HOUR - 1)))
    assert.equal(await tokens.check(token, later(HOUR)), undefined)
    assert.equal(await db.transaction((sql) => tokens.revoke(sql, 'green', id, AT)), false)
    assert.ok(await tokens.check(token, AT), 'another namespace cannot revoke it')
    assert.equal(await db.transaction((sql) => tokens.revoke(sql, 'blue', id, AT)), true)
    assert.equal(await tokens.check(token, AT), undefined)
    assert.equal(await db.transaction((sql) => tokens.revoke(sql, '*', id, AT)), false)
  })

  it('lie hashed in the database and nowhere else', async (t) => {
    const { db, folder } = await database(t)
    const { token } = await make(db)
    await accessTokens(db).check(token, AT)
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)))
    const all = Buffer.concat(files)
    assert.ok(all.includes(token.slice(3, 19)), 'the dump holds the id')
    const secret = token.slice(20)
    for (const spelling of [Buffer.from(secret), Buffer.from(secret, 'base64url')])
      assert.equal(all.includes(spelling), false)
    assert.equal(JSON.stringify(await accessTokens(db).list(db, '*')).includes(secret), false)
  })

  it('are listed by namespace, with when they were last used, to the minute', async (t) => {
    const { db } = await database(t)
    const tokens = accessTokens(db)
    const { id, token } = await make(db)
    await make(db, { namespace: 'green', at: later(1) })
    const used = async (): Promise<Date | undefined> => (await tokens.list(db, 'blue'))[0]?.lastUsed
    assert.equal(await used(), undefined)
    await tokens.check(token, later(1000))
    assert.deepEqual(await used(), later(1000))
    await tokens.check(token, later(60_999))
    assert.deepEqual(await used(), later(1000), 'within a minute nothing is written')
    await tokens.check(token, later(61_000))
    assert.deepEqual(await used(), later(61_000))
    await tokens.check(token, later(5000))
    assert.deepEqual(await used(), later(61_000), 'a clock that goes back writes nothing')
    assert.deepEqual(
      (await tokens.list(db, 'blue')).map((one) => one.id),
      [id],
    )
    assert.equal((await tokens.list(db, '*')).length, 2)
    assert.deepEqual(await tokens.list(db, 'red'), [])
  })

  it('are not made without an end, a name, or for what does not exist', async (t) => {
    const { db } = await database(t)
    await assert.rejects(make(db, { expires: AT }), /expires/)
    await assert.rejects(make(db, { expires: new Date(Number.NaN) }), /expires/)
    await assert.rejects(make(db, { expires: later(3 * 366 * 24 * HOUR) }), /expires/)
    for (const name of ['', '  ', 'x'.repeat(101), 'a\nb']) await assert.rejects(make(db, { name }), /name/)
    await assert.rejects(make(db, { namespace: 'A' }), /namespace/)
    for (const scopes of [[], [...SCOPES, 'admin' as const]]) await assert.rejects(make(db, { scopes }), /scopes/)
    assert.deepEqual(await accessTokens(db).list(db, '*'), [])
    assert.ok(await make(db, { name: 'x'.repeat(100), scopes: SCOPES, expires: later(2 * 366 * 24 * HOUR) }))
  })
})

describe('the link of the first start', () => {
  it('lets one in, once', async (t) => {
    const { db } = await database(t)
    const tokens = accessTokens(db)
    const link = await createSetupLink(db, AT)
    assert.ok(link)
    const redeemed = await Promise.all(Array.from({ length: 5 }, () => redeemSetupLink(keeper(db), link.secret, AT)))
    const [token, ...others] = redeemed.filter((one) => one !== undefined)
    assert.ok(token)
    assert.deepEqual(others, [])
    assert.deepEqual((await tokens.check(token.token, AT))?.grants, [{ namespace: '*', scopes: ['admin'] }])
    assert.equal(await redeemSetupLink(keeper(db), link.secret, AT), undefined)
  })

  it('leaves nothing of itself when it was redeemed, and takes nothing else along', async (t) => {
    const { db } = await database(t)
    await db.run("INSERT INTO settings (name, value) VALUES ('log-key', 'sealed')")
    const link = await createSetupLink(db, AT)
    assert.ok(await redeemSetupLink(keeper(db), link?.secret ?? '', AT))
    assert.deepEqual(await db.all('SELECT name, value FROM settings'), [{ name: 'log-key', value: 'sealed' }])
  })

  it('expires after 30 minutes', async (t) => {
    const { db } = await database(t)
    const link = await createSetupLink(db, AT)
    assert.deepEqual(link?.expires, later(30 * 60_000))
    assert.equal(await redeemSetupLink(keeper(db), link?.secret ?? '', later(30 * 60_000)), undefined)
    assert.ok(await redeemSetupLink(keeper(db), link?.secret ?? '', later(30 * 60_000 - 1)))
  })

  it('is not guessed', async (t) => {
    const { db } = await database(t)
    await createSetupLink(db, AT)
    for (const secret of ['', 'x', 'A'.repeat(43)])
      assert.equal(await redeemSetupLink(keeper(db), secret, AT), undefined)
  })

  it('of several processes each has one that works, once each, until one who was let in makes a token', async (t) => {
    const { db } = await database(t)
    const links = [await createSetupLink(db, AT), await createSetupLink(db, AT), await createSetupLink(db, AT)]
    const [one = '', two = '', three = ''] = links.map((link) => link?.secret)
    assert.equal(new Set([one, two, three]).size, 3)
    for (const secret of [two, one]) {
      assert.ok(await redeemSetupLink(keeper(db), secret, AT))
      assert.equal(await redeemSetupLink(keeper(db), secret, AT), undefined)
    }
    await make(db)
    assert.equal(await redeemSetupLink(keeper(db), three, AT), undefined)
  })

  it('waits with at most fifteen others: the oldest makes room', async (t) => {
    const { db } = await database(t)
    const links = []
    for (let i = 0; i < 17; i++) links.push(await createSetupLink(db, AT))
    const redeemed = []
    for (const link of links) redeemed.push(await redeemSetupLink(keeper(db), link?.secret ?? '', AT))
    assert.deepEqual(
      redeemed.map((token) => token !== undefined),
      [false, ...Array<boolean>(16).fill(true)],
    )
  })

  it('is not made, and not taken, once there is a token, even one that was revoked', async (t) => {
    const { db } = await database(t)
    const link = await createSetupLink(db, AT)
    const { id } = await make(db)
    assert.equal(await redeemSetupLink(keeper(db), link?.secret ?? '', AT), undefined)
    assert.equal(await createSetupLink(db, AT), undefined)
    await db.transaction((sql) => accessTokens(db).revoke(sql, '*', id, AT))
    assert.equal(await createSetupLink(db, AT), undefined)
  })

  it('is made again once the session is over of whoever redeemed it in a browser and made no token', async (t) => {
    const { db } = await database(t)
    const tokens = accessTokens(db)
    const first = await createSetupLink(db, AT)
    const session = await redeemSetupLink(keeper(db), first?.secret ?? '', AT, 12 * 3600)
    assert.ok(session)
    const last = later(12 * 3600_000 - 1)
    assert.ok(await tokens.check(session.token, last))
    assert.equal(await createSetupLink(db, last), undefined, 'the session can make a token still')
    const over = later(12 * 3600_000)
    assert.equal(await tokens.check(session.token, over), undefined)
    const second = await createSetupLink(db, over)
    assert.equal(await redeemSetupLink(keeper(db), first?.secret ?? '', over), undefined, 'the first stays spent')
    assert.ok(await redeemSetupLink(keeper(db), second?.secret ?? '', over))
    assert.equal(await createSetupLink(db, over), undefined)
  })

  it('is not made again for want of a good token, once somebody has made one of their own', async (t) => {
    const { db } = await database(t)
    const tokens = accessTokens(db)
    const link = await createSetupLink(db, AT)
    const first = await redeemSetupLink(keeper(db), link?.secret ?? '', AT, 3600)
    await make(db)
    await db.transaction((sql) => tokens.revoke(sql, '*', first?.id ?? '', AT))
    assert.equal(await createSetupLink(db, later(3 * 366 * 24 * 3600_000)), undefined)
  })

  it('lies hashed in the database', async (t) => {
    const { db, folder } = await database(t)
    const link = await createSetupLink(db, AT)
    const all = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))))
    assert.ok(all.includes('setup-link'))
    assert.equal(all.includes(link?.secret ?? 'none'), false)
  })
})

describe('the link for an owner whose tokens are lost', () => {
  const lockedOut = async (t: TestContext): Promise<{ readonly db: Database; readonly folder: string }> => {
    const opened = await database(t)
    const { db } = opened
    const link = await createSetupLink(db, AT)
    const first = await redeemSetupLink(keeper(db), link?.secret ?? '', AT, 3600)
    await make(db)
    await db.transaction((sql) => accessTokens(db).revoke(sql, '*', first?.id ?? '', AT))
    assert.equal(await createSetupLink(db, AT), undefined)
    return opened
  }

  it('lets one in, once, and the log has both its making and its use', async (t) => {
    const { db, folder } = await lockedOut(t)
    const told: unknown[] = []
    const { secret, expires } = await createRecoveryLink(keeper(db, told), AT)
    assert.deepEqual(expires, later(30 * 60_000))
    assert.deepEqual(told, [{ what: 'setup-link-made', expires: expires.toISOString() }])
    assert.equal(await redeemSetupLink(keeper(db, told), 'A'.repeat(43), AT), undefined)
    const all = await Promise.all(Array.from({ length: 5 }, () => redeemSetupLink(keeper(db, told), secret, AT)))
    const [token, ...others] = all.filter((one) => one !== undefined)
    assert.ok(token)
    assert.deepEqual(others, [])
    assert.deepEqual((await accessTokens(db).check(token.token, AT))?.grants, [{ namespace: '*', scopes: ['admin'] }])
    assert.deepEqual(told.slice(1), [
      { what: 'setup-link-redeemed', token: token.id, name: 'new setup link', scopes: ['admin'] },
    ])
    assert.equal(JSON.stringify(told).includes(secret), false)
    const stored = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))))
    assert.equal(stored.includes(secret), false)
  })

  it('ends after 30 minutes, and makes none of a first start good again', async (t) => {
    const { db } = await database(t)
    const old = await createSetupLink(db, AT)
    await make(db)
    const { secret } = await createRecoveryLink(keeper(db), AT)
    assert.equal(await redeemSetupLink(keeper(db), old?.secret ?? '', AT), undefined)
    assert.equal(await redeemSetupLink(keeper(db), secret, later(30 * 60_000)), undefined)
    assert.ok(await redeemSetupLink(keeper(db), secret, later(30 * 60_000 - 1)))
    assert.equal(await redeemSetupLink(keeper(db), old?.secret ?? '', AT), undefined, 'nor does its use')
  })

  it('is not there when the log could not be written', async (t) => {
    const { db } = await lockedOut(t)
    const record = (): Promise<never> => Promise.reject(new Error('the log is full'))
    await assert.rejects(createRecoveryLink({ db, record }, AT), /the log is full/)
    assert.deepEqual(await db.all(`SELECT value FROM settings WHERE name = 'setup-links'`), [])
    const { secret } = await createRecoveryLink(keeper(db), AT)
    await assert.rejects(redeemSetupLink({ ...keeper(db), record }, secret, AT), /the log is full/)
    assert.ok(await redeemSetupLink(keeper(db), secret, AT), 'it was not spent')
  })

  it('that was redeemed in a browser gives no more than a session', async (t) => {
    const { db } = await lockedOut(t)
    const { secret } = await createRecoveryLink(keeper(db), AT)
    const session = await redeemSetupLink(keeper(db), secret, AT, 3600)
    assert.ok(session)
    assert.equal(await accessTokens(db).check(session.token, later(HOUR)), undefined)
    const next = await createRecoveryLink(keeper(db), AT)
    const other = await redeemSetupLink(keeper(db), next.secret, AT, 3600)
    const own = await make(db)
    for (const { id } of [session, own]) await endSetupSession(db, id, AT)
    assert.equal(await accessTokens(db).check(session.token, AT), undefined)
    await endSetupSession(db, session.id, later(1))
    const ended = (await accessTokens(db).list(db, '*')).find(({ id }) => id === session.id)
    assert.deepEqual(ended?.revoked, AT, 'once')
    assert.ok(await accessTokens(db).check(own.token, AT))
    assert.ok(await accessTokens(db).check(other?.token ?? '', AT))
    assert.equal(await createSetupLink(db, AT), undefined, 'the next start gives none unasked')
  })
})
