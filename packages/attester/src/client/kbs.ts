import type { Attester } from '../attester.ts'
import { ClientError, Refusal } from './errors.ts'
import { evidenceOf } from './exchange.ts'
import { type Answer, isMembers, send, type Transport, textOf } from './http.ts'
import { decryptJwe } from './jwe.ts'
import { checkNamespace, checkResource, DEFAULT_NAMESPACE } from './names.ts'
import { type BindingHash, bindingOf, makeTeeKey } from './tee-key.ts'

/** What a workload is about to do. */
export type ReleaseStep = 'challenge' | 'evidence' | 'attest' | 'release'

/** A request for a secret. */
export interface SecretRequest extends Transport {
  readonly attester: Attester
  /** `repository/type/tag`. */
  readonly resource: string
  /** Default `default`. */
  readonly namespace?: string
  readonly onProgress?: (step: ReleaseStep) => void
}

/** A secret from a KBS server. */
export interface KbsSecret {
  readonly secret: Uint8Array
  /** Attestation result (EAR), compact JWS: not verified here, as its issuer is whom the secret came from. */
  readonly token: string
  /** Id of the decision, where the server names it. */
  readonly decision: string | undefined
}

/**
 * Gets a secret through the KBS protocol 0.4, from this project's server or another: asks for a nonce, has the attester
 * bind it with a fresh key, sends the evidence, and decrypts the secret that comes back for that key.
 *
 * @throws Refusal when the server says no
 * @throws ClientError when it cannot be reached, answers otherwise than the protocol says, or not for this key
 */
export async function requestKbsSecret(request: SecretRequest): Promise<KbsSecret> {
  const { attester, resource, namespace = DEFAULT_NAMESPACE, onProgress = () => undefined } = request
  checkNamespace(namespace)
  checkResource(resource)
  const prefix = namespace === DEFAULT_NAMESPACE ? '/kbs/v0' : `/ns/${namespace}/kbs/v0`
  const key = makeTeeKey()
  onProgress('challenge')
  const { nonce, hash, cookie } = await authenticate(request, prefix, attester.tee)
  onProgress('evidence')
  const { kbs } = await evidenceOf(attester, bindingOf(nonce, key.publicKey, hash))
  onProgress('attest')
  const attested = await send(request, {
    method: 'POST',
    path: `${prefix}/attest`,
    headers: { cookie },
    body: {
      'init-data': null,
      'runtime-data': { nonce, 'tee-pubkey': key.publicKey },
      'tee-evidence': { primary_evidence: kbs, additional_evidence: '' },
    },
  })
  const token = textOf(successOf(attested)['token'], 'token', MAX_TOKEN)
  onProgress('release')
  const released = await send(request, {
    method: 'GET',
    path: `${prefix}/resource/${resource}`,
    headers: { cookie: sessionOf(attested) ?? cookie },
  })
  const secret = decryptJwe(successOf(released), key.privateKey)
  return { secret, token, decision: decisionOf(released) }
}

const VERSION = '0.4.0'
const HASHES: readonly BindingHash[] = ['sha256', 'sha384', 'sha512']
/** Characters of an attestation result that are taken. */
export const MAX_TOKEN: number = 1024 * 1024
/** Characters of a nonce that are taken. */
export const MAX_NONCE = 4096

interface KbsChallenge {
  readonly nonce: string
  readonly hash: BindingHash
  readonly cookie: string
}

async function authenticate(transport: Transport, prefix: string, tee: string): Promise<KbsChallenge> {
  const answer = await send(transport, {
    method: 'POST',
    path: `${prefix}/auth`,
    body: { version: VERSION, tee, 'extra-params': { 'supported-hash-algorithms': HASHES } },
  })
  const challenge = successOf(answer)
  const cookie = sessionOf(answer)
  if (cookie === undefined) throw new ClientError('protocol', 'the answer to the challenge sets no session cookie')
  return { nonce: textOf(challenge['nonce'], 'nonce', MAX_NONCE), hash: hashOf(challenge['extra-params']), cookie }
}

// KBS protocol, `Challenge`: without a choice of the server's it is SHA-384.
function hashOf(extra: unknown): BindingHash {
  const chosen = isMembers(extra) ? extra['selected-hash-algorithm'] : undefined
  if (chosen === undefined) return 'sha384'
  const hash = HASHES.find((one) => typeof chosen === 'string' && one === chosen.toLowerCase())
  if (hash === undefined) throw new ClientError('protocol', 'the server selects a hash that was not offered')
  return hash
}

function sessionOf({ headers }: Answer): string | undefined {
  for (const line of headers.getSetCookie()) {
    const pair = /^\s*(kbs-session-id=[\w-]{1,512})\s*(?:;|$)/.exec(line)?.[1]
    if (pair !== undefined) return pair
  }
  return undefined
}

function successOf(answer: Answer): Readonly<Record<string, unknown>> {
  if (answer.status !== 200) throw refusalOf(answer)
  if (!isMembers(answer.json)) throw new ClientError('protocol', 'the answer is no JSON object')
  return answer.json
}

function refusalOf(answer: Answer): Error {
  const { type, detail } = isMembers(answer.json) ? answer.json : {}
  const name = typeof type === 'string' ? /([A-Za-z]{1,64})$/.exec(type)?.[1] : undefined
  if (name === undefined) return new ClientError('protocol', `the server answers ${answer.status} without a reason`)
  // This project's server puts its own code into the detail; others write prose.
  const own = typeof detail === 'string' ? /^refused: ([a-z-]{1,64})(?:;|$)/.exec(detail)?.[1] : undefined
  return new Refusal(own ?? name, decisionOf(answer), answer.status)
}

function decisionOf({ headers }: Answer): string | undefined {
  const id = headers.get('sekisho-decision')
  return id !== null && /^[\w-]{1,64}$/.test(id) ? id : undefined
}
