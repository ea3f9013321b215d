import { EvidenceError, toHex } from '@sekisho/evidence'
import { readEar } from '@sekisho/evidence/eat'
import {
  CONFIDENTIAL_SPACE_ROOT,
  parseToken,
  serviceOf,
  statementOf,
  type TokenKeySet,
  tokenAuthorities,
  tokenSkeleton,
  verifyTokenSync,
} from '@sekisho/evidence/token'
import { parseCrl, WIDE } from '@sekisho/evidence/x509'
import { keep, lasting, NOTHING_KEPT } from './bytes.ts'
import type { Door, KeptCollateral, Surroundings, TokenServices } from './model.ts'

/** Revocation lists with the name of the authority each is of. */
interface List {
  readonly der: Uint8Array
  readonly issuer: string
}

/** What tokens of one issuer are judged with. */
interface Trust {
  readonly keySet: TokenKeySet | undefined
  /** Lists about the keys of the set. */
  readonly own: readonly List[]
  /** Lists of any authority. */
  readonly general: readonly List[]
}

/** Tokens of attestation services, whose keys and revocation lists the verifier was given. */
export function tokenDoor(around: Surroundings): Door {
  const trusts = readServices(around.options.tokens ?? {})
  return {
    skeleton: ({ evidence }) => lasting(tokenSkeleton(parseToken(evidence))),
    binding({ evidence }, digest) {
      const { claims } = parseToken(evidence)
      const service = serviceOf(claims)
      const [hex, short] = [toHex(digest), Buffer.from(digest).toString('base64url')]
      const nonce = statementOf(service, claims).nonces.includes(short) ? short : hex
      // Azure's service writes whatever nonce it is asked for, also by somebody who found a quote: of what is in its tokens
      // only the report data come from the machine.
      return service === 'azure' ? { nonce, reportData: hex } : { nonce }
    },
    isDevice({ evidence }) {
      const { claims } = parseToken(evidence)
      const service = serviceOf(claims)
      const appraised = service === 'ear' ? readEar(claims).appraisals : []
      return service === 'nras' || (appraised.length > 0 && appraised.every(({ name }) => DEVICE.test(name)))
    },
    async verify({ evidence }, { expect, at, waive, kept }) {
      const { iss } = parseToken(evidence).claims
      const trust = kept === undefined ? trusts(iss) : fromKept(kept, iss)
      // Keys that the operator named need no root; certificates of a token do.
      const trusting = trust.keySet === undefined ? around.anchors([CONFIDENTIAL_SPACE_ROOT]) : { keySet: trust.keySet }
      const crls = listsFor(evidence, trust, trusting)
      const verdict = verifyTokenSync(evidence, {
        at,
        expect,
        ...trusting,
        ...(crls.length === 0 ? {} : { crls }),
        ...(waive === undefined ? {} : { waive }),
      })
      return { verdict, collateral: kept === undefined ? keptOf(trust, crls) : keep(kept) }
    },
  }
}

// As verifiers name what they appraised: `gpu0` beside `cpu0`, `nvidia-gpu-1`.
const DEVICE = /^(?:gpu|nvidia|nvswitch|switch)/i

const MAX_LISTS = 16

/** @throws TypeError for lists that cannot be read, too many of them, or two sets of one issuer */
function readServices({ keySets = [], crls = [] }: TokenServices): (issuer: unknown) => Trust {
  const general = crls.map((der, i) => readList(der, `tokens.crls[${i}]`))
  const sets = new Map<unknown, Trust>()
  for (const { issuer, jwks, crls: own = [] } of keySets) {
    if (sets.has(issuer))
      throw new TypeError(`tokens.keySets: two of the issuer ${JSON.stringify(issuer.slice(0, 128))}`)
    if (own.length + general.length > MAX_LISTS)
      throw new TypeError(`tokens: at most ${MAX_LISTS} revocation lists, with those of a set`)
    keysIn(jwks)
    const lists = own.map((der, i) => readList(der, `tokens.keySets: revocation list ${i} of ${issuer.slice(0, 128)}`))
    sets.set(issuer, { keySet: { issuer, jwks }, own: lists, general })
  }
  if (general.length > MAX_LISTS)
    throw new TypeError(`tokens: at most ${MAX_LISTS} revocation lists, with those of a set`)
  return (issuer) => sets.get(issuer) ?? { keySet: undefined, own: [], general }
}

function readList(der: Uint8Array, where: string): List {
  try {
    return { der, issuer: parseCrl(der, WIDE).issuer.key }
  } catch (error) {
    if (error instanceof EvidenceError) throw new TypeError(`${where}: ${error.message}`, { cause: error })
    throw error
  }
}

// Lists of other authorities say nothing of this token. Those that came with its keys are asked in any case: of a key
// without certificates they give no answer, and that is said.
function listsFor(
  evidence: Uint8Array,
  { own, general }: Trust,
  trusting: Parameters<typeof tokenAuthorities>[1],
): readonly Uint8Array[] {
  if (own.length + general.length === 0) return []
  const authorities = tokenAuthorities(evidence, trusting)
  const lists =
    authorities === undefined ? own : [...own, ...general].filter(({ issuer }) => authorities.includes(issuer))
  return lists.map(({ der }) => der)
}

// A key set with what belongs to it, as `sekisho verify --collateral` and `sekisho up --endorsements` take it.
function keptOf({ keySet }: Trust, crls: readonly Uint8Array[]): KeptCollateral {
  const { issuer, jwks } = keySet ?? {}
  if (crls.length === 0) return jwks === undefined ? NOTHING_KEPT : keep(Buffer.from(jwks))
  const lists = crls.map((der) => Buffer.from(der).toString('base64'))
  const keys = jwks === undefined ? [] : keysIn(jwks)
  return keep(Buffer.from(JSON.stringify({ ...(issuer === undefined ? {} : { issuer }), keys, crls: lists })))
}

function fromKept(kept: Uint8Array, issuer: unknown): Trust {
  const text = Buffer.from(kept).toString('utf8')
  if (text === '') return { keySet: undefined, own: [], general: [] }
  const { crls = [] }: { readonly crls?: readonly string[] } = JSON.parse(text)
  const lists = crls.map((one, i) => readList(new Uint8Array(Buffer.from(one, 'base64')), `kept revocation list ${i}`))
  return keysIn(text).length > 0 && typeof issuer === 'string'
    ? { keySet: { issuer, jwks: text }, own: lists, general: [] }
    : { keySet: undefined, own: [], general: lists }
}

/** The keys of a set. @throws TypeError where the text is none */
function keysIn(jwks: string): readonly unknown[] {
  const set: { readonly keys?: unknown } = JSON.parse(jwks)
  if (Array.isArray(set.keys)) return set.keys
  throw new TypeError('tokens.keySets: expected a JSON Web Key Set')
}
