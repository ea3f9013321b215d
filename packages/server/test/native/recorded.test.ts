import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Explained } from '@sekisho/broker'
import { recordedDecisions } from '../../src/native/recorded.ts'

const AT = new Date('2026-11-21T12:00:00Z')

function decision(outcome: string, reasonCode?: string): Explained {
  return {
    id: `dec_${reasonCode ?? outcome}`,
    namespace: 'default',
    at: AT,
    kind: outcome === 'renewed' ? 'renew' : 'release',
    outcome,
    resource: 'a/b/c',
    reasons: [],
    remedies: [],
    body: {},
    context: { measurement: 'ab' },
    ...(reasonCode === undefined ? {} : { reasonCode }),
  }
}

test('a dry run takes the newest that were asked about, page by page, and no more than are wanted', async () => {
  const { resource: _resource, ...unnamed } = decision('released')
  const other = [
    unnamed,
    { ...decision('revoked'), kind: 'revoke' },
    { ...decision('released'), context: undefined },
    { ...decision('released'), context: null },
    { ...decision('released'), context: {} },
  ]
  const page = (from: number, size: number): readonly Explained[] =>
    Array.from({ length: size }, (_, i) => ({ ...decision('released'), id: `dec_${from + i}` }))
  const pages = [[...other, ...page(5, 995)], page(1000, 1000), page(2000, 1)]
  const asked: unknown[] = []
  const broker = {
    decisions: async (_namespace: string, query: unknown): Promise<readonly Explained[]> => {
      asked.push(query)
      return pages[asked.length - 1] ?? assert.fail('the last page was not full')
    },
  }
  const all = await recordedDecisions(broker, 'default', 5000)
  assert.deepEqual([all.length, all[0]?.id, all.at(-1)?.id], [1996, 'dec_5', 'dec_2000'])
  const pageOf = { limit: 1000 }
  assert.deepEqual(asked, [pageOf, { ...pageOf, after: 'dec_999' }, { ...pageOf, after: 'dec_1999' }])
  asked.length = 0
  assert.equal((await recordedDecisions(broker, 'default', 2)).length, 2)
  assert.equal(asked.length, 1)
})

test('a dry run looks at what a policy was asked: no candidate permits what was refused for another reason', async () => {
  const all = [
    decision('released'),
    decision('renewed'),
    decision('refused', 'not-found'),
    decision('refused', 'policy-deny'),
    decision('refused', 'policy-missing'),
    ...['attestation-revoked', 'token-expired', 'holder-mismatch', 'lease-ended', 'evidence-emulated', 'busy'].map(
      (code) => decision('refused', code),
    ),
  ]
  const recorded = await recordedDecisions({ decisions: async () => all }, 'default', 100)
  assert.deepEqual(
    recorded.map(({ id, permitted }) => [id, permitted]),
    [
      ['dec_released', true],
      ['dec_renewed', true],
      ['dec_not-found', true],
      ['dec_policy-deny', false],
      ['dec_policy-missing', false],
    ],
  )
})
