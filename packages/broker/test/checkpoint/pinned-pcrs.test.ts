import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { primaryDigest } from '../../src/checkpoint/binding.ts'
import { openVerifier, type Verifier } from '../../src/index.ts'
import { type FakeEvidence, fakeVerifier } from './fake-verifier.ts'
import { attested, brokerOver, furnish, newDatabase, sharedWorld, teeKeys } from './kit.ts'

const AT = new Date()
const BY = { actor: 'tester', at: AT }
const ZEROS = '00'.repeat(32)

async function codeWith(t: TestContext, pcrs: Readonly<Record<string, readonly string[]>>): Promise<string> {
  const machine = sharedWorld().tpm({ pcrs: [0, 4, 7, 8, 11, 23] })
  const broker = await brokerOver(await newDatabase(t), openVerifier({ trustAnchors: sharedWorld().anchors }))
  await furnish(broker, 'default', AT)
  const { pcrs: own, ...reference } = machine.reference()
  const set = { name: 'mine', tee: 'tpm', values: { ...reference, pcrs: { ...own, ...pcrs } }, owner: 'tester' }
  await broker.admin.putReference('default', set, BY)
  const { outcome } = await attested(broker, machine, { namespace: 'default', at: AT, keys: teeKeys() })
  return outcome.refusal?.code ?? 'released'
}

test('reference values may pin PCRs of zeros and of applications', async (t) => {
  const { pcrs } = sharedWorld().tpm()
  assert.deepEqual([pcrs[11], pcrs[23]], [ZEROS, ZEROS], 'what this test is about')
  assert.equal(await codeWith(t, {}), 'released')
  for (const index of [11, 23])
    assert.equal(await codeWith(t, { [index]: ['ab'.repeat(32)] }), 'reference-mismatch', `PCR ${index}`)
})

test('a set that pins the digest over all registers is met by that machine alone, whatever else is stored', async (t) => {
  const own = sharedWorld().tpm()
  const broker = await brokerOver(await newDatabase(t), openVerifier({ trustAnchors: sharedWorld().anchors }))
  await furnish(broker, 'default', AT)
  const requiredPcrs = own.reference().requiredPcrs
  // By name, the set of another machine comes first.
  for (const [name, measurement] of [
    ['a-other', 'ab'.repeat(32)],
    ['b-own', own.measurement],
  ])
    await broker.admin.putReference(
      'default',
      { name, tee: 'tpm', values: { measurement: [measurement], requiredPcrs }, owner: 'tester' },
      BY,
    )
  const { outcome } = await attested(broker, own, { namespace: 'default', at: AT, keys: teeKeys() })
  assert.equal(outcome.refusal?.code, undefined)
})

test('a refusal for reference values has a reason, also where the verdict is as it should be', async (t) => {
  const measurement = 'a5'.repeat(48)
  const verifier: Verifier = {
    ...fakeVerifier,
    skeleton: () => ({ measurement: ['ff'.repeat(48)] }),
    verify: (received, request) =>
      fakeVerifier.verify(received, { ...request, expect: { ...request.expect, measurement: [measurement] } }),
  }
  const broker = await brokerOver(await newDatabase(t), verifier)
  await furnish(broker, 'default', AT)
  const reasons = async (): Promise<readonly string[] | undefined> => {
    const { session, nonce } = await broker.challenge({ namespace: 'default', protocol: 'kbs', tee: 'snp', at: AT })
    const runtimeData = { nonce, 'tee-pubkey': teeKeys().publicJwk }
    const reportData = Buffer.from(primaryDigest(runtimeData, '')).toString('hex')
    const evidence: FakeEvidence = { genuine: true, measurement, reportData }
    const { refusal } = await broker.attest({ session, evidence, runtimeData, at: AT })
    assert.equal(refusal?.code, 'reference-missing')
    return (await broker.why('default', refusal?.id ?? ''))?.reasons
  }
  assert.deepEqual(await reasons(), ['no reference set is for evidence of snp: store one with what is known'])
  const set = { name: 'other', tee: 'snp', values: { measurement: [measurement] }, owner: 'tester' }
  await broker.admin.putReference('default', set, BY)
  assert.deepEqual(await reasons(), ['the reference set other comes nearest, and differs in measurement'])
})
