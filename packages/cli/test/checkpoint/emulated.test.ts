import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { before, describe, it } from 'node:test'
import { canonicalJson } from '@sekisho/evidence'
import { scratch } from '../process.ts'
import { run } from '../run.ts'
import { type Checkpoint, members, type Owner, ownerOf, rows, sharedCheckpoint, text } from './shared.ts'
import { startUp } from './up.ts'

const RESOURCE = 'demo/db/password'
const KINDS = ['snp', 'tdx', 'sgx', 'nitro', 'cca', 'tpm'] as const
const KEY = {
  kty: 'EC',
  crv: 'P-256',
  alg: 'ECDH-ES+A256KW',
  x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
  y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
}

interface Told {
  readonly status: number
  readonly json: Record<string, unknown>
}

function tokenOf(profile: string): string {
  return text(members(JSON.parse(readFileSync(profile, 'utf8')))['token'])
}

async function call(url: string, token: string, method: string, path: string, json?: unknown): Promise<Told> {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  })
  return { status: answer.status, json: members(await answer.json()) }
}

describe('emulated machines of `sekisho up --emulated` that sign', () => {
  let owner: Owner & { readonly checkpoint: Checkpoint }
  let ask: (method: string, path: string, json?: unknown) => Promise<Told>
  before(async () => {
    owner = await ownerOf('signing')
    const { up, profile } = owner.checkpoint
    const token = tokenOf(profile)
    ask = (method, path, json) => call(up.url, token, method, path, json)
    await owner.ok(['secret', 'put', RESOURCE], { input: 'for those that are known' })
    await owner.ok(['policy', 'set', owner.file('p.cedar', await owner.ok(['policy', 'starter', 'emulated']))])
  })

  const request = async (machine: Readonly<Record<string, unknown>>): Promise<Told> => {
    const { json: challenge } = await ask('POST', '/workload/challenge', { namespace: 'signing', tee: machine['tee'] })
    const nonce = text(challenge['nonce'])
    const runtimeData = { nonce, 'tee-pubkey': KEY }
    const bound = canonicalJson({ 'additional-evidence': '', ...runtimeData })
    const reportData = createHash('sha384').update(bound).digest('base64')
    const signed = await ask('POST', '/emulated/attest', { ...machine, reportData })
    assert.equal(signed.status, 200, JSON.stringify(signed.json))
    const { session } = challenge
    const { evidence } = signed.json
    const attested = await ask('POST', '/workload/attest', { session, tee: machine['tee'], evidence, runtimeData })
    if (attested.status !== 200) return attested
    return ask('POST', '/workload/release', { namespace: 'signing', resource: RESOURCE, session })
  }

  it('names all kinds, and roots that say they are emulated', async () => {
    const { json } = await ask('GET', '/emulated')
    assert.deepEqual(
      rows(json['platforms']).map(({ tee }) => tee),
      KINDS,
    )
    const anchors = rows(json['anchors'])
    assert.ok(anchors.length > 5 && anchors.every(({ emulated }) => emulated === true))
    const printed = JSON.parse(await owner.ok(['emulate', 'anchors', '--world', owner.checkpoint.world]))
    assert.deepEqual(anchors, members(printed)['anchors'])
  })

  for (const tee of KINDS)
    it(`${tee}: refused while nobody knows it, released by the reference values that came with its evidence`, async () => {
      const unknown = await request({ tee })
      assert.equal(unknown.status, 403, JSON.stringify(unknown.json))
      const { json } = await ask('POST', '/emulated/attest', { tee, reportData: randomBytes(48).toString('base64') })
      const set = { tee, values: json['reference'], owner: 'test' }
      const put = await ask('PUT', `/namespaces/signing/references/${tee}`, set)
      assert.equal(put.status, 200, JSON.stringify(put.json))
      const known = await request({ tee })
      assert.equal(known.status, 200, JSON.stringify(known.json))
      assert.equal(known.json['emulated'], true)
    })

  it('a machine in debug, or with another measurement, is refused', async () => {
    assert.equal((await request({ tee: 'snp', debug: true })).status, 403)
    assert.equal((await request({ tee: 'snp', measurement: '77'.repeat(48) })).status, 403)
  })

  it('what a machine cannot be is said by member', async () => {
    for (const [machine, expected] of [
      [{ tee: 'sev9' }, /there is no emulated sev9/],
      [{ tee: 'snp', product: 'Naples' }, /product Naples: expected Milan/],
      [{ tee: 'tdx', product: 'Milan' }, /product: such an emulated machine has no choice/],
      [{ tee: 'nitro', measurement: 'ab'.repeat(48) }, /measurement: such/],
      [{ tee: 'snp', measurement: 'abcd' }, /measurement/],
    ] as const) {
      const { status, json } = await ask('POST', '/emulated/attest', { ...machine, reportData: '' })
      assert.equal(status, 400, JSON.stringify(machine))
      assert.match(text(json['detail']), expected)
    }
  })
})

it('without --emulated no machine signs', async () => {
  const home = scratch()
  const up = await startUp(['--offline', '--data', `${home}/data`])
  try {
    const profile = `${home}/profile.json`
    await run(['login', '--data', `${home}/data`], { env: { SEKISHO_PROFILE: profile } })
    const { status, json } = await call(up.url, tokenOf(profile), 'GET', '/emulated')
    assert.equal(status, 404)
    assert.match(text(json['detail']), /up --emulated/)
  } finally {
    await up.stop()
  }
})

it('the file of a world is written when the world has changed, and left alone when not', async () => {
  const data = `${scratch()}/data`
  const world = `${data}/world.json`
  mkdirSync(data)
  // A whole world of one's own takes long to make.
  copyFileSync((await sharedCheckpoint()).world, world)
  const attest = async (kind: string): Promise<void> => {
    const { code, err } = await run(['emulate', 'attest', kind, '--world', world, '-o', `${data}/evidence`])
    assert.equal(code, 0, err)
  }
  // It takes another file in its place to change it.
  const written = (): number => statSync(world).ino
  const made = written()
  const up = await startUp(['--emulated', '--offline', '--data', data])
  assert.equal(await up.stop(), 0)
  await attest('snp')
  assert.equal(written(), made)
  const saved = members(JSON.parse(readFileSync(world, 'utf8')))
  writeFileSync(world, JSON.stringify({ ...saved, arm: { platforms: [] } }))
  await attest('cca')
  assert.deepEqual(JSON.parse(readFileSync(world, 'utf8')), saved, 'a platform that the world did not have')
})
