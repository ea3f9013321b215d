import { readGrant } from '@sekisho/broker'
import type { createRemoteJWKSet, JWTPayload } from 'jose'
import { HttpError } from '../http/errors.ts'
import { readJson } from '../http/json.ts'

/** A signature algorithm that an OpenID provider may use; symmetric ones and `none` are not among them. */
export type OidcAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'

/** What a value of the claim gives. */
export interface OidcGrant {
  readonly value: string
  /** A namespace, or `*` for all. */
  readonly namespace: string
  readonly scopes: readonly string[]
}

/** An OpenID provider whose tokens open the API. */
export interface OidcOptions {
  /** Exactly as in the provider's discovery document and tokens. */
  readonly issuer: string
  /** The audience that tokens must be for; tokens for others are refused. */
  readonly audience: string
  /** Default RS256, PS256, ES256, EdDSA. */
  readonly algorithms?: readonly OidcAlgorithm[]
  /** The claim that grants are given by: a text, or a list of texts. Default `roles`. */
  readonly claim?: string
  readonly grants: readonly OidcGrant[]
}

/** Somebody whom the provider vouches for. */
export interface OidcIdentity {
  readonly issuer: string
  readonly subject: string
  readonly grants: readonly OidcGrant[]
}

/** Checks tokens of one provider. */
export interface OidcVerifier {
  /** Undefined when the token is not to be believed. @throws OidcUnavailable when the provider cannot be asked */
  check(token: string, at: Date): Promise<OidcIdentity | undefined>
}

/** The provider's keys could not be had. */
export class OidcUnavailable extends Error {
  override readonly name = 'OidcUnavailable'
}

const DEFAULT_ALGORITHMS: readonly OidcAlgorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA']
const ALLOWED: ReadonlySet<string> = new Set([
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'],
])
const MAX_DISCOVERY = 256 * 1024
const TIMEOUT = 5000
/** Seconds that clocks may differ. */
const SLACK = 60

/**
 * Loads the library that checks tokens. A server with a provider does so at its start: Node.js remembers a module whose
 * file could not be read as broken for as long as a process lives.
 */
export async function loadOidcLibrary(): Promise<void> {
  await import('jose')
}

/**
 * Makes the verifier of a provider. Its discovery document is read at the first token, its keys as jose does it:
 * remembered, and asked for again, not too often, for a key id that is not known.
 *
 * @throws TypeError for an issuer that is neither https nor loopback, an algorithm that is not allowed, or a grant of no known scope
 */
export function oidcVerifier(options: OidcOptions): OidcVerifier {
  const algorithms = options.algorithms ?? DEFAULT_ALGORITHMS
  if (algorithms.length === 0 || algorithms.some((one) => !ALLOWED.has(one))) {
    throw new TypeError(`algorithms of the OpenID provider must be of ${[...ALLOWED].join(', ')}`)
  }
  if (options.audience === '') throw new TypeError('the audience of the OpenID provider is empty')
  for (const { namespace, scopes } of options.grants) readGrant(namespace, scopes)
  safeUrl(options.issuer)
  let keys: ReturnType<typeof createRemoteJWKSet> | undefined
  return {
    async check(token, at) {
      const jose = await import('jose')
      try {
        keys ??= jose.createRemoteJWKSet(await discover(options.issuer), { timeoutDuration: TIMEOUT })
      } catch (cause) {
        throw new OidcUnavailable('the discovery document of the OpenID provider cannot be had', { cause })
      }
      try {
        const { payload, protectedHeader } = await jose.jwtVerify(token, keys, {
          issuer: options.issuer,
          audience: options.audience,
          algorithms: [...algorithms],
          clockTolerance: SLACK,
          currentDate: at,
          requiredClaims: ['exp', 'sub'],
        })
        // A provider with one key need not name it; a token that names none would fit whichever key comes next.
        if (protectedHeader.kid === undefined || !isSound(token, payload, at)) return undefined
        return identityOf(payload, options)
      } catch (error) {
        if (!(error instanceof jose.errors.JOSEError) || OF_THE_KEYS.has(error.code)) {
          throw new OidcUnavailable('the keys of the OpenID provider cannot be had', { cause: error })
        }
        return undefined
      }
    },
  }
}

/** Codes of jose that are about the provider's keys, not about the token: no answer, another than 200, no key set. */
const OF_THE_KEYS: ReadonlySet<string> = new Set([
  'ERR_JOSE_GENERIC',
  'ERR_JWKS_TIMEOUT',
  'ERR_JWKS_INVALID',
  'ERR_JWK_INVALID',
])

/** What a library lets pass: members named twice, times that are no whole numbers, and tokens from the future. */
function isSound(token: string, { exp, nbf, iat }: JWTPayload, at: Date): boolean {
  const parts = token.split('.').slice(0, 2)
  try {
    for (const part of parts) readJson(Buffer.from(part, 'base64url'))
  } catch (error) {
    if (error instanceof HttpError) return false
    throw error
  }
  return (
    [exp, nbf, iat].every((time) => time === undefined || Number.isSafeInteger(time)) &&
    (iat === undefined || iat <= at.getTime() / 1000 + SLACK)
  )
}

function identityOf(payload: JWTPayload, { issuer, claim = 'roles', grants }: OidcOptions): OidcIdentity | undefined {
  const sub: unknown = payload.sub
  // It is written to the log and the database, of which none takes a NUL.
  if (typeof sub !== 'string' || sub === '' || sub.length > 255 || /\p{Cc}/u.test(sub)) return undefined
  const value = payload[claim]
  const values: readonly unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? value.split(' ') : []
  return { issuer, subject: sub, grants: grants.filter((grant) => values.includes(grant.value)) }
}

/** OpenID Connect Discovery 1.0, section 4: the issuer in the document must be the one that was asked. */
async function discover(issuer: string): Promise<URL> {
  const url = safeUrl(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT), redirect: 'error' })
  if (!answer.ok) throw new TypeError(`the discovery document is answered ${answer.status}`)
  const text = await answer.text()
  if (text.length > MAX_DISCOVERY) throw new TypeError('the discovery document is too large')
  const document: unknown = JSON.parse(text)
  if (typeof document !== 'object' || document === null) throw new TypeError('the discovery document is no object')
  if (!('issuer' in document) || document.issuer !== issuer)
    throw new TypeError('the discovery document is of another issuer')
  if (!('jwks_uri' in document) || typeof document.jwks_uri !== 'string') throw new TypeError('jwks_uri is missing')
  return safeUrl(document.jwks_uri)
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost'])

function safeUrl(text: string): URL {
  if (!URL.canParse(text)) throw new TypeError('the OpenID provider has no URL where one is due')
  const url = new URL(text)
  if (url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname))) return url
  throw new TypeError('the OpenID provider must be reached by https')
}
