import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { concatBytes, equalBytes, toHex } from '../src/core/bytes.ts'
import { canonicalJson } from '../src/core/canonical.ts'
import { EvidenceError } from '../src/core/errors.ts'
import type { Check, Verdict } from '../src/core/verdict.ts'
import {
  encodeAmdCertificate,
  encodeSevCertificate,
  encodeSevCertificates,
  encodeSevLaunchMeasure,
  encodeSevReport,
  parseAmdCertificate,
  parseSevCertificate,
  parseSevCertificates,
  parseSevLaunchMeasure,
  parseSevReport,
  type SevClaims,
  type SevExpectations,
  type SevVerifyOptions,
  sevCheckIds,
  sevFields,
  verifySev,
  verifySevSync,
} from '../src/sev/index.ts'
import {
  ANCHOR,
  AT,
  again,
  amdCertificate,
  type ChainChange,
  chainFiles,
  DIGEST,
  EMPTY,
  ec,
  KEYS,
  LAUNCH,
  makeMeasure,
  makeReport,
  NONCE,
  rsa,
  SLOTS,
  sevCertificate,
} from './sev-kit.ts'
import { missing, VECTORS } from './vectors.ts'

const GOOD: SevExpectations = {
  measurement: [toHex(DIGEST)],
  nonce: toHex(NONCE),
  tikIsFresh: true,
  minFirmware: { major: 1, minor: 55, build: 20 },
  allowEmulated: true,
}

interface Asked {
  readonly evidence?: Uint8Array
  readonly chain?: ChainChange
  readonly expect?: SevExpectations
  readonly options?: Partial<SevVerifyOptions>
}

function judged({ evidence, chain, expect, options }: Asked = {}): Verdict<SevClaims> {
  return verifySevSync(evidence ?? makeReport(), {
    at: AT,
    // Six certificates, signed anew: not where others are given.
    ...(options?.certificates === undefined ? { certificates: chainFiles(chain) } : {}),
    trustAnchors: [ANCHOR],
    expect: { ...GOOD, ...expect },
    ...options,
  })
}

function check(verdict: Verdict, id: string): Check {
  const found = verdict.checks.flatMap((group) => group.checks).find((one) => one.id === id)
  assert.ok(found, `there is no check ${id}`)
  return found
}

const measure = makeMeasure()
const stranger = { ...SLOTS.byCek, key: KEYS.stranger }

/** For every check a change that makes it fail. */
const FAILING: Readonly<Record<string, Asked>> = {
  'sev.certificates.well-formed': { options: { certificates: [...chainFiles(), new Uint8Array(700).fill(1)] } },
  'sev.chain.usage': {
    chain: { cek: { usage: 0x1001 } },
    options: { certificates: [concatBytes(...chainFiles({ pdh: { usage: 0x1002 } }))] },
  },
  'sev.chain.key-ids': { chain: { ask: { certifying: 5 } } },
  'sev.chain.algorithms': { chain: { cek: { key: ec('P-256') } } },
  'sev.ark.pinned': { options: { trustAnchors: [] } },
  'sev.ark.signature': { chain: { ark: { signer: rsa() } } },
  'sev.ask.signature': { chain: { ask: { signer: rsa() } } },
  'sev.cek.signature': { chain: { cek: { slots: [{ ...SLOTS.byAsk, key: rsa() }, EMPTY] } } },
  'sev.oca.signature': { chain: { oca: { slots: [{ ...SLOTS.byOca, key: KEYS.stranger }, EMPTY] } } },
  'sev.pek.cek-signature': { chain: { pek: { slots: [SLOTS.byOca, stranger] } } },
  'sev.pek.oca-signature': { chain: { pek: { slots: [{ ...SLOTS.byOca, key: KEYS.stranger }, SLOTS.byCek] } } },
  'sev.pdh.signature': { chain: { pdh: { slots: [{ ...SLOTS.byPek, key: KEYS.stranger }, EMPTY] } } },
  'sev.report.signer': { evidence: makeReport({ usage: 0x1004 }) },
  'sev.report.signature': { evidence: makeReport({ key: KEYS.stranger }) },
  'sev.launch.mac': { evidence: measure, options: { launch: { ...LAUNCH, buildId: 25 } } },
  'sev.hardware': { expect: { allowEmulated: false } },
  'sev.debug': { evidence: makeReport({ policy: 14 }) },
  'sev.policy.reserved': { evidence: makeReport({ policy: 0x4f }) },
  'sev.expect.policy': { expect: { policy: { noSend: false } } },
  'sev.expect.measurement': { expect: { measurement: ['08'.repeat(32)] } },
  'sev.expect.freshness': { expect: { nonce: '08'.repeat(16) } },
  'sev.expect.firmware': { expect: { minFirmware: { major: 1, minor: 56 } } },
  'sev.expect.owner': { expect: { owners: ['08'.repeat(32)] } },
  'sev.expect.hardware-id': { expect: { hardwareIds: ['08'.repeat(32)] } },
  'sev.expect.product': { expect: { products: ['Milan'] } },
}
/** What is missing is a gap, never a refusal. */
const GAPS: readonly string[] = ['ark', 'ask', 'cek', 'oca', 'pek', 'pdh']
  .map((place) => `sev.${place}.present`)
  .concat('sev.launch.known', 'sev.guest')

describe('SEV: every check', () => {
  it('a report and a launch measurement that are as expected are verified', () => {
    for (const asked of [{}, { evidence: measure, options: { launch: LAUNCH } }]) {
      const verdict = judged(asked)
      assert.equal(verdict.outcome, 'verified', verdict.summary)
      assert.match(verdict.summary, /^EMULATED/)
      canonicalJson(verdict)
    }
  })
  for (const [id, asked] of Object.entries(FAILING)) {
    it(`${id} can fail, with a reason and a remedy`, () => {
      const verdict = judged(asked)
      const failed = check(verdict, id)
      assert.equal(failed.outcome, 'fail', failed.reason)
      assert.ok(failed.reason.length > 10 && (failed.remedy?.action.length ?? 0) > 10)
      assert.equal(verdict.outcome, 'rejected')
      if (failed.phase === 'authenticity') assert.equal(verdict.authenticity, 'refuted')
    })
  }
  it('there is no check that was not shown failing', () => {
    assert.deepEqual([...Object.keys(FAILING), ...GAPS].sort(), [...sevCheckIds()].sort())
  })
  it('an ARK names itself as its issuer, and has a signature unless its key is pinned', () => {
    assert.equal(
      check(judged({ chain: { ark: { keyId: 5 }, ask: { certifying: 5 } } }), 'sev.chain.key-ids').outcome,
      'fail',
    )
    const chain = { ark: { unsigned: true } } as const
    assert.equal(check(judged({ chain }), 'sev.ark.signature').outcome, 'pass')
    assert.equal(check(judged({ chain, options: { trustAnchors: [] } }), 'sev.ark.signature').outcome, 'fail')
  })
  it('ARK and ASK have keys of one size, and a report says ECDSA with SHA-256', () => {
    const [ark, ask] = [amdCertificate('ark'), parseAmdCertificate(amdCertificate('ask'))]
    const long = (bytes: Uint8Array): Uint8Array => concatBytes(bytes, new Uint8Array(256).fill(0xff))
    const exponent = concatBytes(ask.exponent, new Uint8Array(256))
    const signature = new Uint8Array(512)
    const other = encodeAmdCertificate({ ...ask, bits: 4096, exponent, modulus: long(ask.modulus), signature })
    const certificates = [ark, other, ...chainFiles().slice(0, 4)]
    assert.equal(check(judged({ options: { certificates } }), 'sev.chain.algorithms').outcome, 'fail')
    const report = makeReport()
    report[56] = 1
    assert.equal(check(judged({ evidence: report }), 'sev.report.signer').outcome, 'fail')
  })
  for (const place of ['ark', 'ask', 'cek', 'oca', 'pek'] as const) {
    it(`without the ${place.toUpperCase()} nothing is proven`, () => {
      const verdict = judged({ chain: { without: place } })
      assert.equal(verdict.authenticity, 'unproven')
      assert.equal(check(verdict, `sev.${place}.present`).outcome, 'unchecked')
    })
  }
  it('without the ARK the product is open, and refutes nothing', () => {
    const verdict = judged({ chain: { without: 'ark' }, expect: { products: ['Milan'] } })
    assert.equal(check(verdict, 'sev.expect.product').outcome, 'unchecked')
    assert.match(check(verdict, 'sev.expect.product').remedy?.action ?? '', /ARK/)
    assert.equal(verdict.outcome, 'incomplete')
  })
  it('a launch measurement needs the PDH, the launch and a digest; a platform is no guest', () => {
    assert.equal(
      judged({ evidence: measure, options: { launch: LAUNCH }, chain: { without: 'pdh' } }).authenticity,
      'unproven',
    )
    assert.equal(check(judged({ evidence: measure }), 'sev.launch.known').outcome, 'unchecked')
    const platform = judged({ evidence: concatBytes(...chainFiles()), options: { certificates: [] } })
    assert.equal(platform.authenticity, 'proven')
    assert.equal(platform.outcome, 'incomplete')
    assert.equal(check(platform, 'sev.guest').outcome, 'unchecked')
  })
  it('says what this generation cannot promise', () => {
    const ids = judged({ evidence: makeReport({ policy: 1 }) }).assumed.map(({ id }) => id)
    for (const id of ['chip-key', 'memory-integrity', 'no-guest-data', 'host-asked', 'register-state', 'migration'])
      assert.ok(ids.includes(id), id)
  })
  it('never shows the TIK', () => {
    assert.ok(!canonicalJson(judged({ evidence: measure, options: { launch: LAUNCH } })).includes(String(LAUNCH.tik)))
  })
  it('options that make no sense are TypeErrors', () => {
    assert.throws(() => judged({ evidence: measure, options: { launch: { ...LAUNCH, tik: '00' } } }), TypeError)
    assert.throws(() => judged({ evidence: measure, options: { launch: { ...LAUNCH, buildId: 256 } } }), TypeError)
    assert.throws(() => readWrong(), /there is no field/)
    assert.throws(() => judged({ options: { waive: ['sev.pek.cek-signature'] } }), TypeError)
  })
})

function readWrong(): unknown {
  const expect = { mesurement: 'aa' }
  return judged({ expect: expect as SevExpectations })
}

describe('soundness 35: legacy SEV', () => {
  it('signature slots count by usage: the other order is as good', () => {
    const verdict = judged({ chain: { pek: { slots: [SLOTS.byCek, SLOTS.byOca] } } })
    assert.equal(verdict.outcome, 'verified', verdict.summary)
  })
  it('a good signature in a slot of another usage is none', () => {
    const mislabelled = { ...SLOTS.byCek, usage: 0x1003 }
    assert.equal(
      check(judged({ chain: { pek: { slots: [SLOTS.byOca, mislabelled] } } }), 'sev.pek.cek-signature').outcome,
      'fail',
    )
  })
  it('a PEK with the signature of the OCA alone is of no chip', () => {
    assert.equal(
      check(judged({ chain: { pek: { slots: [SLOTS.byOca, EMPTY] } } }), 'sev.pek.cek-signature').outcome,
      'fail',
    )
    assert.equal(
      check(judged({ chain: { pek: { slots: [EMPTY, SLOTS.byCek] } } }), 'sev.pek.oca-signature').outcome,
      'fail',
    )
  })
  it('a CEK as the chip exports it, unsigned, gives way to that of the key service, and to no other', () => {
    const exported = concatBytes(...chainFiles({ cek: { slots: [EMPTY, EMPTY] } }).slice(0, 4))
    const [, , , cek = exported, ...vendor] = chainFiles()
    const another = sevCertificate('cek', { key: KEYS.stranger })
    const outcomes = [[cek], [], [another], [sevCertificate('cek', { slots: [EMPTY, EMPTY] })]].map((files) => {
      const verdict = judged({ options: { certificates: [exported, ...files, ...vendor] } })
      return [verdict.outcome, check(verdict, 'sev.cek.signature').outcome]
    })
    const refused = ['rejected', 'fail']
    assert.deepEqual(outcomes, [['verified', 'pass'], refused, ['rejected', 'pass'], refused])
    const asEvidence = verifySevSync(exported, { at: AT, certificates: [cek, ...vendor], trustAnchors: [ANCHOR] })
    assert.equal(asEvidence.authenticity, 'proven', asEvidence.summary)
  })
  it('a PEK does not pass as a PDH, nor a CEK as a PEK, whoever signed them', () => {
    for (const chain of [{ pdh: { usage: 0x1002 } }, { pdh: { usage: 0x1004 } }, { pek: { usage: 0x1004 } }]) {
      const asked = (certificates: readonly Uint8Array[]): Verdict<SevClaims> =>
        judged({ evidence: measure, options: { launch: LAUNCH, certificates } })
      const files = chainFiles(chain)
      // In files of their own their usage is their place, so that another one is missing.
      assert.notEqual(asked(files).authenticity, 'proven')
      const together = asked([concatBytes(...files)])
      assert.notEqual(together.authenticity, 'proven')
      assert.equal(check(together, 'sev.chain.usage').outcome, 'fail')
    }
  })
  it('two slots of one usage are refused', () => {
    assert.equal(
      check(judged({ chain: { pek: { slots: [SLOTS.byCek, SLOTS.byCek] } } }), 'sev.pek.cek-signature').outcome,
      'fail',
    )
  })
})

describe('SEV: bytes', () => {
  const files = chainFiles()
  const whole = concatBytes(...files)
  it('parsing and encoding give back the same bytes', () => {
    assert.ok(equalBytes(encodeSevCertificates(parseSevCertificates(whole)), whole))
    const report = makeReport()
    assert.ok(equalBytes(encodeSevReport(parseSevReport(report)), report))
    assert.ok(equalBytes(encodeSevLaunchMeasure(parseSevLaunchMeasure(measure)), measure))
    assert.ok(equalBytes(encodeSevCertificate(parseSevCertificate(files[0] as Uint8Array)), files[0] as Uint8Array))
    assert.ok(equalBytes(again(files[5] as Uint8Array), files[5] as Uint8Array))
  })
  it('every length below the right one is an EvidenceError', () => {
    for (const file of files) {
      const parse = file.length === 2084 ? parseSevCertificate : parseAmdCertificate
      for (let length = 0; length < file.length; length++) {
        // An ARK without its signature is a form of its own.
        if (file === files[5] && length === 576) continue
        assert.throws(() => parse(file.subarray(0, length)), EvidenceError)
      }
      assert.throws(() => parse(concatBytes(file, Uint8Array.of(0))), EvidenceError)
    }
    for (let length = 0; length < 208; length++)
      assert.throws(() => parseSevReport(makeReport().subarray(0, length)), EvidenceError)
  })
  it('every bit of report and measurement counts', () => {
    const report = makeReport()
    const certificates = { certificates: files }
    const launch = { launch: LAUNCH, ...certificates }
    assert.equal(judged({ evidence: report, options: certificates }).outcome, 'verified')
    for (let i = 0; i < report.length; i++) {
      if (i >= 60 && i < 64) continue
      assert.notEqual(judged({ evidence: flipped(report, i), options: certificates }).outcome, 'verified', `byte ${i}`)
    }
    assert.equal(judged({ evidence: measure, options: launch }).authenticity, 'proven')
    for (let i = 0; i < measure.length; i++)
      assert.notEqual(judged({ evidence: flipped(measure, i), options: launch }).authenticity, 'proven', `byte ${i}`)
  })
  it('a changed certificate is refused or cannot be read, save in slots that say they are empty', () => {
    const empty = (at: number): boolean =>
      [0, 2, 3].some((index) => at >= index * 2084 + 1564 && at < (index + 1) * 2084)
    for (let i = 0; i < whole.length; i += 23) {
      if (empty(i)) continue
      assert.ok(!isProven(flipped(whole, i)), `byte ${i}`)
    }
  })
  it('20,000 damaged inputs end in a verdict or an EvidenceError', () => {
    let seed = 1
    const next = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return seed % below
    }
    for (let i = 0; i < 20_000; i++) {
      const bytes = (i % 2 === 0 ? (files[next(6)] as Uint8Array) : whole).slice(0, 1 + next(whole.length))
      for (let n = next(6); n >= 0; n--) bytes[next(bytes.length)] = next(256)
      parsedOrRefused(() => parseSevCertificates(bytes))
      if (i % 10 === 0) parsedOrRefused(() => sevFields(bytes))
    }
  })
})

function parsedOrRefused(parse: () => unknown): void {
  try {
    parse()
  } catch (error) {
    assert.ok(error instanceof EvidenceError, String(error))
  }
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice()
  copy[at] = (copy[at] as number) ^ (1 << (at % 8))
  return copy
}

function isProven(evidence: Uint8Array): boolean {
  try {
    return judged({ evidence, options: { certificates: [] } }).authenticity === 'proven'
  } catch (error) {
    assert.ok(error instanceof EvidenceError, String(error))
    return false
  }
}

describe('SEV: real chains', { skip: missing('amd-sev') }, () => {
  const chains = ['chain-milan', 'chain-naples'].map((name) => ({
    file: (file: string): Uint8Array => new Uint8Array(readFileSync(join(VECTORS, 'amd-sev', name, file))),
  }))
  it('prove a platform under the pinned root, with the same verdict when waited for', async () => {
    assert.ok(chains.length === 2)
    for (const { file } of chains) {
      const options = { at: AT, certificates: [file('cert-chain.bin'), file('ask-ark.bin')] }
      const verdict = verifySevSync(file('pdh.cert'), options)
      assert.equal(verdict.authenticity, 'proven', verdict.summary)
      assert.equal(verdict.emulated, false)
      assert.equal(canonicalJson(await verifySev(file('pdh.cert'), options)), canonicalJson(verdict))
      assert.ok(sevFields(file('cert-chain.bin')).length > 10)
    }
  })
  it('parts of another platform are refused', () => {
    const [milan, naples] = chains
    assert.ok(milan !== undefined && naples !== undefined)
    for (const place of ['pdh', 'pek', 'cek', 'ask', 'ark']) {
      const parts: readonly Uint8Array[] = ['pdh', 'pek', 'oca', 'cek', 'ask', 'ark'].map((one) =>
        (one === place ? naples : milan).file(`${one}.cert`),
      )
      assert.equal(verifySevSync(concatBytes(...parts), { at: AT }).authenticity, 'refuted', place)
    }
  })
})

it('a certificate whose point is off its curve cannot be read', () => {
  const pdh = sevCertificate('pdh')
  assert.throws(() => parseSevCertificate(flipped(pdh, 24)), EvidenceError)
})
