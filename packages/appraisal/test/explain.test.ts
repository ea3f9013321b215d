import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compilePolicies, type PolicyContext } from '../src/index.ts'

const CONTEXT: PolicyContext = {
  tee: 'snp',
  vendor: 'amd',
  isolation: 'vm',
  hardware: false,
  emulated: true,
  debug: false,
  measurement: 'aa'.repeat(48),
  tcb: { advisories: [], components: {} },
  registers: {},
  parts: [],
  verdict: { outcome: 'verified', authenticity: 'proven', waived: [] },
  references: ['web'],
  status: 'contraindicated',
  vector: { hardware: 97 },
  now: '2026-11-21T07:34:37.784Z',
}
const REQUEST = { action: 'release', namespace: 'default', resource: 'a/b/c', workload: 'w', context: CONTEXT } as const

const POLICIES = `@id("far") permit (principal, action, resource)
when { context.tee == "tdx" && context.hardware };
@id("near") permit (principal, action, resource)
when { context.tee == "snp" && context.verdict.outcome == "verified" && context.hardware && !context.debug };
@id("other") permit (principal, action, resource == Sekisho::Secret::"x/y/z");
@id("guarded") permit (principal, action, resource)
when { context has product && context.product == "Milan" };
`

describe('a request that nothing permits', () => {
  it('is explained by the permits that came nearest, and the first condition that each lacks', async () => {
    const policies = await compilePolicies(POLICIES)
    assert.equal(policies.decide(REQUEST).permitted, false)
    const [near, ...others] = policies.explain(REQUEST)
    assert.deepEqual(near, { id: 'near', line: 3, unmet: 'context.hardware' })
    assert.deepEqual(
      others.map(({ id, unmet }) => [id, unmet]),
      [
        ['far', 'context.tee == "tdx"'],
        ['guarded', 'context has product'],
      ],
    )
  })

  it('tries a condition together with those that make it safe', async () => {
    const policies = await compilePolicies(POLICIES)
    const genoa = { ...REQUEST, context: { ...CONTEXT, product: 'Genoa' } }
    const guarded = policies.explain(genoa).find(({ id }) => id === 'guarded')
    assert.equal(guarded?.unmet, 'context.product == "Milan"')
  })

  it('names no permit that applies', async () => {
    const policies = await compilePolicies(POLICIES)
    const milan = { ...REQUEST, context: { ...CONTEXT, product: 'Milan' } }
    assert.equal(policies.decide(milan).permitted, true)
    assert.ok(!policies.explain(milan).some(({ id }) => id === 'guarded'))
  })
})
