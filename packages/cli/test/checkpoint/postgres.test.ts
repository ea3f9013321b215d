import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { emulatedAttester, type LeasedSecret, Refusal, renewLease, requestLeasedSecret } from '@sekisho/attester'
import { createWorld, type World } from '@sekisho/emulator'
import { scratch } from '../process.ts'
import { until } from '../until.ts'
import { type Postgres, postgresMissing, startPostgres } from './postgres.ts'
import { members, type Owner, ownerAt, ownerOf, ready, rows, text } from './shared.ts'
import { startUp, type Up } from './up.ts'

const home = scratch()
const SECRET = `canary-${randomBytes(18).toString('hex')}`

describe('two processes on one PostgreSQL', { skip: postgresMissing }, () => {
  let postgres: Postgres
  let ups: readonly Up[] = []
  let owner: Owner
  let world: World
  const env = (): Record<string, string> => ({
    DATABASE_URL: postgres.url,
    SEKISHO_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
  })
  const held = async (up: Up): Promise<LeasedSecret> =>
    requestLeasedSecret({
      url: up.url,
      attester: emulatedAttester(world, world.snp({})),
      resource: 'demo/db/password',
    })

  /** The token goes to the server that gave it; to the other one it is named. */
  const administer = (up: Up): readonly string[] => ['--server', up.url, '--token-file', `${home}/token`]

  before(async () => {
    const shared = (await ownerOf('postgres')).checkpoint.world
    postgres = await startPostgres()
    // The same emulated world in both: as two servers see the same vendors.
    for (const name of ['one', 'two']) {
      mkdirSync(`${home}/${name}`)
      copyFileSync(shared, `${home}/${name}/world.json`)
    }
    const first = await startUp(['--emulated', '--offline', '--data', `${home}/one`], { env: env() })
    ups = [first, await startUp(['--emulated', '--offline', '--data', `${home}/two`], { env: env() })]
    owner = ownerAt(`${home}/profile.json`, 'default', home)
    // Each process has a link of its own, and each works.
    await owner.ok(['login', '--data', `${home}/one`])
    await owner.ok(['login', '--data', `${home}/two`])
    await owner.ok(['token', 'create', 'both', '--scope', 'leases:read', 'leases:write', '-o', `${home}/token`])
    world = createWorld({ saved: readFileSync(shared, 'utf8') })
    await ready(owner, shared, SECRET, ['snp'])
  })

  after(async () => {
    const codes = await Promise.all(ups.map((up) => up.stop()))
    await postgres?.stop()
    assert.deepEqual(
      codes,
      ups.map(() => 0),
    )
  })

  it('each says that its data are in PostgreSQL, and both have one log key', () => {
    const keys = ups.map((up) => /log key +(\S+)/.exec(up.out())?.[1])
    assert.ok(keys[0] !== undefined && keys[0] === keys[1])
    for (const up of ups) assert.match(up.out(), /data +PostgreSQL of DATABASE_URL/)
  })

  it('the second one says that results of the first are none of its own, for their addresses differ', () => {
    const [first, second] = ups
    assert.ok(first !== undefined && second !== undefined)
    assert.match(second.err(), /"level":"warn","msg":"issuer".*give all the same --public-url/)
    assert.ok(second.err().includes(`the process before signed as ${first.url}:`))
    assert.doesNotMatch(first.err(), /"msg":"issuer"/)
  })

  it('a secret that was stored through one is released by the other', async () => {
    const [, second] = ups
    assert.ok(second !== undefined)
    const { secret, emulated } = await held(second)
    assert.equal(new TextDecoder().decode(secret), SECRET)
    assert.equal(emulated, true)
  })

  it('a lease that was revoked through one is refused by the other at once', async () => {
    const [first, second] = ups
    assert.ok(first !== undefined && second !== undefined)
    const { lease } = await held(second)
    const attester = emulatedAttester(world, world.snp({}))
    await renewLease({ url: second.url, attester, lease })
    await owner.ok(['lease', 'revoke', lease.id, '--reason', 'the laptop is lost', ...administer(first)])
    await assert.rejects(renewLease({ url: second.url, attester, lease }), (error: unknown) => {
      assert.ok(error instanceof Refusal)
      assert.equal(error.code, 'lease-ended')
      return true
    })
    const leases = rows((await owner.json(['lease', 'list', ...administer(first)]))['leases'])
    assert.equal(leases.find(({ id }) => id === lease.id)?.['state'], 'revoked')
  })

  it('a key of results that was changed through one is changed for the other', async () => {
    const [first, second] = ups
    assert.ok(first !== undefined && second !== undefined)
    const kids = async (up: Up): Promise<readonly unknown[]> =>
      rows(members(await (await fetch(`${up.url}/.well-known/jwks.json`)).json())['keys']).map(({ kid }) => kid)
    const [current = ''] = (await kids(first)).map(text)
    // The owner is logged in to the second.
    const changed = await owner.json(['result-key', 'revoke', current])
    const { lease } = await held(first)
    const [decision] = rows((await owner.json(['decision', 'list', '--outcome', 'attested']))['decisions'])
    assert.ok(decision !== undefined && lease.id !== '', 'whoever attests at once gets a result of a key that counts')
    await until('the first has it too', async () => !(await kids(first)).includes(current), first.err)
    for (const up of ups) assert.deepEqual(await kids(up), [changed['current'], changed['next']])
  })

  it('a process that a newer one has overtaken serves nothing more, says so, and ends with 3', async () => {
    const url = postgres.create('overtaken')
    const own = { ...env(), DATABASE_URL: url }
    const up = await startUp(['--offline', '--data', `${home}/three`], { env: own })
    const ready = await fetch(`${up.url}/readyz`)
    assert.equal(ready.status, 200)
    // As a program does that knows more than this one.
    postgres.run('overtaken', 'INSERT INTO schema_versions (version, applied) VALUES (99, 0)')
    // It ends by itself, or is caught in the act of refusing.
    const body = JSON.stringify({ secret: 'whatever asks the database to write' })
    const headers = { 'content-type': 'application/json' }
    const asked = await fetch(`${up.url}/api/v1/setup`, { method: 'POST', headers, body }).catch(() => undefined)
    if (asked !== undefined) {
      assert.equal(asked.status, 503)
      assert.match(await asked.text(), /written by a newer version/)
    }
    assert.equal(await up.ended, 3)
    const sentence =
      /sekisho: the database has schema 99, and this program knows \d+: it was written by a newer version, use that one/
    assert.match(up.err(), sentence)
    const again = await owner.run(['up', '--offline', '--port', '0', '--data', `${home}/three`], { env: own })
    assert.equal(again.code, 3)
    assert.match(again.err, sentence)
  })

  it('the database’s dump holds no secret', () => {
    const dump = postgres.dump()
    assert.match(dump, /demo\/db\/password/)
    for (const encoding of ['utf8', 'hex', 'base64'] as const)
      assert.ok(!dump.includes(Buffer.from(SECRET).toString(encoding).slice(0, 40)), encoding)
  })
})
