import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { before, describe, it } from 'node:test'
import {
  bindingOf,
  decryptJwe,
  type EmulatedPlatform,
  emulatedAttester,
  makeTeeKey,
  Refusal,
  requestSecret,
} from '@sekisho/attester'
import { createWorld, type World } from '@sekisho/emulator'
import { asking, type Checkpoint, members, type Owner, ownerOf, ready, rows, text } from './shared.ts'

const SECRET = 'the secret of every machine'
const RESOURCE = 'demo/db/password'
const KINDS = ['snp', 'tdx', 'sgx', 'nitro', 'cca', 'tpm'] as const

function platform(world: World, kind: (typeof KINDS)[number]): EmulatedPlatform {
  return world[kind]({})
}

async function post(url: string, body: unknown): Promise<{ status: number; json: Record<string, unknown> }> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: answer.status, json: members(await answer.json()) }
}

/** The passport model's first half: evidence goes in, a signed result comes back. */
async function attested(
  { up }: Checkpoint,
  attester: ReturnType<typeof emulatedAttester>,
  namespace: string,
): Promise<{ readonly token: string; readonly key: ReturnType<typeof makeTeeKey>; readonly sent: unknown }> {
  const key = makeTeeKey()
  const challenge = await post(`${up.url}/api/v1/workload/challenge`, { namespace, tee: attester.tee })
  const { session, nonce } = challenge.json
  const { kbs, eventLog } = await attester.attest({ reportData: bindingOf(text(nonce), key.publicKey) })
  const sent = {
    session,
    tee: attester.tee,
    evidence: kbs,
    ...(eventLog === undefined ? {} : { eventLog: Buffer.from(eventLog).toString('base64') }),
    runtimeData: { nonce, 'tee-pubkey': key.publicKey },
  }
  const { status, json } = await post(`${up.url}/api/v1/workload/attest`, sent)
  assert.equal(status, 200, JSON.stringify(json))
  return { token: text(json['token']), key, sent }
}

describe('each emulated TEE at one checkpoint', () => {
  let owner: Owner & { readonly checkpoint: Checkpoint }
  let world: World
  before(async () => {
    owner = await ownerOf('tees')
    await ready(owner, owner.checkpoint.world, SECRET, KINDS)
    world = createWorld({ saved: readFileSync(owner.checkpoint.world, 'utf8') })
  })

  for (const kind of KINDS) {
    it(`${kind}: the command line gets the secret, with a lease, and the decision says EMULATED`, async () => {
      const { code, out, err } = await owner.run(asking(owner.checkpoint.world, kind))
      assert.equal(code, 0, err)
      assert.equal(out, SECRET)
      const [, lease, decision] = /lease (lse_\w+) until .* decision (dec_\w+)/.exec(err) ?? []
      assert.ok(lease !== undefined && decision !== undefined, err)
      const shown = await owner.json(['decision', 'show', decision])
      assert.equal(shown['outcome'], 'released')
      assert.equal(shown['emulated'], true)
      assert.equal(members(shown['verdict'])['tee'], kind)
    })

    it(`${kind}: whoever has the folder of a decision gets the verdict that the receipt names, by the command that is printed`, async () => {
      const { err } = await owner.run(asking(owner.checkpoint.world, kind))
      const [decision = ''] = /dec_\w+/.exec(err) ?? []
      assert.equal((await owner.json(['decision', 'reverify', decision]))['result'], 'confirmed')
      const told = await owner.ok(['decision', 'evidence', decision, owner.path(`audit-${kind}`)])
      const [, command = ''] = /^ {2}\S*sekisho (verify .*)$/m.exec(told) ?? []
      const anchors = owner.file(`anchors-${kind}.json`, JSON.stringify(world.anchors))
      const verdict = await owner.ok([...command.split(' '), '--trust-anchor', anchors, '--json'])
      const digest = createHash('sha256').update(verdict.trimEnd()).digest('hex')
      const receipt = await owner.json(['log', 'receipt', decision])
      assert.equal(members(receipt['entry'])['verdictSha256'], digest)
      assert.ok(told.replace(/\s+/g, ' ').includes(`has the SHA-256 ${digest}`), told)
    })

    it(`${kind}: the KBS protocol (background check) gets it too`, async () => {
      const attester = emulatedAttester(world, platform(world, kind))
      const got = await requestSecret({
        url: owner.checkpoint.up.url,
        namespace: owner.namespace,
        resource: RESOURCE,
        attester,
      })
      assert.equal(new TextDecoder().decode(got.secret), SECRET)
      assert.equal(got.lease, undefined)
      assert.equal(got.token.split('.').length, 3)
    })

    it(`${kind}: a signed result (passport) gets it without evidence`, async () => {
      const attester = emulatedAttester(world, platform(world, kind))
      const { token, key } = await attested(owner.checkpoint, attester, owner.namespace)
      const body = { namespace: owner.namespace, resource: RESOURCE, token }
      const { status, json } = await post(`${owner.checkpoint.up.url}/api/v1/workload/release`, body)
      assert.equal(status, 200, JSON.stringify(json))
      assert.equal(new TextDecoder().decode(decryptJwe(json['jwe'], key.privateKey)), SECRET)
      assert.equal(json['emulated'], true)
      assert.throws(() => decryptJwe(json['jwe'], makeTeeKey().privateKey), { code: 'undecryptable' })
    })
  }

  it('a signed result whose signature was changed gets nothing', async () => {
    const { token } = await attested(owner.checkpoint, emulatedAttester(world, world.snp({})), owner.namespace)
    const at = token.lastIndexOf('.') + 5
    const forged = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
    const body = { namespace: owner.namespace, resource: RESOURCE, token: forged }
    const { status, json } = await post(`${owner.checkpoint.up.url}/api/v1/workload/release`, body)
    assert.equal(status, 401)
    assert.equal(json['code'], 'token-invalid')
  })

  it('a signed result is for its namespace', async () => {
    const other = await ownerOf('tees-elsewhere')
    await ready(other, owner.checkpoint.world, 'another secret', ['snp'])
    const { token } = await attested(owner.checkpoint, emulatedAttester(world, world.snp({})), owner.namespace)
    const body = { namespace: other.namespace, resource: RESOURCE, token }
    const { json } = await post(`${owner.checkpoint.up.url}/api/v1/workload/release`, body)
    assert.equal(json['code'], 'namespace-mismatch')
    assert.equal(json['jwe'], undefined)
  })

  it('a recorded attest request is refused when it is sent again', async () => {
    const { sent } = await attested(owner.checkpoint, emulatedAttester(world, world.snp({})), owner.namespace)
    const { status, json } = await post(`${owner.checkpoint.up.url}/api/v1/workload/attest`, sent)
    assert.equal(status, 409)
    assert.equal(json['code'], 'session-spent')
    assert.equal(json['token'], undefined)
  })

  it('recorded evidence is refused in another session, as stale', async () => {
    const { sent } = await attested(owner.checkpoint, emulatedAttester(world, world.snp({})), owner.namespace)
    const { json: fresh } = await post(`${owner.checkpoint.up.url}/api/v1/workload/challenge`, {
      namespace: owner.namespace,
      tee: 'snp',
    })
    const { 'tee-pubkey': key } = members(members(sent)['runtimeData'])
    const replay = {
      ...members(sent),
      session: fresh['session'],
      runtimeData: { nonce: fresh['nonce'], 'tee-pubkey': key },
    }
    const { status, json } = await post(`${owner.checkpoint.up.url}/api/v1/workload/attest`, replay)
    assert.equal(status, 403)
    assert.equal(json['code'], 'evidence-stale')
    const refused = await owner.json(['decision', 'show', text(json['decision'])])
    assert.ok(rows(refused['remedies']).length > 0, 'the owner is told what mends it')
  })

  it('a workload that nothing is released to hears a short code and an id', async () => {
    const attester = emulatedAttester(world, world.snp({ measurement: '11'.repeat(48) }))
    const request = { url: owner.checkpoint.up.url, namespace: owner.namespace, resource: RESOURCE, attester }
    await assert.rejects(requestSecret({ ...request, protocol: 'native' }), (error: unknown) => {
      assert.ok(error instanceof Refusal)
      assert.equal(error.code, 'reference-mismatch')
      assert.match(error.id ?? '', /^dec_/)
      return true
    })
  })
})
