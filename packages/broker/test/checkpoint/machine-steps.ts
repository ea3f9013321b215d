import fc from 'fast-check'
import {
  attest,
  challenge,
  look,
  pass,
  release,
  renew,
  revoke,
  type Sent,
  type Step,
  setPolicy,
} from './machine-model.ts'

const small: fc.Arbitrary<number> = fc.nat({ max: 11 })
const tenant: fc.Arbitrary<number> = fc.nat({ max: 1 })
const sent: fc.Arbitrary<Sent> = fc.record({
  session: small,
  key: tenant,
  replay: fc.option(small, { nil: undefined, freq: 3 }),
  genuine: fc.constantFrom(true, true, false),
  good: fc.constantFrom(true, true, false),
  lie: fc.constantFrom('none', 'none', 'none', 'key', 'nonce'),
})
const honest: fc.Arbitrary<Sent> = fc.record({
  session: small,
  key: tenant,
  replay: fc.constant(undefined),
  genuine: fc.constant(true),
  good: fc.constant(true),
  lie: fc.constant('none'),
})
const any: fc.Arbitrary<Sent> = fc.oneof(honest, honest, sent)

/** Every kind of step, those that lead on more often than those that end things. */
export const STEPS: readonly fc.Arbitrary<Step>[] = [
  fc.tuple(tenant, fc.constantFrom<'kbs' | 'native'>('kbs', 'native')).map(([t, p]) => challenge(t, p)),
  fc.tuple(tenant, fc.constantFrom<'kbs' | 'native'>('kbs', 'native')).map(([t, p]) => challenge(t, p)),
  any.map(attest),
  any.map(attest),
  any.map(attest),
  fc
    .tuple(small, fc.constantFrom<'session' | 'token'>('session', 'token'), tenant)
    .map(([i, by, t]) => release(i, by, t)),
  fc
    .tuple(small, fc.constantFrom<'session' | 'token'>('session', 'token'), tenant)
    .map(([i, by, t]) => release(i, by, t)),
  fc.tuple(small, any, fc.boolean()).map(([i, s, wrong]) => renew(i, s, wrong)),
  fc.tuple(small, tenant).map(([i, t]) => revoke(i, t)),
  fc.tuple(tenant, fc.boolean()).map(([t, p]) => setPolicy(t, p)),
  small.map(look),
  fc.constantFrom(1, 100, 299, 301, 3000).map(pass),
]
