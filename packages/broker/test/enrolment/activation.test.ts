import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { akNameOf, EnrolmentError, isActivated, startEnrolment } from '../../src/enrolment/activation.ts'
import { join, sized, uint } from '../../src/enrolment/tpm-bytes.ts'
import type { EnrolmentRequest } from '../../src/index.ts'
import { makerNamed, softTpm } from './soft-tpm.ts'

const maker = makerNamed('One Maker')
const tpm = softTpm(maker)
const good = tpm.request()

/** A public area with other attributes: they follow its type and the id of its hash. */
function flipped(area: Uint8Array, bit: number): Uint8Array {
  const changed = Buffer.from(area)
  changed.writeUInt32BE((changed.readUInt32BE(4) ^ (1 << bit)) >>> 0, 4)
  return changed
}

function namedBy(area: Uint8Array, algorithm: number): Uint8Array {
  return join(area.slice(0, 2), uint(algorithm, 2), area.slice(4))
}

function rsa(bits: number): Uint8Array {
  const modulus = new Uint8Array(randomBytes(bits / 8))
  modulus.set([0xc0 | (modulus[0] ?? 0)])
  modulus.set([1 | (modulus.at(-1) ?? 0)], modulus.length - 1)
  const parameters = join(uint(6, 2), uint(128, 2), uint(0x43, 2), uint(0x10, 2), uint(bits, 2), uint(0, 4))
  return join(uint(1, 2), uint(0x0b, 2), uint(0x000300b2, 4), sized(new Uint8Array()), parameters, sized(modulus))
}

describe('an enrolment begins', () => {
  // TPM 2.0 Library, part 2, section 8.3: bits of TPMA_OBJECT.
  const bits = { fixedTPM: 1, fixedParent: 4, sensitiveDataOrigin: 5, restricted: 16, decrypt: 17, sign: 18 }
  const { decrypt, sign, ...both } = bits
  const rows: readonly (readonly [what: string, Partial<EnrolmentRequest>, RegExp])[] = [
    ...Object.entries({ ...both, sign }).map(
      ([name, bit]) =>
        [
          `an AK that is not ${name}`,
          { akPublic: flipped(good.akPublic, bit) },
          new RegExp(`^akPublic.*not ${name}`),
        ] as const,
    ),
    ...Object.entries({ ...both, decrypt }).map(
      ([name, bit]) =>
        [
          `an EK that is not ${name}`,
          { ekPublic: flipped(good.ekPublic, bit) },
          new RegExp(`^ekPublic.*not ${name}`),
        ] as const,
    ),
    ['an AK that may decrypt', { akPublic: flipped(good.akPublic, decrypt) }, /^akPublic.*may also decrypt/],
    ['an EK that may sign', { ekPublic: flipped(good.ekPublic, sign) }, /^ekPublic.*may also sign/],
    ['an AK that SHA-1 names', { akPublic: namedBy(good.akPublic, 4) }, /^akPublic.*is not accepted/],
    ['a short RSA key', { ekPublic: rsa(1024) }, /^ekPublic.*1024 bits only/],
    ['an RSA key with the certificate of another', { ekPublic: rsa(2048) }, /for another endorsement key/],
    [
      'the certificate of another',
      { ekCertificates: softTpm(maker).request().ekCertificates },
      /for another endorsement key/,
    ],
    ['no certificate', { ekCertificates: [] }, /there is no certificate/],
    ['what is no certificate', { ekCertificates: [new Uint8Array(9)] }, /cannot be read/],
    ['what is no key', { akPublic: good.akPublic.slice(1) }, /^akPublic: no public area/],
  ]
  for (const [what, change, why] of rows)
    it(`not with ${what}`, () => {
      assert.throws(
        () => startEnrolment({ ...good, ...change }),
        (error) => error instanceof EnrolmentError && why.test(error.message),
      )
    })

  it('with keys that are what they must be, and ends with their secret alone', () => {
    const { credential, pending } = startEnrolment(good)
    const secret = tpm.open(credential, good.akPublic)
    assert.equal(isActivated(pending, secret), true)
    for (const wrong of [new Uint8Array(), new Uint8Array(32), secret.slice(1), secret.map((byte) => byte ^ 1)])
      assert.equal(isActivated(pending, wrong), false)
    assert.equal(isActivated({ secretSha256: pending.secretSha256.slice(1) }, secret), false)
    const name = createHash('sha256').update(good.akPublic).digest('hex')
    assert.equal(pending.akName, `000b${name}`)
  })

  it('with a key that another hash names', () => {
    const lengths = (['sha1', 'sha256', 'sha384', 'sha512'] as const).map(
      (nameAlg) => akNameOf({ nameAlg, bytes: good.akPublic })?.length,
    )
    assert.deepEqual(lengths, [undefined, 34, 50, 66])
  })
})
