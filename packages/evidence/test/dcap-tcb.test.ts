import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { EvidenceError } from '../src/core/errors.ts'
import type { PckExtensions } from '../src/dcap/pck.ts'
import { parseQeIdentity } from '../src/dcap/qe-identity.ts'
import { convergedStatus, matched, tcbStateOf } from '../src/dcap/tcb.ts'
import { moduleIdentityOf, PLATFORM_STATUSES, type PlatformStatus, parseTcbInfo } from '../src/dcap/tcb-info.ts'

interface Level {
  readonly sgx?: readonly number[]
  readonly pce?: number
  readonly tdx?: readonly number[]
  readonly status?: string
  readonly date?: string
  readonly advisories?: readonly string[]
}

const padded = (svns: readonly number[] = []): { svn: number }[] =>
  Array.from({ length: 16 }, (_, i) => ({ svn: svns[i] ?? 0 }))

function levelJson({
  sgx,
  pce = 5,
  tdx,
  status = 'UpToDate',
  date = '2026-01-01T00:00:00Z',
  advisories,
}: Level): object {
  return {
    tcb: {
      sgxtcbcomponents: padded(sgx),
      pcesvn: pce,
      ...(tdx === undefined ? {} : { tdxtcbcomponents: padded(tdx) }),
    },
    tcbDate: date,
    tcbStatus: status,
    ...(advisories === undefined ? {} : { advisoryIDs: advisories }),
  }
}

const svnLevel = (
  isvsvn: number,
  tcbStatus: string,
  tcbDate = '2026-01-01T00:00:00Z',
  advisoryIDs: readonly string[] = [],
): object => ({ tcb: { isvsvn }, tcbDate, tcbStatus, advisoryIDs })

const ZERO48 = '00'.repeat(48)
const SIGNER = { mrsigner: ZERO48, attributes: '00'.repeat(8), attributesMask: 'ff'.repeat(8) }

function tcbInfo(levels: readonly Level[], modules?: readonly object[], change: object = {}): string {
  const tdx = levels[0]?.tdx !== undefined
  return JSON.stringify({
    id: tdx ? 'TDX' : 'SGX',
    version: 3,
    issueDate: '2026-01-01T00:00:00Z',
    nextUpdate: '2026-02-01T00:00:00Z',
    fmspc: '00906ED50000',
    pceId: '0000',
    tcbType: 0,
    tcbEvaluationDataNumber: 17,
    ...(tdx ? { tdxModule: SIGNER } : {}),
    ...(modules === undefined ? {} : { tdxModuleIdentities: modules }),
    tcbLevels: levels.map(levelJson),
    ...change,
  })
}

function identity(levels: readonly object[] = [svnLevel(8, 'UpToDate')], change: object = {}): string {
  return JSON.stringify({
    id: 'QE',
    version: 2,
    issueDate: '2026-01-01T00:00:00Z',
    nextUpdate: '2026-02-01T00:00:00Z',
    tcbEvaluationDataNumber: 17,
    miscselect: '00000000',
    miscselectMask: 'FFFFFFFF',
    attributes: '11'.repeat(16),
    attributesMask: 'FB'.repeat(16),
    mrsigner: '22'.repeat(32),
    isvprodid: 1,
    tcbLevels: levels,
    ...change,
  })
}

function pck(sgx: readonly number[] = [], pceSvn = 5): PckExtensions {
  const bytes = (size: number): Uint8Array => new Uint8Array(size)
  return {
    ppid: bytes(16),
    tcbComponents: padded(sgx).map((one) => one.svn),
    pceSvn,
    cpuSvn: bytes(16),
    pceId: bytes(2),
    fmspc: bytes(6),
    sgxType: 0,
    platformInstanceId: undefined,
    configuration: undefined,
  }
}

const svns = (...bytes: readonly number[]): Uint8Array => Uint8Array.from({ length: 16 }, (_, i) => bytes[i] ?? 0)

function status(
  platform: PckExtensions,
  info: string,
  launch?: Uint8Array,
  current?: Uint8Array,
  qe = identity(),
): string {
  const tdx = launch === undefined ? undefined : { launch, current }
  const state = tcbStateOf(platform, 8, parseTcbInfo(info), parseQeIdentity(qe), tdx)
  const unmatched = [state.launch, state.current].find((one) => typeof one === 'string')
  return state.status ?? `no level of ${String(unmatched)}`
}

describe('TCB status converges by a table', () => {
  const OUTDATED: Readonly<Record<PlatformStatus, PlatformStatus>> = {
    UpToDate: 'OutOfDate',
    SWHardeningNeeded: 'OutOfDate',
    ConfigurationNeeded: 'OutOfDateConfigurationNeeded',
    ConfigurationAndSWHardeningNeeded: 'OutOfDateConfigurationNeeded',
    OutOfDate: 'OutOfDate',
    OutOfDateConfigurationNeeded: 'OutOfDateConfigurationNeeded',
    Revoked: 'Revoked',
  }
  for (const platform of PLATFORM_STATUSES) {
    it(`${platform} with current components stays`, () =>
      assert.equal(convergedStatus(platform, ['UpToDate', 'UpToDate']), platform))
    it(`${platform} with an outdated component`, () =>
      assert.equal(convergedStatus(platform, ['UpToDate', 'OutOfDate']), OUTDATED[platform]))
    it(`${platform} with a revoked component`, () =>
      assert.equal(convergedStatus(platform, ['OutOfDate', 'Revoked']), 'Revoked'))
  }
  it('keeps words for components that Intel does not use today', () => {
    assert.equal(convergedStatus('UpToDate', ['ConfigurationNeeded']), 'ConfigurationNeeded')
    assert.equal(convergedStatus('SWHardeningNeeded', ['ConfigurationNeeded']), 'ConfigurationAndSWHardeningNeeded')
    assert.equal(convergedStatus('UpToDate', ['OutOfDateConfigurationNeeded']), 'OutOfDateConfigurationNeeded')
    assert.equal(convergedStatus('ConfigurationNeeded', ['SWHardeningNeeded']), 'ConfigurationAndSWHardeningNeeded')
  })
})

describe('the platform matches the highest level it meets in every part', () => {
  const levels: readonly Level[] = [
    { sgx: [3, 3], pce: 11 },
    { sgx: [3, 3], pce: 5, status: 'ConfigurationNeeded' },
    { sgx: [2, 9], pce: 5, status: 'SWHardeningNeeded' },
    {
      sgx: [2, 2],
      pce: 5,
      status: 'OutOfDate',
      date: '2024-01-01T00:00:00Z',
      advisories: ['INTEL-SA-2', 'INTEL-SA-1'],
    },
  ]
  const table: readonly (readonly [readonly number[], number, string])[] = [
    [[3, 3], 11, 'UpToDate'],
    [[255, 255], 300, 'UpToDate'],
    [[3, 3], 10, 'ConfigurationNeeded'],
    [[3, 2], 11, 'OutOfDate'],
    [[2, 9], 11, 'SWHardeningNeeded'],
    [[2, 2], 5, 'OutOfDate'],
    [[2, 1], 11, 'no level of platform'],
    [[3, 3], 4, 'no level of platform'],
  ]
  for (const [sgx, pce, expected] of table) {
    it(`${sgx.join('.')} and PCE ${pce}: ${expected}`, () =>
      assert.equal(status(pck(sgx, pce), tcbInfo(levels)), expected))
  }
  it('in whatever order the levels come', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...levels], { minLength: 4 }),
        fc.integer({ min: 0, max: 4 }),
        fc.integer({ min: 0, max: 10 }),
        fc.integer({ min: 0, max: 12 }),
        (shuffled, a, b, pce) => {
          assert.equal(status(pck([a, b], pce), tcbInfo(shuffled)), status(pck([a, b], pce), tcbInfo(levels)))
        },
      ),
    )
  })
  it('the date is the earliest, the advisories are those of all parts', () => {
    const qe = parseQeIdentity(
      identity([svnLevel(8, 'UpToDate', '2023-06-01T00:00:00Z', ['INTEL-SA-3', 'INTEL-SA-1'])]),
    )
    const state = tcbStateOf(pck([2, 2]), 8, parseTcbInfo(tcbInfo(levels)), qe, undefined)
    assert.equal(matched(state.launch)?.date, '2023-06-01T00:00:00Z')
    assert.deepEqual(matched(state.launch)?.advisories, ['INTEL-SA-1', 'INTEL-SA-2', 'INTEL-SA-3'])
  })
  it('the QE matches the highest level at or below its SVN', () => {
    const qe = identity([svnLevel(5, 'OutOfDate'), svnLevel(9, 'UpToDate'), svnLevel(7, 'Revoked')])
    assert.equal(status(pck([3, 3], 11), tcbInfo(levels), undefined, undefined, qe), 'Revoked')
    assert.equal(
      status(pck([3, 3], 11), tcbInfo(levels), undefined, undefined, identity([svnLevel(9, 'UpToDate')])),
      'no level of qe',
    )
  })
})

describe('TDX components and module', () => {
  const levels: readonly Level[] = [{ tdx: [5, 0, 7] }, { tdx: [3, 0, 6], status: 'OutOfDate' }]
  const modules = [{ id: 'tdx_1A', ...SIGNER, tcbLevels: [svnLevel(2, 'OutOfDate'), svnLevel(4, 'UpToDate')] }]

  it('module version 0: all components count', () => {
    assert.equal(status(pck(), tcbInfo(levels, modules), svns(5, 0, 7)), 'UpToDate')
    assert.equal(status(pck(), tcbInfo(levels, modules), svns(4, 0, 7)), 'OutOfDate')
  })
  it('a later module: bytes 0 and 1 belong to the module identity', () => {
    assert.equal(status(pck(), tcbInfo(levels, modules), svns(4, 0x1a, 7)), 'UpToDate')
    assert.equal(status(pck(), tcbInfo(levels, modules), svns(3, 0x1a, 7)), 'OutOfDate')
    assert.equal(status(pck(), tcbInfo(levels, modules), svns(4, 0x1a, 6)), 'OutOfDate')
    assert.equal(status(pck(), tcbInfo(levels, modules), svns(1, 0x1a, 7)), 'no level of module')
    assert.equal(status(pck(), tcbInfo(levels, modules), svns(4, 0x1b, 7)), 'no level of module')
  })
  it('module ids are hexadecimal of either case', () => {
    const info = parseTcbInfo(tcbInfo(levels, modules))
    assert.equal(moduleIdentityOf(info, 0x1a)?.id, 'tdx_1A')
    assert.equal(moduleIdentityOf(info, 1), undefined)
  })
  it('a TD older than the module that now runs is to be relaunched', () => {
    const mixed: readonly Level[] = [
      { tdx: [0, 0, 7], status: 'ConfigurationNeeded' },
      { tdx: [0, 0, 6], status: 'OutOfDate' },
    ]
    const table: readonly (readonly [readonly Level[], number, number, string])[] = [
      [levels, 3, 4, 'TDRelaunchAdvised'],
      [levels, 4, 4, 'UpToDate'],
      [levels, 3, 3, 'OutOfDate'],
      [levels, 4, 3, 'UpToDate'],
      [levels, 3, 1, 'no level of module'],
      [mixed, 3, 4, 'TDRelaunchAdvisedConfigurationNeeded'],
    ]
    for (const [platform, launch, current, expected] of table) {
      const text = tcbInfo(platform, modules)
      assert.equal(status(pck(), text, svns(launch, 0x1a, 7), svns(current, 0x1a, 7)), expected)
    }
  })
})

describe('TCB info and QE identity are read strictly', () => {
  const refused = (text: string, parse: (text: string) => unknown = parseTcbInfo): void =>
    assert.throws(() => parse(text), EvidenceError)
  const good: readonly Level[] = [{ sgx: [1] }]

  it('reads a good one', () => assert.equal(parseTcbInfo(tcbInfo(good)).levels.length, 1))
  it('unknown status', () => refused(tcbInfo([{ status: 'Fine' }])))
  it('no levels', () => refused(tcbInfo([])))
  it('two equal levels', () => refused(tcbInfo([...good, { sgx: [1], status: 'OutOfDate' }])))
  it('another TCB type', () => refused(tcbInfo(good, undefined, { tcbType: 1 })))
  for (const version of [0, 1, 4, '3', null])
    it(`version ${version}`, () => refused(tcbInfo(good, undefined, { version })))
  it('another id', () => refused(tcbInfo(good, undefined, { id: 'SEV' })))
  it('fifteen components', () => {
    refused(
      tcbInfo(good, undefined, {
        tcbLevels: [
          {
            tcb: { sgxtcbcomponents: padded().slice(1), pcesvn: 1 },
            tcbDate: '2026-01-01T00:00:00Z',
            tcbStatus: 'UpToDate',
          },
        ],
      }),
    )
  })
  it('more levels than anybody has', () => refused(tcbInfo(Array.from({ length: 257 }, (_, i) => ({ pce: i })))))
  for (const issueDate of ['2026-02-30T00:00:00Z', '2026-01-01', 1, undefined])
    it(`issue date ${issueDate}`, () => refused(tcbInfo(good, undefined, { issueDate })))
  for (const fmspc of ['00906ED5', 'zz906ED50000', 7])
    it(`FMSPC ${fmspc}`, () => refused(tcbInfo(good, undefined, { fmspc })))
  for (const text of ['', '[]', 'null', '{', '"x"']) it(`the text ${text}`, () => refused(text))
  it('QE identity: unknown id, version, levels', () => {
    refused(identity([]), parseQeIdentity)
    refused(identity(undefined, { id: 'PCE' }), parseQeIdentity)
    refused(identity(undefined, { version: 1 }), parseQeIdentity)
    refused(identity([svnLevel(1, 'UpToDate'), svnLevel(1, 'OutOfDate')]), parseQeIdentity)
  })
  it('any text is parsed or refused', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        for (const parse of [parseTcbInfo, parseQeIdentity]) {
          try {
            parse(text)
          } catch (error) {
            assert.ok(error instanceof EvidenceError)
          }
        }
      }),
    )
  })
})
