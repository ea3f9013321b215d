import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeSnp } from '@sekisho/emulator/kit'
import { EvidenceError } from '../../src/core/errors.ts'
import { parseCertificateTable } from '../../src/snp/certificate-table.ts'
import { type Opened, openSubject, planDamage } from './damage-plan.ts'
import { runErrands } from './damage-pool.ts'
import { madeSubjects } from './made-subjects.ts'
import { objections, type Subject } from './subjects.ts'
import { intelCases, MISSING, snpCases, VECTORS } from './vector-subjects.ts'

/** Accepted cases that no expectation makes `verified`: TDs with attributes that make them untrusted whatever one expects. */
const NEVER_WANTED: Readonly<Record<string, string>> = {
  'intel-generated/tdx-v4-tud-reserved-bits': 'tdx.td.tud',
}

function open(subjects: readonly Subject[]): readonly Opened[] {
  return subjects.map((subject) => {
    const opened = openSubject(subject)
    const { authenticity, outcome } = opened.undamaged
    const rejection = NEVER_WANTED[subject.name]
    assert.deepEqual(
      [subject.name, authenticity, outcome, objections(opened.undamaged)],
      [
        subject.name,
        'proven',
        rejection === undefined ? 'verified' : 'rejected',
        rejection === undefined ? [] : [rejection],
      ],
    )
    return opened
  })
}

async function assertNoDamageAccepted(subjects: readonly Subject[]): Promise<string> {
  const errands = planDamage(subjects, open(subjects), false)
  const done = await runErrands(subjects, errands)
  assert.equal(done.length, errands.length)
  const problems = done.flatMap(({ errand, damage }) =>
    damage.problems.map((one) => `${subjects[errand.subject]?.name}: ${one}`),
  )
  assert.deepEqual(problems, [])
  const slow = done
    .filter(({ damage }) => damage.slowest > 60_000)
    .map(({ part, damage }) => `${part}: ${damage.slowest} ms`)
  assert.deepEqual(slow, [], 'no input may make a verification hang, however busy the machine is')
  const count = (kind: 'flips' | 'truncations'): number => done.reduce((sum, { damage }) => sum + damage[kind], 0)
  return `${subjects.length} subjects, ${errands.length} parts, ${count('flips')} flips, ${count('truncations')} truncations`
}

describe('a certificate table cut at each length', () => {
  it('is not read, until only padding is missing', () => {
    const { certificateTable, certificates } = makeSnp()
    const used = Object.values(certificates).reduce((sum, der) => sum + der.length, 4 * 24)
    for (let length = 1; length < used; length++) {
      assert.throws(() => parseCertificateTable(certificateTable.subarray(0, length)), EvidenceError, `${length} bytes`)
    }
    assert.equal(parseCertificateTable(certificateTable.subarray(0, used)).length, 3)
  })
})

describe('damaged evidence is never accepted, and the damaged part is named', () => {
  const skip = MISSING.length === 0 ? false : `${MISSING.join(', ')} are missing in ${VECTORS}: set SEKISHO_VECTORS`
  it('every accepted Intel vector, byte by byte', { skip, timeout: 1_500_000 }, async (t) => {
    t.diagnostic(await assertNoDamageAccepted(intelCases(true)))
  })
  it('every accepted SNP vector, byte by byte', { skip, timeout: 1_500_000 }, async (t) => {
    t.diagnostic(await assertNoDamageAccepted(snpCases()))
  })
  // In their place.
  if (MISSING.length > 0)
    it('samples that the test kit signs, byte by byte', { timeout: 1_500_000 }, async (t) => {
      t.diagnostic(await assertNoDamageAccepted(madeSubjects()))
    })
})
