import { EvidenceError } from '../core/errors.ts'
import { isObject, memberOf } from '../core/json.ts'
import type { TrustAnchor } from '../core/verdict.ts'
import { sameKey } from '../x509/signature.ts'
import { readChain, type TokenChain } from './certificates.ts'
import { readCoseKeySet } from './cose-keys.ts'
import { parseToken } from './jwt.ts'
import { readKeySet, type TrustedKey } from './keys.ts'
import type { Token } from './model.ts'
import type { TokenState } from './state.ts'

/** Keys that the caller trusts, and whose they are. */
export interface TokenKeySet {
  /** `iss` of the tokens that these keys sign, exactly; left out where the verifier writes none. */
  readonly issuer?: string
  /** JSON Web Key Set, got from the issuer itself; never from an address in a token. A single key may stand for a set. */
  readonly jwks?: string
  /** The same as a COSE_KeySet or COSE_Key, instead of `jwks`. */
  readonly coseKeys?: Uint8Array
}

/** What decides which key a token is checked with. */
interface Trusting {
  readonly keySet?: TokenKeySet
  readonly trustAnchors?: readonly TrustAnchor[]
}

/** Certificates in the header, or in the key that the header shows: as the attestation service of Confidential Containers writes them. */
export function shownChain({ header }: Token): TokenChain | undefined {
  const x5c = memberOf(header, 'x5c')
  if (x5c !== undefined) return readChain(x5c)
  const within = memberOf(header, 'jwk', 'x5c')
  if (within === undefined) return undefined
  const chain = readChain(within)
  const [jwk] = readKeySet(JSON.stringify({ keys: [memberOf(header, 'jwk') ?? null] }))
  // Read with its certificates, a key that has other ones is at fault.
  return chain.fault === undefined && jwk?.fault !== undefined ? { ...chain, fault: jwk.fault } : chain
}

/** The certificates that must lead to a root; undefined where the key itself is trusted. */
export function chainToJudge(
  { keySet, trustAnchors }: Trusting,
  named: TrustedKey | undefined,
  shown: TokenChain | undefined,
): TokenChain | undefined {
  if (keySet === undefined) return shown
  return trustAnchors === undefined ? undefined : (named?.chain ?? shown)
}

/** The caller's keys, or why they cannot be read. @throws TypeError where there are two sets, or none */
export function keysOf(keySet: TokenKeySet | undefined): Pick<TokenState, 'keys' | 'keysFault'> {
  if (keySet === undefined) return { keys: undefined, keysFault: undefined }
  const { jwks, coseKeys } = keySet
  if ((jwks === undefined) === (coseKeys === undefined))
    throw new TypeError('keySet: expected either `jwks` or `coseKeys`')
  // Bytes are what a file gives: nothing below would say which option they were.
  if (jwks !== undefined && typeof jwks !== 'string')
    throw new TypeError('keySet.jwks: expected text, a JSON Web Key Set')
  if (coseKeys !== undefined && !(coseKeys instanceof Uint8Array))
    throw new TypeError('keySet.coseKeys: expected bytes')
  try {
    return { keys: coseKeys === undefined ? readKeySet(jwks ?? '') : readCoseKeySet(coseKeys), keysFault: undefined }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return { keys: undefined, keysFault: error.message }
  }
}

/**
 * The trusted key that a token names. One without a key id has a key where there is no choice, or where it shows which
 * of the trusted ones it is. A key inside of the token is never trusted by itself.
 */
export function namedKey(keys: readonly TrustedKey[], token: Token): TrustedKey | undefined {
  const kid = memberOf(token.header, 'kid')
  if (kid === undefined)
    return shownKey(keys, token) ?? (keys.length === 1 && keys[0]?.kid === undefined ? keys[0] : undefined)
  return keys.find((one) => one.kid === kid)
}

function shownKey(keys: readonly TrustedKey[], { header }: Token): TrustedKey | undefined {
  const jwk = memberOf(header, 'jwk')
  if (!isObject(jwk)) return undefined
  const [shown] = readKeySet(JSON.stringify({ keys: [jwk] }))
  const key = shown?.key
  return key === undefined ? undefined : keys.find((one) => one.key !== undefined && sameKey(one.key, key))
}

/**
 * Names of the authorities above the key of a token, as `issuer.key` of a revocation list has them: for whoever holds
 * lists of several, to choose those that `crls` may be given. Nothing is verified.
 *
 * @returns undefined where the key has no certificates but those that the token shows for one that needs none
 * @throws EvidenceError when the token cannot be read
 */
export function tokenAuthorities(evidence: Uint8Array, trusting: Trusting): readonly string[] | undefined {
  const token = parseToken(evidence)
  const { keys } = keysOf(trusting.keySet)
  const named = keys === undefined ? undefined : namedKey(keys, token)
  const chain = chainToJudge(trusting, named, shownChain(token)) ?? named?.chain
  return chain?.certificates.slice(1).map(({ subject }) => subject.key)
}
