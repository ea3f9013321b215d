import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { filesBelow, ROOT } from '../src/files.ts'
import { type PortableAppraisal, runAppraisals } from '../src/portable/appraisal.ts'
import { exampleCases, mutatedCases, vectorCases } from '../src/portable/cases.ts'
import { damaged } from '../src/portable/damage.ts'
import { processRuntimes, runtimes } from '../src/portable/runtimes.ts'
import { type PortableCase, type PortableResult, runSuite } from '../src/portable/suite.ts'
import { recognised, tokenCases } from '../src/portable/token-cases.ts'

const vectorsFolder = resolve(ROOT, process.env.SEKISHO_VECTORS ?? '../shared/vectors')
const vectors = vectorCases(vectorsFolder)
const sound = [...exampleCases(join(ROOT, 'examples')), ...vectors]
const mutated = mutatedCases(vectorsFolder)
const tokens = tokenCases(vectorsFolder)
const wrapped = filesBelow(join(ROOT, 'examples'), '.bin').map((path) => recognised(join(ROOT, 'examples', path), path))
const others = [...mutated, ...tokens, ...wrapped]
const cases: readonly PortableCase[] = [...sound, ...damaged(sound), ...others, ...damaged(tokens)]

describe('the same verdict bytes on every runtime', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'sekisho-portable-'))
  const casesFile = join(scratch, 'cases.json')
  let expected: readonly PortableResult[] = []

  before(async () => {
    writeFileSync(casesFile, JSON.stringify(cases))
    expected = await runSuite(cases)
  })
  after(() => rmSync(scratch, { recursive: true, force: true }))

  it('the cases reach verdicts of every kind', () => {
    const outcomes = new Set(expected.map(({ outcome }) => outcome))
    for (const outcome of ['rejected', 'incomplete', 'verified'] as const) {
      assert.ok(
        vectors.length === 0 && outcome === 'incomplete' ? true : outcomes.has(outcome),
        `no case is ${outcome}`,
      )
    }
    const digests = new Set(expected.map(({ digest }) => digest))
    assert.ok(digests.size > expected.length / 2, `only ${digests.size} different verdicts in ${expected.length} cases`)
  })

  it('no damaged case is verified', () => {
    const verified = expected.filter(({ name, outcome }) => name.endsWith(' damaged') && outcome === 'verified')
    assert.deepEqual(verified, [])
  })

  it('the shared vectors are among the cases', {
    skip: vectors.length > 0 ? false : 'the vectors are not here; see npm run vectors',
  }, () => {
    assert.ok(vectors.length >= 60, `${vectors.length} vectors`)
    assert.ok(mutated.length >= 40, `${mutated.length} edited cases`)
    const kinds = new Set(tokens.map(({ tee }) => tee))
    assert.deepEqual([...kinds].sort(), ['recognise', 'sgx-epid', 'token'])
  })

  for (const runtime of runtimes(ROOT)) {
    it(`${runtime.name} (${cases.length} cases)`, { skip: runtime.missing ?? false }, async () => {
      assert.deepEqual(await runtime.run(casesFile, scratch), expected)
    })
  }
})

describe('the same decisions, and the same claims of results, on every runtime', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'sekisho-portable-'))
  const casesFile = join(scratch, 'cases.json')
  let expected: readonly PortableAppraisal[] = []

  before(async () => {
    // Deciding is dearer than verifying, and differs less.
    const appraised = [...sound.filter((_, i) => i % 6 === 0), ...tokens.filter((_, i) => i % 3 === 0)]
    writeFileSync(casesFile, JSON.stringify(appraised))
    expected = await runAppraisals(appraised)
  })
  after(() => rmSync(scratch, { recursive: true, force: true }))

  it('the cases are permitted and refused, by many policies', () => {
    const permitting = new Set(expected.flatMap(({ permitted }) => permitted))
    assert.ok(permitting.size >= (vectors.length === 0 ? 2 : 6), [...permitting].join())
    assert.ok(expected.some(({ permitted }) => permitted.length === 0))
    const statuses = new Set(expected.map(({ status }) => status))
    // Of a third of the cases that are made here, none is genuine and out of date.
    const wanted = vectors.length === 0 ? ['contraindicated'] : ['warning', 'contraindicated']
    for (const one of wanted)
      assert.ok(
        [...statuses].some((status) => status === one),
        one,
      )
    const digests = new Set(expected.map(({ digest }) => digest))
    assert.ok(digests.size > expected.length / 2, `only ${digests.size} different appraisals in ${expected.length}`)
  })

  for (const runtime of processRuntimes(ROOT)) {
    it(runtime.name, { skip: runtime.missing ?? false }, async () => {
      assert.deepEqual(await runtime.appraise(casesFile), expected)
    })
  }
})
