import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { basicConstraints, distinguishedName, issueCertificate, keyUsage, namedKey } from '@sekisho/emulator/kit'
import { canonicalJson } from '../src/core/canonical.ts'
import { EvidenceError } from '../src/core/errors.ts'
import {
  encodeAttest,
  encodePublic2b,
  encodeSignature,
  parseAttest,
  parsePublic,
  parseSignature,
  parseTpmJson,
  type TpmVerifyOptions,
  tpmCheckIds,
  tpmFields,
  verifyTpmSync,
} from '../src/tpm/index.ts'
import { tpmStory } from '../src/tpm/verify.ts'
import { settleOnTheWeb } from './settle-on-the-web.ts'
import { AT, check, file, json, SYNTHETIC_NONCE, synthetic } from './tpm-kit.ts'
import { missing } from './vectors.ts'

const skip = missing('tpm') || missing('measured-boot')

describe('TPM structures', { skip }, () => {
  it('come out byte for byte as they were read', () => {
    for (const name of [
      'rsassa',
      'rsapss',
      'ecdsa-p256',
      'ecdsa-p384-sha384',
      'ecdsa-short-integers',
      'select-four-bytes',
      'two-banks-other-order',
      'type-certify',
    ]) {
      const { message, signature, akPublic } = synthetic(name).evidence
      assert.deepEqual(encodeAttest(parseAttest(message)), message)
      assert.deepEqual(encodeSignature(parseSignature(signature)), signature)
      assert.deepEqual(encodePublic2b(parsePublic(akPublic ?? new Uint8Array())).subarray(2), akPublic)
    }
    const sized = file('tpm/software-tpm-three-pcrs/ak-public.tpm2b')
    assert.deepEqual(encodePublic2b(parsePublic(sized)), sized)
  })

  it('cut short at any length are refused by name', () => {
    const { message, signature, akPublic } = synthetic('rsassa').evidence
    for (const [bytes, parse] of [
      [message, parseAttest],
      [signature, parseSignature],
      [akPublic ?? new Uint8Array(), parsePublic],
    ] as const) {
      for (let length = 0; length < bytes.length; length++)
        assert.throws(() => parse(bytes.subarray(0, length)), EvidenceError)
      assert.throws(
        () => parse(new Uint8Array([...bytes, 0])),
        (error) => error instanceof EvidenceError,
      )
    }
  })
})

describe('TPM quote', { skip }, () => {
  it('is verified with an enrolled key, named PCRs and a nonce', () => {
    const { evidence, anchor } = synthetic('rsassa')
    const pcrs = Object.fromEntries(
      Object.entries(evidence.pcrs?.['sha256'] ?? {})
        .filter(([index]) => Number(index) < 8)
        .map(([index, value]) => [index, [value]]),
    )
    const verdict = verifyTpmSync(evidence, {
      at: AT,
      trustAnchors: [anchor],
      expect: { nonce: SYNTHETIC_NONCE, pcrs, allowEmulated: true },
    })
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.equal(verdict.emulated, true)
  })

  it('with one bit of any byte turned is not accepted as it was', () => {
    for (const name of ['rsassa', 'ecdsa-p256']) {
      const { evidence, anchor } = synthetic(name)
      for (const member of ['message', 'signature'] as const) {
        for (let at = 0; at < evidence[member].length; at++) {
          const bytes = new Uint8Array(evidence[member])
          bytes[at] = (bytes[at] as number) ^ (1 << (at % 8))
          try {
            const verdict = verifyTpmSync({ ...evidence, [member]: bytes }, { at: AT, trustAnchors: [anchor] })
            assert.equal(verdict.authenticity, 'refuted', `${name} ${member} byte ${at}`)
          } catch (error) {
            assert.ok(error instanceof EvidenceError)
          }
        }
      }
    }
  })

  it('of another key, or with its parts swapped, is refuted', () => {
    const one = synthetic('rsassa')
    const other = synthetic('ecdsa-p256')
    for (const evidence of [
      { ...one.evidence, signature: other.evidence.signature },
      { ...one.evidence, akPublic: other.evidence.akPublic ?? new Uint8Array() },
    ]) {
      const verdict = verifyTpmSync(evidence, { at: AT, trustAnchors: [one.anchor, other.anchor] })
      assert.equal(check(verdict, 'tpm.quote.signature').outcome, 'fail')
    }
  })

  it('has the same verdict by WebCrypto, also with a PSS salt', async () => {
    for (const name of ['rsapss', 'rsassa', 'ecdsa-p384-sha384', 'signature-flipped', 'sha1-signature']) {
      const { evidence, anchor } = synthetic(name)
      const options = { at: AT, trustAnchors: [anchor], expect: { reportData: SYNTHETIC_NONCE } }
      const story = tpmStory(evidence, options)
      let turn = story.next()
      while (turn.done !== true) {
        await settleOnTheWeb(turn.value)
        turn = story.next()
      }
      assert.equal(canonicalJson(turn.value), canonicalJson(verifyTpmSync(evidence, options)), name)
    }
  })

  it('by nobody known proves nothing, and says what to do', () => {
    const { evidence } = synthetic('rsassa')
    const verdict = verifyTpmSync(evidence, { at: AT })
    assert.equal(verdict.authenticity, 'unproven')
    assert.match(check(verdict, 'tpm.ak.trust').remedy?.action ?? '', /certificate of the AK/)
  })

  it('finds its issuer among authorities of one name by key identifier', () => {
    const { evidence } = synthetic('rsassa')
    const root = 'tpm/gce-ek-ak-certificates'
    const chain = [`${root}/ca/gcp_ek_ak_ca_intermediate_v3.der`, `${root}/ca/gcp_ek_ak_ca_root.der`].map(file)
    const key = namedKey('another intermediate', 'P-256')
    const namesake = issueCertificate({
      subject: distinguishedName(
        ['C', 'US'],
        ['ST', 'California'],
        ['L', 'Mountain View'],
        ['O', 'Google LLC'],
        ['OU', 'Google Cloud'],
        ['CN', 'EK/AK CA Intermediate'],
      ),
      issuer: distinguishedName(['CN', 'root']),
      serial: 7,
      notBefore: new Date('2020-01-01T00:00:00Z'),
      notAfter: new Date('2040-01-01T00:00:00Z'),
      subjectKey: key,
      issuerKey: key,
      algorithm: 'ecdsa-p256-sha256',
      extensions: [
        basicConstraints(true),
        keyUsage('keyCertSign'),
        { oid: '2.5.29.14', value: Uint8Array.of(4, 1, 9) },
      ],
    })
    for (const above of [
      [namesake, ...chain],
      [...chain, namesake],
    ]) {
      const certificates = [file(`${root}/pca_tpm_rsa_sign_cert.der`), ...above]
      const verdict = verifyTpmSync({ ...evidence, certificates }, { at: AT })
      assert.equal(check(verdict, 'tpm.chain.signatures').outcome, 'pass')
      assert.equal(check(verdict, 'tpm.chain.pinned').outcome, 'pass')
    }
  })

  it('is trusted through a credential activation, but not for another key', () => {
    const { evidence } = synthetic('rsassa')
    const root = 'tpm/gce-ek-ak-certificates'
    const ekCertificates = [
      file(`${root}/pca_tpm_rsa_enc_cert.der`),
      file(`${root}/ca/gcp_ek_ak_ca_intermediate_v3.der`),
      file(`${root}/ca/gcp_ek_ak_ca_root.der`),
    ]
    const akName = json<{ expect: { akPublic: { name: string } } }>('tpm/synthetic/rsassa/case.json').expect.akPublic
      .name
    const good = verifyTpmSync(evidence, { at: AT, activation: { akName, ekCertificates } })
    assert.equal(good.authenticity, 'proven', good.summary)
    const other = verifyTpmSync(evidence, { at: AT, activation: { akName: `000b${'00'.repeat(32)}`, ekCertificates } })
    assert.equal(check(other, 'tpm.ak.trust').outcome, 'fail')
    const ak = verifyTpmSync(evidence, {
      at: AT,
      activation: { akName, ekCertificates: [file(`${root}/pca_tpm_rsa_sign_cert.der`), ...ekCertificates.slice(1)] },
    })
    assert.equal(check(ak, 'tpm.chain.usage').outcome, 'fail')
  })

  it('without PCR values is not verified by an empty list of expected PCRs', () => {
    const { evidence, anchor } = synthetic('rsassa')
    const { pcrs: _pcrs, ...bare } = evidence
    const expect = { nonce: SYNTHETIC_NONCE, allowEmulated: true, pcrs: {} }
    const verdict = verifyTpmSync(bare, { at: AT, trustAnchors: [anchor], expect })
    assert.equal(check(verdict, 'tpm.expect.measurement').outcome, 'unchecked')
    assert.equal(verdict.outcome, 'incomplete')
  })

  it('2. and 36. is not verified by PCRs that whatever booted can write, nor by a digest over PCRs that nobody named', () => {
    const { evidence, anchor } = synthetic('wrong-selection')
    const { sha256 = {} } = evidence.pcrs ?? {}
    const judge = (expect: TpmVerifyOptions['expect']) =>
      verifyTpmSync(evidence, {
        at: AT,
        trustAnchors: [anchor],
        expect: { nonce: SYNTHETIC_NONCE, allowEmulated: true, ...expect },
      })
    const pcrs = { 16: [sha256['16'] ?? ''], 23: [sha256['23'] ?? ''] }
    const pinned = judge({ pcrs })
    assert.equal(pinned.outcome, 'incomplete')
    assert.equal(check(pinned, 'tpm.expect.base-pcrs').outcome, 'unchecked')
    assert.match(check(pinned, 'tpm.expect.base-pcrs').remedy?.action ?? '', /PCR 4 or 7/)
    const measurement = [Buffer.from(parseAttest(evidence.message).quote?.pcrDigest ?? []).toString('hex')]
    const digest = judge({ measurement })
    assert.equal(digest.outcome, 'incomplete')
    assert.equal(check(digest, 'tpm.expect.base-pcrs').outcome, 'unchecked')
    assert.equal(check(judge({ measurement, requiredPcrs: [16] }), 'tpm.expect.base-pcrs').outcome, 'unchecked')
    // Named in full it is clear, and still of registers that anybody writes.
    const named = judge({ measurement, requiredPcrs: [16, 23] })
    assert.match(check(named, 'tpm.expect.base-pcrs').reason, /PCR 16, 23: whatever booted writes there/)
    assert.equal(named.outcome, 'incomplete')
  })

  it('of the SHA-1 bank alone stands in for a better one only where that was allowed', () => {
    const { evidence, anchor } = synthetic('weak-bank-only')
    const judge = (expect: TpmVerifyOptions['expect']) =>
      check(
        verifyTpmSync(evidence, { at: AT, trustAnchors: [anchor], expect: { requiredPcrs: [0, 7], ...expect } }),
        'tpm.expect.selection',
      ).outcome
    assert.equal(judge({}), 'fail')
    assert.equal(judge({ allowSha1: true }), 'pass')
    assert.equal(judge({ bank: 'sha1' }), 'pass')
  })

  it('names every check once, and waives only what may be', () => {
    assert.equal(new Set(tpmCheckIds()).size, tpmCheckIds().length)
    assert.deepEqual(tpmCheckIds('waivable'), [
      'tpm.expect.measurement',
      'tpm.expect.base-pcrs',
      'tpm.expect.open-pcrs',
      'tpm.expect.report-data',
      'tpm.expect.freshness',
    ])
    const { evidence, anchor } = synthetic('rsassa')
    assert.throws(
      () => verifyTpmSync(evidence, { at: AT, trustAnchors: [anchor], waive: ['tpm.quote.signature'] }),
      TypeError,
    )
  })

  it('reads from JSON, and shows each field once', () => {
    const { evidence } = synthetic('rsassa')
    const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
    const text = JSON.stringify({
      tpm: {
        message: base64(evidence.message),
        signature: base64(evidence.signature),
        akPublic: base64(evidence.akPublic ?? new Uint8Array()),
        pcrs: evidence.pcrs,
      },
    })
    const read = parseTpmJson(new TextEncoder().encode(text))
    assert.deepEqual(read.message, evidence.message)
    const paths = tpmFields(read).map(({ path }) => path)
    assert.equal(new Set(paths).size, paths.length)
    for (const wrong of [
      '{}',
      '[]',
      '{"tpm":{}}',
      '{"tpm":{"message":"!","signature":""}}',
      '{"tpm":{"message":"AA","signature":"AA","x":1}}',
      '{"tpm":{"message":"AA","signature":"AA","pcrs":{"md5":{}}}}',
      '{"tpm":{"message":"AA","signature":"AA","pcrs":{"sha1":{"24":""}}}}',
    ]) {
      assert.throws(() => parseTpmJson(new TextEncoder().encode(wrong)), EvidenceError, wrong)
    }
  })
})
