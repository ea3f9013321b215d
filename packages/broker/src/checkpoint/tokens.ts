import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto'
import { type Appraisal, type EarClaims, earPayload, readEar, signEar } from '@sekisho/appraisal'
import type { Verdict } from '@sekisho/evidence'
import type { Core } from './core.ts'

/** What an attestation result of ours says to ourselves, beside what everybody reads in it. */
const NAMESPACE_CLAIM = 'sekisho.namespace'
const APPRAISAL_CLAIM = 'sekisho.appraisal'
const DECISION_CLAIM = 'sekisho.decision'

/** What a result is made for. */
export interface TokenSubject {
  readonly namespace: string
  readonly appraisal: string
  readonly decision: string
  readonly nonce: string
  readonly teeKey: JsonWebKey
  readonly policyIds: readonly string[]
  readonly issuedAt: Date
  readonly expiresAt: Date
}

/** Signs the result of an appraisal: an EAR as compact JWS. */
export function issueToken(core: Core, appraisal: Appraisal, verdict: Verdict, subject: TokenSubject): Promise<string> {
  const { namespace, appraisal: id, decision, ...about } = subject
  const payload = earPayload(appraisal, verdict, {
    ...about,
    issuer: core.issuer,
    verifierId: core.verifierId,
    extra: { [NAMESPACE_CLAIM]: namespace, [APPRAISAL_CLAIM]: id, [DECISION_CLAIM]: decision },
  })
  return signEar({ payload }, core.signer)
}

/** A result that was shown to us. */
export type ShownToken =
  | { readonly appraisal: string; readonly namespace: string; readonly fault?: undefined }
  | { readonly fault: 'token-invalid' | 'token-expired' }

const MAX_TOKEN = 128 * 1024

/** Reads a result that we signed. Whose it is and whether it still holds is for the caller to ask. */
export async function readToken(core: Core, token: string, at: Date): Promise<ShownToken> {
  if (token.length > MAX_TOKEN) return { fault: 'token-invalid' }
  const keys = { keys: [core.signer.jwk] }
  const key = publicKeyOf(core)
  try {
    const claims = await readEar(token, keys, {
      at,
      issuer: core.issuer,
      verify: (_key, signature, data) =>
        Promise.resolve(verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature)),
    })
    return subjectOf(claims)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    // The reader names what is wrong; the one thing worth telling apart is that a result was good once.
    return { fault: isExpiry(error) ? 'token-expired' : 'token-invalid' }
  }
}

const KEYS: WeakMap<Core['signer'], KeyObject> = new WeakMap()

// Our own key, read once.
function publicKeyOf({ signer }: Core): KeyObject {
  const known = KEYS.get(signer)
  if (known !== undefined) return known
  const key = createPublicKey({ key: { ...signer.jwk }, format: 'jwk' })
  KEYS.set(signer, key)
  return key
}

function isExpiry(error: Error): boolean {
  return ('code' in error && /expired/i.test(String(error.code))) || /expired|\bexp\b/i.test(error.message)
}

function subjectOf({ payload }: EarClaims): ShownToken {
  const members: ReadonlyMap<string, unknown> = new Map(Object.entries(payload))
  const namespace = members.get(NAMESPACE_CLAIM)
  const appraisal = members.get(APPRAISAL_CLAIM)
  if (typeof namespace !== 'string' || typeof appraisal !== 'string') return { fault: 'token-invalid' }
  return { namespace, appraisal }
}
