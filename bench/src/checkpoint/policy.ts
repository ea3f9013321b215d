import { compilePolicies, type PolicyContext, type PolicyRequest } from '@sekisho/appraisal'
import { median } from '../measure.ts'
import type { Row } from '../rows.ts'
import { percentile } from './workload.ts'

const POLICIES = 1000
const WARM_UP = 3000
const DECISIONS = 3000

/**
 * One decision among 1,000 policies: for workloads whose like was decided before, and for workloads never seen, each
 * with a measurement of its own, so that no remembered decision fits.
 */
export async function policyRows(): Promise<readonly Row[]> {
  const policies = await compilePolicies(manyPolicies())
  let next = 0
  const time = (request: PolicyRequest): number => {
    const start = performance.now()
    const { errors } = policies.decide(request)
    const micros = (performance.now() - start) * 1000
    if (errors.length > 0) throw new Error(`the policies cannot be evaluated: ${errors[0]}`)
    return micros
  }
  const known = (): PolicyRequest => requestOf(next++ % POLICIES, 'ab'.repeat(48))
  const stranger = (): PolicyRequest => {
    const number = next++
    return requestOf(number % POLICIES, number.toString(16).padStart(96, '0'))
  }
  const rows = [known, stranger].map((request, i) => {
    for (let call = 0; call < WARM_UP; call++) time(request())
    const micros = Array.from({ length: DECISIONS }, () => time(request())).sort((a, b) => a - b)
    const row: Row = {
      what: `one decision among ${POLICIES} policies, ${i === 0 ? 'its like decided before' : 'never seen'}, us`,
      ours: `median of ${DECISIONS}`,
      against: `99 of 100 within ${percentile(micros, 0.99).toFixed(0)} us`,
      ratio: median(micros),
      target: 100,
      sense: 'at-most',
    }
    return row
  })
  return rows
}

/** Half say who may have one secret, a quarter are about one firmware, the others deny single machines. */
function manyPolicies(): string {
  const texts: string[] = []
  for (let i = 0; i < POLICIES; i++) {
    const secret = `Sekisho::Secret::"team-${i % 50}/key/${i}"`
    if (i % 4 < 2)
      texts.push(
        `permit (principal, action, resource == ${secret}) when { context.tee == "snp" && !context.debug && context.tcb.components has snp };`,
      )
    else if (i % 4 === 2)
      texts.push(
        `forbid (principal, action, resource) when { context has product && context.product == "Milan" && context.measurement == "${hex(i)}" };`,
      )
    else
      texts.push(
        `forbid (principal, action, resource) when { context has hardwareId && context.hardwareId == "${hex(i)}" };`,
      )
  }
  texts.push(
    'permit (principal, action, resource in Sekisho::Folder::"team-7") when { context.measurement like "0*" };',
  )
  return texts.join('\n')
}

function hex(i: number): string {
  return i.toString(16).padStart(96, 'f')
}

function requestOf(i: number, measurement: string): PolicyRequest {
  return {
    action: 'release',
    namespace: 'default',
    resource: `team-7/key/${i}`,
    workload: measurement,
    context: { ...CONTEXT, measurement },
  }
}

const CONTEXT: PolicyContext = {
  tee: 'snp',
  vendor: 'amd',
  product: 'Genoa',
  isolation: 'vm',
  hardware: true,
  emulated: false,
  debug: false,
  measurement: '',
  hardwareId: 'ef'.repeat(64),
  tcb: { advisories: [], components: { bootloader: 9, tee: 0, snp: 23, microcode: 72 } },
  registers: {},
  parts: [],
  verdict: { outcome: 'verified', authenticity: 'proven', waived: [] },
  references: ['bench'],
  status: 'affirming',
  vector: { hardware: 2, executables: 3 },
  now: '2026-11-21T06:00:00.000Z',
}
