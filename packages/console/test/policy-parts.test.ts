import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CompletionContext, type CompletionResult } from '@codemirror/autocomplete'
import { EditorState } from '@codemirror/state'
import { CEDAR_SCHEMA } from '@sekisho/appraisal'
import fc from 'fast-check'
import { ApiError } from '../src/api/problem.ts'
import { casesIn, EXAMPLE_CASES } from '../src/pages/policies/cases.ts'
import { faultsOf } from '../src/pages/policies/check.ts'
import { draftFor, isChanged, rebased } from '../src/pages/policies/draft.ts'
import { cedarCompletion } from '../src/pages/policies/editor/completion.ts'
import { claimsOf } from '../src/pages/policies/editor/schema.ts'
import { en } from '../src/pages/policies/en.ts'
import { ja } from '../src/pages/policies/ja.ts'
import { en as referencesEn } from '../src/pages/references/en.ts'
import { ja as referencesJa } from '../src/pages/references/ja.ts'
import { lastingMembers } from '../src/pages/references/model.ts'
import { notesOf } from '../src/pages/references/notes.ts'
import { diffLines, hunksOf } from '../src/ui/diff.ts'

const CLAIMS = claimsOf(CEDAR_SCHEMA)

function offered(text: string, behind = ''): readonly string[] {
  const state = EditorState.create({ doc: text + behind })
  const source = cedarCompletion({ claims: CLAIMS, references: ['web'] })
  const found = source(new CompletionContext(state, text.length, true)) as CompletionResult | null
  return (found?.options ?? []).map(({ label }) => label)
}

describe('the schema', () => {
  it('gives every claim, with its type, and its values where they are few', () => {
    const tee = CLAIMS.find(({ path }) => path === 'tee')
    assert.deepEqual([tee?.type, tee?.optional, tee?.values.includes('snp')], ['String', false, true])
    const microcode = CLAIMS.find(({ path }) => path === 'tcb.components.microcode')
    assert.deepEqual([microcode?.type, microcode?.optional], ['Long', true])
    assert.equal(CLAIMS.find(({ path }) => path === 'tcb.components')?.type, 'Record')
    assert.ok(CLAIMS.some(({ path }) => path === 'vector.sourcedData'))
    assert.deepEqual(claimsOf('not a schema'), [])
  })
})

describe('completion', () => {
  it('offers members of records, and those alone', () => {
    assert.ok(offered('when { context.').includes('tcb'))
    assert.ok(!offered('when { context.').includes('status.x'))
    assert.deepEqual(offered('when { context.tcb.').slice(0, 2), ['status', 'date'])
    assert.ok(offered('context has ').includes('product'))
    assert.ok(offered('context.tcb has ').includes('status'))
  })
  it('offers values where they are known: compared, contained, listed', () => {
    assert.ok(offered('context.tee == "').includes('tdx'))
    assert.ok(offered('context.tcb.status != "').includes('OutOfDate'))
    assert.deepEqual(offered('context.references.contains("'), ['web'])
    assert.ok(offered('["snp", "', '"].contains(context.tee)').includes('tdx'))
    assert.deepEqual(offered('action == Sekisho::Action::"'), ['release', 'renew'])
    assert.deepEqual(offered('context.measurement == "'), [])
  })
  it('offers nothing in comments and in texts of which nothing is known', () => {
    assert.deepEqual(offered('// context.'), [])
    assert.deepEqual(offered('@id("per'), [])
  })
})

describe('differences of texts', () => {
  it('are the fewest lines, numbered on both sides', () => {
    const lines = diffLines('a\nb\nc\nd\n', 'a\nx\nc\nd\ne\n')
    assert.deepEqual(
      lines.filter(({ kind }) => kind !== 'same'),
      [
        { kind: 'gone', text: 'b', before: 2 },
        { kind: 'new', text: 'x', after: 2 },
        { kind: 'new', text: 'e', after: 5 },
      ],
    )
    assert.deepEqual(hunksOf(diffLines('a\n', 'a\n')), [])
    assert.equal(hunksOf(diffLines('1\n2\n3\n4\n5\n6\n7\n8\n9\n', 'x\n2\n3\n4\n5\n6\n7\n8\ny\n'), 1).length, 2)
  })
  it('hold both texts, whatever these are', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 30 })
    fc.assert(
      fc.property(text, text, (a, b) => {
        const lines = diffLines(`${a.join('\n')}\n`, `${b.join('\n')}\n`)
        const side = (kind: string): string =>
          lines.flatMap((line) => (line.kind === kind || line.kind === 'same' ? [line.text] : [])).join('\n')
        assert.equal(side('gone'), a.join('\n'))
        assert.equal(side('new'), b.join('\n'))
      }),
    )
  })
  it('of long texts that share nothing come to an end', () => {
    const long = (word: string): string => Array.from({ length: 5000 }, (_, i) => `${word}${i}`).join('\n')
    assert.equal(diffLines(long('a'), long('b')).length, 10_000)
  })
})

describe('drafts', () => {
  it('follow the policy in force until they are changed, and stay on the version they began with after', () => {
    const first = draftFor(undefined, { version: 1, text: 'a' })
    assert.equal(draftFor(first, { version: 2, text: 'b' }).text, 'b')
    const mine = { ...first, text: 'mine' }
    const kept = draftFor(mine, { version: 2, text: 'b' })
    assert.deepEqual([kept.text, kept.basedOn, isChanged(kept)], ['mine', 1, true])
    assert.deepEqual(rebased(kept, { version: 2, text: 'b' }), { ...kept, basedOn: 2, baseText: 'b' })
  })
})

describe('test cases', () => {
  it('are a list, alone or under a name', () => {
    assert.equal(casesIn(EXAMPLE_CASES).as, 'cases')
    assert.deepEqual(casesIn('{ "cases": [] }'), { as: 'cases', cases: [] })
    assert.equal(casesIn('{}').as, 'not-json')
    assert.equal(casesIn('[').as, 'not-json')
    assert.equal(casesIn(' ').as, 'empty')
  })
  it('errors of policies are places; others are not', () => {
    const wrong = [{ field: '/text', expected: 'x', line: 3, column: 4, hint: 'y' }]
    assert.deepEqual(faultsOf(new ApiError('policy-invalid', 422, '', wrong)), [
      { line: 3, column: 4, message: 'x', hint: 'y' },
    ])
    assert.deepEqual(faultsOf(new ApiError('busy', 503, '', wrong)), [])
  })
})

describe('reference sets', () => {
  it('hold nothing of one exchange', () => {
    assert.deepEqual(lastingMembers({ measurement: 'a', reportData: 'b', nonce: 'c' }), { measurement: 'a' })
  })
  it('say what somebody should look at', () => {
    const set = { tee: 'snp', owner: 'o', provenance: {}, created: '2026-01-01T00:00:00Z' }
    const notes = notesOf(
      [
        { ...set, name: 'a', values: { measurement: '1' }, expires: '2026-01-05T00:00:00Z' },
        { ...set, name: 'b', values: { measurement: '1' }, lastMatched: '2026-01-01T00:00:00Z' },
        { ...set, name: 'c', values: { measurement: '2' }, lastMatched: '2026-01-01T00:00:00Z' },
        {
          ...{ ...set, name: 'd', values: { measurement: ['3', '4'] }, lastMatched: '2026-01-01T00:00:00Z' },
          unmatchedValues: [{ member: 'measurement', value: '4' }],
        },
      ],
      new Date('2026-01-02T00:00:00Z'),
    )
    assert.deepEqual(
      [...notes],
      [
        ['a', ['expires-soon', 'never-matched']],
        ['b', ['same-values']],
        ['d', ['value-never-matched']],
      ],
    )
  })
})

describe('texts of both pages', () => {
  it('are translated', () => {
    const same: string[] = []
    const walk = (a: object, b: object, path: string): void => {
      for (const [name, value] of Object.entries(a)) {
        const other: unknown = Object.entries(b).find(([key]) => key === name)?.[1]
        if (typeof value === 'object' && typeof other === 'object' && other !== null)
          walk(value, other, `${path}${name}.`)
        else if (typeof value === 'string' && value === other && value !== '') same.push(`${path}${name}`)
      }
    }
    walk(en, ja, '')
    walk(referencesEn, referencesJa, 'references.')
    assert.deepEqual(same, ['references.list.tee', 'references.notes.allows-emulated.short', 'references.form.tee'])
  })
})
