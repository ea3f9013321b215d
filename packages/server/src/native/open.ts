import type { Handler } from '../http/front.ts'
import { nativeFace } from './face.ts'
import type { Route } from './route.ts'
import { accessRoutes } from './routes/access.ts'
import { advisoryRoutes } from './routes/advisories.ts'
import { decisionEvidenceRoutes } from './routes/decision-evidence.ts'
import { decisionRoutes } from './routes/decisions.ts'
import { emulatedRoutes } from './routes/emulated.ts'
import { endorsementRoutes } from './routes/endorsements.ts'
import { eventRoutes } from './routes/events.ts'
import { leaseRoutes } from './routes/leases.ts'
import { pageSessionRoutes } from './routes/page-session.ts'
import { policyRoutes } from './routes/policy.ts'
import { referenceRoutes } from './routes/references.ts'
import { resultKeyRoutes } from './routes/result-keys.ts'
import { secretRoutes } from './routes/secrets.ts'
import { tpmKeyRoutes } from './routes/tpm-keys.ts'
import { workloadRoutes } from './routes/workload.ts'
import type { NativeServices } from './services.ts'

/** Every route of the native API: what is served, and what the document tells of. */
export function nativeRoutes(services: NativeServices): readonly Route[] {
  return [
    ...workloadRoutes(services),
    ...secretRoutes(services),
    ...referenceRoutes(services),
    ...tpmKeyRoutes(services),
    ...policyRoutes(services),
    ...decisionRoutes(services),
    ...decisionEvidenceRoutes(services),
    ...leaseRoutes(services),
    ...advisoryRoutes(services),
    ...eventRoutes(services),
    ...endorsementRoutes(services),
    ...accessRoutes(services),
    ...resultKeyRoutes(services),
    ...pageSessionRoutes(services),
    ...emulatedRoutes(services),
  ]
}

/** The native API as one handler. This module is loaded at the first request: its schemas cost a start 100 ms. */
export function openNativeApi(services: NativeServices, version: string): Handler {
  return nativeFace({ routes: nativeRoutes(services), version, auth: services.auth })
}
