import { ADVISORY, type Caller, NAMESPACE, REFERENCE, RESOURCE, type StepId } from './model.ts'

/** A call that a step is going to make. */
export interface PlannedCall {
  readonly caller: Caller
  readonly method: 'GET' | 'POST' | 'PUT'
  /** Below `/api/v1`, but for the log; what only the run will know stands in braces. */
  readonly path: string
}

const NS = `/namespaces/${NAMESPACE}`
const owner = (method: PlannedCall['method'], path: string): PlannedCall => ({ caller: 'owner', method, path })
const workload = (path: string): PlannedCall => ({ caller: 'workload', method: 'POST', path })
const EXCHANGE: readonly PlannedCall[] = [
  workload('/workload/challenge'),
  owner('POST', '/emulated/attest'),
  workload('/workload/attest'),
]

/** What each step calls, in its order. */
export const PLAN: Readonly<Record<StepId, readonly PlannedCall[]>> = {
  namespace: [owner('GET', '/namespaces'), owner('POST', '/namespaces')],
  secret: [owner('PUT', `${NS}/secrets/${RESOURCE}`)],
  policy: [owner('PUT', `${NS}/policy`)],
  reference: [owner('POST', '/emulated/attest'), owner('PUT', `${NS}/references/${REFERENCE}`)],
  refused: EXCHANGE,
  why: [owner('GET', `${NS}/decisions/{decision}`)],
  attested: EXCHANGE,
  released: [workload('/workload/release')],
  receipt: [owner('GET', `${NS}/decisions/{decision}/receipt`), owner('GET', '/log/key')],
  advisory: [owner('POST', `${NS}/advisories`), owner('GET', `${NS}/advisories/${ADVISORY}/affected`)],
  line: [owner('POST', `${NS}/policy/dry-run`), owner('PUT', `${NS}/policy`)],
  lost: [
    { caller: 'workload', method: 'GET', path: '/workload/leases/{lease}/events' },
    workload('/workload/challenge'),
    owner('POST', '/emulated/attest'),
    workload('/workload/leases/{lease}/renew'),
  ],
}
