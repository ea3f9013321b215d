import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { basicConstraints, distinguishedName, keyUsage, namedKey } from '@sekisho/emulator/kit'
import {
  NVIDIA_ROOTS,
  type NvidiaCollateralInput,
  nvidiaCatalogue,
  nvidiaCheckIds,
  verifyNvidiaNodeSync,
} from '../src/nvidia/index.ts'
import {
  AT,
  allOcsp,
  checkOf,
  DEVICE_ANCHOR,
  DRIVER,
  deviceChain,
  diceFwid,
  EXPECT,
  goodCollateral,
  judge,
  key,
  makeOcsp,
  makeReport,
  makeRim,
  NONCE,
  OPAQUE,
  pem,
  RIM_ANCHOR,
  resource,
  type Situation,
  tlv,
  troubles,
  value,
} from './nvidia-kit.ts'

const other = namedKey('nvidia somebody else', 'P-384')
const p256 = namedKey('nvidia short', 'P-256')
const LATE = new Date('2027-06-01T00:00:00Z')
const UNKNOWN_CRITICAL = { oid: '1.2.3.4', critical: true, value: tlv(0x05) }

function chainWith(...args: Parameters<typeof deviceChain>): Situation {
  return { collateral: { certificateChain: pem(...deviceChain(...args)) } }
}

function ocspWith(place: string, change: Parameters<typeof makeOcsp>[2]): Situation {
  const [kind, position] = place.split(' ')
  return {
    collateral: { ocsp: allOcsp({ [place]: makeOcsp(kind === 'rim' ? 'rim' : 'device', Number(position), change) }) },
  }
}

type Outcome = 'fail' | 'unchecked'

/** Every check, shown not passing: the situation, and the outcome. */
const SHOWN: Readonly<Record<string, readonly (readonly [string, Outcome, Situation])[]>> = {
  'nvidia.ocsp.well-formed': [
    ['bytes that are no response', 'fail', { collateral: { ocsp: [...allOcsp(), Uint8Array.of(0x30, 1)] } }],
    ['an unknown critical extension of an answer', 'fail', ocspWith('device 1', { critical: 'answer' })],
  ],
  'nvidia.chain.present': [
    [
      'no chain',
      'unchecked',
      { report: makeReport(), options: { collateral: {} }, collateral: { certificateChain: undefined as never } },
    ],
  ],
  'nvidia.chain.well-formed': [
    ['no PEM', 'fail', { collateral: { certificateChain: Uint8Array.of(1, 2, 3) } }],
    ['one certificate', 'fail', { collateral: { certificateChain: pem(...deviceChain().slice(0, 1)) } }],
  ],
  'nvidia.chain.names': [
    ['a gap', 'fail', { collateral: { certificateChain: pem(...deviceChain().filter((_, i) => i !== 2)) } }],
    ['no root', 'fail', { collateral: { certificateChain: pem(...deviceChain().slice(0, 4)) } }],
    ['root first', 'fail', { collateral: { certificateChain: pem(...deviceChain().toReversed()) } }],
  ],
  'nvidia.chain.constraints': [
    ['an issuer that is no authority', 'fail', chainWith({ 2: { extensions: [keyUsage('keyCertSign')] } })],
    [
      'an issuer that may not sign',
      'fail',
      chainWith({ 2: { extensions: [basicConstraints(true), keyUsage('digitalSignature')] } }),
    ],
    ['a path too long', 'fail', chainWith({ 3: { extensions: [basicConstraints(true, 0)] } })],
    [
      'an unknown critical extension',
      'fail',
      chainWith({ 1: { extensions: [basicConstraints(true), UNKNOWN_CRITICAL] } }),
    ],
  ],
  'nvidia.chain.algorithms': [
    ['a shorter key', 'fail', chainWith({ 0: { subjectKey: p256 } })],
    ['another signature', 'fail', chainWith({ 1: { algorithm: 'ecdsa-sha1' } })],
  ],
  'nvidia.chain.root': [
    ['an unknown root', 'fail', { options: { trustAnchors: [] } }],
    ['the vendor root', 'fail', { options: { trustAnchors: NVIDIA_ROOTS } }],
  ],
  'nvidia.chain.not-before': [['too early', 'fail', { options: { at: new Date('2025-12-31T23:59:59Z') } }]],
  'nvidia.chain.not-after': [['too late', 'fail', { options: { at: LATE } }]],
  'nvidia.chain.signatures': [
    ['another issuer key', 'fail', chainWith({ 1: { issuerKey: other } })],
    ['a damaged certificate', 'fail', chainWith({ 3: { corrupt: 'signature' } })],
  ],
  'nvidia.chain.ocsp.present': [
    ['no answers', 'unchecked', { collateral: { ocsp: [] } }],
    ['one missing', 'unchecked', { collateral: { ocsp: allOcsp().slice(1) } }],
  ],
  'nvidia.chain.ocsp.binding': [
    ['another issuer', 'fail', ocspWith('device 1', { issuerName: distinguishedName(['CN', 'x']) })],
  ],
  'nvidia.chain.ocsp.responder': [
    ['not appointed', 'fail', ocspWith('device 1', { responder: { issuerKey: other } })],
    ['not for this', 'fail', ocspWith('device 1', { responder: { extensions: [] } })],
    ['expired', 'fail', ocspWith('device 1', { responder: { notAfter: new Date('2026-06-01T00:00:00Z') } })],
    ['an unknown critical extension', 'fail', ocspWith('device 1', { critical: 'response' })],
  ],
  'nvidia.chain.ocsp.signature': [['forged', 'fail', ocspWith('device 2', { signer: other })]],
  'nvidia.chain.ocsp.current': [
    ['expired', 'fail', ocspWith('device 3', { nextUpdate: new Date('2026-06-15T11:59:59Z') })],
    ['from the future', 'fail', ocspWith('device 3', { thisUpdate: new Date('2026-06-15T12:00:01Z') })],
    ['without an end', 'fail', ocspWith('device 3', { nextUpdate: undefined })],
  ],
  'nvidia.chain.ocsp.nonce': [['no nonce', 'fail', { options: { expect: { ...EXPECT, ocspNonces: ['aabb'] } } }]],
  'nvidia.chain.ocsp.status': [
    ['revoked', 'fail', ocspWith('device 1', { status: 'revoked' })],
    ['on hold', 'fail', ocspWith('device 1', { status: 'hold' })],
    ['unknown', 'fail', ocspWith('device 1', { status: 'unknown' })],
  ],
  'nvidia.report.signature': [
    ['another key', 'fail', { signer: other }],
    ['the chain of another device', 'fail', chainWith({ 0: { subjectKey: other } })],
    ['no leaf', 'fail', { collateral: { certificateChain: pem(...deviceChain().slice(1)) } }],
  ],
  'nvidia.report.attestation-key': [
    ['no leaf', 'fail', { collateral: { certificateChain: pem(...deviceChain().slice(1)) } }],
  ],
  'nvidia.report.fwid': [
    ['other firmware', 'fail', chainWith({}, [diceFwid(value(1))])],
    ['no extension', 'fail', chainWith({}, [])],
    ['an unreadable extension', 'fail', chainWith({}, [{ oid: '2.23.133.5.4.1', value: tlv(0x30, tlv(0x05)) }])],
  ],
  'nvidia.report.architecture': [
    ['an unknown chip', 'fail', chainWith({ 0: { subject: distinguishedName(['CN', 'GX999 A01']) } })],
    ['a switch by its chain', 'fail', chainWith({ 0: { subject: distinguishedName(['CN', 'LS_10 A01']) } })],
    ['another chip in the report', 'fail', { opaque: { CHIP_INFO: new TextEncoder().encode('GB100\0') } }],
  ],
  ...rimShown('driver'),
  ...rimShown('vbios'),
  'nvidia.measurements.conflicts': [
    ['an index active in both', 'fail', { collateral: { vbiosRim: makeRim('vbios', { resources: resource(7) }) } }],
  ],
  'nvidia.measurements.match': [
    ['another value', 'fail', { blocks: { 8: value(99) } }],
    ['no such block', 'fail', { count: 20 }],
    [
      'no golden value',
      'fail',
      {
        collateral: { driverRim: makeRim('driver', { resources: '' }), vbiosRim: makeRim('vbios', { resources: '' }) },
      },
    ],
  ],
  'nvidia.hardware': [['emulated', 'fail', { options: { expect: { ...EXPECT, allowEmulated: false } } }]],
  'nvidia.debug': [
    ['no manifests', 'unchecked', { collateral: { driverRim: undefined as never, vbiosRim: undefined as never } }],
  ],
  'nvidia.mode.fields': [
    ['flag and status differ', 'fail', { opaque: { FEATURE_FLAG: Uint8Array.of(2, 0) } }],
    ['an unknown flag', 'fail', { opaque: { FEATURE_FLAG: Uint8Array.of(9, 0) } }],
    ['an unknown status', 'fail', { opaque: { PROTECTED_PCIE_STATUS: Uint8Array.of(1) } }],
  ],
  'nvidia.expect.mode': [
    [
      'protected PCIe, alone',
      'unchecked',
      { opaque: { FEATURE_FLAG: Uint8Array.of(2, 0), PROTECTED_PCIE_STATUS: Uint8Array.of(0xaa) } },
    ],
    ['not accepted', 'fail', { options: { expect: { ...EXPECT, modes: ['multi-gpu'] } } }],
  ],
  'nvidia.expect.freshness': [
    ['no nonce', 'unchecked', { options: { expect: { ...EXPECT, nonce: undefined as never } } }],
    ['another nonce', 'fail', { nonce: 'cd'.repeat(32) }],
    [
      'not said to be fresh',
      'unchecked',
      { options: { expect: { ...EXPECT, nonce: undefined as never, reportData: NONCE } } },
    ],
  ],
  'nvidia.expect.measurement': [
    ['no manifests', 'unchecked', { collateral: { driverRim: undefined as never } }],
    ['another digest', 'fail', { options: { expect: { ...EXPECT, measurement: ['00'.repeat(48)] } } }],
  ],
  'nvidia.expect.driver': [
    ['not asked', 'unchecked', { options: { expect: { ...EXPECT, minDriverVersion: undefined as never } } }],
    ['too old', 'fail', { options: { expect: { ...EXPECT, minDriverVersion: '570.100' } } }],
    ['not listed', 'fail', { options: { expect: { ...EXPECT, driverVersions: ['1.2'] } } }],
  ],
  'nvidia.expect.vbios': [
    ['not asked', 'unchecked', { options: { expect: { ...EXPECT, minVbiosVersion: undefined as never } } }],
    ['too old', 'fail', { options: { expect: { ...EXPECT, minVbiosVersion: '96.00.B0' } } }],
  ],
  'nvidia.expect.product': [['not listed', 'fail', { options: { expect: { ...EXPECT, products: ['BLACKWELL'] } } }]],
  'nvidia.expect.hardware-id': [
    ['not listed', 'fail', { options: { expect: { ...EXPECT, hardwareIds: ['00'.repeat(20)] } } }],
  ],
  'nvidia.expect.none': [['a signer', 'fail', { options: { expect: { ...EXPECT, signer: ['00'.repeat(48)] } } }]],
}

function rimShown(kind: 'driver' | 'vbios'): typeof SHOWN {
  const id = `nvidia.rim.${kind}`
  const rim = (change: Parameters<typeof makeRim>[1]): Situation => ({
    collateral: { [`${kind}Rim`]: makeRim(kind, change) },
  })
  return {
    [`${id}.present`]: [['none', 'unchecked', { collateral: { [`${kind}Rim`]: undefined as never } }]],
    [`${id}.well-formed`]: [['no XML', 'fail', { collateral: { [`${kind}Rim`]: Uint8Array.of(1) } }]],
    [`${id}.chain.names`]: [
      ['a stranger', 'fail', rim({ certificates: { 0: { issuer: distinguishedName(['CN', 'x']) } } })],
    ],
    [`${id}.chain.constraints`]: [['no authority', 'fail', rim({ certificates: { 1: { extensions: [] } } })]],
    [`${id}.chain.algorithms`]: [['a shorter key', 'fail', rim({ certificates: { 1: { subjectKey: p256 } } })]],
    [`${id}.chain.root`]: [
      [
        'another root',
        'fail',
        rim({ certificates: { 2: { subjectKey: other, issuerKey: other }, 1: { issuerKey: other } } }),
      ],
    ],
    [`${id}.chain.not-before`]: [
      [
        'too early',
        'fail',
        rim({ certificates: { 0: { notBefore: LATE, notAfter: new Date('2028-01-01T00:00:00Z') } } }),
      ],
    ],
    [`${id}.chain.not-after`]: [
      ['too late', 'fail', rim({ certificates: { 0: { notAfter: new Date('2026-06-15T11:59:59Z') } } })],
    ],
    [`${id}.chain.signatures`]: [['forged', 'fail', rim({ certificates: { 0: { issuerKey: other } } })]],
    [`${id}.chain.ocsp.present`]: [['no answers', 'unchecked', { collateral: { ocsp: allOcsp().slice(0, 3) } }]],
    [`${id}.chain.ocsp.binding`]: [
      ['another issuer', 'fail', ocspWith('rim 0', { issuerName: distinguishedName(['CN', 'x']) })],
    ],
    [`${id}.chain.ocsp.responder`]: [['not appointed', 'fail', ocspWith('rim 0', { responder: { issuerKey: other } })]],
    [`${id}.chain.ocsp.signature`]: [['forged', 'fail', ocspWith('rim 1', { signer: other })]],
    [`${id}.chain.ocsp.current`]: [
      ['expired', 'fail', ocspWith('rim 1', { nextUpdate: new Date('2026-06-15T11:59:59Z') })],
    ],
    [`${id}.chain.ocsp.nonce`]: [['no nonce', 'fail', { options: { expect: { ...EXPECT, ocspNonces: ['aabb'] } } }]],
    [`${id}.chain.ocsp.status`]: [['revoked', 'fail', ocspWith('rim 0', { status: 'revoked' })]],
    [`${id}.digest`]: [['changed', 'fail', rim({ after: (text) => text.replace('tagId="made"', 'tagId="fake"') })]],
    [`${id}.signature`]: [['another key', 'fail', rim({ signer: other })]],
    [`${id}.version`]: [['another version', 'fail', rim({ version: '1.2.3' })]],
    [`${id}.product`]: [['another chip', 'fail', rim({ product: 'GB100' })]],
  }
}

/** Undefined members stand for parts that are left out. */
function without(situation: Situation): Situation {
  const clean = (object: object | undefined): object =>
    Object.fromEntries(Object.entries(object ?? {}).filter(([, one]) => one !== undefined))
  return {
    ...situation,
    options: {
      ...clean(situation.options),
      ...(situation.options?.expect === undefined ? {} : { expect: clean(situation.options.expect) }),
    },
    ...(situation.collateral === undefined ? {} : { collateral: situation.collateral }),
  }
}

/** Checks that say whether evidence is wanted; all others say whether it is genuine. */
const APPRAISED = /^nvidia\.(hardware|debug|mode\.fields|expect\..*)$/

describe('NVIDIA checks', () => {
  it('a made device is verified', () => {
    const verdict = judge()
    assert.deepEqual(troubles(verdict), [])
    assert.equal(verdict.outcome, 'verified')
    assert.equal(verdict.emulated, true)
    assert.equal(verdict.claims.debug, false)
    assert.equal(verdict.claims.driverVersion, DRIVER)
  })
  for (const [id, cases] of Object.entries(SHOWN)) {
    for (const [name, outcome, situation] of cases) {
      it(`${id}: ${name}`, () => {
        const verdict = judge(without(situation))
        const check = checkOf(verdict, id)
        assert.equal(check.outcome, outcome, check.reason)
        assert.equal(check.blockedBy, undefined)
        assert.equal(check.phase, APPRAISED.test(id) ? 'appraisal' : 'authenticity')
        assert.ok(check.reason.length > 10 && check.remedy !== undefined && check.remedy.action.length > 10)
        assert.notEqual(verdict.outcome, 'verified')
      })
    }
  }
  it('every check was shown', () => {
    assert.deepEqual(Object.keys(SHOWN).sort(), [...nvidiaCheckIds()].sort())
  })
  it('a hold is a revocation unless the caller says otherwise', () => {
    const held = ocspWith('device 1', { status: 'hold' })
    assert.equal(judge({ ...held, options: { expect: { ...EXPECT, allowCertificateHold: true } } }).outcome, 'verified')
  })
  it('the issuer itself may answer', () => {
    assert.equal(judge(ocspWith('device 1', { byIssuer: true })).outcome, 'verified')
  })
  it('of two answers the later counts, in either order', () => {
    const revoked = makeOcsp('device', 1, { status: 'revoked', thisUpdate: new Date('2026-06-15T11:00:00Z') })
    for (const ocsp of [
      [...allOcsp(), revoked],
      [revoked, ...allOcsp()],
    ])
      assert.equal(checkOf(judge({ collateral: { ocsp } }), 'nvidia.chain.ocsp.status').outcome, 'fail')
  })
  it('nonces of answers are compared when they are asked for', () => {
    const ocsp = [...allOcsp().keys()].map((i) =>
      i < 3 ? makeOcsp('device', i + 1, { nonce: 'aabb' }) : makeOcsp('rim', i - 3, { nonce: 'ccdd' }),
    )
    const verdict = judge({ collateral: { ocsp }, options: { expect: { ...EXPECT, ocspNonces: ['aabb', 'ccdd'] } } })
    assert.deepEqual(troubles(verdict), [])
  })
  it('presence and expectations can be waived by name, signatures cannot', () => {
    const waive = nvidiaCheckIds('waivable')
    assert.deepEqual(waive, [
      'nvidia.chain.ocsp.present',
      ...['driver', 'vbios'].flatMap((kind) => [`nvidia.rim.${kind}.present`, `nvidia.rim.${kind}.chain.ocsp.present`]),
      'nvidia.debug',
      ...['mode', 'freshness', 'measurement', 'driver', 'vbios'].map((what) => `nvidia.expect.${what}`),
    ])
    const verdict = judge({
      collateral: { ocsp: [], driverRim: undefined as never, vbiosRim: undefined as never },
      options: { waive, expect: { allowEmulated: true } },
    })
    assert.equal(verdict.outcome, 'verified')
    assert.ok(verdict.waived.length > 5)
    for (const id of [
      'nvidia.report.signature',
      'nvidia.chain.root',
      'nvidia.rim.driver.digest',
      'nvidia.chain.ocsp.status',
    ])
      assert.throws(() => judge({ options: { waive: [id] } }), TypeError)
  })
  it('a chain that is missing leaves open what it would tell, and refutes nothing', () => {
    const expect = { ...EXPECT, products: ['HOPPER'], hardwareIds: ['11'.repeat(8)] }
    const verdict = judge({ options: { expect }, collateral: { certificateChain: undefined as never } })
    for (const id of ['rim.driver.product', 'rim.vbios.product', 'expect.product', 'expect.hardware-id'])
      assert.equal(checkOf(verdict, `nvidia.${id}`).blockedBy, 'nvidia.chain.well-formed', id)
    assert.deepEqual(
      troubles(verdict).filter((one) => one.startsWith('fail')),
      [],
    )
    assert.equal(verdict.outcome, 'incomplete')
  })
  it('a node is a debug one if any of its devices may be', () => {
    const good = goodCollateral()
    const { driverRim: _driver, vbiosRim: _vbios, ...open } = good
    const isDebug = (...collateral: readonly NvidiaCollateralInput[]): boolean =>
      verifyNvidiaNodeSync(
        collateral.map((one) => ({ evidence: makeReport(), collateral: one })),
        { at: AT, trustAnchors: [DEVICE_ANCHOR, RIM_ANCHOR], expect: EXPECT },
      ).claims.debug
    assert.deepEqual([isDebug(good, good), isDebug(good, open), isDebug(open, good)], [false, true, true])
  })
  it('the catalogue has a title for every group and check, and no other', () => {
    const node = verifyNvidiaNodeSync([{ evidence: makeReport() }], { at: AT })
    const ids = [...judge().checks, ...node.checks].flatMap((group) => [
      group.id,
      ...group.checks.map((check) => check.id),
    ])
    assert.deepEqual(Object.keys(nvidiaCatalogue).sort(), ids.sort())
  })
  it('roots of one purpose do not serve the other', async () => {
    const { NVIDIA_ROOTS, NVIDIA_RIM_ROOT, NVIDIA_DEVICE_ROOT } = await import('../src/nvidia/index.ts')
    const { anchorOf } = await import('../src/nvidia/anchors.ts')
    assert.equal(anchorOf(NVIDIA_RIM_ROOT.spkiSha256, NVIDIA_ROOTS, 'device'), undefined)
    assert.equal(anchorOf(NVIDIA_DEVICE_ROOT.spkiSha256, NVIDIA_ROOTS, 'rim'), undefined)
    assert.equal(anchorOf(NVIDIA_DEVICE_ROOT.spkiSha256, NVIDIA_ROOTS, 'device'), NVIDIA_DEVICE_ROOT)
  })
  it('NVDEC0 is left out when it is disabled, and compared when it is not', () => {
    assert.equal(judge({ blocks: { 36: value(99) } }).outcome, 'verified')
    const on = judge({ blocks: { 36: value(99) }, opaque: { ...OPAQUE, NVDEC0_STATUS: Uint8Array.of(0xaa) } })
    assert.deepEqual(on.claims.goldenValues.mismatched, [35])
  })
  it('any of several golden values will do, and inactive ones are ignored', () => {
    const resources = resource(7, [value(1), value(8), value(2)]) + resource(8, [value(77)], 'False')
    assert.equal(judge({ collateral: { driverRim: makeRim('driver', { resources }) } }).outcome, 'verified')
  })
  it('expectations that are misspelt throw', () => {
    assert.throws(() => judge({ options: { expect: { minDriver: '1' } as never } }), /minDriver/)
    assert.throws(() => judge({ options: { expect: { minDriverVersion: 'x' } } }), /minDriverVersion/)
  })
  it('the time must be one', () => {
    assert.throws(() => judge({ options: { at: new Date(Number.NaN) } }), /at/)
    assert.equal(judge({ options: { at: AT } }).at, '2026-06-15T12:00:00Z')
    assert.ok(key('device 0'))
  })
})
