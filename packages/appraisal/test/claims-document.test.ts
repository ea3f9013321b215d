import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as wasm from '@cedar-policy/cedar-wasm/nodejs'
import { projectionOf } from '../src/claims/project.ts'
import { CEDAR_SCHEMA } from '../src/claims/schema.ts'
import { CLAIMS, type ClaimRow } from '../src/claims/table.ts'
import { lintPolicies } from '../src/lint/lint.ts'
import { compilePolicies } from '../src/policy/compile.ts'
import { appraise } from '../src/vector/appraise.ts'
import { AT, contextWith, verdictOf } from './kit.ts'

const DOCUMENT = fileURLToPath(new URL('../../../../docs/policies.md', import.meta.url))
const START = /<!-- claims: [^>]*-->\n/
const END = '<!-- end of claims -->'

/** Rows of numbered claims as one: `registers.PCR0` to `PCR31`. */
function grouped(): readonly (readonly ClaimRow[])[] {
  const groups: ClaimRow[][] = []
  for (const row of CLAIMS) {
    const last = groups.at(-1)
    const stem = row.path.replace(/\d+$/, '')
    if (last !== undefined && stem !== row.path && last[0]?.path.replace(/\d+$/, '') === stem) last.push(row)
    else groups.push([row])
  }
  return groups
}

function tableText(): string {
  const rows = grouped().map((rows) => {
    const [first, last] = [rows[0] as ClaimRow, rows.at(-1) as ClaimRow]
    const name = first === last ? `\`${first.path}\`` : `\`${first.path}\` … \`${last.path.split('.').at(-1)}\``
    const meaning = first === last ? first.meaning : first.meaning.replace(/\d+$/, 'of that number')
    const values = first.values === undefined ? '' : `; one of ${first.values.map((one) => `\`${one}\``).join(', ')}`
    return `| ${name} | \`${first.type}\` | ${first.optional === true ? 'may be missing' : ''} | ${meaning}${values} |`
  })
  return ['| claim | type | | meaning |', '| --- | --- | --- | --- |', ...rows, ''].join('\n')
}

describe('the claims', () => {
  it('stand in docs/policies.md as they are (SEKISHO_WRITE_DOCS=1 writes them)', () => {
    const text = readFileSync(DOCUMENT, 'utf8')
    const start = START.exec(text)
    assert.ok(start, 'the document has no place for the table')
    const from = start.index + start[0].length
    const wanted = text.slice(0, from) + tableText() + text.slice(text.indexOf(END))
    if (process.env['SEKISHO_WRITE_DOCS'] === '1') writeFileSync(DOCUMENT, wanted)
    else assert.equal(text, wanted)
  })
  it('make a schema that Cedar reads', () => {
    assert.deepEqual(wasm.checkParseSchema(CEDAR_SCHEMA), { type: 'success' })
  })
  it('make contexts that fit the schema, of all that is in a verdict', () => {
    const full = appraise(verdictOf(), { references: ['db'], at: AT }).context
    for (const context of [
      full,
      contextWith({ svn: 3, registers: { rtmr3: 'aa', PCR7: 'bb', REM0: 'cc', other: 'dd' } }),
    ]) {
      const projected = projectionOf(new Set(['*']))({ ...context, namespace: 'default', resource: 'a/b/c' })
      const answer = wasm.checkParseContext({
        context: projected,
        schema: CEDAR_SCHEMA,
        action: { type: 'Sekisho::Action', id: 'release' },
      })
      assert.deepEqual(answer, { type: 'success' })
      assert.ok(!('other' in Object(projected['registers'])))
    }
  })
})

describe('the policies in docs/policies.md', () => {
  const blocks = [...readFileSync(DOCUMENT, 'utf8').matchAll(/```cedar\n([\s\S]*?)```/g)].map(([, text = '']) => text)
  it('are there', () => {
    assert.ok(blocks.length >= 5)
  })
  for (const text of blocks) {
    it(`compile, without a finding of their own: ${/@id\("([^"]+)"\)/.exec(text)?.[1] ?? text.slice(0, 20)}`, async () => {
      await compilePolicies(text)
      // Some are statements to be added to a policy that permits.
      const isPart = !/^permit\b/m.test(text)
      const codes = (await lintPolicies(text)).map(({ code }) => code)
      assert.deepEqual(codes, isPart ? ['nothing-permitted'] : [])
    })
  }
})
