import assert from 'node:assert/strict'
import { createDecipheriv, createHash, createHmac } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { TrustAnchor } from '@sekisho/evidence'
import {
  encodeSeExchange,
  parseSeExchange,
  parseSeHeader,
  parseSeRequest,
  readSeRequestSecrets,
  type SeExchange,
  seMeasuredBytes,
  seRequestJob,
} from '@sekisho/evidence/ibm-se'
import { encodeSevReport } from '@sekisho/evidence/sev'
import { primaryDigest } from '../../src/checkpoint/binding.ts'
import { type AttestOutcome, type Broker, openVerifier, type Verifier, type VerifierOptions } from '../../src/index.ts'
import { ACTOR, brokerOver, decrypt, furnish, newDatabase, RESOURCE, SECRET, teeKeys } from './kit.ts'
import { IAS_TEST_ROOT, iasReport, psaEndorsements, psaToken } from './made-evidence.ts'

const NAMESPACE = 'default'

interface Stage {
  readonly broker: Broker
  readonly verifier: Verifier
  readonly at: Date
}

async function stage(t: TestContext, options: VerifierOptions, at: Date = new Date()): Promise<Stage> {
  const verifier = openVerifier(options)
  const broker = await brokerOver(await newDatabase(t), verifier)
  await furnish(broker, NAMESPACE, at)
  return { broker, verifier, at }
}

/** Reference values of what a piece of evidence is. */
async function refer({ broker, verifier, at }: Stage, sample: unknown): Promise<void> {
  const received = verifier.recognise(sample)
  const values = verifier.skeleton(received)
  assert.notDeepEqual(values, {})
  const set = { name: 'mine', tee: received.tee, values, owner: ACTOR, provenance: { kind: 'manual' } }
  await broker.admin.putReference(NAMESPACE, set, { actor: ACTOR, at })
}

/** A whole exchange: challenge, evidence over its digest, and what can be had with it. */
async function exchange(
  { broker, at }: Stage,
  tee: string,
  make: (digest: Uint8Array, nonce: string) => unknown,
): Promise<{ readonly outcome: AttestOutcome; readonly secret: string | undefined; readonly reasons: string }> {
  const keys = teeKeys()
  const { session, nonce, hash } = await broker.challenge({ namespace: NAMESPACE, protocol: 'kbs', tee, at })
  const runtimeData = { nonce, 'tee-pubkey': keys.publicJwk }
  const outcome = await broker.attest({
    session,
    evidence: make(primaryDigest(runtimeData, '', hash), nonce),
    runtimeData,
    at,
  })
  const released = await broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at })
  const why = outcome.refusal && (await broker.why(NAMESPACE, outcome.refusal.id ?? ''))
  await holdsAgain(broker)
  return {
    outcome,
    secret: released.released === undefined ? undefined : decrypt(released.released.jwe, keys.privateKey),
    reasons: (why?.reasons ?? []).join('\n'),
  }
}

/** Whatever was decided comes out the same when it is verified again; only what was judged can be. */
async function holdsAgain(broker: Broker): Promise<void> {
  for (const { id, appraisal } of await broker.decisions(NAMESPACE)) {
    const again = await broker.reverify(NAMESPACE, id)
    const judged = appraisal !== undefined || again?.steps.length === 1
    assert.equal(again?.result, judged ? 'confirmed' : 'incomplete', JSON.stringify(again?.steps, undefined, 1))
  }
}

test('PSA: a device whose key the operator endorses gets the secret; a replay and another program do not', async (t) => {
  const on = await stage(t, { arm: psaEndorsements() })
  await refer(on, psaToken(new Uint8Array(64)))
  for (const length of [32, 48, 64]) {
    const fitted = (digest: Uint8Array): Uint8Array => Buffer.concat([digest, Buffer.alloc(16)]).subarray(0, length)
    const { outcome, secret, reasons } = await exchange(on, 'psa', (digest) => psaToken(fitted(digest)))
    assert.equal(outcome.refusal, undefined, reasons)
    assert.equal(secret, SECRET)
  }
  const replayed = await exchange(on, 'psa', () => psaToken(new Uint8Array(64).fill(9)))
  assert.equal(replayed.outcome.refusal?.code, 'evidence-misbound')
  assert.equal(replayed.secret, undefined)
  const other = await exchange(on, 'psa', (digest) => psaToken(Buffer.concat([digest, Buffer.alloc(16)]), 7))
  assert.equal(other.outcome.refusal?.code, 'reference-mismatch')
})

test('PSA: without the operator’s keys nobody vouches for a device', async (t) => {
  const on = await stage(t, {})
  await refer(on, psaToken(new Uint8Array(64)))
  const { outcome, secret } = await exchange(on, 'psa', (digest) => psaToken(Buffer.concat([digest, Buffer.alloc(16)])))
  assert.equal(outcome.refusal?.code, 'collateral-missing')
  assert.equal(secret, undefined)
})

test('EPID: the service is no more, and nothing is released on its reports', async (t) => {
  const on = await stage(t, { trustAnchors: [IAS_TEST_ROOT] })
  const received = on.verifier.recognise(iasReport(new Uint8Array(64)))
  assert.deepEqual(on.verifier.skeleton(received), { measurement: ['a1'.repeat(32)] })
  const { outcome, secret, reasons } = await exchange(on, 'sgx-epid', (digest) => iasReport(digest))
  assert.equal(outcome.refusal?.code, 'evidence-unbound')
  assert.match(reasons, /ended in April 2025.*attest the enclave with DCAP/)
  assert.equal(secret, undefined)
  const expect = { measurement: ['a1'.repeat(32)], reportData: '00'.repeat(64), allowEmulated: true }
  const { verdict } = await on.verifier.verify(received, { expect, at: on.at, waive: ['ias.expect.freshness'] })
  assert.equal(verdict.outcome, 'verified', verdict.summary)
})

test('EPID: the announced kind and the evidence must agree', async (t) => {
  const on = await stage(t, { trustAnchors: [IAS_TEST_ROOT] })
  const { outcome } = await exchange(on, 'sgx', (digest) => iasReport(digest))
  assert.equal(outcome.refusal?.code, 'session-mismatch')
})

test('SEV: a report names no key of the guest, and nothing is released on it, whatever its nonce', async (t) => {
  const on = await stage(t, {})
  const report = (nonce: Uint8Array): Uint8Array =>
    encodeSevReport({
      mnonce: nonce.subarray(0, 16),
      launchDigest: new Uint8Array(32).fill(1),
      policy: 1,
      signatureUsage: 0x1002,
      signatureAlgorithm: 2,
      reserved: new Uint8Array(4),
      signature: new Uint8Array(144),
    })
  await refer(on, report(new Uint8Array(16)))
  const { outcome, secret, reasons } = await exchange(on, 'sev', report)
  assert.equal(outcome.refusal?.code, 'evidence-unbound')
  assert.match(reasons, /asked for by the host, who chooses its nonce.*LAUNCH_SECRET/)
  assert.equal(secret, undefined)
})

const VECTORS =
  process.env['SEKISHO_VECTORS'] ?? fileURLToPath(new URL('../../../../../../shared/vectors', import.meta.url))
const skip = existsSync(join(VECTORS, 'ibm-se')) ? false : `needs the vectors of ibm-se in ${VECTORS} (SEKISHO_VECTORS)`

const file = (...path: readonly string[]): Uint8Array => new Uint8Array(readFileSync(join(VECTORS, 'ibm-se', ...path)))

/** The published test chain, whose root is nobody's in production. */
const SE_ROOT: TrustAnchor = {
  id: 'test-root',
  name: 'root of the published test chain',
  vendor: 'test',
  spkiSha256: '8667c3d5906739da1488a60611b631e74aa28e8e36baa49802e5669aaa661d7c',
  emulated: true,
}
const SE_AT = new Date('2025-01-01T00:00:00Z')

function seOptions(change: VerifierOptions['secureExecution'] = {}): VerifierOptions {
  const names = ['ibm.crt', 'inter_ca.crt', 'root_ca.crt', 'root_ca.crl', 'inter_ca.crl', 'ibm.crl', 'host.crt']
  return {
    trustAnchors: [SE_ROOT],
    secureExecution: {
      files: names.map((name) => file('host-key-documents', 'files', name)),
      images: [file('se-header-sample', 'se-header.bin'), file('attestation-valid', 'se-header.bin')],
      requests: [
        {
          request: file('attestation-valid', 'request.pvattest'),
          protectionKey: file('attestation-valid', 'protection-key.bin'),
        },
      ],
      ...change,
    },
  }
}

/** The published exchange answered anew over other user data, as only the Ultravisor could. */
function seAnswer(userData: Uint8Array): SeExchange {
  const published = parseSeExchange(file('attestation-valid', 'response.pvattest'))
  const { entries } = published
  const request = parseSeRequest(entries.request.bytes ?? new Uint8Array())
  const { key, iv, aad, data } = seRequestJob(request, file('attestation-valid', 'protection-key.bin'))
  const cipher = createDecipheriv('aes-256-gcm', key, iv).setAAD(aad ?? new Uint8Array())
  cipher.setAuthTag(data.subarray(-16))
  const secrets = readSeRequestSecrets(Buffer.concat([cipher.update(data.subarray(0, -16)), cipher.final()]))
  const measured = seMeasuredBytes({
    ...parseSeHeader(file('attestation-valid', 'se-header.bin')),
    configUid: entries.configUid.bytes ?? new Uint8Array(),
    userData,
    nonce: secrets.nonce,
    additional: entries.additional.bytes ?? new Uint8Array(),
  })
  const measurement = createHmac('sha512', secrets.measurementKey).update(measured).digest()
  let offset = 64
  const placed = (bytes: Uint8Array | undefined): SeExchange['entries']['request'] => {
    const entry = { size: bytes?.length ?? 0, offset, bytes }
    offset += entry.size
    return entry
  }
  return parseSeExchange(
    encodeSeExchange({
      entries: {
        request: placed(entries.request.bytes),
        measurement: placed(measurement),
        additional: placed(entries.additional.bytes),
        userData: placed(userData),
        configUid: placed(entries.configUid.bytes),
      },
      reserved: published.reserved,
    }),
  )
}

const padded = (digest: Uint8Array): Uint8Array => Buffer.concat([digest, Buffer.alloc(64 - digest.length)])

test('Secure Execution: the guest’s answer to the operator’s request gets the secret', { skip }, async (t) => {
  const on = await stage(t, seOptions(), SE_AT)
  await refer(on, seAnswer(new Uint8Array(64)).bytes)
  const held = on.verifier.skeleton(on.verifier.recognise(seAnswer(new Uint8Array(64)).bytes))
  const header = file('attestation-valid', 'se-header.bin')
  assert.deepEqual(held, { measurement: [createHash('sha256').update(header).digest('hex')] })
  for (const fit of [padded, (digest: Uint8Array) => digest]) {
    const { outcome, secret, reasons } = await exchange(on, 'se', (digest) => seAnswer(fit(digest)).bytes)
    assert.equal(outcome.refusal, undefined, reasons)
    assert.equal(secret, SECRET)
  }
  const replayed = await exchange(on, 'se', () => file('attestation-valid', 'response.pvattest'))
  assert.equal(replayed.outcome.refusal?.code, 'evidence-misbound')
  const forged = await exchange(on, 'se', (digest) => {
    const { entries, reserved } = seAnswer(new Uint8Array(64))
    return encodeSeExchange({
      entries: { ...entries, userData: { ...entries.userData, bytes: padded(digest) } },
      reserved,
    })
  })
  assert.equal(forged.outcome.refusal?.code, 'evidence-rejected')
  assert.equal(forged.secret, undefined)
})

test('Secure Execution: a guest of the KBS protocol hands the challenge to its Ultravisor', { skip }, async (t) => {
  const on = await stage(t, seOptions(), SE_AT)
  await refer(on, seAnswer(new Uint8Array(64)).bytes)
  const nonces: string[] = []
  const { outcome, secret, reasons } = await exchange(on, 'se', (digest, nonce) => {
    nonces.push(nonce)
    const challenge: Readonly<Record<string, unknown>> = JSON.parse(nonce)
    const { entries } = seAnswer(padded(digest))
    const base64 = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('base64')
    assert.equal(challenge['request_blob'], base64(entries.request.bytes))
    assert.equal(challenge['measurement_size'], 64)
    assert.equal(challenge['additional_size'], entries.additional.size)
    assert.equal(Buffer.from(String(challenge['image_hdr_tags']), 'base64').length, 208)
    return {
      measurement: base64(entries.measurement.bytes),
      additional_data: base64(entries.additional.bytes),
      user_data: base64(entries.userData.bytes),
      cuid: base64(entries.configUid.bytes),
      encr_measurement_key: challenge['encr_measurement_key'],
      encr_request_nonce: challenge['encr_request_nonce'],
      image_hdr_tags: challenge['image_hdr_tags'],
    }
  })
  assert.equal(outcome.refusal, undefined, reasons)
  assert.equal(secret, SECRET)
  const { nonce } = await on.broker.challenge({ namespace: NAMESPACE, protocol: 'kbs', tee: 'se', at: SE_AT })
  assert.notEqual(nonce, nonces[0], 'every session has a nonce of its own')
})

test('Secure Execution: evidence of the KBS protocol is bound by SHA-512, of the native API by SHA-384', {
  skip,
}, async (t) => {
  const on = await stage(t, seOptions(), SE_AT)
  await refer(on, seAnswer(new Uint8Array(64)).bytes)
  for (const [protocol, wanted, other] of [
    ['kbs', 'sha512', 'sha384'],
    ['native', 'sha384', 'sha512'],
  ] as const)
    for (const hash of [other, wanted]) {
      const challenge = await on.broker.challenge({ namespace: NAMESPACE, protocol, tee: 'se', at: SE_AT })
      assert.equal(challenge.hash, wanted)
      const { session, nonce } = challenge
      const { x = '', y = '' } = teeKeys().publicJwk
      const key = { alg: 'ECDH-ES+A256KW', crv: 'P-256', kty: 'EC', x, y }
      const bound = JSON.stringify({ 'additional-evidence': '', nonce, 'tee-pubkey': key })
      const evidence = seAnswer(padded(createHash(hash).update(bound).digest())).bytes
      const outcome = await on.broker.attest({
        session,
        evidence,
        runtimeData: { nonce, 'tee-pubkey': key },
        at: SE_AT,
      })
      assert.equal(outcome.refusal?.code, hash === wanted ? undefined : 'evidence-misbound', `${protocol} ${hash}`)
    }
})

test('Secure Execution: an answer to a request that nobody here made proves nothing', { skip }, async (t) => {
  const on = await stage(t, seOptions({ requests: [] }), SE_AT)
  const { outcome, secret, reasons } = await exchange(on, 'se', (digest) => seAnswer(padded(digest)).bytes)
  assert.equal(outcome.refusal?.code, 'evidence-unbound')
  assert.match(reasons, /only to whoever made its request/)
  assert.equal(secret, undefined)
  const document = await exchange(on, 'se', () => file('host-key-documents', 'files', 'host.crt'))
  assert.equal(document.outcome.refusal?.code, 'evidence-unbound')
})

test('Secure Execution: a host key that nobody verified, an image that is not listed', { skip }, async (t) => {
  const unknown = await stage(t, seOptions({ files: [] }), SE_AT)
  await refer(unknown, seAnswer(new Uint8Array(64)).bytes)
  const first = await exchange(unknown, 'se', (digest) => seAnswer(padded(digest)).bytes)
  // Nobody gave the document of the host: nothing is refuted, and nothing proven.
  assert.equal(first.outcome.refusal?.code, 'collateral-missing')
  assert.match(first.reasons, /ibm-se\.hkd\.present/)
  assert.equal(first.secret, undefined)
  const other = await stage(t, seOptions({ images: [file('se-header-sample', 'se-header.bin')] }), SE_AT)
  const second = await exchange(other, 'se', (digest) => seAnswer(padded(digest)).bytes)
  assert.notEqual(second.outcome.refusal, undefined)
  assert.equal(second.secret, undefined)
})

test('Secure Execution: what the operator got wrong is said at the start, without the key', { skip }, () => {
  const request = file('attestation-valid', 'request.pvattest')
  const protectionKey = new Uint8Array(32).fill(0x5a)
  assert.throws(() => openVerifier(seOptions({ requests: [{ request, protectionKey }] })), {
    name: 'TypeError',
    message: 'secureExecution.requests[0]: the protection key does not open the request',
  })
  const image = file('attestation-valid', 'se-header.bin')
  assert.throws(() => openVerifier(seOptions({ images: new Array<Uint8Array>(65).fill(image) })), /at most 64/)
})
