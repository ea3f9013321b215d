import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { kbsEvidence } from '@sekisho/emulator'
import { deviceDigest, initDataDigest, primaryDigest, teeKeyOf } from '../../src/checkpoint/binding.ts'
import { boundExpectations, initDataExpectation } from '../../src/checkpoint/init-data.ts'
import type { AttestOutcome, AttestRequest, Broker } from '../../src/index.ts'
import {
  brokerOver,
  furnish,
  later,
  type Machine,
  newDatabase,
  RESOURCE,
  referenceOf,
  sharedWorld,
  teeKeys,
  worldVerifier,
} from './kit.ts'

const AT = new Date()

test('binding: the worked example of the KBS protocol, section 12', () => {
  const key = {
    alg: 'ECDH-ES+A256KW',
    crv: 'P-256',
    kty: 'EC',
    x: 'f6_vJiG6k6150u06YUyvQM7DwvQbN9phCOQ77r-e-yE',
    y: 'F0YT1g2zhXK6otqYnAfaU9Xs01XbwIFGn54V3bkSj5U',
  }
  const nonce = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='
  const digest = Buffer.from(primaryDigest({ nonce, 'tee-pubkey': key }, '')).toString('hex')
  assert.equal(
    digest,
    'e393665d9bddd0413a617370a358f842ca0c9dc3aeda7e1775519ef149e46f2d25c2f73aceb0f91143baf20e5fa948b5',
  )
  assert.notEqual(digest, Buffer.from(deviceDigest({ nonce, 'tee-pubkey': key })).toString('hex'))
  assert.deepEqual(teeKeyOf(key), key)
  for (const bad of [undefined, 'key', [], { ...key, d: 'AA' }, { ...key, extra: 1 }, { ...key, y: key.x }])
    assert.equal(teeKeyOf(bad), undefined)
})

test('init-data: the hash that its TOML names, over the text as sent', () => {
  const body = 'version = "0.1.0"\nalgorithm = "sha384"\n[data]\n"aa.toml" = \'\'\'x\'\'\'\n'
  assert.deepEqual(initDataDigest({ format: 'toml', body }), createHash('sha384').update(body).digest())
  assert.equal(initDataDigest({ format: 'json', body }), undefined)
  assert.equal(initDataDigest({ format: 'toml', body: 'algorithm = "md5"' }), undefined)
  assert.equal(initDataDigest({ format: 'toml', body: '' }), undefined)
  const [version, algorithm] = ['version = "0.1.0"\n', 'algorithm = "sha256"\n']
  assert.ok(initDataDigest({ format: 'toml', body: algorithm + version }))
  for (const other of [
    algorithm,
    `version = "0.1.1"\n${algorithm}`,
    `version = 0.1\n${algorithm}`,
    `[data]\n${version}${algorithm}`,
    `${version}[data]\n${algorithm}`,
    `${version}${algorithm}algorithm = "sha384"\n`,
    `${version}version = "0.1.1"\n${algorithm}`,
    `${version}note = '''\n${algorithm}'''\nalgorithm = "sha384"\n`,
  ])
    assert.equal(initDataDigest({ format: 'toml', body: other }), undefined, other)
})

test('init-data: a text of blanks or line breaks takes no time; keys may be quoted, lines may end in CR LF', () => {
  const started = performance.now()
  for (const blank of ['\n', ' ', '\t', '\r\n', ' \n', 'algorithm=\n', '#'])
    assert.equal(initDataDigest({ format: 'toml', body: blank.repeat(500_000) }), undefined)
  // One that is walked again from each of its places takes minutes.
  assert.ok(performance.now() - started < 60_000, 'seven texts of half a megabyte are read')
  for (const body of [
    '"version"="0.1.0"\r\n"algorithm" = "SHA-256" # so\r\n',
    "version = '0.1.0'\n\t'algorithm'='sha256'\n",
  ])
    assert.deepEqual(initDataDigest({ format: 'toml', body }), createHash('sha256').update(body).digest())
})

test('tee-pubkey: members that describe a key are bounded, each is of its type', () => {
  const key = teeKeys().publicJwk
  const described = { ...key, kid: 'a', use: 'enc', key_ops: ['deriveBits'], ext: true }
  assert.deepEqual(teeKeyOf(described), described)
  for (const more of [
    { kid: 'a'.repeat(257) },
    { kid: 1.5 },
    { kid: { deep: [] } },
    { use: ['enc'] },
    { key_ops: 'deriveBits' },
    { key_ops: new Array<string>(17).fill('sign') },
    { key_ops: [1.5] },
    { ext: 0.5 },
    { n: 'A'.repeat(1_000_000) },
  ])
    assert.equal(teeKeyOf({ ...key, ...more }), undefined, JSON.stringify(more).slice(0, 40))
})

async function brokerFor(t: TestContext, machines: readonly Machine[]): Promise<Broker> {
  const verifier = await worldVerifier(t, sharedWorld())
  const broker = await brokerOver(await newDatabase(t), verifier)
  await furnish(broker, 'default', AT)
  for (const [i, machine] of machines.entries()) {
    const set = referenceOf(verifier, machine, `set-${i}`) as { values: Record<string, unknown> }
    const { hostData: _open, ...values } = set.values
    await broker.admin.putReference('default', { ...set, values }, { actor: 'tester', at: AT })
  }
  return broker
}

type Sent = Omit<AttestRequest, 'session' | 'runtimeData' | 'at' | 'evidence'>

async function send(
  broker: Broker,
  machine: Machine,
  make: (runtime: AttestRequest['runtimeData']) => Sent,
  digest?: Uint8Array,
): Promise<AttestOutcome & { readonly session: string }> {
  const { session, nonce } = await broker.challenge({ namespace: 'default', protocol: 'kbs', at: AT })
  const runtimeData = { nonce, 'tee-pubkey': teeKeys().publicJwk }
  const more = make(runtimeData)
  const bound = digest ?? primaryDigest(runtimeData, more.additionalEvidence ?? '')
  const evidence = kbsEvidence(machine.tee, machine.attest(bound))
  return { ...(await broker.attest({ session, evidence, runtimeData, at: AT, ...more })), session }
}

test('init-data must be what the machine was launched with', async (t) => {
  const body = 'algorithm = "sha256"\nversion = "0.1.0"\n'
  const hostData = createHash('sha256').update(body).digest('hex')
  const machine = sharedWorld().snp({ hostData })
  const broker = await brokerFor(t, [machine])
  assert.ok((await send(broker, machine, () => ({ initData: { format: 'toml', body } }))).token)
  const other = await send(broker, machine, () => ({ initData: { format: 'toml', body: `${body}# another` } }))
  assert.equal(other.refusal?.code, 'init-data-mismatch')
  const [told] = (await broker.why('default', other.refusal.id ?? ''))?.reasons ?? []
  assert.match(told ?? '', new RegExp(`^init-data: it stands for [0-9a-f]{64}, and the evidence carries ${hostData}$`))
  const none = await send(broker, machine, () => ({ initData: { format: 'yaml', body } }))
  assert.equal(none.refusal?.code, 'evidence-unreadable')
})

test('init-data that is not what was launched is refused although the reference values pin the host data', async (t) => {
  const body = 'algorithm = "sha256"\nversion = "0.1.0"\n'
  const initData = { format: 'toml', body } as const
  const digest = createHash('sha256').update(body).digest('hex')
  const [launched, pinned, bare] = [
    sharedWorld().snp({ hostData: digest }),
    sharedWorld().snp({ hostData: 'cd'.repeat(32) }),
    sharedWorld().tdx(),
  ]
  const verifier = await worldVerifier(t, sharedWorld())
  const broker = await brokerOver(await newDatabase(t), verifier)
  await furnish(broker, 'default', AT)
  for (const [i, machine] of [launched, pinned, bare].entries())
    await broker.admin.putReference('default', referenceOf(verifier, machine, `set-${i}`), { actor: 'tester', at: AT })

  const good = await send(broker, launched, () => ({ initData }))
  assert.ok(good.token, good.refusal?.code)
  assert.equal((await broker.why('default', good.decision ?? ''))?.body['initData'], digest)
  assert.ok((await send(broker, pinned, () => ({}))).token, 'without a text there is nothing to compare')

  const other = await send(broker, pinned, () => ({ initData }))
  assert.equal(other.refusal?.code, 'init-data-mismatch')
  const why = await broker.why('default', other.refusal.id ?? '')
  assert.equal(why?.verdict?.outcome, 'verified', 'the hardware says the truth; the text does not')
  assert.match(why.reasons[0] ?? '', /^init-data: it stands for [0-9a-f]{64}, and the evidence carries (cd){32}$/)
  assert.equal(
    (await broker.release({ by: { session: other.session }, namespace: 'default', resource: RESOURCE, at: AT })).refused
      ?.code,
    'not-attested',
  )

  const unbound = await send(broker, bare, () => ({ initData }))
  assert.equal(unbound.refusal?.code, 'init-data-mismatch')
  const reasons = (await broker.why('default', unbound.refusal.id ?? ''))?.reasons ?? []
  assert.match(
    reasons[0] ?? '',
    /^init-data: nothing in the evidence binds it; launched with it, .* would carry [0-9a-f]{96}$/,
  )

  const stale = await send(broker, pinned, () => ({ initData }), new Uint8Array(48))
  assert.equal(stale.refusal?.code, 'evidence-misbound', 'what is weightier is said first')
})

test('init-data of a TPM is in PCR 8; evidence without a place for it is refused, and no reference value is widened', async (t) => {
  const digest = createHash('sha256').update('x').digest()
  const pcr8 = createHash('sha256').update(Buffer.alloc(32)).update(digest).digest('hex')
  assert.deepEqual(initDataExpectation('tpm', digest), { pcrs: { 8: [pcr8] } })
  assert.deepEqual(initDataExpectation('azure-vtpm', digest), { vtpm: { pcrs: { 8: [pcr8] } } })
  const longer = Buffer.concat([digest, Buffer.alloc(16, 1)])
  assert.deepEqual(initDataExpectation('tpm', longer), { pcrs: { 8: [pcr8] } }, 'a register takes no longer digest')
  assert.deepEqual(initDataExpectation('tdx', digest), { hostData: [`${digest.toString('hex')}${'00'.repeat(16)}`] })
  assert.equal(initDataExpectation('nitro', digest), undefined)
  const bound = { reportData: 'aa', vtpm: { pcrs: { 8: [pcr8] } } }
  for (const [given, kept] of [
    [{ vtpm: { requiredPcrs: [4], pcrs: { 4: ['bb'] } } }, { requiredPcrs: [4], pcrs: { 4: ['bb'], 8: [pcr8] } }],
    [{ vtpm: { pcrs: { 8: ['cc'] } } }, { pcrs: { 8: ['cc'] } }],
    [{ measurement: ['dd'] }, { pcrs: { 8: [pcr8] } }],
  ] as const)
    assert.deepEqual(boundExpectations(given, bound), { ...given, reportData: 'aa', vtpm: kept })
  const [machine, enclave] = [sharedWorld().tpm(), sharedWorld().nitro()]
  const broker = await brokerFor(t, [machine, enclave])
  const initData = { format: 'toml', body: 'version = "0.1.0"\nalgorithm = "sha256"\n' } as const
  for (const one of [machine, enclave]) assert.equal((await send(broker, one, () => ({}))).refusal, undefined, one.tee)
  assert.equal((await send(broker, enclave, () => ({ initData }))).refusal?.code, 'evidence-unreadable')
  const values = (await broker.admin.references('default')).find(({ tee }) => tee === 'tpm')?.values
  const { 8: _open, ...pcrs } = (values?.['pcrs'] ?? {}) as Readonly<Record<string, unknown>>
  const set = { name: 'set-0', tee: 'tpm', values: { ...values, pcrs }, owner: 'tester' }
  await broker.admin.putReference('default', set, { actor: 'tester', at: AT })
  assert.equal((await send(broker, machine, () => ({}))).refusal?.code, 'evidence-incomplete')
  assert.equal((await send(broker, machine, () => ({ initData }))).refusal?.code, 'init-data-mismatch')
})

test('additional devices: each is judged, each is bound, and the worst counts', async (t) => {
  const [machine, device] = [sharedWorld().snp(), sharedWorld().sgx()]
  const broker = await brokerFor(t, [machine, device])
  const of = (made: Machine, digest: Uint8Array): string =>
    JSON.stringify({ [made.tee]: kbsEvidence(made.tee, made.attest(digest)) })
  const good = await send(broker, machine, (runtime) => ({ additionalEvidence: of(device, deviceDigest(runtime)) }))
  assert.ok(good.token, JSON.stringify(good.refusal))
  assert.ok(
    (await broker.release({ by: { session: good.session }, namespace: 'default', resource: RESOURCE, at: AT }))
      .released,
  )
  const unbound = await send(broker, machine, () => ({ additionalEvidence: of(device, new Uint8Array(48)) }))
  assert.equal(unbound.refusal?.code, 'evidence-misbound')
  const stranger = sharedWorld().sgx({ measurement: '99'.repeat(32) })
  const unknown = await send(broker, machine, (runtime) => ({
    additionalEvidence: of(stranger, deviceDigest(runtime)),
  }))
  assert.equal(unknown.refusal?.code, 'reference-mismatch')
  const noReference = await send(broker, machine, (runtime) => ({
    additionalEvidence: of(sharedWorld().tdx(), deviceDigest(runtime)),
  }))
  assert.equal(noReference.refusal?.code, 'reference-missing')
  for (const text of ['[]', '{', '{"sample":{"svn":"1","report_data":""}}', '{"tdx":{}}'])
    assert.equal(
      (await send(broker, machine, () => ({ additionalEvidence: text }))).refusal?.code,
      'evidence-unreadable',
      text,
    )
})

test('what was announced must come', async (t) => {
  const machine = sharedWorld().snp()
  const broker = await brokerFor(t, [machine])
  assert.equal((await send(broker, machine, () => ({ tee: 'tdx' }))).refusal?.code, 'session-mismatch')
  assert.ok((await send(broker, machine, () => ({ tee: 'snp' }))).token)
})

test('what is refused does not fill the disk: large event logs are kept by digest only', async (t) => {
  const machine = sharedWorld().tdx()
  const verifier = await worldVerifier(t, sharedWorld())
  const db = await newDatabase(t)
  const broker = await brokerOver(db, verifier)
  await furnish(broker, 'default', AT)
  await broker.admin.putReference('default', referenceOf(verifier, machine, 'mine'), { actor: 'tester', at: AT })
  const eventLog = Buffer.concat([
    machine.attest(new Uint8Array(48)).eventLog ?? Buffer.alloc(0),
    Buffer.alloc(100_000),
  ])
  const stored = async (table: string): Promise<readonly number[]> =>
    (await db.all<{ size: number }>(`SELECT LENGTH(bytes) AS size FROM ${table}`)).map(({ size }) => size)
  const refused = await send(broker, machine, () => ({ eventLog }), new Uint8Array(48))
  assert.equal(refused.refusal?.code, 'evidence-misbound')
  assert.ok((await broker.why('default', refused.refusal.id ?? ''))?.verdict)
  const refusedSizes = await stored('refused_evidence')
  assert.ok(refusedSizes.length > 0 && !refusedSizes.includes(eventLog.length))
  assert.deepEqual(await stored('evidence'), [], 'nothing of it is among what is kept for good')
  const good = await send(broker, machine, () => ({ eventLog }))
  assert.ok(good.token, good.refusal?.code)
  assert.ok((await stored('evidence')).includes(eventLog.length), 'what something was released on is kept whole')
})

test('attesting prolongs no KBS session: its end is that of the challenge, of a result of the native API its own', async (t) => {
  const machine = sharedWorld().snp()
  const broker = await brokerFor(t, [machine])
  for (const [protocol, seconds] of [
    ['kbs', 300],
    ['native', 420],
  ] as const) {
    const { session, nonce, expires } = await broker.challenge({ namespace: 'default', protocol, at: AT })
    assert.deepEqual(expires, later(AT, 300))
    const runtimeData = { nonce, 'tee-pubkey': teeKeys().publicJwk }
    const evidence = kbsEvidence('snp', machine.attest(primaryDigest(runtimeData, '')))
    const request = { session, evidence, runtimeData, at: later(AT, 120) }
    const first = await broker.attest(request)
    assert.deepEqual(first.expires, later(AT, seconds), protocol)
    if (protocol === 'kbs') assert.deepEqual((await broker.attest(request)).expires, first.expires)
  }
})
