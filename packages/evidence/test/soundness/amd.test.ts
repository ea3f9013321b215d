import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  amdName,
  basicConstraints,
  type CertificateOptions,
  certificateTable,
  createAmdAuthority,
  type Extension,
  encodeSnpReport,
  generateKey,
  keyUsage,
  leafExtensions,
  type MadeSnp,
  makeSnp,
  patched,
  sharedAmdAuthority,
  signReport,
  TABLE_GUIDS,
} from '@sekisho/emulator/kit'
import { assertRefuted, assertUnwanted, assertVerified, checkOf, judgeSnp } from './kit.ts'

const SPL = '1.3.6.1.4.1.3704.1.3'
const HARDWARE_ID = '1.3.6.1.4.1.3704.1.4'
const TCB = { bootLoader: 10, tee: 0, snp: 24, microcode: 84 }

/** The extensions of a leaf with the one of `oid` replaced, or taken away. */
function withExtension(made: MadeSnp, oid: string, value: Uint8Array | undefined): Partial<CertificateOptions> {
  const hwId = Buffer.from(made.evidence.subarray(0x1a0, 0x1e0)).toString('hex')
  const all = leafExtensions('Genoa', { structVersion: 0, productName: 'Genoa', tcb: TCB, hwId })
  const rest: readonly Extension[] = all.filter((one) => one.oid !== oid)
  return { extensions: value === undefined ? rest : [...rest, { oid, value }] }
}

describe('soundness 26: VCEK and VLEK roles confused; a v2 VLEK report has a zero chip id', () => {
  it('a report that says VLEK does not pass with the chain of a VCEK', () => {
    assertRefuted(judgeSnp(makeSnp({ report: { keyInfo: 1 << 2 } })), 'snp.leaf.role')
  })
  it('a report that says VCEK does not pass with the chain of a VLEK', () => {
    assertRefuted(judgeSnp(makeSnp({ role: 'vlek', report: { keyInfo: 0 } })), 'snp.leaf.role')
  })
  it('a leaf that calls itself a VLEK does not sign for a VCEK, whoever issued it', () => {
    assertRefuted(judgeSnp(makeSnp({ leafCertificate: { subject: amdName('SEV-VLEK') } })), 'snp.leaf.role')
  })
  it('a VLEK issued by the ASK does not pass', () => {
    const authority = sharedAmdAuthority('Genoa')
    const { ask } = authority
    const made = makeSnp({ role: 'vlek', leafCertificate: { issuer: ask.name, issuerKey: ask.key } })
    const collateral = { ...made.collateral, asvk: ask.der }
    assertRefuted(judgeSnp(made, { collateral }), 'snp.leaf.role')
  })
  it('VLEK reports of version 2 and 3 with a zero chip id are genuine', () => {
    for (const version of [2, 3]) assertVerified(judgeSnp(makeSnp({ role: 'vlek', version })))
  })
  it('a key that KEY_INFO calls none or reserved signs nothing', () => {
    assertRefuted(judgeSnp(makeSnp({ report: { keyInfo: 7 << 2 } })), 'snp.report.signed')
    assertRefuted(judgeSnp(makeSnp({ report: { keyInfo: 3 << 2 } })), 'snp.report.signing-key')
  })
})

describe('soundness 27: hwID raw or wrapped; PSS parameters in two encodings; serial 0; SPL of 128 and above', () => {
  it('both forms of the hardware id are read', () => {
    assertVerified(judgeSnp(makeSnp({ leaf: { hwIdWrapped: true } })))
    assertVerified(judgeSnp(makeSnp({ leaf: { hwIdWrapped: false } })))
  })
  it('a raw hardware id that begins like a DER header is still raw', () => {
    const chipId = `0440${'ab'.repeat(62)}`
    assertVerified(judgeSnp(makeSnp({ report: { chipId }, leaf: { hwId: chipId } })))
  })
  it('both encodings of the PSS parameters are read, and no other parameters', () => {
    assertVerified(judgeSnp(makeSnp({ leafCertificate: { algorithm: 'rsassa-pss-sha384-trailer' } })))
    for (const algorithm of ['rsassa-pss-sha256', 'rsassa-pss-sha384-salt32', 'rsa-pkcs1-sha384'] as const) {
      assertRefuted(judgeSnp(makeSnp({ leafCertificate: { algorithm } })), 'snp.chain.algorithms')
    }
  })
  it('a leaf with serial 0 is a certificate', () => {
    assertVerified(judgeSnp(makeSnp({ leafCertificate: { serial: 0 } })))
  })
  it('levels of 128 and above are numbers of zero and more', () => {
    assertVerified(judgeSnp(makeSnp({ tcb: { ...TCB, microcode: 219 } })))
    assertVerified(judgeSnp(makeSnp({ tcb: { ...TCB, microcode: 128, snp: 255 } })))
  })
  it('a level in the form of a negative number is refused', () => {
    const made = makeSnp()
    const negative = makeSnp({ leafCertificate: withExtension(made, `${SPL}.8`, Uint8Array.of(2, 1, 0xdb)) })
    assertRefuted(judgeSnp(negative), 'snp.leaf.extensions-well-formed')
  })
})

describe('soundness 28: TCBs compared as one integer instead of part by part', () => {
  it('a higher microcode does not make up for a lower boot loader', () => {
    const verdict = judgeSnp(makeSnp(), {
      expect: { ...makeSnp().expectations, minTcb: { bootloader: 11, microcode: 1 } },
    })
    assertUnwanted(verdict, 'snp.expect.min-tcb')
    assert.match(checkOf(verdict, 'snp.expect.min-tcb').reason, /boot ?loader/i)
  })
  it('a reported level above the committed one in one part is out of order, whatever the others are', () => {
    const committedTcb = { ...TCB, bootLoader: 9, microcode: 200 }
    const verdict = judgeSnp(makeSnp({ report: { committedTcb, currentTcb: { ...TCB, microcode: 200 } } }), {
      waive: [],
    })
    assert.equal(checkOf(verdict, 'snp.tcb.order').outcome, 'fail')
    assert.equal(verdict.outcome, 'rejected')
  })
  it('each part of the certificate must be the reported one', () => {
    for (const part of ['bootLoader', 'tee', 'snp', 'microcode'] as const) {
      const lower = { ...TCB, tee: 1, [part]: part === 'tee' ? 0 : TCB[part] - 1 }
      const made = makeSnp({ tcb: { ...TCB, tee: 1 }, leaf: { tcb: lower } })
      assertRefuted(judgeSnp(made), 'snp.tcb.certificate')
    }
  })
})

describe('soundness 29: minimum level judged on current instead of committed', () => {
  it('provisional firmware is refused when asked for, whether by a level or by the version', () => {
    for (const report of [{ currentTcb: { ...TCB, snp: 30 } }, { current: { build: 41, minor: 55, major: 1 } }, {}]) {
      const made = makeSnp({ report })
      const ask = (requireCommittedFirmware: boolean): ReturnType<typeof judgeSnp> =>
        judgeSnp(made, { expect: { ...made.expectations, requireCommittedFirmware } })
      if (Object.keys(report).length === 0) assertVerified(ask(true))
      else assertUnwanted(ask(true), 'snp.expect.committed-firmware')
      assertVerified(ask(false))
    }
  })
  it('provisional firmware does not lift the platform over a minimum', () => {
    const currentTcb = { ...TCB, snp: 30 }
    const made = makeSnp({ report: { currentTcb, launchTcb: currentTcb } })
    const verdict = judgeSnp(made, { expect: { ...made.expectations, minTcb: { snp: 30 } } })
    assertUnwanted(verdict, 'snp.expect.min-tcb')
  })
  it('a guest launched below the minimum stays below it after an update of the platform', () => {
    const made = makeSnp({ report: { launchTcb: { ...TCB, snp: 20 } } })
    assertUnwanted(judgeSnp(made), 'snp.expect.min-tcb')
  })
  it('a minimum firmware version is judged on the committed one', () => {
    const made = makeSnp({ report: { current: { build: 50, minor: 60, major: 1 } } })
    const verdict = judgeSnp(made, { expect: { ...made.expectations, minFirmware: '1.60.0' } })
    assertUnwanted(verdict, 'snp.expect.min-firmware')
  })
})

describe('soundness 30: non-zero high bytes in R or S accepted', () => {
  const made = makeSnp()
  for (const [name, from] of [
    ['R', 0x2a0],
    ['S', 0x2e8],
  ] as const) {
    it(`no byte of ${name} above the 48 of the curve may be other than zero`, () => {
      for (const at of [48, 60, 71]) {
        assertRefuted(judgeSnp(made, {}, patched(made.evidence, from + at, Uint8Array.of(1))), 'snp.report.signature')
      }
    })
    it(`${name} of zero, or of the order and above, is no signature`, () => {
      for (const value of [0, 0xff]) {
        const evidence = patched(made.evidence, from, new Uint8Array(48).fill(value))
        assertRefuted(judgeSnp(made, {}, evidence), 'snp.report.signature')
      }
    })
  }
})

describe('soundness 31: the chip-id check never runs because it compares the wrong common name', () => {
  it('the VCEK of another chip does not vouch for this one, though it signed the report', () => {
    assertRefuted(judgeSnp(makeSnp({ leaf: { hwId: 'cd'.repeat(64) } })), 'snp.chip-id')
  })
  it('a VCEK without a hardware id is refused', () => {
    const made = makeSnp()
    const without = makeSnp({ leafCertificate: withExtension(made, HARDWARE_ID, undefined) })
    assertRefuted(judgeSnp(without), 'snp.leaf.extensions')
  })
  it('a leaf of another common name does not escape the check', () => {
    const made = makeSnp({ leafCertificate: { subject: amdName('VCEK') }, leaf: { hwId: 'cd'.repeat(64) } })
    assertRefuted(judgeSnp(made), 'snp.chain.names')
  })
  it('Turin: the 56 bytes behind the chip id must be zero', () => {
    const chipId = `${'12'.repeat(8)}${'34'.repeat(56)}`
    const made = makeSnp({ product: 'Turin', report: { chipId }, leaf: { hwId: '12'.repeat(8) } })
    assertRefuted(judgeSnp(made), 'snp.chip-id')
  })
})

describe('soundness 32: a report re-serialised before its signature is checked loses reserved bytes', () => {
  const key = generateKey('P-384')
  const made = makeSnp({ leafKey: key })
  const signedPart = encodeSnpReport('Genoa', made.fields)

  it('reserved bytes that are signed belong to the signed bytes', () => {
    for (const at of [0x4c, 0x18b, 0x19f, 0x1eb, 0x1ef, 0x208, 0x29f]) {
      const evidence = signReport(patched(signedPart, at, Uint8Array.of(0x5a)), key)
      assert.equal(checkOf(judgeSnp(made, {}, evidence), 'snp.report.signature').outcome, 'pass', `byte ${at}`)
    }
  })
  it('reserved bytes changed after signing are noticed', () => {
    for (const at of [0x4c, 0x18b, 0x19f, 0x1eb, 0x1ef, 0x208, 0x29f]) {
      const evidence = patched(made.evidence, at, Uint8Array.of(0x5a))
      assert.equal(checkOf(judgeSnp(made, {}, evidence), 'snp.report.signature').outcome, 'fail', `byte ${at}`)
    }
  })
})

describe('soundness 33: a forged chain whose ARK has the right name: pin the key', () => {
  it('a look-alike of the whole hierarchy ends in rejection', () => {
    const forged = makeSnp({ authority: createAmdAuthority('Genoa', { label: 'look-alike' }) })
    assertRefuted(judgeSnp(forged, { trustAnchors: [sharedAmdAuthority('Genoa').anchor] }), 'snp.ark.pinned')
  })
  it('the root that came with the evidence is not trusted for that', () => {
    assertRefuted(judgeSnp(makeSnp(), { trustAnchors: [] }), 'snp.ark.pinned')
  })
  it("the genuine root's certificate does not lend its key to a forged ASK", () => {
    const genuine = sharedAmdAuthority('Genoa')
    const forged = makeSnp({ authority: createAmdAuthority('Genoa', { label: 'look-alike' }) })
    const collateral = { ...forged.collateral, ark: genuine.ark.der }
    const verdict = judgeSnp(forged, { collateral, trustAnchors: [genuine.anchor] })
    assertRefuted(verdict, 'snp.intermediate.signature', 'snp.crl.signature')
  })
})

describe('soundness 34: a revoked ASK: the real CRL lists one', () => {
  it('a report under a revoked ASK is refused', () => {
    const made = makeSnp({ crl: { revoked: [{ serial: 0x20001 }] } })
    assertRefuted(judgeSnp(made), 'snp.crl.not-revoked')
  })
  it('a report under a revoked ASVK is refused', () => {
    const made = makeSnp({ role: 'vlek', crl: { revoked: [{ serial: 5 }, { serial: 0x20101 }] } })
    assertRefuted(judgeSnp(made), 'snp.crl.not-revoked')
  })
  it('another serial on the list revokes nothing', () => {
    assertVerified(judgeSnp(makeSnp({ crl: { revoked: [{ serial: 0x20002 }, { serial: 1 }] } })))
  })
  it('a list signed by another key does not clear a revoked ASK', () => {
    const made = makeSnp({ crl: { issuerKey: createAmdAuthority('Genoa', { label: 'look-alike' }).ark.key } })
    assertRefuted(judgeSnp(made), 'snp.crl.signature')
  })
  it('a list of an ARK that must not sign lists does not count', () => {
    const shared = sharedAmdAuthority('Genoa')
    const keys = { ark: shared.ark.key, ask: shared.ask.key }
    const extensions = [keyUsage('keyCertSign'), basicConstraints(true)]
    const authority = createAmdAuthority('Genoa', { keys, certificates: { ark: { extensions } } })
    assertRefuted(judgeSnp(makeSnp({ authority })), 'snp.crl.issuer')
  })
  it('a list of another issuer, a stale one, and one of the future do not count', () => {
    assertRefuted(judgeSnp(makeSnp({ crl: { issuer: amdName('ARK-Milan') } })), 'snp.crl.issuer')
    assertRefuted(judgeSnp(makeSnp({ crl: { nextUpdate: new Date('2026-06-10T00:00:00Z') } })), 'snp.crl.not-after')
    assertRefuted(judgeSnp(makeSnp({ crl: { thisUpdate: new Date('2026-06-20T00:00:00Z') } })), 'snp.crl.not-before')
  })
  it('a list from the certificate table counts like any other', () => {
    const made = makeSnp({ crl: { revoked: [{ serial: 0x20001 }] } })
    const { ark, ask, vcek } = made.certificates
    assert.ok(ask !== undefined && vcek !== undefined)
    const table = certificateTable([
      { guid: TABLE_GUIDS.vcek, data: vcek },
      { guid: TABLE_GUIDS.ask, data: ask },
      { guid: TABLE_GUIDS.ark, data: ark },
      { guid: TABLE_GUIDS.crl, data: made.crl },
    ])
    assertRefuted(judgeSnp(made, { collateral: { certificateTable: table } }), 'snp.crl.not-revoked')
  })
})

describe('a check of SNP evidence that has several reasons to fail', () => {
  const shared = sharedAmdAuthority('Genoa')
  const keys = { ark: shared.ark.key, ask: shared.ask.key }
  const extensions = [basicConstraints(true, 0), keyUsage('cRLSign')]
  const listsOnly = createAmdAuthority('Genoa', { keys, certificates: { ask: { extensions } } })
  const idBlock = { idKey: generateKey('P-384'), authorKey: generateKey('P-384') }
  const good = makeSnp()
  const rows: readonly (readonly [string, RegExp, MadeSnp, object?])[] = [
    ['chain.constraints', /must not sign certificates/, makeSnp({ authority: listsOnly })],
    ['chip-id', /has 8 bytes/, makeSnp({ leaf: { hwId: 'ab'.repeat(8) } })],
    ['id-block.keys', /^AUTHOR_KEY_DIGEST/, makeSnp({ idBlock, report: { authorKeyDigest: '11'.repeat(48) } })],
    ['expect.min-tcb', /has no fmc level/, good, { minTcb: { fmc: 1 } }],
    ['expect.provider', /own key signed/, good, { cspIds: ['CN=another'] }],
  ]
  it('firmware as late as is asked for is late enough', () => {
    const expect = { ...good.expectations, minFirmware: '1.55.40' }
    assert.equal(checkOf(judgeSnp(good, { expect }), 'snp.expect.min-firmware').outcome, 'pass')
  })
  for (const [id, reason, made, expect] of rows)
    it(`snp.${id} fails: ${reason.source}`, () => {
      const check = checkOf(judgeSnp(made, { expect: { ...made.expectations, ...expect } }), `snp.${id}`)
      assert.equal(check.outcome, 'fail', check.reason)
      assert.match(check.reason, reason)
    })
})
