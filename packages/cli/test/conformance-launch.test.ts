import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { CaseResult } from '../src/conformance/case.ts'
import { findCases, readCase } from '../src/conformance/find.ts'
import { scratch } from './process.ts'

const VECTORS = process.env.SEKISHO_VECTORS ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))
const LISTS = join(VECTORS, 'snp-measure')
const skip = existsSync(LISTS) ? false : `needs the vectors of snp-measure in ${VECTORS} (SEKISHO_VECTORS)`
const home = scratch()

async function run(folder: string): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = []
  for (const file of await findCases(folder)) results.push(...(await readCase(file, [])))
  return results
}

/** A copy of the lists with one text replaced in one of them. */
async function changed(
  name: string,
  list: string,
  before: string | RegExp,
  after: string,
): Promise<readonly CaseResult[]> {
  const folder = join(home, name)
  cpSync(LISTS, folder, { recursive: true })
  const text = readFileSync(join(folder, list), 'utf8')
  const edited = text.replace(before, after)
  assert.notEqual(edited, text)
  // The published files may be read-only.
  const copy = join(folder, `own-${list}`)
  writeFileSync(copy, edited)
  return (await run(folder)).filter((result) => result.name.includes(`own-${list}`))
}

describe('lists of launch measurements', { skip }, () => {
  it('every published measurement, every page of the traced one, and what each firmware says of itself', async () => {
    const results = await run(LISTS)
    for (const { outcome, name, message } of results) assert.equal(outcome, 'pass', `${name}: ${message ?? ''}`)
    const count = (part: string): number => results.filter(({ name }) => name.includes(part)).length
    assert.ok(results.length >= 39, `${results.length} cases`)
    assert.ok(count('snp-') >= 27 && count('sev.json') >= 5 && count('sev-es.json') >= 4, 'each kind of guest')
    const trace = results.find(({ name }) => name.endsWith('trace.json'))
    assert.ok((trace?.comparisons.length ?? 0) > 120, 'each step is compared')
  })

  for (const [what, list, before, after] of [
    ['another digest', 'snp-gce.json', /"digest": "5/, '"digest": "6'],
    ['another number of processors', 'snp-gce.json', '"vcpus": 4', '"vcpus": 3'],
    [
      'a refusal where there is a measurement',
      'sev.json',
      /"digest": "[0-9a-f]*"/,
      '"error": "kernel-hashes-unsupported"',
    ],
    ['a measurement where there is a refusal', 'sev.json', '"error": "kernel-hashes-unsupported"', '"digest": "00"'],
    [
      'a model with another signature',
      'snp-qemu.json',
      '"vcpuSignature": "0x00830f10"',
      '"vcpuSignature": "0x00830f11"',
    ],
    ['another page', 'trace.json', '"gpa": "0x801000"', '"gpa": "0x802000"'],
    ['another section', 'ovmf.json', '"size": "0x9000"', '"size": "0x8000"'],
  ] as const)
    it(`${what} fails`, async () => {
      const results = await changed(what, list, before, after)
      const failed = results.filter(({ outcome }) => outcome === 'fail')
      assert.ok(
        failed.length >= 1 && failed.length <= 2,
        JSON.stringify(results.map(({ name, outcome }) => [name, outcome])),
      )
    })

  it('a refusal under a name of the list’s own is one, a known name stands for its own refusal only', async () => {
    const named = async (word: string): Promise<readonly string[]> =>
      (await changed(word, 'sev.json', '"error": "kernel-hashes-unsupported"', `"error": "${word}"`))
        .filter(({ outcome }) => outcome === 'fail')
        .map(({ name }) => name)
    assert.deepEqual(await named('no-place-for-hashes'), [])
    assert.equal((await named('truncated')).length, 1)
  })

  it('a member that nothing reads is told, and a mode that is not known is not passed over', async () => {
    const unread = await changed('unread', 'snp-gce.json', '"vcpus": 4', '"vcpus": 4, "igvm": true')
    assert.deepEqual(
      unread.filter(({ outcome }) => outcome === 'unsupported').map(({ unimplemented }) => unimplemented),
      [['igvm']],
    )
    const mode = await changed('mode', 'snp-gce.json', '"mode": "snp"', '"mode": "snp-igvm"')
    assert.ok(mode.some(({ outcome }) => outcome === 'fail'))
  })

  it('an entry that cannot be run, or that says nothing, fails alone', async () => {
    const [digest] = /"digest": "[0-9a-f]{96}"/.exec(readFileSync(join(LISTS, 'snp-gce.json'), 'utf8')) ?? []
    const all = (await run(LISTS)).filter(({ name }) => name.includes('snp-gce')).length
    for (const [what, before, after, message] of [
      ['mode', '"mode": "snp"', '"mode": "snp-igvm"', /the mode "snp-igvm" is not known/],
      ['file', 'blobs/ovmf-amdsev-suffix.bin', 'blobs/none.bin', /none\.bin/],
      ['text', '"vcpus": 4', '"vcpus": "4"', /vcpus is no number/],
      ['nothing', digest ?? assert.fail(), '"was": ""', /neither a digest nor an error/],
    ] as const) {
      const results = await changed(`alone-${what}`, 'snp-gce.json', before, after)
      const failed = results.filter(({ outcome }) => outcome === 'fail')
      assert.deepEqual([results.length, failed.length], [all, 1], what)
      assert.match(failed[0]?.message ?? '', message)
    }
  })

  it('a list without entries fails', async () => {
    for (const kind of ['launch-measurement', 'firmware-metadata']) {
      const folder = join(home, `empty-${kind}`)
      mkdirSync(folder)
      writeFileSync(join(folder, 'list.json'), JSON.stringify({ kind }))
      const results = await run(folder)
      assert.deepEqual(
        results.map(({ outcome }) => outcome),
        ['fail'],
      )
      assert.match(results[0]?.message ?? '', /the list has no entries/)
    }
  })

  it('JSON beside cases, and JSON of another kind, is left alone', async () => {
    const folder = join(home, 'others')
    cpSync(LISTS, folder, { recursive: true })
    writeFileSync(join(folder, 'other.json'), '{"kind":"something"}')
    writeFileSync(join(folder, 'broken.json'), '{')
    assert.equal((await run(folder)).length, (await run(LISTS)).length)
  })
})
