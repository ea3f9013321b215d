import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { basicConstraints, distinguishedName, flipBit, generateKey, keyUsage } from '@sekisho/emulator/kit'
import { cborArray, cborBytes, cborInteger, cborMap, cborText } from '../src/cbor/encode.ts'
import { canonicalJson } from '../src/core/canonical.ts'
import { EvidenceError } from '../src/core/errors.ts'
import { createMemory } from '../src/core/memory.ts'
import type { Check, Verdict } from '../src/core/verdict.ts'
import {
  type NitroClaims,
  type NitroExpectations,
  type NitroPayload,
  nitroCheckIds,
  parseNitroDocument,
  verifyNitroSync,
} from '../src/nitro/index.ts'
import { ANCHOR, AT, makeDocument, makePayload, type NitroChange, NONCE } from './nitro-kit.ts'

const PCR0 = '01'.repeat(48)
const GOOD: NitroExpectations = { measurement: [PCR0], nonce: NONCE, reportData: '010203', allowEmulated: true }

interface Asked extends NitroChange {
  readonly expect?: NitroExpectations
  readonly at?: Date
  readonly realRoots?: true
  readonly waive?: readonly string[]
}

function judged(asked: Asked = {}): Verdict<NitroClaims> {
  return verifyNitroSync(makeDocument(asked), {
    at: asked.at ?? AT,
    expect: { ...GOOD, ...asked.expect },
    ...(asked.realRoots === true ? {} : { trustAnchors: [ANCHOR] }),
    ...(asked.waive === undefined ? {} : { waive: asked.waive }),
  })
}

function check(verdict: Verdict, id: string): Check {
  const found = verdict.checks.flatMap((group) => group.checks).find((one) => one.id === id)
  assert.ok(found, `there is no check ${id}`)
  return found
}

const zeroPcrs = makePayload().pcrs.map(({ index, value }) => ({
  index,
  value: index < 3 ? new Uint8Array(48) : value,
}))
const ES256 = cborMap([[cborInteger(1), cborInteger(-7)]])
const stranger = generateKey('P-384')

/** For every check a change that makes it fail. */
const FAILING: Readonly<Record<string, Asked>> = {
  'nitro.chain.well-formed': { payload: { certificate: Uint8Array.of(0x30, 0) } },
  'nitro.chain.names': { certificates: { 2: { issuer: distinguishedName(['CN', 'somebody']) } } },
  'nitro.chain.constraints': {
    certificates: { 1: { extensions: [basicConstraints(true, 0), keyUsage('keyCertSign')] } },
  },
  'nitro.chain.algorithms': { certificates: { 3: { subjectKey: generateKey('P-256') } } },
  'nitro.root.pinned': { realRoots: true },
  'nitro.root.signature': { certificates: { 0: { corrupt: 'signature' } } },
  'nitro.intermediates.signature': { certificates: { 2: { corrupt: 'signature' } } },
  'nitro.leaf.signature': { certificates: { 3: { issuerKey: stranger } } },
  'nitro.chain.not-before': { at: new Date('2026-06-15T10:59:59Z') },
  'nitro.chain.not-after': { at: new Date('2026-06-15T14:00:01Z') },
  'nitro.document.algorithm': { protected: ES256 },
  'nitro.document.signature': { signer: stranger },
  'nitro.hardware': { expect: { allowEmulated: false } },
  'nitro.debug': { payload: { pcrs: zeroPcrs } },
  'nitro.expect.measurement': { expect: { measurement: ['02'.repeat(48)] } },
  'nitro.expect.signer': { expect: { signer: ['02'.repeat(48)] } },
  'nitro.expect.pcrs': { expect: { pcrs: { 3: ['02'.repeat(48)] } } },
  'nitro.expect.user-data': { expect: { reportData: '010204' } },
  'nitro.expect.public-key': { expect: { publicKey: '01' } },
  'nitro.expect.freshness': { expect: { nonce: 'cd'.repeat(32) } },
  'nitro.expect.instance': { expect: { instanceIds: ['i-0aaaaaaaaaaaaaaaa'] } },
}
/** A register that was extended and not compared is a gap, never a refusal. */
const NEVER_FAIL: readonly string[] = ['nitro.expect.runtime-pcrs']

describe('Nitro: every check', () => {
  it('a good document is verified, and says everything it rests on', () => {
    const verdict = judged()
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.deepEqual(verdict.anchors, [ANCHOR])
    assert.match(verdict.summary, /^EMULATED/)
    canonicalJson(verdict)
  })
  for (const [id, asked] of Object.entries(FAILING)) {
    it(`${id} can fail, with a reason and a remedy`, () => {
      const verdict = judged(asked)
      const failed = check(verdict, id)
      assert.equal(failed.outcome, 'fail', failed.reason)
      assert.ok(failed.reason.length > 10 && (failed.remedy?.action.length ?? 0) > 10)
      assert.equal(verdict.outcome, 'rejected')
      assert.equal(verdict.authenticity, failed.phase === 'authenticity' ? 'refuted' : 'proven')
    })
  }
  it('a protected header that says more than ES384 is none of a document', () => {
    const header = cborMap([
      [cborInteger(1), cborInteger(-35)],
      [cborInteger(3), cborInteger(60)],
    ])
    assert.equal(check(judged({ protected: header }), 'nitro.document.algorithm').outcome, 'fail')
  })
  it('there is no check that was not shown failing', () => {
    assert.deepEqual([...Object.keys(FAILING), ...NEVER_FAIL].sort(), [...nitroCheckIds()].sort())
  })
  it('without expectations a genuine document is incomplete', () => {
    const verdict = verifyNitroSync(makeDocument(), { at: AT, trustAnchors: [ANCHOR], expect: { allowEmulated: true } })
    assert.equal(verdict.outcome, 'incomplete')
    assert.equal(verdict.authenticity, 'proven')
    for (const id of ['measurement', 'user-data', 'freshness'])
      assert.equal(check(verdict, `nitro.expect.${id}`).outcome, 'unchecked')
  })
  it('a register extended at run time is open until it is compared or waived', () => {
    const pcrs = [...makePayload().pcrs, { index: 16, value: new Uint8Array(48).fill(9) }]
    assert.equal(judged({ payload: { pcrs } }).outcome, 'incomplete')
    assert.equal(judged({ payload: { pcrs }, expect: { pcrs: { 16: ['09'.repeat(48)] } } }).outcome, 'verified')
    assert.equal(judged({ payload: { pcrs }, waive: ['nitro.expect.runtime-pcrs'] }).outcome, 'verified')
  })
  it('signatures and the chain cannot be waived', () => {
    assert.throws(() => judged({ waive: ['nitro.document.signature'] }), TypeError)
    assert.throws(() => judged({ waive: ['nitro.root.pinned'] }), TypeError)
  })
  it('a register named in the expectations and absent from the document fails', () => {
    assert.equal(check(judged({ expect: { pcrs: { 31: [PCR0] } } }), 'nitro.expect.pcrs').outcome, 'fail')
  })
  it('age instead of a nonce', () => {
    const { nonce: _, ...expect } = GOOD
    const young = (maxAgeSeconds: number, at = AT): string =>
      check(
        verifyNitroSync(makeDocument(), { at, trustAnchors: [ANCHOR], expect: { ...expect, maxAgeSeconds } }),
        'nitro.expect.freshness',
      ).outcome
    assert.equal(young(5), 'pass')
    assert.equal(young(4), 'fail')
    assert.equal(young(60, new Date(AT.getTime() - 66_000)), 'fail')
  })
  it('a NitroTPM document is read, measured by PCR4, and says what it cannot promise', () => {
    const members = makePayload().members.map((name) => (name === 'pcrs' ? 'nitrotpm_pcrs' : name))
    const verdict = judged({
      payload: { device: 'nitrotpm', members, moduleId: 'i-0123456789abcdef0-tpm0000000000000000' },
      expect: { measurement: ['05'.repeat(48)] },
    })
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.equal(verdict.format, 'NitroTPM attestation document')
    assert.equal(verdict.claims.isolation, 'none')
    assert.ok(verdict.assumed.some(({ id }) => id === 'instance-administrator'))
  })
  it('an instance whose PCR8 has the value of a signer has no signer', () => {
    const { members, pcrs } = makePayload()
    const verdict = judged({
      payload: {
        device: 'nitrotpm',
        members: members.map((name) => (name === 'pcrs' ? 'nitrotpm_pcrs' : name)),
        moduleId: 'i-0123456789abcdef0-tpm0000000000000000',
        pcrs: pcrs.map((pcr) => (pcr.index === 8 ? { ...pcr, value: new Uint8Array(48).fill(9) } : pcr)),
      },
      expect: { measurement: ['05'.repeat(48)], signer: ['09'.repeat(48)], pcrs: { 8: ['09'.repeat(48)] } },
    })
    assert.equal(verdict.outcome, 'rejected')
    assert.match(check(verdict, 'nitro.expect.signer').reason, /NitroTPM names no signer/)
  })
})

describe('Nitro: what cannot be read', () => {
  const raw = (change: (members: Map<string, Uint8Array>) => void): Asked => {
    const members = new Map<string, Uint8Array>([
      ['module_id', cborText('i-1')],
      ['digest', cborText('SHA384')],
      ['timestamp', cborInteger(5)],
      ['pcrs', cborMap([[cborInteger(0), cborBytes(new Uint8Array(48))]])],
      ['certificate', cborBytes(Uint8Array.of(1))],
      ['cabundle', cborArray([cborBytes(Uint8Array.of(1))])],
    ])
    change(members)
    return { raw: cborMap([...members].map(([name, value]) => [cborText(name), value])) }
  }
  const set = (name: string, value: Uint8Array): Asked => raw((members) => members.set(name, value))
  const BAD: Readonly<Record<string, readonly [Asked, EvidenceError['code'], string]>> = {
    'an empty module id': [set('module_id', cborText('')), 'malformed', 'document.module_id'],
    'another digest': [set('digest', cborText('SHA256')), 'malformed', 'document.digest'],
    'time zero': [set('timestamp', cborInteger(0)), 'malformed', 'document.timestamp'],
    'no registers': [set('pcrs', cborMap([])), 'malformed', 'document.pcrs'],
    'register 32': [
      set('pcrs', cborMap([[cborInteger(32), cborBytes(new Uint8Array(48))]])),
      'malformed',
      'document.pcrs',
    ],
    'a register of 32 bytes': [
      set('pcrs', cborMap([[cborInteger(0), cborBytes(new Uint8Array(32))]])),
      'malformed',
      'document.pcrs[0]',
    ],
    'a register twice': [
      set('pcrs', cborMap([0, 0].map((i) => [cborInteger(i), cborBytes(new Uint8Array(48))]))),
      'malformed',
      'document.payload',
    ],
    'both kinds of registers': [
      set('nitrotpm_pcrs', cborMap([[cborInteger(0), cborBytes(new Uint8Array(48))]])),
      'malformed',
      'document.pcrs',
    ],
    'an empty certificate': [set('certificate', cborBytes(new Uint8Array(0))), 'malformed', 'document.certificate'],
    'a certificate too long': [
      set('certificate', cborBytes(new Uint8Array(1025))),
      'malformed',
      'document.certificate',
    ],
    'an empty bundle': [set('cabundle', cborArray([])), 'malformed', 'document.cabundle'],
    'an empty public key': [set('public_key', cborBytes(new Uint8Array(0))), 'malformed', 'document.public_key'],
    'user data too long': [set('user_data', cborBytes(new Uint8Array(1025))), 'malformed', 'document.user_data'],
    'a nonce of text': [set('nonce', cborText('nonce')), 'malformed', 'document.nonce'],
    'a missing member': [raw((members) => members.delete('certificate')), 'malformed', 'document.certificate'],
    'a payload that is no map': [{ raw: cborText('x') }, 'malformed', 'document.payload'],
    'bytes behind the payload': [{ raw: Uint8Array.of(0xa0, 0) }, 'trailing-bytes', 'document.payload'],
    'a critical header': [
      {
        protected: cborMap([
          [cborInteger(1), cborInteger(-35)],
          [cborInteger(2), cborArray([cborInteger(99)])],
          [cborInteger(99), cborInteger(0)],
        ]),
      },
      'unsupported-kind',
      'document.protected.crit',
    ],
  }
  for (const [what, [asked, code, field]] of Object.entries(BAD)) {
    it(what, () => {
      assert.throws(
        () => judged(asked),
        (error) => {
          assert.ok(error instanceof EvidenceError, String(error))
          assert.equal(error.code, code, error.message)
          assert.equal(error.field, field, error.message)
          return true
        },
      )
    })
  }
  it('certificates without a key usage: authorities must have keyCertSign, the leaf digitalSignature', () => {
    for (const certificates of [
      { 3: { extensions: [basicConstraints(false)] } },
      { 1: { extensions: [basicConstraints(true, 2)] } },
      { 3: { extensions: [basicConstraints(false), keyUsage('keyAgreement')] } },
    ]) {
      assert.equal(check(judged({ certificates }), 'nitro.chain.constraints').outcome, 'fail')
    }
  })
  it('a document of more than 64 kB', () => {
    assert.throws(() => parseNitroDocument(new Uint8Array(65537)), /at most 65536/)
  })
  it('expectations that do not exist or do not fit', () => {
    for (const expect of [
      { minSvn: 1 },
      { nonce: 'ab' },
      { pcrs: { 32: [PCR0] } },
      { pcrs: { 0: ['ab'] } },
      { instanceIds: ['x'] },
    ]) {
      // A caller without types may pass anything.
      assert.throws(() => judged({ expect: expect as NitroExpectations }), TypeError)
    }
  })
})

describe('soundness 46: a certificate is its DER, not text inside it', () => {
  it('PEM inside of a certificate is never read as the certificate', () => {
    const pem = new TextEncoder().encode('-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n')
    const inside = { oid: '1.2.3', value: pem }
    const verdict = judged({
      certificates: { 3: { extensions: [basicConstraints(false), keyUsage('digitalSignature'), inside] } },
    })
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    const alone = judged({ payload: { certificate: pem } })
    assert.equal(check(alone, 'nitro.chain.well-formed').outcome, 'fail')
  })
})

describe('soundness 47: indefinite lengths, duplicate keys, empty and null user data', () => {
  it('an indefinite-length map says the same as a definite one', () => {
    const { evidence: _, ...definite } = judged()
    const { evidence: __, ...indefinite } = judged({ payload: { indefinite: true } })
    // Leaves are signed anew: their digests differ.
    assert.equal(canonicalJson(indefinite.claims), canonicalJson(definite.claims))
    assert.equal(indefinite.outcome, 'verified')
  })
  it('a member twice is refused, whichever comes first', () => {
    const [members] = [makePayload().members]
    for (const twice of ['user_data', 'pcrs', 'nonce']) {
      assert.throws(() => judged({ payload: { members: [...members, twice] } }), /a second time/)
    }
  })
  it('empty, null and absent user data are three different things', () => {
    const without = makePayload().members.filter((name) => name !== 'user_data')
    const shown = (payload: Partial<NitroPayload>): unknown => judged({ payload }).claims.documentUserData
    assert.equal(shown({ userData: new Uint8Array(0) }), '')
    assert.equal(shown({ userData: null }), null)
    assert.equal(shown({ members: without }), undefined)
    const empty = { reportData: '' }
    assert.equal(judged({ payload: { userData: new Uint8Array(0) }, expect: empty }).outcome, 'verified')
    assert.equal(judged({ payload: { userData: null }, expect: empty }).outcome, 'rejected')
    assert.equal(judged({ payload: { members: without }, expect: empty }).outcome, 'rejected')
  })
  it('soundness 45: empty user data are no freshness, whatever is said of them', () => {
    const { nonce: _, ...rest } = GOOD
    const expect = { ...rest, reportData: '', reportDataIsFresh: true }
    const options = { at: AT, trustAnchors: [ANCHOR], expect }
    const verdict = verifyNitroSync(makeDocument({ payload: { userData: new Uint8Array(0) } }), options)
    assert.equal(check(verdict, 'nitro.expect.user-data').outcome, 'pass')
    assert.equal(check(verdict, 'nitro.expect.freshness').outcome, 'unchecked')
  })
})

describe('soundness 48: registers of zero are debug mode', () => {
  it('rejects by default, also when the zeros are the measurement expected', () => {
    const expect = { measurement: ['00'.repeat(48)] }
    assert.equal(judged({ payload: { pcrs: zeroPcrs }, expect }).outcome, 'rejected')
    assert.equal(judged({ payload: { pcrs: zeroPcrs }, expect: { ...expect, allowDebug: true } }).outcome, 'verified')
  })
})

describe('Nitro: what is remembered', () => {
  it('counts for the same chain alone, each certificate of it', () => {
    const memory = createMemory()
    const payload = makePayload()
    const [root, upper, lower] = payload.cabundle
    assert.ok(root && upper && lower)
    const damaged = flipBit(lower, lower.length - 9)
    for (const cabundle of [payload.cabundle, [root, upper, damaged], [root, damaged, lower], [root, upper]]) {
      const evidence = makeDocument({ payload: { ...payload, cabundle } })
      const options = { at: AT, trustAnchors: [ANCHOR] }
      const expected = verifyNitroSync(evidence, options)
      assert.equal(expected.authenticity, cabundle === payload.cabundle ? 'proven' : 'refuted')
      assert.equal(canonicalJson(verifyNitroSync(evidence, { ...options, memory })), canonicalJson(expected))
    }
  })
})

describe('Nitro: fuzzing', () => {
  it('20,000 inputs end in a verdict or an EvidenceError', () => {
    const good = makeDocument()
    let seed = 1
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return seed % below
    }
    for (let i = 0; i < 20_000; i++) {
      const bytes = Uint8Array.from(good)
      for (let edits = 1 + random(4); edits > 0; edits--)
        bytes[random(random(2) === 0 ? 200 : bytes.length)] = random(256)
      const input = random(8) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes
      try {
        parseNitroDocument(input)
      } catch (error) {
        if (!(error instanceof EvidenceError)) throw error
      }
    }
  })
})
