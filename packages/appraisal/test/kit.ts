import type { Claims, Verdict } from '@sekisho/evidence'
import type { PolicyContext } from '../src/model.ts'
import type { PolicyRequest } from '../src/policy/decide.ts'

export const AT: Date = new Date('2026-11-21T06:00:00Z')
export const MEASUREMENT: string = 'ab'.repeat(48)

/** Claims of a guest as it should be. */
export const CLAIMS: Claims = {
  tee: 'snp',
  vendor: 'amd',
  product: 'Genoa',
  isolation: 'vm',
  hardware: true,
  debug: false,
  launchMeasurement: MEASUREMENT,
  runtimeMeasurements: {},
  userData: 'cd'.repeat(64),
  hardwareId: 'ef'.repeat(64),
  tcb: { components: { snp: 22, microcode: 213 } },
}

/** A verdict on such a guest, with changes. */
export function verdictOf(change: Partial<Verdict> = {}): Verdict {
  return {
    schema: 'urn:sekisho:verdict:v1',
    outcome: 'verified',
    summary: 'genuine, in date, and as you expect',
    authenticity: 'proven',
    tee: 'snp',
    format: 'SNP report v3',
    at: AT.toISOString(),
    evidence: { sha256: '00'.repeat(32), length: 1184 },
    emulated: false,
    anchors: [],
    collateral: [],
    claims: CLAIMS,
    checks: [
      {
        id: 'snp.appraisal',
        outcome: 'pass',
        checks: [{ id: 'snp.expect.measurement', phase: 'appraisal', source: '', outcome: 'pass', reason: 'it is so' }],
      },
    ],
    assumed: [],
    waived: [],
    notes: [],
    ...change,
  }
}

/** What policies see of such a guest, with changes. */
export function contextWith(change: Partial<PolicyContext> = {}): PolicyContext {
  return {
    tee: 'snp',
    vendor: 'amd',
    product: 'Genoa',
    isolation: 'vm',
    hardware: true,
    emulated: false,
    debug: false,
    measurement: MEASUREMENT,
    tcb: { advisories: [], components: { snp: 22 } },
    registers: {},
    parts: [],
    verdict: { outcome: 'verified', authenticity: 'proven', waived: [] },
    references: ['db'],
    status: 'affirming',
    vector: { hardware: 2, executables: 3, configuration: 3, runtimeOpaque: 2 },
    now: AT.toISOString(),
    ...change,
  }
}

/** A request for a secret with such a context. */
export function requestWith(change: Partial<PolicyContext> = {}, request: Partial<PolicyRequest> = {}): PolicyRequest {
  return {
    action: 'release',
    namespace: 'default',
    resource: 'db/password/prod',
    workload: 'w1',
    context: contextWith(change),
    ...request,
  }
}
