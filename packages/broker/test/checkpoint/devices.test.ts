import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { deviceDigest, primaryDigest } from '../../src/checkpoint/binding.ts'
import type { AttestOutcome, Broker, Verifier } from '../../src/index.ts'
import { type FakeEvidence, fakeVerifier } from './fake-verifier.ts'
import { ACTOR, brokerOver, decrypt, furnish, newDatabase, RESOURCE, SECRET, teeKeys } from './kit.ts'

const AT = new Date()
const BY = { actor: ACTOR, at: AT }
const [MACHINE, GPU] = ['a1'.repeat(48), 'b2'.repeat(48)]

/** Evidence of a machine or, by its measurement, of a GPU. */
const verifier: Verifier = {
  ...fakeVerifier,
  recognise(evidence) {
    const received = fakeVerifier.recognise(evidence)
    return { ...received, tee: JSON.stringify(evidence).includes(GPU) ? 'nvidia-gpu' : 'snp' }
  },
  async verify(received, request) {
    const judged = await fakeVerifier.verify(received, request)
    return { ...judged, verdict: { ...judged.verdict, tee: received.tee } }
  },
}

async function brokerFor(t: TestContext): Promise<Broker> {
  const broker = await brokerOver(await newDatabase(t), verifier)
  await furnish(broker, 'default', AT)
  for (const [tee, measurement] of [
    ['snp', MACHINE],
    ['nvidia-gpu', GPU],
  ] as const) {
    const set = { name: tee, tee, values: { measurement: [measurement] }, owner: ACTOR, provenance: { kind: 'manual' } }
    await broker.admin.putReference('default', set, BY)
  }
  return broker
}

async function exchange(
  broker: Broker,
  primary: string,
  devices: boolean | ((gpu: FakeEvidence) => string),
): Promise<{ readonly outcome: AttestOutcome; readonly secret: string | undefined }> {
  const keys = teeKeys()
  const { session, nonce } = await broker.challenge({ namespace: 'default', protocol: 'kbs', at: AT })
  const runtimeData = { nonce, 'tee-pubkey': keys.publicJwk }
  const of = (measurement: string, digest: Uint8Array): FakeEvidence => ({
    genuine: true,
    measurement,
    reportData: Buffer.from(digest).toString('hex'),
  })
  const gpu = of(GPU, deviceDigest(runtimeData))
  const textOf =
    typeof devices === 'function' ? devices : (): string => (devices ? JSON.stringify({ nvidia: gpu }) : '')
  const additionalEvidence = textOf(gpu)
  const evidence = of(primary, primaryDigest(runtimeData, additionalEvidence))
  const outcome = await broker.attest({ session, evidence, additionalEvidence, runtimeData, at: AT })
  const released = await broker.release({ by: { session }, namespace: 'default', resource: RESOURCE, at: AT })
  const jwe = released.released?.jwe
  return { outcome, secret: jwe === undefined ? undefined : decrypt(jwe, keys.privateKey) }
}

test('a GPU beside its confidential VM is judged with it, and the secret goes to the machine', async (t) => {
  const broker = await brokerFor(t)
  const { secret } = await exchange(broker, MACHINE, true)
  assert.equal(secret, SECRET)
  const [released] = await broker.decisions('default', { outcome: 'released' })
  const again = await broker.reverify('default', released?.id ?? '')
  assert.equal(again?.result, 'confirmed', JSON.stringify(again?.steps))
  const recorded = await broker.recordedEvidence('default', released?.id ?? '')
  assert.deepEqual(
    recorded?.pieces.map(({ name, reference }) => [name, reference]),
    [
      ['cpu-0', 'snp'],
      ['nvidia-gpu-0', 'nvidia-gpu'],
    ],
  )
})

test('soundness 10: a GPU alone gets nothing, however genuine: nothing shows that the key is in a TEE', async (t) => {
  const broker = await brokerFor(t)
  for (const withGpu of [false, true]) {
    const { outcome, secret } = await exchange(broker, GPU, withGpu)
    assert.equal(secret, undefined)
    assert.equal(outcome.refusal?.code, 'evidence-unbound')
    const why = await broker.why('default', outcome.refusal.id ?? '')
    assert.match(why?.reasons[0] ?? '', /GPU.*send it as additional evidence/)
  }
})

test('additional evidence that is none, or not that of the devices it says, gets nothing', async (t) => {
  const broker = await brokerFor(t)
  const nine = (gpu: FakeEvidence): string =>
    JSON.stringify(Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`gpu-${i}`, gpu])))
  const one = (name: string, change: object) => (gpu: FakeEvidence) => JSON.stringify({ [name]: { ...gpu, ...change } })
  const cases: readonly (readonly [text: (gpu: FakeEvidence) => string, code: string, reason: RegExp])[] = [
    ...['{', '1', 'null', '[]'].map((text) => [() => text, 'evidence-unreadable', /another value/] as const),
    [nine, 'evidence-unreadable', /another value/],
    [one('snp', {}), 'evidence-unreadable', /of nvidia-gpu under another name/],
    [(gpu) => JSON.stringify({ nvidia: gpu, 'nvidia-gpu': gpu }), 'evidence-unreadable', /nvidia-gpu under two names/],
    [one('nvidia', { genuine: false }), 'evidence-rejected', /./],
    [one('nvidia', { reportData: '00'.repeat(64) }), 'evidence-misbound', /./],
    [one('nvidia', { measurement: 'c3'.repeat(48), is: GPU }), 'reference-mismatch', /./],
  ]
  for (const [text, code, reason] of cases) {
    const { outcome, secret } = await exchange(broker, MACHINE, text)
    assert.deepEqual([secret, outcome.refusal?.code], [undefined, code])
    const why = await broker.why('default', outcome.refusal?.id ?? '')
    assert.match(why?.reasons.join('; ') ?? '', reason)
  }
})
