import assert from 'node:assert/strict'
import { createPublicKey, sign } from 'node:crypto'
import { describe, it } from 'node:test'
import {
  basicConstraints,
  type CertificateOptions,
  distinguishedName,
  type Extension,
  type IssuingAlgorithm,
  issueCertificate,
  type KeyPair,
  keyUsage,
  namedKey,
  spkiSha256,
  toPem,
  utf8,
} from '@sekisho/emulator/kit'
import { EvidenceError } from '../../src/core/errors.ts'
import type { Verdict } from '../../src/core/verdict.ts'
import { verifyIasSync } from '../../src/ias/index.ts'
import { verifyNitroSync } from '../../src/nitro/index.ts'
import { verifyTokenSync } from '../../src/token/index.ts'
import { parsePublic, publicKeyOf, spkiOf, verifyTpmSync } from '../../src/tpm/index.ts'
import { archive, CA, CA_NAME, ANCHOR as IAS_ANCHOR, AT as IAS_AT, SIGNER, WINDOW } from '../ias-kit.ts'
import { makeDocument, ANCHOR as NITRO_ANCHOR, AT as NITRO_AT } from '../nitro-kit.ts'
import { deviceChain, diceFwid, hexTlv, judge as judgeNvidia, pem, seq, tlv } from '../nvidia-kit.ts'
import { synthetic, AT as TPM_AT } from '../tpm-kit.ts'
import { missing } from '../vectors.ts'

type Change = Partial<CertificateOptions>
interface Changes {
  readonly leaf?: Change
  readonly authority?: Change
  readonly root?: Change
}

/** A verifier of a chain of certificates: the leaf, the authority above it, and a root that may be the same. */
interface Door {
  readonly skip?: string | false
  readonly leaf: readonly Extension[]
  readonly authority: readonly Extension[]
  /** A key that signs nothing in the chain, of a kind that could. */
  readonly stranger: KeyPair
  /** Another algorithm that certificates are signed with. */
  readonly otherAlgorithm: IssuingAlgorithm
  /** Whether the root is a certificate above the authority. */
  readonly threeLevels: boolean
  judge(changes: Changes): Verdict
}

const AUTHORITY = [basicConstraints(true), keyUsage('keyCertSign', 'cRLSign')]
const LEAF = [basicConstraints(false), keyUsage('digitalSignature')]
const P256: readonly KeyPair[] = ['leaf', 'authority', 'root'].map((name) => namedKey(`chain ${name}`, 'P-256'))
const NAMES = ['leaf', 'authority', 'root'].map((name) => distinguishedName(['CN', `made ${name}`]))

function at<T>(list: readonly T[], place: number): T {
  return list[place] ?? assert.fail()
}

/** Leaf, authority and root over keys on P-256. */
function chainOf(changes: Changes, subject: KeyPair, leaf: readonly Extension[]): readonly Uint8Array[] {
  return [changes.leaf, changes.authority, changes.root].map((change, place) => {
    const above = Math.min(place + 1, 2)
    return issueCertificate({
      subject: at(NAMES, place),
      issuer: at(NAMES, above),
      serial: place + 1,
      notBefore: new Date('2025-01-01T00:00:00Z'),
      notAfter: new Date('2027-01-01T00:00:00Z'),
      subjectKey: place === 0 ? subject : at(P256, place),
      issuerKey: at(P256, above),
      algorithm: 'ecdsa-p256-sha256',
      extensions: place === 0 ? leaf : AUTHORITY,
      ...change,
    })
  })
}

const anchor = { id: 'made', name: 'made', vendor: 'test', spkiSha256: spkiSha256(at(P256, 2)), emulated: true }
const TOKEN_AT = new Date('2026-06-15T12:00:00Z')

function judgeToken(changes: Changes): Verdict {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const key = at(P256, 0)
  const x5c = chainOf(changes, key, LEAF).map((der) => Buffer.from(der).toString('base64'))
  const iat = TOKEN_AT.getTime() / 1000
  const claims = {
    iss: 'https://issuer.example',
    iat,
    exp: iat + 300,
    eat_profile: 'tag:github.com,2023:veraison/ear',
    'ear.verifier-id': { developer: 'test', build: '1' },
    submods: { workload: { 'ear.status': 'affirming' } },
  }
  const signed = `${part({ alg: 'ES256', x5c })}.${part(claims)}`
  const signature = sign('sha256', Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
  return verifyTokenSync(Buffer.from(`${signed}.${signature.toString('base64url')}`), {
    at: TOKEN_AT,
    issuer: 'https://issuer.example',
    trustAnchors: [anchor],
  })
}

const AK_USAGE: Extension = { oid: '2.5.29.37', value: seq(hexTlv(0x06, '6781050803')) }

function judgeTpm(changes: Changes): Verdict {
  const { evidence } = synthetic('rsassa')
  const spki = spkiOf(publicKeyOf(parsePublic(evidence.akPublic ?? assert.fail())))
  const publicKey = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  const ak: KeyPair = { privateKey: publicKey, publicKey, spki }
  const certificates = chainOf(changes, ak, [...LEAF, AK_USAGE])
  return verifyTpmSync({ ...evidence, certificates }, { at: TPM_AT, trustAnchors: [anchor] })
}

function judgeIas(changes: Changes): Verdict {
  const authority = issueCertificate({
    ...WINDOW,
    subject: CA_NAME,
    issuer: CA_NAME,
    serial: 1,
    subjectKey: CA,
    issuerKey: CA,
    algorithm: 'rsa-pkcs1-sha384',
    extensions: AUTHORITY,
    ...changes.authority,
  })
  const leaf = issueCertificate({
    ...WINDOW,
    subject: distinguishedName(['CN', 'Intel SGX Attestation Report Signing']),
    issuer: CA_NAME,
    serial: 2,
    subjectKey: SIGNER,
    issuerKey: CA,
    algorithm: 'rsa-pkcs1-sha384',
    extensions: LEAF,
    ...changes.leaf,
  })
  return verifyIasSync(archive({ certificates: [leaf, authority] }), { at: IAS_AT, trustAnchors: [IAS_ANCHOR] })
}

const DOORS: Readonly<Record<string, Door>> = {
  'Nitro document': {
    leaf: LEAF,
    authority: AUTHORITY,
    stranger: namedKey('stranger', 'P-384'),
    otherAlgorithm: 'ecdsa-p256-sha256',
    threeLevels: true,
    judge: ({ leaf = {}, authority = {}, root = {} }) =>
      verifyNitroSync(makeDocument({ certificates: { 3: leaf, 2: authority, 0: root } }), {
        at: NITRO_AT,
        trustAnchors: [NITRO_ANCHOR],
      }),
  },
  'NVIDIA device': {
    leaf: [keyUsage('digitalSignature'), diceFwid()],
    authority: AUTHORITY,
    stranger: namedKey('stranger', 'P-384'),
    otherAlgorithm: 'ecdsa-p256-sha256',
    threeLevels: true,
    judge: ({ leaf = {}, authority = {}, root = {} }) =>
      judgeNvidia({ collateral: { certificateChain: pem(...deviceChain({ 0: leaf, 1: authority, 4: root })) } }),
  },
  token: {
    leaf: LEAF,
    authority: AUTHORITY,
    stranger: namedKey('stranger', 'P-256'),
    otherAlgorithm: 'ecdsa-p384-sha384',
    threeLevels: true,
    judge: judgeToken,
  },
  'TPM attestation key': {
    skip: missing('tpm'),
    leaf: [...LEAF, AK_USAGE],
    authority: AUTHORITY,
    stranger: namedKey('stranger', 'P-256'),
    otherAlgorithm: 'ecdsa-p384-sha384',
    threeLevels: true,
    judge: judgeTpm,
  },
  'archived IAS report': {
    leaf: LEAF,
    authority: AUTHORITY,
    stranger: namedKey('stranger', 'RSA-2048'),
    otherAlgorithm: 'ecdsa-p256-sha256',
    threeLevels: false,
    judge: judgeIas,
  },
}

const CRITICAL: Extension = { oid: '1.2.3.4', critical: true, value: tlv(0x05) }
const PLAIN: Extension = { oid: '1.2.3.4', value: tlv(0x05) }
const PAST = new Date('2020-01-01T00:00:00Z')
const FUTURE = new Date('2040-01-01T00:00:00Z')
const SOMEBODY = distinguishedName(['CN', 'somebody'])

type Attack = (door: Door) => Changes

/** What must never be proven. Of each certificate everything else is right, and its signature is its issuer's. */
const ATTACKS: Readonly<Record<string, Attack>> = {
  'an unknown critical extension in the leaf': ({ leaf }) => ({ leaf: { extensions: [...leaf, CRITICAL] } }),
  'an unknown critical extension in the authority': ({ authority }) => ({
    authority: { extensions: [...authority, CRITICAL] },
  }),
  'an extension twice in the leaf': ({ leaf }) => ({ leaf: { extensions: [...leaf, PLAIN, PLAIN] } }),
  'an extension twice in the authority': ({ authority }) => ({
    authority: { extensions: [...authority, PLAIN, PLAIN] },
  }),
  'an authority that says that it is none': () => ({
    authority: { extensions: [basicConstraints(false), keyUsage('keyCertSign')] },
  }),
  'an authority that does not say that it is one': () => ({ authority: { extensions: [keyUsage('keyCertSign')] } }),
  'an authority of version 1': () => ({ authority: { version: 1, extensions: [] } }),
  'an authority that must not sign certificates': () => ({
    authority: { extensions: [basicConstraints(true), keyUsage('digitalSignature', 'cRLSign')] },
  }),
  'a leaf that is over': () => ({ leaf: { notAfter: PAST, notBefore: new Date('2019-01-01T00:00:00Z') } }),
  'a leaf that is of the future': () => ({ leaf: { notBefore: FUTURE, notAfter: new Date('2041-01-01T00:00:00Z') } }),
  'an authority that is over': () => ({ authority: { notAfter: PAST, notBefore: new Date('2019-01-01T00:00:00Z') } }),
  'a leaf of another issuer by its name': () => ({ leaf: { issuer: SOMEBODY } }),
  'an authority with another name': () => ({ authority: { subject: SOMEBODY } }),
  'a leaf that somebody else signed': ({ stranger }) => ({ leaf: { issuerKey: stranger } }),
  'an authority of the right name with another key': ({ stranger }) => ({ authority: { subjectKey: stranger } }),
  'a leaf with a damaged signature': () => ({ leaf: { corrupt: 'signature' } }),
  'a leaf with a damaged content': () => ({ leaf: { corrupt: 'signed-part' } }),
  'a leaf that names two algorithms': ({ otherAlgorithm }) => ({ leaf: { innerAlgorithm: otherAlgorithm } }),
  'an authority that names two algorithms': ({ otherAlgorithm }) => ({ authority: { innerAlgorithm: otherAlgorithm } }),
}

/** Of authorities that are not themselves the root, whose key is what is trusted. */
const LONG: Readonly<Record<string, Attack>> = {
  'an authority with a damaged signature': () => ({ authority: { corrupt: 'signature' } }),
  'a root that allows no authority below it': () => ({
    root: { extensions: [basicConstraints(true, 0), keyUsage('keyCertSign')] },
  }),
  'an authority that somebody else signed': ({ stranger }) => ({ authority: { issuerKey: stranger } }),
  'an authority of another issuer by its name': () => ({ authority: { issuer: SOMEBODY } }),
  'another root of this name': ({ stranger }) => ({ root: { subjectKey: stranger, issuerKey: stranger } }),
}

// Soundness 46: Node's own reader looks for this first.
const INSIDE = issueCertificate({
  subject: at(NAMES, 2),
  issuer: at(NAMES, 2),
  serial: 9,
  notBefore: PAST,
  notAfter: FUTURE,
  subjectKey: at(P256, 2),
  issuerKey: at(P256, 2),
  algorithm: 'ecdsa-p256-sha256',
})
const EMBEDDED: Extension = { oid: '1.2.3.5', value: utf8(`\n${toPem(INSIDE)}\n`) }

for (const [name, door] of Object.entries(DOORS))
  describe(`soundness 46 and 55: ${name}`, { skip: door.skip ?? false }, () => {
    it('a good chain is proven, also with extensions that nobody must know, and a certificate as text in one', () => {
      const { leaf, authority } = door
      assert.equal(outcomeOf(door, {}), 'proven')
      assert.equal(
        outcomeOf(door, {
          leaf: { extensions: [...leaf, PLAIN, EMBEDDED] },
          authority: { extensions: [...authority, PLAIN] },
        }),
        'proven',
      )
    })
    for (const [what, attack] of Object.entries({ ...ATTACKS, ...(door.threeLevels ? LONG : {}) }))
      it(what, () => assert.notEqual(outcomeOf(door, attack(door)), 'proven'))
  })

function outcomeOf(door: Door, changes: Changes): string {
  try {
    return door.judge(changes).authenticity
  } catch (error) {
    assert.ok(error instanceof EvidenceError, String(error))
    return 'unreadable'
  }
}
