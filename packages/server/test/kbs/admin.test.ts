import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SCOPES } from '@sekisho/broker'
import { CANARY, furnish, sharedWorld, startCheckpoint } from '../kit/checkpoint.ts'
import { type Answer, errorInformation, send } from '../kit/kbs-client.ts'

const rego = (text: string): string => Buffer.from(text).toString('base64url')
const rvps = (values: unknown, over: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    version: '0.1.0',
    type: 'sample',
    payload: Buffer.from(JSON.stringify(values)).toString('base64'),
    ...over,
  })

test('resources are written and removed by who may, with our API token as bearer', async (t) => {
  const checkpoint = await startCheckpoint(t)
  await furnish(checkpoint, sharedWorld().snp())
  const resource = `${checkpoint.url}/kbs/v0/resource/app/file/1`
  const authorization = `Bearer ${await checkpoint.token(['secrets:write'], 'default')}`
  const headers = { 'content-type': 'application/octet-stream', 'user-agent': 'kbs-client/0.1.0' }
  const bytes = Buffer.from(`\0${CANARY}\xff`, 'latin1')

  for (const [method, wrong] of [
    ['POST', {}],
    ['POST', { authorization: 'Bearer nonsense' }],
    ['DELETE', {}],
  ] as const) {
    const answer = await send(resource, {
      method,
      headers: { ...headers, ...wrong },
      ...(method === 'POST' ? { body: bytes } : {}),
    })
    assert.equal(answer.status, 401, answer.text)
    assert.ok(errorInformation(answer).type.endsWith('/AdminAuthAccess'), answer.text)
  }
  const put = await send(resource, { method: 'POST', headers: { ...headers, authorization }, body: bytes })
  assert.equal(put.status, 200, put.text)
  assert.equal(put.text, '')
  const kept = await checkpoint.vault.open(checkpoint.db, 'default', 'app/file/1')
  assert.deepEqual(Buffer.from(kept?.bytes ?? []), bytes)
  const remove = (): Promise<Answer> => send(resource, { method: 'DELETE', headers: { authorization } })
  assert.equal((await remove()).status, 200)
  const again = await remove()
  assert.equal(again.status, 404)
  errorInformation(again)
  const invalid = await send(`${checkpoint.url}/kbs/v0/resource/app/file`, {
    method: 'POST',
    headers: { authorization },
    body: 'x',
  })
  assert.equal(invalid.status, 404)
  for (const line of checkpoint.lines) assert.ok(!line.includes(CANARY) && !line.includes(authorization.slice(7)))
})

test('Rego is refused with a word about Cedar, and nothing is changed', async (t) => {
  const checkpoint = await startCheckpoint(t)
  await furnish(checkpoint, sharedWorld().snp())
  const authorization = `Bearer ${await checkpoint.token(['policy:write', 'policy:read'], 'default')}`
  const before = await checkpoint.broker.admin.policy('default')
  const bodies = [
    ['/resource-policy', { policy: rego('package policy\ndefault allow = true') }],
    ['/attestation-policy', { type: 'rego', policy_id: 'default_cpu', policy: rego('package policy') }],
  ] as const
  for (const [path, body] of bodies) {
    const post = (headers: Readonly<Record<string, string>>): Promise<Answer> =>
      send(`${checkpoint.url}/kbs/v0${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      })
    assert.ok(errorInformation(await post({})).type.endsWith('/AdminAuthAccess'))
    const refused = await post({ authorization })
    assert.equal(refused.status, 401)
    const { type, detail } = errorInformation(refused)
    assert.ok(type.endsWith('/ParsePolicyError'))
    assert.match(detail, /Cedar/)
  }
  assert.deepEqual(await checkpoint.broker.admin.policy('default'), before)
  const listed = await send(`${checkpoint.url}/kbs/v0/resource-policy`, { method: 'GET', headers: { authorization } })
  assert.equal(listed.text, '["cedar-1"]')
  assert.equal(listed.headers['content-type'], 'application/json')
})

test('reference values go in by the RVPS message and come out by id', async (t) => {
  const checkpoint = await startCheckpoint(t)
  await furnish(checkpoint, sharedWorld().snp())
  const base = `${checkpoint.url}/kbs/v0/reference-value`
  const authorization = `Bearer ${await checkpoint.token(['references:write', 'references:read'], 'default')}`
  const headers = { authorization, 'content-type': 'application/json' }
  const post = (body: string): Promise<Answer> => send(base, { method: 'POST', headers, body })
  const get = (id: string): Promise<Answer> => send(`${base}/${id}`, { method: 'GET', headers })

  const measurement = 'ab'.repeat(48)
  const put = await post(
    rvps({ snp_launch_measurement: [measurement], 'tdx.measurement': ['cd'.repeat(48), 'ef'.repeat(48)] }),
  )
  assert.equal(put.status, 200, put.text)
  assert.deepEqual(JSON.parse((await get('snp_launch_measurement')).text), [measurement])
  assert.deepEqual(JSON.parse((await get('tdx.measurement')).text), ['cd'.repeat(48), 'ef'.repeat(48)])
  assert.equal((await post(rvps({ snp_host_data: ['12'.repeat(32)] }))).status, 200)
  assert.deepEqual(JSON.parse((await get('snp_launch_measurement')).text), [measurement], 'others of the set stay')
  const sets = await checkpoint.broker.admin.references('default')
  assert.deepEqual(sets.map(({ name }) => name).sort(), ['kbs-snp', 'kbs-tdx', 'mine'])
  const days = sets.map(
    ({ name, expires = 0 }) => name !== 'mine' && (Date.parse(`${expires}`) - Date.now()) / 86_400_000,
  )
  for (const left of days) assert.ok(left === false || (left > 364 && left < 367), 'values are good for a year')

  const registers = ['rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'].map(
    (name) => [`tdx.${name}`, name.slice(4).repeat(96)] as const,
  )
  const all = await Promise.all(registers.map(([id, value]) => post(rvps({ [id]: [value] }))))
  for (const one of all) assert.equal(one.status, 200, one.text)
  for (const [id, value] of registers)
    assert.deepEqual(JSON.parse((await get(id)).text), [value], 'of those that were sent at once none is lost')
  const half = await post(rvps({ 'sgx.signer': ['12'.repeat(32)], mr_td: ['xyz'] }))
  assert.equal(half.status, 401, half.text)
  assert.equal((await get('mr_signer')).status, 401, 'of a message that is refused nothing is kept')

  const refusals: readonly (readonly [body: string, detail: RegExp])[] = [
    [rvps({ svn: ['1'] }), /nothing is compared with `svn`/],
    [rvps({ snp_launch_measurement: ['xyz'] }), /measurement/],
    [rvps({}, { version: '0.2.0' }), /version/],
    [rvps({}, { type: 'swid' }), /type/],
    [rvps({}, { payload: '!' }), /payload/],
    [rvps([]), /payload/],
    [rvps({ mr_td: ['34'.repeat(48)], 'tdx.measurement': ['56'.repeat(48)] }), /`mr_td` and `tdx.measurement` are one/],
  ]
  for (const [body, detail] of refusals) {
    const answer = await post(body)
    assert.equal(answer.status, 401, answer.text)
    const error = errorInformation(answer)
    assert.ok(error.type.endsWith('/RvpsError'), answer.text)
    assert.match(error.detail, detail)
  }
  for (const id of ['unknown', 'sgx.measurement', '%zz', 'a/b']) {
    const answer = await get(id)
    assert.equal(answer.status, 401, `${id}: ${answer.text}`)
    assert.ok(errorInformation(answer).type.endsWith('/RvpsError'), answer.text)
  }
  assert.ok(errorInformation(await send(base, { method: 'POST', body: rvps({}) })).type.endsWith('/AdminAuthAccess'))
})

test('each door of administrators asks for its own scope, in its own namespace', async (t) => {
  const checkpoint = await startCheckpoint(t)
  await furnish(checkpoint, sharedWorld().snp())
  const doors = [
    ['POST', '/resource/app/file/1', 'secrets:write'],
    ['DELETE', '/resource/app/file/1', 'secrets:write'],
    ['POST', '/resource-policy', 'policy:write'],
    ['POST', '/attestation-policy', 'policy:write'],
    ['GET', '/resource-policy', 'policy:read'],
    ['POST', '/reference-value', 'references:write'],
    ['GET', '/reference-value/snp_launch_measurement', 'references:read'],
  ] as const
  for (const [method, path, scope] of doors) {
    const others = SCOPES.filter((one) => one !== scope && one !== 'admin')
    const tokens = [
      undefined,
      await checkpoint.token(others, 'default'),
      await checkpoint.token([scope, 'admin'], 'other'),
    ]
    const refused = async (token: string | undefined): Promise<boolean> => {
      const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const headers = { 'content-type': 'application/json', ...authorization }
      const answer = await send(`${checkpoint.url}/kbs/v0${path}`, {
        method,
        headers,
        ...(method === 'POST' ? { body: '{}' } : {}),
      })
      return answer.status === 401 && errorInformation(answer).type.endsWith('/AdminAuthAccess')
    }
    for (const [i, token] of tokens.entries()) assert.ok(await refused(token), `${method} ${path} ${i}`)
    assert.ok(!(await refused(await checkpoint.token([scope], 'default'))), `${method} ${path}`)
  }
})
