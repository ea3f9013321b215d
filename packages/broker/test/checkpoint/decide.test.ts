import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PolicyContext, ReferenceSet } from '@sekisho/appraisal'
import type { Verdict } from '@sekisho/evidence'
import type { Advisory } from '../../src/checkpoint/admin-model.ts'
import { combine } from '../../src/checkpoint/combine.ts'
import { contextNow, decide } from '../../src/checkpoint/decide.ts'
import { platformChanged, stillReferenced } from '../../src/checkpoint/rejudge.ts'
import { referenceDigest } from '../../src/checkpoint/rules.ts'
import type { Grounds, PlatformState, Rules, StoredAppraisal } from '../../src/checkpoint/state.ts'

const AT = new Date('2026-11-21T06:00:00Z')
const CONTEXT = {
  vendor: 'amd',
  product: 'Genoa',
  measurement: 'ab',
  tcb: { advisories: ['OF-THE-VENDOR'], components: { microcode: 10, snp: 3 } },
  verdict: { outcome: 'verified' },
} as unknown as PolicyContext

/** Rules that permit whatever they are asked. */
const PERMITTING = {
  epoch: 1,
  policy: { version: 1, compiled: { decide: () => ({ permitted: true, reasons: [], errors: [] }) } },
  references: [],
  advisories: [],
} as unknown as Rules

const GOOD: Pick<StoredAppraisal, 'outcome' | 'authenticity' | 'emulated' | 'namespace' | 'context' | 'id'> = {
  outcome: 'verified',
  authenticity: 'proven',
  emulated: false,
  namespace: 'default',
  context: CONTEXT,
  id: 'apr_1',
}

describe('what no policy can lift', () => {
  const rows: readonly (readonly [Partial<typeof GOOD>, string | undefined, allowEmulated?: boolean])[] = [
    [{}, undefined],
    [{ outcome: 'incomplete' }, 'evidence-rejected'],
    [{ outcome: 'rejected' }, 'evidence-rejected'],
    [{ authenticity: 'unproven' }, 'evidence-rejected'],
    [{ authenticity: 'refuted' }, 'evidence-rejected'],
    [{ emulated: true }, 'evidence-emulated'],
    [{ emulated: true }, undefined, true],
    [{ emulated: true, outcome: 'incomplete' }, 'evidence-rejected', true],
  ]
  for (const action of ['release', 'renew'] as const)
    for (const [change, code, allowEmulated = false] of rows)
      it(`${action}, ${JSON.stringify(change)}: ${code ?? 'permitted'}`, () => {
        const question = { action, resource: 'a/b/c', at: AT }
        const answer = decide({ ...GOOD, ...change }, PERMITTING, question, { allowEmulated })
        assert.deepEqual([answer.permitted, answer.code], [code === undefined, code])
        const without = decide({ ...GOOD, ...change }, { ...PERMITTING, policy: undefined }, question, {
          allowEmulated,
        })
        assert.deepEqual([without.permitted, without.code], [false, code ?? 'policy-missing'])
      })
})

describe('an advisory of the operator', () => {
  const rows: readonly (readonly [string, Partial<Advisory>, boolean])[] = [
    ['of the vendor', {}, true],
    ['of another vendor', { vendor: 'intel' }, false],
    ['of another product', { products: ['Milan'] }, false],
    ['of this product among others, however it is written', { products: ['Milan', 'GENOA'] }, true],
    ['of a later level of one part', { tcb: { microcode: 11, snp: 1 } }, true],
    ['of the level that the platform has', { tcb: { microcode: 10 } }, false],
    ['of an earlier level', { tcb: { microcode: 9 } }, false],
    ['of a part that the platform does not tell', { tcb: { other: 0 } }, true],
    ['of a later level of another product', { products: ['Milan'], tcb: { microcode: 11 } }, false],
  ]
  for (const [name, change, concerned] of rows)
    it(`${name}: ${concerned}`, () => {
      const advisory = { id: 'OURS', vendor: 'amd', published: AT.toISOString(), ...change }
      const { tcb, now } = contextNow(CONTEXT, [advisory, { ...advisory, id: 'OF-THE-VENDOR' }], AT)
      assert.deepEqual(tcb.advisories, concerned ? ['OF-THE-VENDOR', 'OURS'] : ['OF-THE-VENDOR'])
      assert.equal(now, AT.toISOString())
    })
  it('of a product concerns a platform that does not tell its own', () => {
    const { product: _, ...nameless } = CONTEXT
    const advisory = { id: 'OURS', vendor: 'amd', published: AT.toISOString(), products: ['Milan'] }
    assert.ok(contextNow(nameless, [advisory], AT).tcb.advisories.includes('OURS'))
    assert.deepEqual(contextNow(nameless, [{ ...advisory, vendor: 'intel' }], AT).tcb.advisories, ['OF-THE-VENDOR'])
  })
})

describe('a verdict on several devices', () => {
  const verdict = (change: Partial<Verdict> = {}): Verdict =>
    ({
      ...{ outcome: 'verified', authenticity: 'proven', emulated: false, waived: [], summary: 'as it should be' },
      ...change,
    }) as unknown as Verdict
  const rows: readonly (readonly [Partial<Verdict>, Partial<Verdict>])[] = [
    [{}, {}],
    [
      { outcome: 'incomplete', summary: 'not all' },
      { outcome: 'incomplete', summary: 'gpu: not all' },
    ],
    [
      { outcome: 'rejected', summary: 'no' },
      { outcome: 'rejected', summary: 'gpu: no' },
    ],
    [{ authenticity: 'unproven' }, { authenticity: 'unproven' }],
    [{ authenticity: 'refuted' }, { authenticity: 'refuted' }],
    [{ emulated: true }, { emulated: true }],
    [{ waived: ['x'] }, { waived: ['x'] }],
  ]
  for (const [change, expected] of rows)
    it(`says of the whole what it says of the worst: ${JSON.stringify(expected)}`, () => {
      const good = { name: 'other', verdict: verdict() }
      const { parts, ...whole } = combine(verdict(), [good, { name: 'gpu', verdict: verdict(change) }])
      assert.deepEqual(whole, verdict(expected))
      assert.equal(parts?.length, 2)
      // And the other way round, with the device's own words.
      const { parts: _, summary: __, ...first } = combine(verdict(change), [good])
      const { summary: ___, ...own } = verdict(change)
      assert.deepEqual(first, own)
    })
  it('keeps the word of a first device that was rejected', () => {
    const part = { name: 'gpu', verdict: verdict({ outcome: 'incomplete', summary: 'not all' }) }
    assert.equal(combine(verdict({ outcome: 'rejected', summary: 'no' }), [part]).summary, 'no')
  })
})

describe('what a result was good by', () => {
  const exception = (status: string, until: string, advisories: readonly string[] = []): object => ({
    statuses: [status],
    advisories,
    until,
  })
  const setOf = (change: Partial<ReferenceSet> = {}): ReferenceSet =>
    ({ name: 'set', tee: 'sgx', values: {}, owner: 'me', provenance: { kind: 'json' }, ...change }) as ReferenceSet
  const [before, after] = ['2026-11-21T05:59:59Z', '2026-11-21T06:00:01Z']
  const excepting = (...acceptTcb: readonly object[]): ReferenceSet => setOf({ values: { acceptTcb } })
  const rows: readonly (readonly [string, ReferenceSet, boolean, status?: string])[] = [
    ['a set in force', setOf(), true],
    ['a set until later', setOf({ expires: after }), true],
    ['a set until this very moment', setOf({ expires: AT.toISOString() }), false],
    ['a set that is over', setOf({ expires: before }), false],
    ['no exception', setOf(), true, 'OutOfDate'],
    ['an exception in force', excepting(exception('OutOfDate', after)), true, 'OutOfDate'],
    ['an exception to its last moment', excepting(exception('OutOfDate', AT.toISOString())), true, 'OutOfDate'],
    ['an exception that is over', excepting(exception('OutOfDate', before)), false, 'OutOfDate'],
    ['an exception that is over, on a good platform', excepting(exception('OutOfDate', before)), true, 'UpToDate'],
    ['an exception that is over, on one without a status', excepting(exception('OutOfDate', before)), true],
    ['an exception of another status', excepting(exception('Revoked', after)), false, 'OutOfDate'],
    ['one of two', excepting(exception('OutOfDate', before), exception('OutOfDate', after)), true, 'OutOfDate'],
    ['none of two', excepting(exception('OutOfDate', before), exception('Revoked', after)), false, 'OutOfDate'],
    [
      'of the hardware, in a part',
      setOf({ values: { hardware: { acceptTcb: [exception('OutOfDate', before)] } } }),
      false,
      'OutOfDate',
    ],
    [
      'what is no exception',
      excepting([], { statuses: 'OutOfDate', until: after }, { statuses: ['OutOfDate'] }),
      false,
      'OutOfDate',
    ],
  ]
  const other = setOf({ name: 'other' })
  for (const [name, set, holds, status] of rows)
    it(`${name}: ${holds}`, () => {
      const tcb = { ...CONTEXT.tcb, ...(status === undefined ? {} : { status }) } as PolicyContext['tcb']
      const ground = (one: ReferenceSet): Grounds =>
        ({ reference: one.name, referenceSha256: referenceDigest(one) }) as Grounds
      const still = (grounds: readonly Grounds[], references: readonly ReferenceSet[]): boolean =>
        stillReferenced({ grounds, context: { ...CONTEXT, tcb } }, { ...PERMITTING, references }, AT)
      assert.equal(still([ground(set)], [other, set]), holds)
      // Of several devices all count; the state in the context is the first one's.
      assert.equal(still([ground(set), ground(other)], [other, set]), holds)
      assert.equal(still([ground(set), ground(other)], [set]), false)
      assert.equal(still([ground(set)], [other, { ...set, owner: 'another' }]), false, 'changed since')
      if (set.expires === undefined) assert.equal(still([ground(other), ground(set)], [other, set]), true)
    })

  const acting = (set: ReferenceSet, tcb?: PlatformState): Grounds =>
    ({ reference: set.name, referenceSha256: referenceDigest(set), ...(tcb === undefined ? {} : { tcb }) }) as Grounds
  const still = (grounds: readonly Grounds[], references: readonly ReferenceSet[], status: string): boolean =>
    stillReferenced(
      { grounds, context: { ...CONTEXT, tcb: { status, advisories: [], components: {} } } },
      { ...PERMITTING, references },
      AT,
    )
  const behind = { status: 'OutOfDate', advisories: ['SA-1'] }

  it('an exception for a further device, to its last moment', () => {
    for (const [until, holds] of [
      [AT.toISOString(), true],
      [before, false],
    ] as const) {
      const set = excepting(exception('OutOfDate', until, ['SA-1']))
      const first = setOf({ name: 'first' })
      assert.equal(still([acting(first), acting(set, behind)], [first, set], 'UpToDate'), holds)
    }
  })

  it('the exception that named the advisories, not another for the same status', () => {
    const named = exception('OutOfDate', before, ['SA-1'])
    const set = excepting(named, exception('OutOfDate', after))
    assert.equal(still([acting(set, behind)], [set], 'OutOfDate'), false)
    const wider = excepting(named, exception('OutOfDate', after, ['SA-1', 'SA-2']))
    assert.equal(still([acting(wider, behind)], [wider], 'OutOfDate'), true)
  })

  it('what a later look found of the first platform', () => {
    const set = excepting(exception('OutOfDate', before, ['SA-1']))
    assert.equal(still([acting(set, behind)], [set], 'UpToDate'), true)
    assert.equal(still([acting(set)], [set], 'OutOfDate'), false)
  })
})

describe('a platform has changed since', () => {
  const rows: readonly (readonly [status: string | undefined, advisories: readonly string[], changed: boolean])[] = [
    ['OutOfDate', ['A', 'B'], false],
    ['OutOfDate', ['B', 'A'], false],
    ['OutOfDate', ['A', 'B', 'C'], true],
    ['OutOfDate', ['A'], true],
    ['OutOfDate', [], true],
    ['UpToDate', ['A', 'B'], true],
    [undefined, ['A', 'B'], true],
  ]
  for (const [status, advisories, changed] of rows)
    it(`${status}, ${advisories}: ${changed}`, () => {
      const context = (tcb: object): PolicyContext => ({ tcb }) as unknown as PolicyContext
      const before = context({ status: 'OutOfDate', advisories: ['A', 'B'] })
      assert.equal(platformChanged(context({ status, advisories }), before), changed)
    })
})
