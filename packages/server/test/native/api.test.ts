import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { kbsEvidence } from '@sekisho/emulator'
import { type ApiClient, apiClient } from '../kit/api.ts'
import { CANARY, type Checkpoint, furnish, PERMIT, RESOURCE, sharedWorld, startCheckpoint } from '../kit/checkpoint.ts'
import { emulatedMachines } from '../kit/emulated.ts'
import { binding, decryptAsClient, type TeeKeys, teeKeys } from '../kit/kbs-client.ts'

const NS = '/api/v1/namespaces/default'

interface Exchange {
  readonly session: string
  readonly body: Readonly<Record<string, unknown>>
}

async function exchange(api: ApiClient, keys: TeeKeys, namespace = 'default'): Promise<Exchange> {
  const challenge = await api.call('POST', '/api/v1/workload/challenge', { json: { namespace, tee: 'snp' } })
  assert.equal(challenge.status, 200, challenge.text)
  const [session, nonce] = [String(challenge.json['session']), String(challenge.json['nonce'])]
  const evidence = kbsEvidence('snp', sharedWorld().snp().attest(binding(nonce, keys.publicJwk)))
  return { session, body: { session, tee: 'snp', evidence, runtimeData: { nonce, 'tee-pubkey': keys.publicJwk } } }
}

type Ok = (method: string, path: string, json?: unknown, status?: number) => Promise<Readonly<Record<string, unknown>>>

/** Enrolment itself is tried with TPMs, where there are some: the command line's tests. */
async function tpmKeys({ db }: Checkpoint, api: ApiClient, ok: Ok): Promise<void> {
  const keys = { akPublic: 'AAAA', ekPublic: 'AAAA', ekCertificates: ['AAAA'] }
  const begun = await ok('POST', '/api/v1/workload/enrolments', keys, 400)
  assert.match(JSON.stringify(begun['errors']), /akPublic/)
  const activate = `/api/v1/workload/enrolments/${'0'.repeat(32)}/activate`
  assert.equal((await ok('POST', activate, { secret: 'AAAA' }, 404))['code'], 'enrolment-unknown')
  const name = `000b${'ab'.repeat(32)}`
  await db.transaction((sql) =>
    sql.run(
      `INSERT INTO tpm_keys (namespace, ak_name, ek_sha256, ek_certificates, enrolled, enrolled_by)
       VALUES ('default', ?, ?, '["AAAA"]', 0, 'tester')`,
      [name, 'cd'.repeat(32)],
    ),
  )
  const [one] = (await ok('GET', `${NS}/tpm-keys?limit=1`))['keys'] as readonly Record<string, unknown>[]
  assert.equal(one?.['akName'], name)
  assert.equal((await api.call('DELETE', `/api/v1/namespaces/other/tpm-keys/${name}`)).status, 404)
  assert.equal((await ok('DELETE', `${NS}/tpm-keys/${name}`))['keys'], 1)
  assert.deepEqual(await ok('POST', `${NS}/tpm-keys/${name}/readmit`), { keys: 1 })
  assert.equal((await api.call('DELETE', `${NS}/tpm-keys/${name}`)).status, 404)
}

test('every documented route answers, as the document says', async (t) => {
  const checkpoint = await startCheckpoint(t, { version: '1.2.3', emulated: emulatedMachines() })
  await furnish(checkpoint, sharedWorld().snp())
  const api = await apiClient(checkpoint.url, await checkpoint.token(['admin']))
  const ok = async (
    method: string,
    path: string,
    json?: unknown,
    status = 200,
  ): Promise<Readonly<Record<string, unknown>>> => {
    const told = await api.call(method, path, json === undefined ? {} : { json })
    assert.equal(told.status, status, `${method} ${path}: ${told.text}`)
    return told.json
  }

  assert.deepEqual((await ok('GET', '/api/v1/me'))['grants'], [{ namespace: '*', scopes: ['admin'] }])
  assert.deepEqual(await ok('POST', '/api/v1/namespaces', { name: 'other' }, 201), { name: 'other', created: true })
  assert.deepEqual(await ok('POST', '/api/v1/namespaces', { name: 'other' }, 201), { name: 'other', created: false })
  assert.deepEqual((await ok('GET', '/api/v1/namespaces'))['namespaces'], ['default', 'other'])

  const secret = `${NS}/secrets/app/db/password`
  const value = Buffer.from(CANARY).toString('base64')
  assert.deepEqual(await ok('PUT', secret, { value, contentType: 'text/plain', metadata: { owner: 'me' } }), {
    version: 1,
  })
  const described = await ok('GET', secret)
  assert.equal(described['contentType'], 'text/plain')
  assert.ok(!JSON.stringify(described).includes(CANARY) && !JSON.stringify(described).includes(value))
  await ok('GET', `${NS}/secrets?limit=1`)
  const key = await ok('PUT', `${NS}/keys/app/signing/1`, { type: 'ec-p256' })
  assert.ok(typeof key['publicJwk'] === 'object')
  await ok('GET', `${NS}/keys/app/signing/1`)
  await ok('DELETE', secret, undefined, 204)
  assert.equal((await api.call('GET', secret)).status, 404)

  await ok('GET', `${NS}/references`)
  await ok('GET', `${NS}/references/mine`)
  await ok('PUT', `${NS}/references/theirs`, { tee: 'snp', values: { measurement: 'ab'.repeat(48) } })
  await ok('DELETE', `${NS}/references/theirs`)
  const set = {
    name: 'imported',
    tee: 'snp',
    values: { measurement: 'cd'.repeat(48) },
    owner: 'me',
    provenance: { kind: 'json' },
  }
  const imported = await api.call('POST', `${NS}/references/import?name=imported`, {
    bytes: Buffer.from(JSON.stringify(set)),
  })
  assert.equal(imported.status, 201, imported.text)

  await tpmKeys(checkpoint, api, ok)

  await ok('POST', '/api/v1/endorsements', { intel: { tee: 'sgx', fmspc: '90c06f000000', ca: 'platform' } }, 404)
  await ok('POST', '/api/v1/session', { setup: 'guess' }, 403)
  await ok('DELETE', '/api/v1/session', undefined, 204)

  const policy = await ok('GET', `${NS}/policy`)
  assert.equal(policy['text'], PERMIT)
  await ok('PUT', `${NS}/policy`, { text: `${PERMIT}\n`, note: 'a line' })
  await ok('GET', `${NS}/policy/versions`)
  assert.equal((await ok('GET', `${NS}/policy/versions/1`))['text'], PERMIT)
  assert.equal((await api.call('GET', `${NS}/policy/versions/99`)).status, 404)
  const late = await ok('PUT', `${NS}/policy`, { text: PERMIT, basedOn: 1 }, 409)
  assert.equal(late['code'], 'conflict')
  await ok('POST', `${NS}/policy/rollback`, { version: 1 })
  await ok('POST', `${NS}/policy/lint`, { text: PERMIT })
  await ok('GET', '/api/v1/policy/starters')
  assert.match((await api.call('GET', '/api/v1/policy/schema')).text, /Sekisho/)

  const keys = teeKeys()
  const { session, body } = await exchange(api, keys)
  const attested = await ok('POST', '/api/v1/workload/attest', body)
  assert.equal(attested['emulated'], true)
  const released = await ok('POST', '/api/v1/workload/release', { resource: RESOURCE, session })
  assert.equal(released['emulated'], true)
  assert.equal(
    decryptAsClient(released['jwe'] as Parameters<typeof decryptAsClient>[0], keys.privateKey).plaintext,
    CANARY,
  )
  const lease = released['lease'] as { id: string; secret: string }
  const holder = { token: lease.secret }
  const stands = await api.call('GET', `/api/v1/workload/leases/${lease.id}`, holder)
  assert.deepEqual([stands.json['state'], stands.json['emulated']], ['live', true], stands.text)
  const fresh = await exchange(api, keys)
  const renewed = await api.call('POST', `/api/v1/workload/leases/${lease.id}/renew`, { ...holder, json: fresh.body })
  assert.equal(renewed.status, 200, renewed.text)

  const dry = await ok('POST', `${NS}/policy/dry-run`, { text: 'forbid (principal, action, resource);' })
  assert.ok(JSON.stringify(dry).includes(String(released['decision'])), JSON.stringify(dry))
  const { context } = await ok('GET', `${NS}/decisions/${released['decision']}`)
  const one = { name: 'as it was', resource: RESOURCE, context, permitted: true }
  assert.equal((await ok('POST', `${NS}/policy/test`, { text: PERMIT, cases: [one] }))['passed'], true)
  const short = { name: 'what matters', resource: RESOURCE, context: { tee: 'snp' }, permitted: true }
  const told = await ok('POST', `${NS}/policy/test`, { text: 'permit (principal, action, resource);', cases: [short] })
  assert.equal(told['passed'], true, JSON.stringify(told))
  const strange = await ok('POST', `${NS}/policy/test`, { text: PERMIT, cases: [{ ...short, context: {} }] }, 400)
  assert.match(JSON.stringify(strange['errors']), /cases\/0\/context\/tee/)

  const listed = await ok('GET', `${NS}/decisions?outcome=released&limit=10`)
  assert.equal((listed['decisions'] as readonly unknown[]).length, 1)
  const [summary] = listed['decisions'] as readonly Readonly<Record<string, unknown>>[]
  const { tee, measurement } = context as { tee: string; measurement: string }
  assert.deepEqual([summary?.['tee'], summary?.['workload'], summary?.['policyVersion']], [tee, measurement, 1])
  const fits = async (query: string): Promise<number> =>
    ((await ok('GET', `${NS}/decisions?${query}`))['decisions'] as readonly unknown[]).length
  assert.equal(await fits(`kind=release&tee=snp&workload=${measurement.slice(0, 12)}`), 1)
  assert.equal(await fits('kind=release&tee=tdx'), 0)
  assert.equal(await fits(`workload=${measurement.slice(1)}`), 0)
  assert.equal(await fits('kind=admin&reason=policy-rolled-back'), 1)
  assert.equal((await api.call('GET', `${NS}/decisions?tee=${encodeURIComponent('sn%')}`)).status, 400)
  assert.equal((await ok('GET', `${NS}/decisions/refusals?kind=release`))['counted'], 0)
  const receipt = await ok('GET', `${NS}/decisions/${released['decision']}/receipt`)
  const entry = await ok('GET', `/api/v1/log/entries/${receipt['index']}`)
  assert.deepEqual(JSON.parse(Buffer.from(String(entry['entry']), 'base64').toString()), receipt['entry'])
  assert.equal((await api.call('GET', '/api/v1/log/entries/999999')).status, 404)
  assert.equal(receipt['schema'], 'urn:sekisho:receipt:v1')
  const again = await ok('POST', `${NS}/decisions/${released['decision']}/reverify`)
  assert.equal(again['result'], 'confirmed', JSON.stringify(again['steps']))
  const recorded = await ok('GET', `${NS}/decisions/${released['decision']}/evidence`)
  const [piece] = recorded['pieces'] as readonly Readonly<Record<'evidence', { sha256: string; bytes: string }>>[]
  const { evidenceSha256, verdictSha256 } = receipt['entry'] as Readonly<Record<string, string>>
  const bytes = Buffer.from(piece?.evidence.bytes ?? '', 'base64')
  assert.deepEqual(
    [createHash('sha256').update(bytes).digest('hex'), recorded['verdictSha256']],
    [evidenceSha256, verdictSha256],
  )
  for (const [method, what] of [
    ['POST', 'reverify'],
    ['GET', 'evidence'],
  ] as const) {
    await ok(method, `${NS}/decisions/dec_${'0'.repeat(26)}/${what}`, undefined, 404)
    assert.equal((await api.call(method, `${NS}/decisions/none/${what}`)).status, 400)
  }
  const history = (await ok('GET', `${NS}/decisions?lease=${lease.id}`))['decisions'] as readonly { kind: string }[]
  assert.deepEqual(
    history.map(({ kind }) => kind),
    ['renew', 'release'],
  )
  assert.deepEqual((await ok('GET', `${NS}/decisions?lease=lse_${'0'.repeat(26)}`))['decisions'], [])
  await ok('GET', `${NS}/decisions/refusals`)
  await ok('GET', `${NS}/leases?state=live`)
  const held = await ok('GET', `${NS}/leases/${lease.id}`)
  assert.deepEqual([held['tee'], held['referenceSet'], held['emulated']], ['snp', 'mine', true])

  const advisory = { id: 'AMD-SB-9999', vendor: 'amd', products: ['Genoa'], published: '2026-11-01' }
  await ok('POST', `${NS}/advisories`, advisory, 201)
  await ok('GET', `${NS}/advisories`)
  const affected = await ok('GET', `${NS}/advisories/AMD-SB-9999/affected`)
  await ok('POST', `${NS}/advisories`, { ...advisory, id: 'AMD-SB-9998' }, 201)
  await ok('DELETE', `${NS}/advisories/AMD-SB-9998`)
  assert.equal((affected['affected'] as readonly unknown[]).length, 1)
  await ok('POST', `${NS}/forecast`, { minTcb: { Genoa: { microcode: 255 } } })
  await ok('POST', `${NS}/forecast`, { removeReference: 'mine' })
  await ok('POST', `${NS}/forecast`, { putReference: { name: 'x', tee: 'snp', values: {}, owner: 'me' } }, 400)
  assert.deepEqual(await ok('POST', `${NS}/reappraise`, {}), { live: 1, revoked: 0, unanswered: 0 })
  const acts = await ok('GET', `${NS}/decisions?kind=admin&limit=1`)
  assert.equal((acts['decisions'] as readonly Record<string, unknown>[])[0]?.['reasonCode'], 'leases-reappraised')
  assert.deepEqual(await ok('POST', `${NS}/leases/${lease.id}/revoke`, { reason: 'test' }), { revoked: true })
  assert.equal((await api.call('GET', `/api/v1/workload/leases/${lease.id}`, holder)).json['state'], 'revoked')

  const expires = new Date(Date.now() + 60_000).toISOString()
  const made = await ok('POST', `${NS}/tokens`, { name: 'ci', scopes: ['policy:read'], expires }, 201)
  await ok('GET', `${NS}/tokens`)
  await ok('DELETE', `${NS}/tokens/${made['id']}`, undefined, 204)
  assert.equal((await api.call('GET', '/api/v1/me', { token: String(made['token']) })).status, 401)
  const global = await ok('POST', '/api/v1/tokens', { name: 'ops', scopes: ['decisions:read'], expires }, 201)
  await ok('GET', '/api/v1/tokens')
  await ok('DELETE', `/api/v1/tokens/${global['id']}`, undefined, 204)
  assert.equal((await api.call('POST', '/api/v1/setup', { json: { secret: 'x' } })).status, 403)

  const turned = await ok('POST', '/api/v1/result-keys/rotate', { early: true })
  await ok('GET', '/api/v1/result-keys')
  await ok('DELETE', `/api/v1/result-keys/${turned['retired']}`)

  await ok('POST', '/api/v1/session', { token: await checkpoint.token(['admin']) }, 201)
  await ok('DELETE', '/api/v1/session', undefined, 204)
  await ok('GET', `${NS}/decisions/refusals`)
  await ok('GET', '/api/v1/emulated')
  await ok('POST', '/api/v1/emulated/attest', { tee: 'snp', reportData: '' })

  const operations = Object.entries(api.paths).flatMap(([path, one]) =>
    Object.keys(one).map((m) => `${m.toUpperCase()} ${path}`),
  )
  const streams = operations.filter((one) => one.endsWith('/events'))
  assert.equal(streams.length, 3)
  assert.deepEqual(operations.filter((one) => !api.called.has(one)).sort(), streams.sort())
  await checkpoint.server.close()
  for (const line of checkpoint.lines) {
    for (const shown of [CANARY, value, lease.secret, String(made['token'])]) assert.ok(!line.includes(shown), line)
  }
})
