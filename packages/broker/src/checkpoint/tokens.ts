import { type JsonWebKey, verify } from 'node:crypto'
import { type Appraisal, type EarClaims, earPayload, readEar, type Signer, signEar } from '@sekisho/appraisal'
import type { Verdict } from '@sekisho/evidence'
import { isRecord } from '../json.ts'
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
export function issueToken(
  core: Core,
  signer: Signer,
  appraisal: Appraisal,
  verdict: Verdict,
  subject: TokenSubject,
): Promise<string> {
  const { namespace, appraisal: id, decision, ...about } = subject
  const payload = earPayload(appraisal, verdict, {
    ...about,
    issuer: core.issuer,
    verifierId: core.verifierId,
    extra: { [NAMESPACE_CLAIM]: namespace, [APPRAISAL_CLAIM]: id, [DECISION_CLAIM]: decision },
  })
  return signEar({ payload }, signer)
}

/** A result that was shown to us. */
export type ShownToken =
  | {
      readonly appraisal: string
      readonly namespace: string
      /** Id of the key that signed it. */
      readonly kid: string
      readonly fault?: undefined
    }
  | { readonly fault: 'token-invalid' | 'token-expired' | 'attestation-revoked' }

const MAX_TOKEN = 128 * 1024

/** Reads a result that we signed. Whose it is and whether it still holds is for the caller to ask. */
export async function readToken(core: Core, token: string, at: Date): Promise<ShownToken> {
  if (token.length > MAX_TOKEN) return { fault: 'token-invalid' }
  const kid = kidIn(token)
  const accepted = kid === undefined ? undefined : await core.resultKeys.accepted(kid, at)
  if (accepted === 'revoked') return { fault: 'attestation-revoked' }
  if (kid === undefined || accepted === undefined) return { fault: 'token-invalid' }
  const { key, jwk } = accepted
  try {
    const claims = await readEar(
      token,
      { keys: [jwk] },
      {
        at,
        issuer: core.issuer,
        verify: (_key, signature, data) =>
          Promise.resolve(verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature)),
      },
    )
    return subjectOf(claims, kid)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    // The reader names what is wrong; the one thing worth telling apart is that a result was good once.
    return { fault: isExpiry(error) ? 'token-expired' : 'token-invalid' }
  }
}

const MAX_HEADER = 2048
const KID = /^[A-Za-z0-9_-]{43}$/

// Says only which key to look for: the header is read again, strictly, before anything in it counts.
function kidIn(token: string): string | undefined {
  const end = token.indexOf('.')
  if (end < 0 || end > MAX_HEADER) return undefined
  try {
    const header: unknown = JSON.parse(Buffer.from(token.slice(0, end), 'base64url').toString())
    const kid = isRecord(header) ? header['kid'] : undefined
    return typeof kid === 'string' && KID.test(kid) ? kid : undefined
  } catch {
    // No JSON: no result of ours.
    return undefined
  }
}

function isExpiry(error: Error): boolean {
  return ('code' in error && /expired/i.test(String(error.code))) || /expired|\bexp\b/i.test(error.message)
}

function subjectOf({ payload }: EarClaims, kid: string): ShownToken {
  const members: ReadonlyMap<string, unknown> = new Map(Object.entries(payload))
  const namespace = members.get(NAMESPACE_CLAIM)
  const appraisal = members.get(APPRAISAL_CLAIM)
  if (typeof namespace !== 'string' || typeof appraisal !== 'string') return { fault: 'token-invalid' }
  return { namespace, appraisal, kid }
}
