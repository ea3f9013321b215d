import { requestKbsSecret, type SecretRequest } from './kbs.ts'
import { type HeldLease, requestLeasedSecret } from './native.ts'

/** What a workload gets. */
export interface ReleasedSecret {
  readonly secret: Uint8Array
  /** Attestation result (EAR), compact JWS. */
  readonly token: string
  /** Id of the decision, under which the namespace's owner finds everything else. */
  readonly decision?: string
  /** Of the native API only. */
  readonly lease?: HeldLease
}

/**
 * Gets a secret for the machine that `attester` speaks for: through the KBS protocol, which servers of others speak
 * too, or with `protocol: 'native'` through this project's API, which gives a lease.
 *
 * @throws Refusal when the checkpoint says no
 * @throws ClientError when it cannot be reached, answers nonsense, or not for this workload's key
 * @throws TypeError for a resource, namespace or URL that is none
 */
export async function requestSecret(
  request: SecretRequest & { readonly protocol?: 'kbs' | 'native' },
): Promise<ReleasedSecret> {
  if (request.protocol === 'native') {
    const { secret, token, decision, lease } = await requestLeasedSecret(request)
    return { secret, token, decision, lease }
  }
  const { secret, token, decision } = await requestKbsSecret(request)
  return { secret, token, ...(decision === undefined ? {} : { decision }) }
}
