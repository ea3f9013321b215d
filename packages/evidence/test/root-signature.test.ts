import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { basicConstraints, distinguishedName, flipBit, issueCertificate, namedKey } from '@sekisho/emulator/kit'
import { settleNow } from '#crypto'
import type { DigestJob, Job, SignatureJob } from '../src/crypto/jobs.ts'
import { settle } from '../src/crypto/web.ts'
import { INTEL_ROOT_CERTIFICATES } from '../src/dcap/anchors.ts'
import { AWS_NITRO_ROOT_CERTIFICATES } from '../src/nitro/anchors.ts'
import { NVIDIA_ROOT_CERTIFICATES } from '../src/nvidia/anchors.ts'
import { AMD_ROOT_CERTIFICATES } from '../src/snp/anchors.ts'
import { type Certificate, parseCertificate } from '../src/x509/certificate.ts'
import { knownRoots, rootSignature } from '../src/x509/root-signature.ts'
import { missing, VECTORS } from './vectors.ts'

const CA = namedKey('a root', 'P-384')
const NAME = distinguishedName(['CN', 'a root'])
const DER = issueCertificate({
  subject: NAME,
  issuer: NAME,
  serial: 1,
  subjectKey: CA,
  issuerKey: CA,
  algorithm: 'ecdsa-p384-sha384',
  extensions: [basicConstraints(true)],
  notBefore: new Date('2020-01-01T00:00:00Z'),
  notAfter: new Date('2050-01-01T00:00:00Z'),
})

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function jobOf(der: Uint8Array, published: readonly string[]): SignatureJob {
  const job = rootSignature(parseCertificate(der), published)
  assert.ok(job)
  return job
}

/** Both runtimes' ways of settling. */
const WAYS: Readonly<Record<string, (jobs: readonly SignatureJob[]) => Promise<void>>> = {
  node: async (jobs) => settleNow(jobs),
  web: (jobs) => settle(jobs),
}

describe('the signature of a root', () => {
  for (const [name, settled] of Object.entries(WAYS)) {
    it(`is checked where the certificate is none that was published (${name})`, async () => {
      const good = jobOf(DER, ['00'.repeat(32)])
      // The last byte is of the signature: the same key and name, and not what anybody published.
      const bad = jobOf(flipBit(DER, DER.length - 1), [sha256(DER)])
      await settled([good, bad])
      assert.equal(good.result, true)
      assert.equal(bad.result, false)
    })

    it(`is known of a published certificate, whatever its bytes (${name})`, async () => {
      const damaged = flipBit(DER, DER.length - 1)
      const job = jobOf(damaged, [sha256(damaged)])
      await settled([job])
      assert.equal(job.result, true)
      const { digest } = job.published as { readonly digest: DigestJob }
      assert.equal(Buffer.from(digest.result ?? []).toString('hex'), sha256(damaged))
    })
  }

  it('is the same check for as long as the certificate lives', () => {
    const root = parseCertificate(DER)
    assert.equal(rootSignature(root, []), rootSignature(root, []))
  })
})

describe('roots that are known', () => {
  const published = [sha256(DER)]
  const asked = (der: Uint8Array, among: readonly string[]): { root: Certificate; jobs: readonly Job[] } => {
    const root = parseCertificate(der, knownRoots(among))
    const job = rootSignature(root, among)
    assert.ok(job)
    return { root, jobs: [job, root.digest, root.spkiDigest] }
  }

  it('are those whose digest has shown that they are published, for the list that they are on alone', () => {
    const { root, jobs } = asked(DER, published)
    assert.deepEqual(knownRoots(published), [], 'nothing is known of it yet')
    assert.notEqual(parseCertificate(DER, knownRoots(published)), root)
    settleNow(jobs)
    assert.deepEqual(knownRoots(published), [root])
    assert.equal(parseCertificate(DER, knownRoots(published)), root)
    assert.deepEqual(knownRoots([...published]), [], 'another list is another vendor')
  })

  it('are no others, however well they verify', () => {
    const others = ['00'.repeat(32)]
    const { jobs } = asked(DER, others)
    settleNow(jobs)
    assert.equal(rootSignature(parseCertificate(DER), others)?.result, undefined)
    assert.deepEqual(knownRoots(others), [])
    const damaged = asked(flipBit(DER, DER.length - 1), published)
    settleNow(damaged.jobs)
    assert.ok(!knownRoots(published).includes(damaged.root))
  })

  it('stay as many as are published, however often they are asked about', () => {
    const list = [sha256(DER)]
    for (let i = 0; i < 5; i++) {
      const root = parseCertificate(DER)
      settleNow([rootSignature(root, list) as Job, root.digest, root.spkiDigest])
      assert.equal(knownRoots(list).length, 1)
    }
    const pool = knownRoots(list)
    pool.length = 0
    assert.equal(knownRoots(list).length, 1, "the pool is the caller's own")
  })
})

interface Published {
  readonly products: Readonly<Record<string, { readonly ark: { readonly certificateSha256: string } }>>
  readonly anchors: readonly {
    readonly name: string
    readonly certSha256: string
    readonly certificates: readonly { readonly certificateSha256: string }[]
  }[]
}

describe('published roots', { skip: missing('trust-anchors-amd.json') }, () => {
  const read = (vendor: string): Published =>
    JSON.parse(readFileSync(join(VECTORS, `trust-anchors-${vendor}.json`), 'utf8'))

  it('are the certificates that the vendors hand out, and no others', () => {
    const arks = Object.values(read('amd').products).map(({ ark }) => ark.certificateSha256)
    assert.deepEqual(AMD_ROOT_CERTIFICATES, arks)
    const intel = read('intel').anchors.flatMap((one) => one.certificates.map((each) => each.certificateSha256))
    assert.deepEqual([...INTEL_ROOT_CERTIFICATES].sort(), [...intel].sort())
    const named = new Map(read('others').anchors.map(({ name, certSha256 }) => [name, certSha256]))
    assert.deepEqual(NVIDIA_ROOT_CERTIFICATES, [
      named.get('nvidia-device-identity-root'),
      named.get('nvidia-rim-signing-root'),
    ])
    assert.deepEqual(AWS_NITRO_ROOT_CERTIFICATES, [named.get('aws-nitro-root-g1')])
  })
})
