import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeSgx, makeSnp, makeTdx } from '@sekisho/emulator/kit'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { canonicalJson } from '../src/core/canonical.ts'
import type { Verdict } from '../src/core/verdict.ts'
import type { DcapCollateralInput } from '../src/dcap/collateral.ts'
import { verifySgxSync } from '../src/sgx/index.ts'
import { type SnpCollateralInput, verifySnpSync } from '../src/snp/index.ts'
import { prepareEventLog, verifyTdxSync } from '../src/tdx/index.ts'
import { needs, VECTORS, vector, vectorJson } from './event-log-kit.ts'
import { judgeSgx, judgeSnp, judgeTdx } from './soundness/kit.ts'

const SCHEMA: unknown = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../schema/verdict-v1.json', import.meta.url)), 'utf8'),
)
const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true })
const validate = ajv.compile(SCHEMA as object)

function assertValid(verdict: Verdict): void {
  const written: unknown = JSON.parse(canonicalJson(verdict))
  assert.ok(validate(written), ajv.errorsText(validate.errors))
}

const HEX64 = 'ab'.repeat(32)

/** A verdict with every optional member. */
const SAMPLE: Verdict = {
  schema: 'urn:sekisho:verdict:v1',
  outcome: 'rejected',
  summary: 'EMULATED: the signature does not verify',
  authenticity: 'refuted',
  tee: 'snp',
  format: 'SNP report v3',
  at: '2026-11-21T04:00:00Z',
  evidence: { sha256: HEX64, length: 1184 },
  emulated: true,
  anchors: [{ id: 'example', name: 'Example ARK', vendor: 'nobody', spkiSha256: HEX64, emulated: true }],
  collateral: [{ name: 'vcek', sha256: HEX64, from: '2025-01-01T00:00:00Z', until: '2032-01-01T00:00:00Z' }],
  claims: {
    tee: 'snp',
    vendor: 'amd',
    product: 'Milan',
    isolation: 'vm',
    hardware: false,
    debug: false,
    launchMeasurement: 'cd'.repeat(48),
    runtimeMeasurements: {},
    signer: 'ef'.repeat(48),
    svn: 2,
    userData: '00'.repeat(64),
    hostData: '00'.repeat(32),
    hardwareId: '01'.repeat(64),
    tcb: { status: 'UpToDate', date: '2025-01-01T00:00:00Z', advisories: ['A-1'], components: { snp: 24 } },
  },
  checks: [
    {
      id: 'snp.report',
      title: 'The report',
      outcome: 'fail',
      checks: [
        {
          id: 'snp.report.signature',
          title: 'The report is signed',
          phase: 'authenticity',
          source: 'AMD 56860, table 23',
          outcome: 'fail',
          reason: 'the signature does not verify',
          expected: 'a signature',
          actual: 'none',
          anchor: 'example',
          remedy: { action: 'ask for new evidence', by: 'nobody' },
        },
        {
          id: 'snp.report.bound',
          title: 'The report is bound',
          phase: 'authenticity',
          source: 'AMD 56860',
          outcome: 'unchecked',
          reason: 'not reached',
          blockedBy: 'snp.report.signature',
        },
        {
          id: 'snp.crl.present',
          title: 'There is a revocation list',
          phase: 'authenticity',
          source: 'AMD 57230',
          outcome: 'unchecked',
          reason: 'there is none',
          remedy: { action: 'pass one', by: 'relying-party' },
          waived: true,
        },
      ],
    },
  ],
  assumed: [{ id: 'vendor-key', statement: 'the vendor keeps its key', because: 'it signed' }],
  waived: ['snp.crl.present'],
  notes: [{ id: 'trailing', text: 'zeros follow' }],
}

test('a verdict with every member is valid', () => {
  assertValid(SAMPLE)
})

type Place = readonly (string | number)[]

/** Every object within `value`, by its path. */
function objectsIn(value: unknown, path: Place = []): readonly Place[] {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.entries(value).flatMap(([key, member]) => objectsIn(member, [...path, key]))
  return Array.isArray(value) ? inner : [path, ...inner]
}

/** A copy of the sample, with `change` done to the object at `path`. */
function changed(path: Place, change: (target: Record<string, unknown>) => void): unknown {
  const copy: unknown = structuredClone(SAMPLE)
  let target = copy
  for (const key of path) target = (target as Record<string | number, unknown>)[key]
  change(target as Record<string, unknown>)
  return copy
}

/** Objects to which a TEE adds members of its own. */
const OPEN: readonly string[] = ['claims', 'claims.tcb']

test('no object but the claims takes an unknown member, and those take no fractions', () => {
  for (const path of objectsIn(SAMPLE)) {
    const value = changed(path, (target) => {
      target.unknown = 'x'
    })
    const name = path.join('.')
    assert.equal(validate(value), OPEN.includes(name), name)
    const fraction = changed(path, (target) => {
      target.unknown = { deep: [1.5] }
    })
    assert.equal(validate(fraction), false, name)
  }
})

const OPTIONAL: ReadonlySet<string> = new Set([
  ...['product', 'signer', 'svn', 'hostData', 'hardwareId', 'status', 'date', 'advisories', 'snp'],
  ...['from', 'until', 'expected', 'actual', 'anchor', 'waived', 'title'],
])

test('no required member may be missing', () => {
  let required = 0
  for (const path of objectsIn(SAMPLE)) {
    const name = path.join('.')
    const members = changed(path, () => undefined)
    let target = members
    for (const key of path) target = (target as Record<string | number, unknown>)[key]
    for (const member of Object.keys(target as object)) {
      if (OPTIONAL.has(member) && name !== '') continue
      required++
      const value = changed(path, (object) => {
        delete object[member]
      })
      assert.equal(validate(value), false, `${name}.${member}`)
    }
  }
  assert.ok(required > 60, String(required))
})

test('an outcome that the checks do not bear out is not valid', () => {
  const root = (change: (target: Record<string, unknown>) => void): boolean => validate(changed([], change)) as boolean
  const set = (member: string, value: unknown): boolean => root((target) => Object.assign(target, { [member]: value }))
  assert.equal(set('outcome', 'verified'), false)
  assert.equal(set('outcome', 'incomplete'), false)
  assert.equal(set('schema', 'urn:sekisho:verdict:v2'), false)
  assert.equal(set('at', '2026-11-21'), false)
  assert.equal(set('summary', 'fine'), false)
  assert.equal(set('anchors', []), false)
  assert.equal(set('checks', []), false)
  const passing = { id: 'snp.a', title: 'a', outcome: 'pass', checks: [check('pass')] }
  const verified = { ...SAMPLE, outcome: 'verified', authenticity: 'proven', waived: [], checks: [passing] }
  assert.ok(validate(verified), ajv.errorsText(validate.errors))
  assert.equal(validate({ ...verified, authenticity: 'unproven' }), false)
  assert.equal(validate({ ...verified, outcome: 'rejected' }), false)
  const open = { ...passing, outcome: 'unchecked', checks: [{ ...check('unchecked'), remedy: REMEDY }] }
  assert.equal(validate({ ...verified, checks: [passing, open] }), false)
  assert.ok(validate({ ...verified, outcome: 'incomplete', checks: [passing, open] }))
  for (const bad of [
    check('fail'),
    check('unchecked'),
    { ...check('pass'), remedy: REMEDY },
    { ...check('pass'), waived: true },
    { ...check('pass'), blockedBy: 'snp.b' },
    { ...check('pass'), id: 'a.b' },
    { ...check('pass'), phase: 'later' },
  ]) {
    assert.equal(validate({ ...verified, checks: [{ ...passing, checks: [bad] }] }), false, JSON.stringify(bad))
  }
})

const REMEDY = { action: 'a', by: 'nobody' }

function check(outcome: string): Readonly<Record<string, unknown>> {
  return { id: 'snp.a', title: 'a', phase: 'appraisal', source: 's', outcome, reason: 'r' }
}

test('verdicts about evidence of the test kit are valid, with and without what they need', () => {
  const snp = makeSnp()
  const sgx = makeSgx()
  const tdx = makeTdx()
  for (const verdict of [judgeSnp(snp), judgeSgx(sgx), judgeTdx(tdx)]) {
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assertValid(verdict)
  }
  for (const verdict of [
    judgeSnp(snp, { collateral: {}, expect: {} }),
    judgeSgx(sgx, { collateral: {}, expect: {} }),
    judgeTdx(tdx, { collateral: {}, expect: {} }),
    judgeTdx(tdx, { eventLog: prepareEventLog(Uint8Array.of(1, 2, 3)) }),
    judgeTdx(tdx, { trustAnchors: [] }),
  ]) {
    assert.notEqual(verdict.outcome, 'verified')
    assertValid(verdict)
  }
})

function casesIn(folder: string): readonly string[] {
  const path = join(VECTORS, folder)
  return existsSync(path) ? readdirSync(path).filter((name) => existsSync(join(path, name, 'evidence.bin'))) : []
}

function evaluateAt(folder: string, name: string): Date {
  const { evaluateAt: at } = vectorJson(folder, name, 'case.json') as { readonly evaluateAt?: string }
  return new Date(at ?? '2026-06-01T00:00:00Z')
}

function snpVerdict(name: string): Verdict {
  const folder = 'amd-sev-snp'
  const certificate = (part: string): Readonly<Record<string, Uint8Array>> =>
    existsSync(join(VECTORS, folder, name, 'certs', `${part}.der`))
      ? { [part]: vector(folder, name, 'certs', `${part}.der`) }
      : {}
  const collateral: SnpCollateralInput = Object.assign({}, ...['ark', 'ask', 'asvk', 'vcek', 'vlek'].map(certificate))
  return verifySnpSync(vector(folder, name, 'evidence.bin'), { at: evaluateAt(folder, name), collateral })
}

function intelVerdict(folder: 'intel-tdx' | 'intel-sgx', name: string): Verdict {
  const path = join(VECTORS, folder, name, 'collateral.json')
  const collateral = (existsSync(path) ? vectorJson(folder, name, 'collateral.json') : {}) as DcapCollateralInput
  const options = { at: evaluateAt(folder, name), collateral }
  const evidence = vector(folder, name, 'evidence.bin')
  return folder === 'intel-sgx' ? verifySgxSync(evidence, options) : verifyTdxSync(evidence, options)
}

for (const [folder, verify] of [
  ['amd-sev-snp', snpVerdict],
  ['intel-tdx', (name: string): Verdict => intelVerdict('intel-tdx', name)],
  ['intel-sgx', (name: string): Verdict => intelVerdict('intel-sgx', name)],
] as const) {
  test(`verdicts about every case of ${folder} are valid`, needs(folder), () => {
    let proven = 0
    for (const name of casesIn(folder)) {
      const verdict = verify(name)
      assertValid(verdict)
      if (verdict.authenticity !== 'refuted') proven++
    }
    assert.ok(proven > 0)
  })
}
