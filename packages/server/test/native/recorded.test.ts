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
