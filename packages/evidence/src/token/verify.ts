import { assembleVerdict, digestHex } from '../core/assemble.ts'
import { judge, type StepGroup, stepIds } from '../core/engine.ts'
import { copyOfEvidence } from '../core/input.ts'
import { memberOf, textOf } from '../core/json.ts'
import type { VerifyOptions } from '../core/options.ts'
import { evaluationTime } from '../core/time.ts'
import type { TrustAnchor, Verdict } from '../core/verdict.ts'
import { type DigestJob, type Job, type PublicKey, sha256 } from '../crypto/jobs.ts'
import { type Story, tell, tellNow } from '../crypto/story.ts'
import { Signed } from '../x509/signature.ts'
import { CONFIDENTIAL_SPACE_ROOT, PUBLISHED_KEYS } from './anchors.ts'
import { planBinding } from './binding.ts'
import { chainAnchor, chainJobs, leafKey } from './certificates.ts'
import { CLAIM_STEPS } from './claim-steps.ts'
import { type TokenClaims, tokenAssumptions, tokenClaims } from './claims.ts'
import { readTokenExpectations, type TokenExpectations } from './expectations.ts'
import { parseToken } from './jwt.ts'
import { KEY_STEPS } from './key-steps.ts'
import { misfit, type TrustedKey } from './keys.ts'
import type { Token } from './model.ts'
import { planRevocation, revocationJobs } from './revocation.ts'
import { SERVICES, schemeOf, serviceOf } from './services.ts'
import type { TokenState } from './state.ts'
import { statementOf } from './statement.ts'
import { planSubmodules, submoduleJobs } from './submodules.ts'
import { chainToJudge, keysOf, namedKey, shownChain, type TokenKeySet } from './trust.ts'

/**
 * What a verification takes beside the token. With a key set, `trustAnchors` name the keys of it that count, or roots:
 * then the certificates of the key (`x5c` of the key, or else of the token's header or of the `jwk` in it) must lead to
 * one of these.
 */
export interface TokenVerifyOptions extends VerifyOptions {
  /**
   * Without keys only tokens with certificates can be proven: under a pinned root (Confidential Space, PKI), or one of
   * `trustAnchors`.
   */
  readonly keySet?: TokenKeySet
  /**
   * Without keys: `iss` of the tokens that certificates under `trustAnchors` are for, exactly. Beside a `keySet`, whose own
   * `issuer` says it, another one is an error.
   */
  readonly issuer?: string
  /**
   * Revocation lists of the authorities above the key, DER or PEM; at most 16. Each must be one of those, genuine and
   * current. They are asked about the certificates of the key, also where the key needs none to be trusted.
   */
  readonly crls?: readonly Uint8Array[]
  readonly expect?: TokenExpectations
}

const STEPS: readonly StepGroup<TokenState>[] = [...KEY_STEPS, ...CLAIM_STEPS]

/** Ids of all checks of a verdict about a token, in order; with `waivable` those that may be waived. */
export function tokenCheckIds(which: 'all' | 'waivable' = 'all'): readonly string[] {
  return stepIds<TokenState>(STEPS, which)
}

/**
 * Verifies the signed token of an attestation service at `options.at`, with at most five minutes of slack.
 *
 * @param evidence the token as received: a JWT in compact form, a bundle of these, or a CWT
 * @returns a verdict; forged tokens and unreadable key sets give one too
 * @throws EvidenceError when the token cannot be read
 * @throws TypeError for options that make no sense
 */
export async function verifyToken(evidence: Uint8Array, options: TokenVerifyOptions): Promise<Verdict<TokenClaims>> {
  return tell(tokenStory(evidence, options))
}

/** As {@link verifyToken}, without waiting. @throws TypeError where the runtime's cryptography is asynchronous */
export function verifyTokenSync(evidence: Uint8Array, options: TokenVerifyOptions): Verdict<TokenClaims> {
  return tellNow(tokenStory(evidence, options))
}

function* tokenStory(evidence: Uint8Array, options: TokenVerifyOptions): Story<Verdict<TokenClaims>> {
  const plan = planToken(evidence, options)
  yield plan.jobs
  return conclude(plan)
}

interface Plan {
  readonly waive: readonly string[] | undefined
  readonly trustAnchors: readonly TrustAnchor[] | undefined
  readonly state: Omit<TokenState, 'anchor'>
  readonly evidence: DigestJob
  readonly jobs: readonly Job[]
}

function planToken(evidence: Uint8Array, options: TokenVerifyOptions): Plan {
  const at = evaluationTime(options.at)
  const expect = readTokenExpectations(options.expect)
  const data = copyOfEvidence(evidence)
  const token = parseToken(data)
  const service = serviceOf(token.claims)
  const { keySet, issuer: whose } = options
  if (keySet !== undefined && whose !== undefined && whose !== keySet.issuer)
    throw new TypeError('issuer: expected none beside `keySet`, whose own `issuer` says whose its keys are')
  const { keys, keysFault } = keysOf(options.keySet)
  const named = keys === undefined ? undefined : namedKey(keys, token)
  const shown = shownChain(token)
  const chain = chainToJudge(options, named, shown)
  const revocation = planRevocation(options.crls ?? [], chain ?? named?.chain ?? shown)
  // Certificates of the token name the key only where it is not for a key set to say which keys are trusted.
  const key = options.keySet === undefined && chain !== undefined ? leafKey(chain) : named?.key
  const scheme = schemeOf(textOf(token.header, 'alg'))
  const allowed = SERVICES[service].algorithms.includes(textOf(token.header, 'alg') ?? '')
  const signature = allowed && key ? new Signed(token.signed, scheme, token.signature).by(key) : undefined
  const binding = planBinding(token, service)
  const submodules = planSubmodules(token, (one) => (allowed ? keyFor(one, token, key, keys) : undefined))
  const digest = sha256(data)
  const jobs = [
    digest,
    signature,
    named?.spki,
    named?.quote?.digest,
    binding,
    ...submoduleJobs(submodules),
    ...(chain === undefined ? [] : chainJobs(chain)),
    ...revocationJobs(revocation),
  ]
  const issuer = (options.keySet === undefined ? options.issuer : options.keySet.issuer) ?? SERVICES[service].issuer
  const statement = statementOf(service, token.claims)
  return {
    waive: options.waive,
    trustAnchors: options.trustAnchors,
    state: {
      token,
      service,
      statement,
      issuer,
      keys,
      keysFault,
      named,
      shown,
      chain,
      revocation,
      key,
      signature,
      binding,
      submodules,
      at,
      expect,
    },
    evidence: digest,
    jobs: jobs.filter((job) => job !== undefined),
  }
}

// The main token's own key where a further token names the same, or certificates vouch for it.
function keyFor(
  one: Token,
  main: Token,
  key: PublicKey | undefined,
  keys: readonly TrustedKey[] | undefined,
): PublicKey | undefined {
  const [kid, first] = [memberOf(one.header, 'kid'), memberOf(main.header, 'kid')]
  if (kid === first) return key
  const other = typeof kid === 'string' ? keys?.find((trusted) => trusted.kid === kid) : undefined
  return other !== undefined && misfit(other, textOf(one.header, 'alg') ?? '') === undefined ? other.key : undefined
}

type Trusted = Pick<TokenState, 'anchor' | 'chain'>

/** The anchor that the token's key rests on, and the certificates that lead there. */
function trustedBy({ state, trustAnchors }: Plan): Trusted {
  const { chain, named, keys, service } = state
  if (keys === undefined) {
    const pinned = service === 'confidential-space' ? [CONFIDENTIAL_SPACE_ROOT] : []
    return { anchor: chain && chainAnchor(chain, trustAnchors ?? pinned), chain }
  }
  if (named?.spki === undefined) return { anchor: undefined, chain }
  const { anchor, chain: judged } = trustedKey(state, digestHex(named.spki), trustAnchors)
  const published = anchor !== undefined && PUBLISHED_KEYS.includes(digestHex(named.spki))
  return { anchor: published ? { ...anchor, emulated: true } : anchor, chain: judged }
}

// A key that the caller names needs no certificates. Others do, as soon as the caller names roots.
function trustedKey(
  { chain, issuer, service }: Plan['state'],
  spkiSha256: string,
  trustAnchors: readonly TrustAnchor[] | undefined,
): Trusted {
  if (trustAnchors === undefined) {
    const name = issuer === undefined ? 'a key that you named' : `key of ${issuer.slice(0, 128)}`
    return { anchor: { id: 'token-key', name, vendor: SERVICES[service].vendor, spkiSha256 }, chain: undefined }
  }
  const listed = trustAnchors.find((anchor) => anchor.spkiSha256 === spkiSha256)
  if (listed !== undefined) return { anchor: listed, chain: undefined }
  return { anchor: chain && chainAnchor(chain, trustAnchors), chain }
}

function conclude(plan: Plan): Verdict<TokenClaims> {
  const state: TokenState = { ...plan.state, ...trustedBy(plan) }
  return assembleVerdict(judge<TokenState>(STEPS, state, plan.waive), {
    format: `${state.token.form} of ${SERVICES[state.service].name}`,
    at: state.at,
    evidence: plan.evidence,
    anchor: state.anchor,
    collateral: [],
    claims: tokenClaims(state),
    assumed: tokenAssumptions(state),
    notes: [],
  })
}
