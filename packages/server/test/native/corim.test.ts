import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { kbsEvidence } from '@sekisho/emulator'
import {
  AMD_CLASS,
  AMD_PROFILE,
  amdLaunchDigest,
  amdMeasurement,
  cbor,
  INTEL_PROFILE,
  type Members,
  makeCorim,
  ofClass,
} from '@sekisho/emulator/kit'
import { type ApiClient, apiClient, type Told } from '../kit/api.ts'
import { CANARY, type Machine, PERMIT, RESOURCE, sharedWorld, startCheckpoint } from '../kit/checkpoint.ts'
import { binding, decryptAsClient, teeKeys } from '../kit/kbs-client.ts'

const IMPORT = '/api/v1/namespaces/default/references/import?name=vendor'
const TD_CLASS = '1.2.3.4'

interface Guest {
  readonly machine: Machine
  /** What its evidence measures, as expectations. */
  readonly values: Readonly<Record<string, unknown>>
  readonly api: ApiClient
  readonly admin: ApiClient
}

/** A checkpoint that has a secret and a policy, and no reference values. */
async function guest(t: TestContext, machine: Machine): Promise<Guest> {
  const checkpoint = await startCheckpoint(t)
  const by = { actor: 'tester', at: new Date() }
  const { admin } = checkpoint.broker
  await admin.createNamespace('default', by)
  await admin.putSecret('default', { path: RESOURCE, bytes: Buffer.from(CANARY), contentType: 'text/plain' }, by)
  await admin.setPolicy('default', PERMIT, by)
  const { verifier, url } = checkpoint
  const received = verifier.recognise(kbsEvidence(machine.tee, machine.attest(new Uint8Array(48))))
  return {
    machine,
    values: { ...verifier.skeleton(received) },
    api: await apiClient(url),
    admin: await apiClient(url, await checkpoint.token(['admin'])),
  }
}

/** Attests over the socket and asks for the secret; its value, or why there was none. */
async function request({ machine, api }: Guest): Promise<string> {
  const { tee } = machine
  const keys = teeKeys()
  const challenge = await api.call('POST', '/api/v1/workload/challenge', { json: { namespace: 'default', tee } })
  const [session, nonce] = [String(challenge.json['session']), String(challenge.json['nonce'])]
  const evidence = kbsEvidence(tee, machine.attest(binding(nonce, keys.publicJwk)))
  const body = { session, tee, evidence, runtimeData: { nonce, 'tee-pubkey': keys.publicJwk } }
  const attested = await api.call('POST', '/api/v1/workload/attest', { json: body })
  const released = await api.call('POST', '/api/v1/workload/release', { json: { resource: RESOURCE, session } })
  // Whoever was refused has no session to ask with.
  if (released.status !== 200) return `${attested.status} ${attested.json['code']}`
  return decryptAsClient(
    released.json['jwe'] as Parameters<typeof decryptAsClient>[0],
    keys.privateKey,
  ).plaintext.toString()
}

function imported({ admin }: Guest, corim: Uint8Array, more = ''): Promise<Told> {
  return admin.call('POST', `${IMPORT}${more}`, { bytes: corim })
}

// Genoa's layout: bootloader first, microcode last.
function minTcbOf({ values }: Guest): bigint {
  const { bootloader, tee, snp, microcode } = Object(values['minTcb']) as Record<
    'bootloader' | 'tee' | 'snp' | 'microcode',
    number
  >
  return Buffer.of(bootloader, tee, 0, 0, 0, 0, snp, microcode).readBigUInt64LE()
}

const hexOf = (value: unknown): Buffer => Buffer.from(String(value), 'hex')

describe('reference values of a CoRIM at a checkpoint', () => {
  it('release a secret to the SNP guest that it is of, and to no other', async (t) => {
    const one = await guest(t, sharedWorld().snp())
    const tcb = minTcbOf(one)
    const corim = (measurement: Uint8Array, environment: Members = ofClass(AMD_CLASS.chip), low = tcb): Uint8Array =>
      makeCorim({
        profile: AMD_PROFILE,
        triples: [
          { environment, measurements: [amdLaunchDigest(measurement), amdMeasurement(3329, [[1, cbor.minSvn(low)]])] },
        ],
      })
    const measurement = hexOf(one.values['measurement'])
    assert.equal(await request(one), '403 reference-missing')
    for (const wrong of [
      corim(Buffer.alloc(48, 0xee)),
      corim(measurement, ofClass(AMD_CLASS.csp)),
      corim(measurement, ofClass(AMD_CLASS.chip, [[2, cbor.text('Milan')]])),
      corim(measurement, [...ofClass(AMD_CLASS.chip), [1, cbor.tagged(Buffer.alloc(64, 0xee))]]),
      corim(measurement, ofClass(AMD_CLASS.chip), tcb + 1n),
    ]) {
      const told = await imported(one, wrong)
      assert.equal(told.status, 201, told.text)
      assert.match(await request(one), /^403 /)
    }
    assert.equal((await imported(one, corim(measurement))).status, 201)
    assert.equal(await request(one), CANARY)
    const stored = await one.admin.call('GET', '/api/v1/namespaces/default/references/vendor')
    assert.deepEqual(stored.json['provenance'], { kind: 'corim' })
    assert.deepEqual(Object(stored.json['values'])['measurement'], [measurement.toString('hex')])
  })

  it('release a secret to the TD that it is of, and to no other', async (t) => {
    const one = await guest(t, sharedWorld().tdx())
    const registers = [0, 1, 2, 3].flatMap((n) => {
      const value = one.values[`rtmr${n}`]
      return value === undefined ? [] : [[n, cbor.array([cbor.digest(7, hexOf(value))])] as const]
    })
    const corim = (mrtd: Uint8Array): Uint8Array => {
      const mval = cbor.map([
        [-83, cbor.digest(7, mrtd)],
        [14, cbor.map(registers)],
      ])
      return makeCorim({
        profile: INTEL_PROFILE,
        triples: [{ environment: ofClass(TD_CLASS), measurements: [[[1, mval]]] }],
      })
    }
    const mrtd = hexOf(one.values['measurement'])
    const unnamed = await imported(one, corim(mrtd))
    assert.equal(unnamed.status, 400)
    assert.match(unnamed.text, /no reference values of SNP guests.*class 1\.2\.3\.4/)
    assert.equal((await imported(one, corim(Buffer.alloc(48, 0xee)), `&tdClass=${TD_CLASS}`)).status, 201)
    assert.equal(await request(one), '403 reference-mismatch')
    assert.equal((await imported(one, corim(mrtd), `&tdClass=${TD_CLASS}`)).status, 201)
    assert.equal(await request(one), CANARY)
  })

  it('store nothing where it says more than can be compared, but what the caller leaves out', async (t) => {
    const one = await guest(t, sharedWorld().snp())
    const version: Members = amdMeasurement(0, [[0, cbor.map([[0, cbor.text('3')]])]])
    const measurements = [amdLaunchDigest(hexOf(one.values['measurement'])), version]
    const corim = makeCorim({ profile: AMD_PROFILE, triples: [{ environment: ofClass(AMD_CLASS.chip), measurements }] })
    const told = await imported(one, corim)
    assert.equal(told.status, 400)
    assert.match(
      told.text,
      /corim\.tags\[0\]\.reference-triples\[0\]\.measurements\[1\].*VERSION, which nothing compares/,
    )
    assert.deepEqual((await one.admin.call('GET', '/api/v1/namespaces/default/references')).json['references'], [])
    assert.equal((await imported(one, corim, '&without=VERSION')).status, 201)
    for (const bad of ['&without=', '&without=a%20b', '&tdClass=oid', `&tdClass=${'1.'.repeat(99)}1`])
      assert.equal((await imported(one, corim, bad)).status, 400, bad)
  })

  it('name the sets of an earlier import that a later one did not replace', async (t) => {
    const one = await guest(t, sharedWorld().snp())
    const measurement = hexOf(one.values['measurement'])
    const triple = (digest: Uint8Array) => ({
      environment: ofClass(AMD_CLASS.chip),
      measurements: [amdLaunchDigest(digest), amdMeasurement(3329, [[1, cbor.minSvn(minTcbOf(one))]])],
    })
    const corim = (...digests: readonly Uint8Array[]): Uint8Array =>
      makeCorim({ profile: AMD_PROFILE, triples: digests.map(triple) })
    const other = Buffer.alloc(48, 0xee)
    assert.deepEqual((await imported(one, corim(other, measurement))).json['staying'], [])
    const later = await imported(one, corim(other))
    assert.deepEqual([later.json['names'], later.json['staying']], [['vendor'], ['vendor-1', 'vendor-2']])
    assert.equal(await request(one), CANARY)
    await one.admin.call('DELETE', '/api/v1/namespaces/default/references/vendor-2')
    assert.equal(await request(one), '403 reference-mismatch')
  })
})
