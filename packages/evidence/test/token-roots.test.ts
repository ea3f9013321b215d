import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { describe, it } from 'node:test'
import {
  basicConstraints,
  type CertificateOptions,
  distinguishedName,
  generateKey,
  issueCertificate,
  type KeyPair,
  keyUsage,
  spkiSha256,
} from '@sekisho/emulator/kit'
import type { Check, TrustAnchor, Verdict } from '../src/core/verdict.ts'
import { verifyTokenSync } from '../src/token/index.ts'

const AT = new Date('2026-06-15T12:00:00Z')
const [LEAF, ROOT] = [generateKey('P-256'), generateKey('P-256')]
const KEYS: readonly KeyPair[] = [LEAF, generateKey('P-256'), ROOT]
const STRANGER = generateKey('P-256')
const NAMES = ['signer', 'authority', 'root'].map((name) => distinguishedName(['CN', name]))

/** A certificate by its place: 0 the signer's, 1 the authority's, 2 the root's. */
function certificate(place: number, change: Partial<CertificateOptions> = {}): Uint8Array {
  const above = Math.min(place + 1, 2)
  return issueCertificate({
    subject: NAMES[place] ?? assert.fail(),
    issuer: NAMES[above] ?? assert.fail(),
    serial: place + 1,
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2027-01-01T00:00:00Z'),
    subjectKey: KEYS[place] ?? assert.fail(),
    issuerKey: KEYS[above] ?? assert.fail(),
    algorithm: 'ecdsa-p256-sha256',
    extensions:
      place === 0
        ? [basicConstraints(false), keyUsage('digitalSignature')]
        : [basicConstraints(true, place - 1), keyUsage('keyCertSign')],
    ...change,
  })
}

const CHAIN: readonly Uint8Array[] = [certificate(0), certificate(1), certificate(2)]
const base64 = (chain: readonly Uint8Array[]): readonly string[] =>
  chain.map((der) => Buffer.from(der).toString('base64'))

function anchor(key: KeyPair): TrustAnchor {
  return { id: 'named', name: 'named by the caller', vendor: 'test', spkiSha256: spkiSha256(key) }
}

/** An attestation result: a kind of token whose keys are the caller's to know. */
const RESULT = {
  iss: 'https://issuer.example',
  eat_profile: 'tag:github.com,2023:veraison/ear',
  'ear.verifier-id': { developer: 'test', build: '1' },
  submods: { workload: { 'ear.status': 'affirming' } },
}

interface Made {
  /** Certificates of the key in the set, and in the token's header; none unless said. */
  readonly set?: readonly Uint8Array[]
  readonly header?: readonly Uint8Array[]
  readonly signer?: KeyPair
  readonly kid?: string
  readonly roots?: readonly KeyPair[]
}

function judged({ set, header, signer = LEAF, kid = 'k', roots }: Made): Verdict {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const seconds = AT.getTime() / 1000
  const head = { alg: 'ES256', kid, ...(header === undefined ? {} : { x5c: base64(header) }) }
  const signed = `${part(head)}.${part({ ...RESULT, iat: seconds, exp: seconds + 300 })}`
  const signature = sign('sha256', Buffer.from(signed), { key: signer.privateKey, dsaEncoding: 'ieee-p1363' })
  const jwk = { ...LEAF.publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256' }
  const jwks = JSON.stringify({ keys: [{ ...jwk, ...(set === undefined ? {} : { x5c: base64(set) }) }] })
  return verifyTokenSync(Buffer.from(`${signed}.${signature.toString('base64url')}`), {
    at: AT,
    keySet: { issuer: 'https://issuer.example', jwks },
    ...(roots === undefined ? {} : { trustAnchors: roots.map(anchor) }),
  })
}

function checks(verdict: Verdict): readonly Check[] {
  return verdict.checks.flatMap((group) => group.checks).filter(({ phase }) => phase === 'authenticity')
}

/** The checks of authenticity that fail, and none but these. */
function assertFails(verdict: Verdict, ...ids: readonly string[]): void {
  const failed = checks(verdict).filter(({ outcome }) => outcome === 'fail')
  assert.deepEqual(
    failed.map(({ id }) => id),
    ids,
  )
  for (const { remedy, reason } of failed) assert.ok(remedy !== undefined && reason !== '')
  assert.equal(verdict.authenticity, ids.length === 0 ? 'proven' : 'refuted')
}

function outcome(verdict: Verdict, id: string): string | undefined {
  return checks(verdict).find((one) => one.id === id)?.outcome
}

const CHAIN_IDS = ['readable', 'path', 'signatures', 'dates'].map((id) => `token.chain.${id}`)

describe('certificates of a key set, judged to roots that the caller named', () => {
  for (const where of ['set', 'header'] as const) {
    it(`with the certificates in the ${where}: the root is the anchor`, () => {
      const verdict = judged({ [where]: CHAIN, roots: [STRANGER, ROOT] })
      assertFails(verdict)
      for (const id of [...CHAIN_IDS, 'token.key.trusted']) assert.equal(outcome(verdict, id), 'pass', id)
      const trusted = checks(verdict).find(({ id }) => id === 'token.key.trusted')
      assert.deepEqual([trusted?.anchor, trusted?.reason], ['named', 'the root is trusted'])
    })

    for (const [name, chain, failed] of [
      ['no root', CHAIN.slice(0, 2), ['token.key.trusted', 'token.chain.path', 'token.chain.signatures']],
      [
        'an authority that ran out',
        [CHAIN[0], certificate(1, { notAfter: new Date('2026-06-15T11:59:59Z') }), CHAIN[2]],
        ['token.chain.dates'],
      ],
      [
        'a signer that is not valid yet',
        [certificate(0, { notBefore: new Date('2026-06-15T12:00:01Z') }), CHAIN[1], CHAIN[2]],
        ['token.chain.dates'],
      ],
      [
        'an authority that is none',
        [CHAIN[0], certificate(1, { extensions: [basicConstraints(false)] }), CHAIN[2]],
        ['token.chain.path'],
      ],
      [
        'an authority that another made',
        [CHAIN[0], certificate(1, { issuerKey: STRANGER }), CHAIN[2]],
        ['token.chain.signatures'],
      ],
      [
        'a root of another key by the same name',
        [
          CHAIN[0],
          certificate(1, { issuerKey: STRANGER }),
          certificate(2, { subjectKey: STRANGER, issuerKey: STRANGER }),
        ],
        ['token.key.trusted'],
      ],
    ] as const) {
      it(`with ${name} in the ${where}: refused, and not asked for where no root is named`, () => {
        const known = chain.filter((der) => der !== undefined)
        assertFails(judged({ [where]: known, roots: [ROOT] }), ...failed)
        assertFails(judged({ [where]: known }))
      })
    }
  }

  it('without certificates anywhere there is nothing that leads to a root', () => {
    assertFails(judged({ roots: [ROOT] }), 'token.key.trusted')
    assertFails(judged({}))
  })

  it('a key that is named itself needs none, and those it has are not asked', () => {
    const expired = [certificate(0, { notAfter: new Date('2026-02-01T00:00:00Z') }), CHAIN[1], CHAIN[2]]
    const verdict = judged({ set: expired.filter((der) => der !== undefined), roots: [LEAF] })
    assertFails(verdict)
    for (const id of CHAIN_IDS) assert.equal(outcome(verdict, id), 'not-applicable', id)
  })

  it("the key set's certificates count, not better ones in the token", () => {
    const other = [
      certificate(0, { issuerKey: STRANGER }),
      certificate(2, { subjectKey: STRANGER, issuerKey: STRANGER }),
    ]
    const failed = checks(judged({ set: other, header: CHAIN, roots: [ROOT] })).filter(
      ({ outcome }) => outcome === 'fail',
    )
    assert.ok(failed.some(({ id }) => id === 'token.key.trusted'))
  })

  it('a root that has certified somebody else does not make his key a key of the set', () => {
    const his = certificate(0, { subjectKey: STRANGER })
    const header = [his, ...CHAIN.slice(1)]
    assertFails(judged({ set: CHAIN, header, signer: STRANGER, kid: 'other', roots: [ROOT] }), 'token.key.known')
    assertFails(judged({ set: CHAIN, header, signer: STRANGER, roots: [ROOT] }), 'token.chain.leaf', 'token.signature')
    assertFails(judged({ header, signer: STRANGER, roots: [ROOT] }), 'token.chain.leaf', 'token.signature')
  })
})

describe('certificates in the header of a token whose key set is given', () => {
  it('of the key: fine, with roots and without', () => {
    assert.equal(outcome(judged({ header: CHAIN }), 'token.chain.leaf'), 'pass')
    assert.equal(outcome(judged({}), 'token.chain.leaf'), 'not-applicable')
  })

  it('of another key, or unreadable: refused, with roots and without', () => {
    const other = [certificate(0, { subjectKey: STRANGER }), ...CHAIN.slice(1)]
    assertFails(judged({ header: other }), 'token.chain.leaf')
    assertFails(judged({ header: other, set: CHAIN, roots: [ROOT] }), 'token.chain.leaf')
    assertFails(judged({ header: [Uint8Array.of(0x30, 0)] }), 'token.chain.leaf')
    assertFails(judged({ header: [] }), 'token.chain.leaf')
  })

  it('of another key in the set itself: the key is not used', () => {
    assertFails(judged({ set: [certificate(0, { subjectKey: STRANGER }), ...CHAIN.slice(1)] }), 'token.key.readable')
  })
})

describe('certificates in the key that a token shows', () => {
  // As the attestation service of Confidential Containers writes it.
  const iss = 'CoCo-Attestation-Service'
  function shown(x5c: readonly Uint8Array[], jwk: KeyPair = LEAF, signer: KeyPair = LEAF): Uint8Array {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const seconds = AT.getTime() / 1000
    const key = { ...jwk.publicKey.export({ format: 'jwk' }), alg: 'ES256', x5c: base64(x5c) }
    const head = { typ: 'JWT', alg: 'ES256', jwk: key }
    const signed = `${part(head)}.${part({ ...RESULT, iss, eat_nonce: 'a nonce of mine', iat: seconds, exp: seconds + 300 })}`
    const signature = sign('sha256', Buffer.from(signed), { key: signer.privateKey, dsaEncoding: 'ieee-p1363' })
    return Buffer.from(`${signed}.${signature.toString('base64url')}`)
  }
  const EXPECTED = { nonce: 'a nonce of mine', appraisals: Object.keys(RESULT.submods) }
  const judge = (token: Uint8Array, root: KeyPair = ROOT, issuer: string = iss): Verdict =>
    verifyTokenSync(token, { at: AT, trustAnchors: [anchor(root)], issuer, expect: EXPECTED })

  it('lead to a root that the caller names', () => {
    const verdict = judge(shown(CHAIN))
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.deepEqual(
      verdict.anchors.map(({ id }) => id),
      ['named'],
    )
    assert.equal(judge(shown(CHAIN), ROOT, 'another').outcome, 'rejected')
    const unsaid = verifyTokenSync(shown(CHAIN), { at: AT, trustAnchors: [anchor(ROOT)] })
    assert.equal(outcome(unsaid, 'token.issuer'), 'unchecked')
  })

  it('prove nothing under another root, with another key or another signer, or alone', () => {
    for (const [token, root] of [
      [shown(CHAIN), STRANGER],
      [shown(CHAIN, STRANGER, STRANGER), ROOT],
      [shown(CHAIN, STRANGER), ROOT],
      [shown(CHAIN, LEAF, STRANGER), ROOT],
      [shown(CHAIN.slice(0, 1)), LEAF],
      [shown([]), ROOT],
    ] as const)
      assert.equal(judge(token, root).outcome, 'rejected')
    assert.notEqual(verifyTokenSync(shown(CHAIN), { at: AT }).authenticity, 'proven')
  })
})
