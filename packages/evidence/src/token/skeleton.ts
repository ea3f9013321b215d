import type { Skeleton } from '../core/skeleton.ts'
import type { Token } from './model.ts'
import { serviceOf } from './services.ts'
import { statementOf } from './statement.ts'

/** Expectations that a token would meet. `issuer` is whose keys are to be given; the verifier takes it with them. */
export function tokenSkeleton({ claims }: Token): Skeleton {
  const { measurement, nonces, reportData } = statementOf(serviceOf(claims), claims)
  const { iss, aud } = claims
  return {
    ...(typeof iss === 'string' ? { issuer: iss } : {}),
    ...(typeof aud === 'string' || Array.isArray(aud) ? { audience: aud } : {}),
    ...(measurement === '' ? {} : { measurement: [measurement] }),
    ...(/^0*$/.test(reportData) ? {} : { reportData }),
    ...(nonces[0] === undefined ? {} : { nonce: nonces[0] }),
  }
}
