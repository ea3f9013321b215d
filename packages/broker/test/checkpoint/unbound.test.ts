import assert from 'node:assert/strict'
import { createHash, sign } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { createAmdAuthority, generateKey, makeSnp } from '@sekisho/emulator/kit'
import { deviceDigest, primaryDigest } from '../../src/checkpoint/binding.ts'
import { type AttestRequest, openVerifier, type Verifier } from '../../src/index.ts'
import { writeSnpTable } from '../../src/verifier/certificate-table.ts'
import { ACTOR, brokerOver, decrypt, furnish, newDatabase, RESOURCE, SECRET, teeKeys } from './kit.ts'

/** Attests to a broker whose one reference set is `values`; what can be had with it, or why nothing can. */
async function asked(
  t: TestContext,
  verifier: Verifier,
  at: Date,
  sets: readonly { readonly tee: string; readonly values: object }[],
  make: (runtimeData: AttestRequest['runtimeData']) => Pick<AttestRequest, 'evidence' | 'additionalEvidence'>,
): Promise<{ readonly secret: string | undefined; readonly code: string | undefined; readonly reason: string }> {
  const broker = await brokerOver(await newDatabase(t), verifier)
  await furnish(broker, 'default', at)
  for (const [i, { tee, values }] of sets.entries())
    await broker.admin.putReference('default', { name: `${tee}-${i}`, tee, values, owner: ACTOR }, { actor: ACTOR, at })
  const keys = teeKeys()
  const { session, nonce } = await broker.challenge({ namespace: 'default', protocol: 'kbs', at })
  const runtimeData = { nonce, 'tee-pubkey': keys.publicJwk }
  const { refusal } = await broker.attest({ session, runtimeData, at, ...make(runtimeData) })
  const { released } = await broker.release({ by: { session }, namespace: 'default', resource: RESOURCE, at })
  return {
    secret: released === undefined ? undefined : decrypt(released.jwe, keys.privateKey),
    code: refusal?.code,
    reason: (await broker.why('default', refusal?.id ?? ''))?.reasons[0] ?? '',
  }
}

test('soundness 4: a report that the host asked for gets nothing, whatever a reference set allows', async (t) => {
  const authority = createAmdAuthority('Genoa')
  const leafKey = generateKey('P-384')
  const at = makeSnp({ authority, leafKey }).at
  for (const [vmpl, secret] of [
    [0, SECRET],
    [0xffffffff, undefined],
  ] as const) {
    const made = (digest: Uint8Array): ReturnType<typeof makeSnp> =>
      makeSnp({
        authority,
        leafKey,
        report: { vmpl, reportData: Buffer.from(digest).toString('hex').padEnd(128, '0') },
      })
    const { collateral, anchor, expectations } = made(new Uint8Array(48))
    const plain = openVerifier({ trustAnchors: [anchor] })
    const bytes = writeSnpTable(collateral)
    const companions = [{ kind: 'certificate-table', from: 'the host', bytes }] as const
    const verifier = { ...plain, recognise: (evidence: unknown) => ({ ...plain.recognise(evidence), companions }) }
    const { measurement, minTcb } = expectations
    const values = { measurement, minTcb, allowHostRequested: true }
    const found = await asked(t, verifier, at, [{ tee: 'snp', values }], (runtime) => ({
      evidence: made(primaryDigest(runtime, '')).evidence,
    }))
    assert.equal(found.secret, secret, found.reason)
    assert.equal(found.code, secret === undefined ? 'evidence-unbound' : undefined)
  }
})

const AT = new Date('2026-06-15T12:00:00Z')
const SECONDS = AT.getTime() / 1000
const NRAS = 'https://nras.attestation.nvidia.com'
const VERIFIER = 'https://verifier.example'
const [DEVICES, MACHINES] = [generateKey('P-384'), generateKey('P-256')]

function signed(key: typeof DEVICES, alg: 'ES256' | 'ES384', claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part({ alg, kid: 'one' })}.${part({ iat: SECONDS, exp: SECONDS + 300, ...claims })}`
  const hash = alg === 'ES256' ? 'sha256' : 'sha384'
  const signature = sign(hash, Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}

/** What NVIDIA's service answers whoever has a GPU, to a nonce of theirs. */
function ofGpu(nonce: string): string {
  const device = signed(DEVICES, 'ES384', {
    iss: NRAS,
    measres: 'success',
    dbgstat: 'disabled',
    'x-nvidia-gpu-driver-version': '550.90.07',
    'x-nvidia-gpu-vbios-version': '96.00.9F.00.01',
  })
  const digest = createHash('sha256').update(device).digest('hex')
  const main = signed(DEVICES, 'ES384', {
    iss: NRAS,
    eat_nonce: nonce,
    'x-nvidia-overall-att-result': true,
    submods: { 'GPU-0': ['DIGEST', ['SHA-256', digest]] },
  })
  return JSON.stringify([['JWT', main], { 'GPU-0': device }])
}

/** An attestation result of a verifier that appraised parts of these names. */
function ofParts(nonce: string, names: readonly string[]): string {
  return signed(MACHINES, 'ES256', {
    iss: VERIFIER,
    eat_nonce: nonce,
    eat_profile: 'tag:github.com,2023:veraison/ear',
    'ear.verifier-id': { developer: 'test', build: '1' },
    submods: Object.fromEntries(names.map((name) => [name, { 'ear.status': 'affirming' }])),
  })
}

test('soundness 10: a token about GPUs alone gets nothing; beside that of their machine it counts', async (t) => {
  const jwks = (key: typeof DEVICES): string =>
    JSON.stringify({ keys: [{ ...key.publicKey.export({ format: 'jwk' }), kid: 'one' }] })
  const keySets = [
    { issuer: NRAS, jwks: jwks(DEVICES) },
    { issuer: VERIFIER, jwks: jwks(MACHINES) },
  ]
  const verifier = openVerifier({ tokens: { keySets } })
  const VERSIONS = { driverVersions: ['550.90.07'], vbiosVersions: ['96.00.9F.00.01'] }
  const sets = [
    ...['cpu0', 'gpu0', 'nvidia-gpu-1'].map((name) => ({ tee: 'token', values: { appraisals: [name] } })),
    { tee: 'token', values: VERSIONS },
  ]
  const short = (digest: Uint8Array): string => Buffer.from(digest).toString('base64url')
  const gets = (
    make: (nonce: string) => string,
    additional: (runtime: AttestRequest['runtimeData']) => string = () => '',
  ): ReturnType<typeof asked> =>
    asked(t, verifier, AT, sets, (runtime) => {
      const additionalEvidence = additional(runtime)
      return { evidence: Buffer.from(make(short(primaryDigest(runtime, additionalEvidence)))), additionalEvidence }
    })
  for (const make of [
    ofGpu,
    (nonce: string) => ofParts(nonce, ['gpu0', 'gpu1']),
    (nonce: string) => ofParts(nonce, ['nvidia-gpu-1']),
  ]) {
    const { secret, code, reason } = await gets(make)
    assert.equal(secret, undefined)
    assert.equal(code, 'evidence-unbound')
    assert.match(reason, /GPU.*send it as additional evidence/)
  }
  const whole = await gets((nonce) => ofParts(nonce, ['cpu0', 'gpu0']))
  assert.equal(whole.secret, SECRET, whole.reason)
  const beside = await gets(
    (nonce) => ofParts(nonce, ['cpu0']),
    (runtime) => JSON.stringify({ token: ofGpu(Buffer.from(deviceDigest(runtime)).toString('hex')) }),
  )
  assert.equal(beside.secret, SECRET, beside.reason)
})

test('an entity attestation token gets what its reference set allows, for the session that it names and no other', async (t) => {
  const jwks = JSON.stringify({ keys: [{ ...MACHINES.publicKey.export({ format: 'jwk' }), kid: 'one' }] })
  const verifier = openVerifier({ tokens: { keySets: [{ issuer: VERIFIER, jwks }] } })
  const device = (nonce: string, change: object = {}): string =>
    signed(MACHINES, 'ES256', {
      ...{ iss: VERIFIER, eat_nonce: nonce, eat_profile: 'tag:maker.example,2026:gateway' },
      ...{ oemboot: true, dbgstat: 'disabled', swname: 'Gateway OS', ...change },
    })
  const values = verifier.skeleton(verifier.recognise(Buffer.from(device('a-nonce-of-nobody'))))
  assert.deepEqual(values, {
    secureBoot: true,
    profiles: ['tag:maker.example,2026:gateway'],
    claims: { swname: 'Gateway OS' },
  })
  const gets = (make: (nonce: string) => string): ReturnType<typeof asked> =>
    asked(t, verifier, AT, [{ tee: 'token', values }], (runtime) => ({
      evidence: Buffer.from(make(Buffer.from(primaryDigest(runtime, '')).toString('base64url'))),
    }))
  const whole = await gets(device)
  assert.equal(whole.secret, SECRET, whole.reason)
  for (const [make, code] of [
    [() => device('a-nonce-of-nobody'), 'evidence-misbound'],
    [(nonce: string) => device(nonce, { dbgstat: 'enabled' }), 'debug-enabled'],
    [(nonce: string) => device(nonce, { swname: 'Another OS' }), 'reference-mismatch'],
    [(nonce: string) => device(nonce, { eat_profile: 'tag:maker.example,2026:modem' }), 'reference-mismatch'],
  ] as const) {
    const found = await gets(make)
    assert.deepEqual([found.secret, found.code], [undefined, code], found.reason)
  }
})
