import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isOlder } from '../src/core/versions.ts'
import {
  architectureOf,
  deviceFacts,
  modeOf,
  nvidiaFields,
  parseNvidiaReport,
  parseOcspResponse,
  readNvidiaExpectations,
} from '../src/nvidia/index.ts'
import { nvidiaStory } from '../src/nvidia/verify.ts'
import { recognise } from '../src/recognise/index.ts'
import { GOOD_OPTIONS, goodCollateral, judge, makeOcsp, makeReport } from './nvidia-kit.ts'
import { KnownChecks } from './proof/known-checks.ts'

const GOOD = makeReport()
const RECORD = 45
const OPAQUE = RECORD + 64 * 55 + 32

function edited(at: number, ...bytes: readonly number[]): Uint8Array {
  const copy = new Uint8Array(GOOD)
  copy.set(bytes, at)
  return copy
}

describe('NVIDIA reports that cannot be read', () => {
  const BAD: Readonly<Record<string, readonly [Uint8Array, string, string]>> = {
    'another version of the request': [edited(0, 0x12), 'unsupported-version', 'request.spdmVersion'],
    'another request': [edited(1, 0xe1), 'malformed', 'request.code'],
    'no signature wanted': [edited(2, 0), 'malformed', 'request.param1'],
    'one block wanted': [edited(3, 5), 'malformed', 'request.param2'],
    'another version of the response': [edited(37, 0x10), 'unsupported-version', 'response.spdmVersion'],
    'an error instead of measurements': [edited(38, 0x7f), 'malformed', 'response.code'],
    'fewer blocks than it says': [edited(41, 65), 'truncated', 'measurementBlock.index'],
    'more blocks than it says': [edited(41, 63), 'trailing-bytes', 'response.measurementRecord'],
    'a record that is too long': [edited(42, 0xff, 0xff, 0xff), 'truncated', 'response.measurementRecord'],
    'blocks out of order': [edited(RECORD, 2), 'malformed', 'measurementBlock.index'],
    'a block of another specification': [edited(RECORD + 1, 2), 'malformed', 'measurementBlock.specification'],
    'a block whose sizes differ': [edited(RECORD + 2, 50), 'malformed', 'measurementBlock.valueSize'],
    'a block that is too long': [edited(RECORD + 2, 0xff, 0xff, 1, 0xfc, 0xff), 'truncated', 'measurementBlock.value'],
    'opaque data that are too long': [edited(OPAQUE, 0xff, 0xff), 'truncated', 'response.opaqueData'],
    'an opaque value that is too long': [edited(OPAQUE + 4, 0xff, 0x0f), 'truncated', 'opaqueData.VBIOS_VERSION'],
    'an opaque type twice': [edited(OPAQUE + 14, 6, 0), 'malformed', 'opaqueData.type'],
    'something behind the signature': [Uint8Array.of(...GOOD, 0, 1), 'trailing-bytes', 'report'],
    'endless padding': [new Uint8Array([...GOOD, ...new Uint8Array(5000)]), 'trailing-bytes', 'report'],
    'too much': [new Uint8Array(70_000), 'too-large', 'report'],
    nothing: [new Uint8Array(), 'truncated', 'request.spdmVersion'],
  }
  for (const [name, [bytes, code, field]] of Object.entries(BAD)) {
    it(name, () => assert.throws(() => parseNvidiaReport(bytes), { name: 'EvidenceError', code, field }))
  }
})

describe('NVIDIA reports', () => {
  const facts = (report: Uint8Array): ReturnType<typeof deviceFacts> => deviceFacts(parseNvidiaReport(report))
  const text = (value: string): Uint8Array => new TextEncoder().encode(`${value}\0`)
  it('name their manifests', () => {
    const rimIds = judge({ collateral: { driverRim: undefined as never } }).checks.flatMap((group) => group.checks)
    assert.match(
      rimIds.find(({ id }) => id === 'nvidia.rim.driver.present')?.remedy?.action ?? '',
      /NV_GPU_DRIVER_GH100_570\.86\.10/,
    )
    assert.equal(facts(GOOD).rimIds.vbios, 'NV_GPU_VBIOS_1010_0200_882_9600AF0001')
    const blackwell = makeReport({ opaque: { CHIP_INFO: text('GB20X') } })
    assert.equal(facts(blackwell).rimIds.driver, 'NV_GPU_CC_DRIVER_GB20X_570.86.10')
    assert.deepEqual(['GB100', 'GB20x', 'GB20X', 'GH100', 'GA100'].map(architectureOf), [
      ...['BLACKWELL', 'BLACKWELL', 'BLACKWELL', 'HOPPER', undefined],
    ])
    const one = makeReport({
      opaque: { DRIVER_VERSION: undefined, VBIOS_VERSION: new TextEncoder().encode('96.10.6D.00.01') },
    })
    assert.deepEqual(facts(one).rimIds, { driver: undefined, vbios: 'NV_SWITCH_BIOS_5612_0002_890_96106D0001' })
  })
  it('say their mode in one of two places', () => {
    const mode = (flag: Uint8Array | undefined, pcie: Uint8Array | undefined): string | undefined =>
      modeOf(parseNvidiaReport(makeReport({ opaque: { FEATURE_FLAG: flag, PROTECTED_PCIE_STATUS: pcie } })))
    assert.equal(mode(undefined, undefined), undefined)
    assert.equal(mode(undefined, Uint8Array.of(0xaa)), 'protected-pcie')
    assert.equal(mode(undefined, Uint8Array.of(0x55)), 'single-gpu')
    assert.equal(mode(undefined, Uint8Array.of(0)), 'unknown')
    assert.equal(mode(Uint8Array.of(1, 0), undefined), 'multi-gpu')
    assert.equal(mode(new Uint8Array(), undefined), 'unknown')
  })
  it('have fields for each byte string', () => assert.ok(nvidiaFields(parseNvidiaReport(GOOD)).length > 64 + 20))
  it('are recognised, alone and in JSON', () => {
    assert.equal(recognise(GOOD).tee, 'nvidia-gpu')
    const json = JSON.stringify([{ arch: 'HOPPER', evidence: Buffer.from(GOOD).toString('base64') }])
    assert.equal(recognise(new TextEncoder().encode(json)).tee, 'nvidia-gpu')
    assert.equal(recognise(new TextEncoder().encode(Buffer.from(GOOD).toString('hex'))).tee, 'nvidia-gpu')
  })
  it('versions are compared number by number', () => {
    assert.equal(isOlder('550.90.07', '550.90.8', 10), true)
    assert.equal(isOlder('550.90', '550.90.0', 10), false)
    assert.equal(isOlder('96.00.9F', '96.00.A0', 16), true)
    assert.equal(isOlder('x', '1', 10), undefined)
    assert.throws(() => readNvidiaExpectations({ modes: ['fast'] }), /modes/)
  })
})

describe('OCSP responses that cannot be read', () => {
  const good = makeOcsp('device', 1)
  it('truncated at any length, and with a byte behind', () => {
    for (let length = 0; length < good.length; length++)
      assert.throws(() => parseOcspResponse(good.subarray(0, length)), { name: 'EvidenceError' })
    assert.throws(() => parseOcspResponse(Uint8Array.of(...good, 0)), { code: 'trailing-bytes' })
  })
  it('an answer that is an error', () => {
    assert.throws(() => parseOcspResponse(makeOcsp('device', 1, { responseStatus: 6 })), {
      field: 'ocsp.responseStatus',
    })
  })
  it('a bit flipped anywhere never gives another verified answer', () => {
    const known = new KnownChecks()
    const collateral = goodCollateral()
    const { ocsp = [] } = collateral
    const report = makeReport()
    const judged = (first: Uint8Array): ReturnType<typeof nvidiaStory> =>
      nvidiaStory(report, { ...GOOD_OPTIONS, collateral: { ...collateral, ocsp: [first, ...ocsp.slice(1)] } })
    assert.equal(known.learn(judged(good)).authenticity, 'proven')
    for (let at = 0; at < good.length; at += 3) {
      const changed = new Uint8Array(good)
      changed[at] = (changed[at] as number) ^ (1 << (at % 8))
      const verdict = known.tell(judged(changed))
      // The name of the responder is the one thing in it that proves nothing: it is signed all the same.
      assert.notEqual(verdict.authenticity, 'proven', `byte ${at}`)
    }
  })
})
