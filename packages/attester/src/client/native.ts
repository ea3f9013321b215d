import type { Attester, Collected } from '../attester.ts'
import { base64 } from '../base64.ts'
import { ClientError } from './errors.ts'
import { evidenceOf, post, WORKLOAD_API } from './exchange.ts'
import { isMembers, type Transport, textOf } from './http.ts'
import { decryptJwe } from './jwe.ts'
import { MAX_NONCE, MAX_TOKEN, type ReleaseStep, type SecretRequest } from './kbs.ts'
import { checkNamespace, checkResource, DEFAULT_NAMESPACE } from './names.ts'
import { bindingOf, makeTeeKey, type TeeKey } from './tee-key.ts'

/** A lease as its holder has it. Its secret and key are for whoever renews it: keep them in memory. */
export interface HeldLease {
  readonly id: string
  readonly secret: string
  readonly expires: Date
  readonly namespace: string
  /** The key that the evidence bound; a renewal must bind the same. */
  readonly key: TeeKey
}

/** A secret with the lease that it is released under. */
export interface LeasedSecret {
  readonly secret: Uint8Array
  readonly version: number
  readonly contentType: string | undefined
  /** Attestation result (EAR), compact JWS. */
  readonly token: string
  readonly decision: string
  /** No hardware vouches for the workload. */
  readonly emulated: boolean
  readonly lease: HeldLease
}

const MAX_ID = 64
const MAX_SESSION = 512

/**
 * Gets a secret through the native API: as through the KBS protocol, and with a lease.
 *
 * @throws Refusal when the checkpoint says no
 * @throws ClientError when it cannot be reached, answers nonsense, or not for this key
 */
export async function requestLeasedSecret(request: SecretRequest): Promise<LeasedSecret> {
  const { resource, namespace = DEFAULT_NAMESPACE, onProgress = () => undefined } = request
  checkNamespace(namespace)
  checkResource(resource)
  const key = makeTeeKey()
  const evidence = await collect(request, namespace, key, onProgress)
  onProgress('attest')
  const token = textOf((await post(request, `${WORKLOAD_API}/attest`, evidence))['token'], 'token', MAX_TOKEN)
  onProgress('release')
  const released = await post(request, `${WORKLOAD_API}/release`, { namespace, resource, session: evidence.session })
  const { version, contentType, emulated } = released
  if (!Number.isSafeInteger(version) || typeof emulated !== 'boolean')
    throw new ClientError('protocol', 'the answer to a request for a secret lacks version or emulated')
  const lease = leaseOf(released['lease'], namespace, key)
  const decision = textOf(released['decision'], 'decision', MAX_ID)
  return {
    secret: decryptJwe(released['jwe'], key.privateKey),
    version: Number(version),
    contentType: typeof contentType === 'string' ? contentType : undefined,
    token,
    decision,
    emulated,
    lease,
  }
}

function leaseOf(value: unknown, namespace: string, key: TeeKey): HeldLease {
  if (!isMembers(value)) throw new ClientError('protocol', 'the answer to a request for a secret has no lease')
  const { id, secret, expires } = value
  return { id: leaseId(id), secret: leaseSecret(secret), expires: timeOf(expires), namespace, key }
}

/** A request to prolong a lease. */
export interface RenewalRequest extends Transport {
  readonly attester: Attester
  readonly lease: HeldLease
  readonly onProgress?: (step: ReleaseStep) => void
}

/**
 * Prolongs a lease by attesting anew: a fresh nonce, the same key. A refusal leaves the lease to end when it ends.
 * @throws Refusal, ClientError
 */
export async function renewLease(request: RenewalRequest): Promise<HeldLease> {
  const { lease, onProgress = () => undefined } = request
  const evidence = await collect(request, lease.namespace, lease.key, onProgress)
  onProgress('release')
  const path = `${WORKLOAD_API}/leases/${leaseId(lease.id)}/renew`
  const renewed = await post(request, path, evidence, { authorization: `Bearer ${lease.secret}` })
  return { ...lease, expires: timeOf(renewed['expires']) }
}

interface SentEvidence {
  readonly session: string
  readonly tee: string
  readonly evidence: string
  readonly eventLog?: string
  readonly runtimeData: { readonly nonce: string; readonly 'tee-pubkey': TeeKey['publicKey'] }
}

async function collect(
  request: Transport & { readonly attester: Attester },
  namespace: string,
  key: TeeKey,
  onProgress: (step: ReleaseStep) => void,
): Promise<SentEvidence> {
  onProgress('challenge')
  const challenge = await post(request, `${WORKLOAD_API}/challenge`, { namespace, tee: request.attester.tee })
  const session = textOf(challenge['session'], 'session', MAX_SESSION)
  const nonce = textOf(challenge['nonce'], 'nonce', MAX_NONCE)
  onProgress('evidence')
  const collected = await evidenceOf(request.attester, bindingOf(nonce, key.publicKey))
  return { session, ...formOf(collected), runtimeData: { nonce, 'tee-pubkey': key.publicKey } }
}

function formOf({ tee, evidence, eventLog }: Collected): Pick<SentEvidence, 'tee' | 'evidence' | 'eventLog'> {
  return { tee, evidence: base64(evidence), ...(eventLog === undefined ? {} : { eventLog: base64(eventLog) }) }
}

/** An id of a lease, as it stands in paths. @throws ClientError */
export function leaseId(value: unknown): string {
  if (typeof value !== 'string' || !/^[\w-]{1,64}$/.test(value))
    throw new ClientError('protocol', 'the lease has an id that is none')
  return value
}

// It is sent in a header, which holds printable characters only. The error must not show it.
function leaseSecret(value: unknown): string {
  const secret = textOf(value, 'lease.secret', 256)
  if (!/^[\x21-\x7e]+$/.test(secret)) throw new ClientError('protocol', 'the lease has a secret that cannot be sent')
  return secret
}

function timeOf(value: unknown): Date {
  const time = typeof value === 'string' && value.length <= 40 ? new Date(value) : new Date(Number.NaN)
  if (Number.isNaN(time.getTime())) throw new ClientError('protocol', 'the lease has no time at which it ends')
  return time
}
