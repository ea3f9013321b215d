import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import {
  basicConstraints,
  distinguishedName,
  type Extension,
  generateKey,
  issueCertificate,
  type KeyPair,
  keyUsage,
  spkiSha256,
} from '@sekisho/emulator/kit'
import type { Verdict } from '../src/core/verdict.ts'
import { parsePublic, type TpmVerifyOptions, verifyTpmSync } from '../src/tpm/index.ts'
import { AT, check, synthetic } from './tpm-kit.ts'
import { missing } from './vectors.ts'

const ROOT = generateKey('P-384')
const NAME = distinguishedName(['CN', 'a maker of TPMs'])
const EK_USAGE = '2.5.29.37 2.23.133.8.1'
const AK_USAGE = '2.5.29.37 2.23.133.8.3'
// SEQUENCE { OBJECT IDENTIFIER 2.23.133.8.n }
const USAGES: Readonly<Record<string, Extension>> = {
  [EK_USAGE]: { oid: '2.5.29.37', value: Uint8Array.of(0x30, 7, 6, 5, 0x67, 0x81, 5, 8, 1) },
  [AK_USAGE]: { oid: '2.5.29.37', value: Uint8Array.of(0x30, 7, 6, 5, 0x67, 0x81, 5, 8, 3) },
}

function certificate(key: KeyPair, extensions: readonly Extension[], subject: Uint8Array): Uint8Array {
  const times = { notBefore: new Date('2020-01-01'), notAfter: new Date('2040-01-01') }
  const issued = { issuer: NAME, serial: 7, issuerKey: ROOT, algorithm: 'ecdsa-p384-sha384' as const }
  return issueCertificate({ subject, subjectKey: key, extensions, ...times, ...issued })
}

const ROOT_CERTIFICATE = certificate(ROOT, [basicConstraints(true), keyUsage('keyCertSign', 'cRLSign')], NAME)

/** The same key, marked as one of RSAES-OAEP: the last byte of the algorithm's OID is 7 in place of 1. */
function forDecryption(key: KeyPair): KeyPair {
  const spki = new Uint8Array(key.spki)
  const at = Buffer.from(spki).indexOf(Buffer.from('2a864886f70d010101', 'hex'))
  spki[at + 8] = 7
  return { ...key, spki }
}

function verdictOf(also: Partial<TpmVerifyOptions>, certificates?: readonly Uint8Array[]): Verdict {
  const { evidence } = synthetic('ecdsa-p256')
  const anchor = { id: 'root', name: 'a root', vendor: 'test', spkiSha256: spkiSha256(ROOT), emulated: true }
  const given = certificates === undefined ? evidence : { ...evidence, certificates }
  return verifyTpmSync(given, { at: AT, trustAnchors: [anchor], expect: { allowEmulated: true }, ...also })
}

describe('certificates of endorsement keys', { skip: missing('tpm') }, () => {
  const area = parsePublic(synthetic('ecdsa-p256').evidence.akPublic ?? new Uint8Array())
  const akName = `000b${createHash('sha256').update(area.bytes).digest('hex')}`
  const subject = distinguishedName(['CN', 'a TPM'])
  const key = generateKey('RSA-2048')

  it('may mark the key as one of RSAES-OAEP', () => {
    for (const ek of [key, forDecryption(key)]) {
      const leaf = certificate(ek, [keyUsage('keyEncipherment'), USAGES[EK_USAGE] ?? assert.fail()], subject)
      const verdict = verdictOf({ activation: { akName, ekCertificates: [leaf, ROOT_CERTIFICATE] } })
      assert.equal(check(verdict, 'tpm.chain.algorithms').outcome, 'pass')
      assert.equal(verdict.authenticity, 'proven')
    }
  })

  it('may have critical policies with known qualifiers, as those of STMicroelectronics; what asks for one is refused', () => {
    // anyPolicy with a pointer to a statement of practice; the pointer's number is the last but 5 bytes.
    const policies = '301b30190604551d20003011300f06082b060105050702011603757269'
    const judged = (oid: string, hex: string): string => {
      const critical: Extension = { oid, critical: true, value: new Uint8Array(Buffer.from(hex, 'hex')) }
      const leaf = certificate(key, [keyUsage('keyEncipherment'), USAGES[EK_USAGE] ?? assert.fail(), critical], subject)
      return check(
        verdictOf({ activation: { akName, ekCertificates: [leaf, ROOT_CERTIFICATE] } }),
        'tpm.chain.constraints',
      ).outcome
    }
    for (const good of [policies, '3008300606042a030405', policies.replace('0702011603', '0702021603')])
      assert.equal(judged('2.5.29.32', good), 'pass', good)
    for (const bad of [
      policies.replace('0702011603', '0702031603'),
      `${policies}00`,
      '300a300806042a0304050500',
      '0500',
    ])
      assert.equal(judged('2.5.29.32', bad), 'fail', bad)
    // Policy constraints, with requireExplicitPolicy 0.
    assert.equal(judged('2.5.29.36', '3003800100'), 'fail')
  })

  it('may sign as well, if it decrypts and is marked as one', () => {
    const judged = (use: Extension, eku: string): string => {
      const leaf = certificate(key, [use, USAGES[eku] ?? assert.fail()], subject)
      const verdict = verdictOf({ activation: { akName, ekCertificates: [leaf, ROOT_CERTIFICATE] } })
      return check(verdict, 'tpm.chain.usage').outcome
    }
    assert.equal(judged(keyUsage('digitalSignature', 'keyEncipherment'), EK_USAGE), 'pass')
    assert.equal(judged(keyUsage('digitalSignature'), EK_USAGE), 'fail')
    assert.equal(judged(keyUsage('digitalSignature', 'keyEncipherment'), AK_USAGE), 'fail')
  })

  it('no other key may be marked so: it signs nothing', () => {
    const ak = certificate(
      forDecryption(key),
      [keyUsage('digitalSignature'), USAGES[AK_USAGE] ?? assert.fail()],
      subject,
    )
    assert.equal(check(verdictOf({}, [ak, ROOT_CERTIFICATE]), 'tpm.chain.algorithms').outcome, 'fail')
    const authority = certificate(forDecryption(key), [basicConstraints(true), keyUsage('keyCertSign')], subject)
    const leaf = issueCertificate({
      subject: distinguishedName(['CN', 'another TPM']),
      issuer: subject,
      serial: 8,
      notBefore: new Date('2020-01-01'),
      notAfter: new Date('2040-01-01'),
      subjectKey: generateKey('P-256'),
      issuerKey: key,
      algorithm: 'rsa-pkcs1-sha384',
      extensions: [keyUsage('keyAgreement'), USAGES[EK_USAGE] ?? assert.fail()],
    })
    const ekCertificates = [leaf, authority, ROOT_CERTIFICATE]
    assert.equal(check(verdictOf({ activation: { akName, ekCertificates } }), 'tpm.chain.algorithms').outcome, 'fail')
  })

  it('count from the first to the last second that each names, both included', () => {
    const [first, last] = [new Date('2025-03-01T00:00:00Z'), new Date('2025-09-01T00:00:00Z')]
    const made = (own: KeyPair, subject: Uint8Array, extensions: readonly Extension[], short: boolean): Uint8Array =>
      issueCertificate({
        subject,
        issuer: NAME,
        serial: 9,
        notBefore: short ? first : new Date('2020-01-01'),
        notAfter: short ? last : new Date('2040-01-01'),
        subjectKey: own,
        issuerKey: ROOT,
        algorithm: 'ecdsa-p384-sha384',
        extensions,
      })
    for (const short of ['leaf', 'root']) {
      const ekCertificates = [
        made(key, subject, [keyUsage('keyEncipherment'), USAGES[EK_USAGE] ?? assert.fail()], short === 'leaf'),
        made(ROOT, NAME, [basicConstraints(true), keyUsage('keyCertSign')], short === 'root'),
      ]
      for (const [time, ms, fails] of [
        [first, -1000, 'tpm.chain.not-before'],
        [first, 0, undefined],
        [first, 1000, undefined],
        [last, -1000, undefined],
        [last, 0, undefined],
        [last, 1000, 'tpm.chain.not-after'],
      ] as const) {
        const verdict = verdictOf({ at: new Date(time.getTime() + ms), activation: { akName, ekCertificates } })
        const failed = ['tpm.chain.not-before', 'tpm.chain.not-after'].filter(
          (id) => check(verdict, id).outcome === 'fail',
        )
        assert.deepEqual(failed, fails === undefined ? [] : [fails], `${short} ${ms}`)
        assert.equal(verdict.authenticity, fails === undefined ? 'proven' : 'refuted')
      }
    }
  })
})
