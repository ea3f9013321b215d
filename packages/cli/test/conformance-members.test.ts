import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { canonicalJson } from '@sekisho/evidence'
import { CaseFiles } from '../src/conformance/case-files.ts'
import { ByName, compareMembers } from '../src/conformance/compare.ts'
import { applyEdit } from '../src/conformance/edits.ts'
import { timeOf } from '../src/conformance/json.ts'
import { scratch } from './process.ts'
import { runWithin } from './run.ts'

const home = scratch()

test('each member of `expect` is compared with what was found under its name; one with nothing is named', async () => {
  const { comparisons, unimplemented } = await compareMembers(
    [
      ['size', 3],
      ['name', 'a'],
      ['color', 'red'],
    ],
    { size: 3, name: async () => 'b' },
  )
  assert.deepEqual(
    comparisons.map(({ path, equal }) => [path, equal]),
    [
      ['size', true],
      ['name', false],
    ],
  )
  assert.deepEqual(unimplemented, ['expect.color'])
})

test('a value that was looked for and not found differs from any that is listed', async () => {
  const { comparisons } = await compareMembers([['size', null]], { size: undefined })
  assert.deepEqual(comparisons, [{ path: 'size', expected: null, actual: undefined, equal: false }])
})

test('of members that are found by name, those without a value are named, and all of them where there are none', async () => {
  const found = { fields: ByName.of({ size: 3, name: () => 'b' }) }
  const listed = { size: 3, name: 'a', color: 'red' }
  const { comparisons, unimplemented } = await compareMembers([['fields', listed]], found)
  assert.deepEqual(
    comparisons.map(({ path, equal }) => [path, equal]),
    [
      ['fields.size', true],
      ['fields.name', false],
    ],
  )
  assert.deepEqual(unimplemented, ['expect.fields.color'])
  assert.deepEqual((await compareMembers([['fields', 'text']], found)).unimplemented, ['expect.fields'])
})

test('a member of the name of what every object inherits is found nowhere', async () => {
  const listed = [['constructor', 'x']] as const
  assert.deepEqual(await compareMembers(listed, {}), { comparisons: [], unimplemented: ['expect.constructor'] })
  const inner = await compareMembers([['fields', { constructor: 'x' }]], { fields: ByName.of({}) })
  assert.deepEqual(inner, { comparisons: [], unimplemented: ['expect.fields.constructor'] })
})

test('numbers that canonical JSON cannot hold are compared as they are, and shown as text', async () => {
  const listed = [
    ['exponent', 3],
    ['share', 0.5],
    ['clock', 2 ** 60],
  ] as const
  const found = { exponent: Number.POSITIVE_INFINITY, share: 0.5, clock: { of: [Number.NaN] } }
  const { comparisons } = await compareMembers(listed, found)
  assert.deepEqual(comparisons, [
    { path: 'exponent', expected: 3, actual: 'Infinity', equal: false },
    { path: 'share', expected: '0.5', actual: '0.5', equal: true },
    { path: 'clock', expected: String(2 ** 60), actual: { of: ['NaN'] }, equal: false },
  ])
  assert.doesNotThrow(() => canonicalJson(comparisons))
})

test('a time is one that a case names', () => {
  assert.deepEqual(timeOf({ evaluateAt: '2026-01-02T03:04:05Z' }), new Date('2026-01-02T03:04:05Z'))
  for (const [content, found] of [
    [{}, 'nothing'],
    [{ evaluateAt: null }, 'nothing'],
    [{ evaluateAt: 5 }, '5'],
    [{ evaluateAt: 'soon' }, '"soon"'],
  ] as const)
    assert.throws(() => timeOf(content), {
      message: `evaluateAt: expected the time to judge the evidence at, in ISO 8601; found ${found}`,
    })
})

test('a file that a member names is there, and no folder: else the member is told', async () => {
  const folder = mkdtempSync(join(home, 'files-'))
  mkdirSync(join(folder, 'logs'))
  writeFileSync(join(folder, 'log.bin'), 'x')
  const files = new CaseFiles(folder)
  assert.deepEqual(await files.needOf({ file: 'log.bin' }, 'file', 'eventLogs[0]'), new Uint8Array([0x78]))
  for (const [listed, fault] of [
    [{}, 'expected the name of a file of the case'],
    [{ file: '' }, 'expected the name of a file of the case'],
    [{ file: 5 }, 'expected the name of a file of the case'],
    [{ file: 'logs' }, 'logs: this is a folder, not a file'],
    [{ file: 'none.bin' }, 'the case has no file none.bin'],
  ] as const)
    await assert.rejects(files.needOf(listed, 'file', 'eventLogs[0]'), { message: `eventLogs[0].file: ${fault}` })
  await assert.rejects(files.read('logs'), { message: 'logs: this is a folder, not a file' })
  const edit = { op: 'replace', file: 'log.bin', from: 'logs' }
  await assert.rejects(applyEdit(folder, files, edit), { message: 'ops.from: logs: this is a folder, not a file' })
})

test('such a case fails with that sentence, and the others run', async () => {
  const folder = mkdtempSync(join(home, 'cases-'))
  for (const [name, content] of Object.entries({
    folder: { tee: 'tdx', evaluateAt: '2026-06-15T12:00:00Z', expect: {} },
    mutations: { mutations: [{ base: 'nowhere' }] },
  })) {
    mkdirSync(join(folder, name, 'evidence.bin'), { recursive: true })
    writeFileSync(join(folder, name, name === 'mutations' ? 'mutations.json' : 'case.json'), JSON.stringify(content))
  }
  const { code, out } = await runWithin(['conformance', folder])
  assert.equal(code, 1)
  assert.match(out, /the case could not be run: evidence\.bin: this is a folder, not a file\n/)
  assert.match(out, /the case could not be run: base: expected the folder of a case; "nowhere" has no case\.json\n/)
  assert.match(out, /2 cases: 0 passed, 2 failed/)
})
