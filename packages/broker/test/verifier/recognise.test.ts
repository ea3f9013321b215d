import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kbsEvidence } from '@sekisho/emulator'
import { EvidenceError } from '@sekisho/evidence'
import fc from 'fast-check'
import { openVerifier } from '../../src/index.ts'
import { type Machine, sharedWorld } from '../checkpoint/kit.ts'

const verifier = openVerifier({ trustAnchors: sharedWorld().anchors })
const MACHINES: readonly Machine[] = [
  sharedWorld().snp(),
  sharedWorld().tdx(),
  sharedWorld().sgx(),
  sharedWorld().nitro(),
  sharedWorld().cca(),
  sharedWorld().tpm(),
]

for (const machine of MACHINES)
  test(`${machine.tee}: the object of the KBS protocol and the bytes give the same evidence`, () => {
    const made = machine.attest(new Uint8Array(48).fill(3))
    const object = verifier.recognise(kbsEvidence(machine.tee, made))
    const bytes = verifier.recognise(made.evidence)
    assert.equal(object.tee, machine.tee)
    assert.equal(bytes.tee, machine.tee)
    assert.deepEqual(verifier.skeleton(object), verifier.skeleton(bytes))
    assert.ok(Object.keys(verifier.skeleton(object)).length > 0)
    const { reportData } = verifier.skeleton(object) as { reportData?: unknown }
    assert.equal(reportData, undefined, 'what binds evidence is no reference value')
  })

test('a short binding field gets the whole digest, which it cannot equal', () => {
  const made = sharedWorld().tpm().attest(new Uint8Array(8))
  const received = verifier.recognise(made.evidence)
  const digest = new Uint8Array(48).fill(1)
  assert.equal(verifier.binding(received, digest)['reportData'], '01'.repeat(48))
})

test('no value is a surprise: evidence, or an EvidenceError', () => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.uint8Array({ maxLength: 2000 }),
    fc.record({ attestation_report: fc.jsonValue(), cert_chain: fc.jsonValue() }),
    fc.record({ tpm_quote: fc.jsonValue(), ak_public: fc.jsonValue(), ak_certificates: fc.jsonValue() }),
    fc.record({ token: fc.array(fc.integer({ min: -1, max: 256 })) }),
    fc.record({ quote: fc.base64String(), cc_eventlog: fc.jsonValue() }),
  )
  fc.assert(
    fc.property(value, (one) => {
      try {
        verifier.skeleton(verifier.recognise(one))
      } catch (error) {
        assert.ok(error instanceof EvidenceError, String(error))
      }
    }),
    { numRuns: 1500 },
  )
})
