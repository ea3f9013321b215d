import { decodeCbor } from '../cbor/decode.ts'
import { type CborItem, entryOf } from '../cbor/item.ts'
import { readSign1, sign1Input } from '../cbor/sign1.ts'
import { decodeBase64url } from '../core/base64url.ts'
import { fail, mend, notApplicable, pass, REPLACE_EVIDENCE, unchecked } from '../core/engine.ts'
import { EvidenceError, refuse } from '../core/errors.ts'
import { type Json, memberOf, parseStrict, textOf } from '../core/json.ts'
import { isoTime } from '../core/time.ts'
import type { Finding } from '../core/verdict.ts'
import type { SignatureJob } from '../crypto/jobs.ts'
import { claimsFromCbor } from '../eat/from-cbor.ts'
import type { Companion } from '../recognise/index.ts'
import { readCoseKeySet } from '../token/cose-keys.ts'
import { algorithmNameOf, keyIdText } from '../token/cwt.ts'
import { misfit, readKeySet, type TrustedKey } from '../token/keys.ts'
import { schemeOf } from '../token/services.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { Signed } from '../x509/signature.ts'
import { WIDE } from '../x509/wide-algorithms.ts'
import type { CompositePart, WrapperKeys } from './model.ts'

/** The signature around a conceptual message wrapper, and the key that it is checked with. */
interface SignedWrapper {
  /** `COSE_Sign1`, `JWS` or `certificate`. */
  readonly carrier: string
  /** Why no key was found, or the signature is none; undefined when `job` tells, or nobody gave keys. */
  readonly fault: string | undefined
  /** Undefined without keys, and with a fault. */
  readonly job: SignatureJob | undefined
  /** Whether every part lay in it. */
  readonly aroundAll: boolean
}

/** All signatures around parts, and whether the caller gave keys for them. */
export interface Wrapping {
  readonly wrappers: readonly SignedWrapper[]
  readonly wanted: boolean
}

/** What a signature says of itself. */
interface Signature {
  readonly signed: Signed
  /** Undefined in certificates, which say it in their own terms. */
  readonly alg?: string
  readonly kid?: string
}

/** The signatures around the parts, each once. Nothing is thrown for one that cannot be read: the check says so. */
export function planWrappers(parts: readonly CompositePart[], keys: WrapperKeys | undefined, at: number): Wrapping {
  const all = parts.flatMap(({ recognised }) => recognised.companions.filter(({ kind }) => kind === 'signed-wrapper'))
  const wrappers = [...new Set(all)].map((wrapper) => ({
    ...planWrapper(wrapper, keys, at),
    aroundAll: parts.every(({ wrappedBy }) => wrappedBy.includes(wrapper)),
  }))
  return { wrappers, wanted: keys !== undefined }
}

function planWrapper(wrapper: Companion, keys: WrapperKeys | undefined, at: number): Omit<SignedWrapper, 'aroundAll'> {
  const carrier = wrapper.label ?? ''
  try {
    const signature = signatureOf(wrapper, at)
    if (keys === undefined) return { carrier, fault: undefined, job: undefined }
    const key = keyOf(signature, readKeys(keys))
    const job = key.key === undefined ? undefined : signature.signed.by(key.key)
    return job === undefined
      ? { carrier, fault: 'the signature is none that this key makes', job }
      : { carrier, fault: undefined, job }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return { carrier, fault: error.message, job: undefined }
  }
}

function signatureOf({ label, bytes }: Companion, at: number): Signature {
  if (label === 'COSE_Sign1') return ofSign1(bytes, at)
  return label === 'JWS' ? ofJws(bytes, at) : ofCertificate(bytes, at)
}

function ofCertificate(bytes: Uint8Array, at: number): Signature {
  const { signed, notBefore, notAfter } = parseCertificate(bytes, [], WIDE)
  if (at >= notBefore && at <= notAfter) return { signed }
  throw refuse(
    'certificate.validity',
    `valid from ${isoTime(notBefore)} to ${isoTime(notAfter)}`,
    `a certificate that is in date at ${isoTime(at)}`,
  )
}

function ofSign1(bytes: Uint8Array, at: number): Signature {
  const cose = readSign1(bytes, decodeCbor(bytes, { field: 'COSE_Sign1', maxItems: 64 }), 'COSE_Sign1')
  // RFC 9597, section 2: the claims of a CWT, in the protected header alone.
  if (entryOf(cose.unprotected, CLAIMS) !== undefined)
    throw refuse('CWT.claims', 'claims in the header that nobody signs', 'claims in the protected header')
  const claims = entryOf(cose.headers, CLAIMS)
  if (claims !== undefined) assertLifetime(claimsFromCbor(claims, 'CWT.claims'), 'CWT', at)
  const alg = cose.algorithm === undefined ? undefined : algorithmNameOf(cose.algorithm)
  const signed = new Signed(sign1Input(cose.protected, cose.payload), schemeOf(alg), cose.signature)
  const kid = keyIdOf(entryOf(cose.headers, KEY_ID)) ?? keyIdOf(entryOf(cose.unprotected, KEY_ID))
  return named(signed, alg, kid, 'COSE_Sign1')
}

const KEY_ID = 4
const CLAIMS = 15

function keyIdOf(item: CborItem | undefined): string | undefined {
  return item?.type === 'bytes' && item.value.length <= 256 ? keyIdText(item.value) : undefined
}

function ofJws(bytes: Uint8Array, at: number): Signature {
  const text = new TextDecoder('latin1').decode(bytes).trim()
  const [head = '', body = '', tail = '', more] = text.split('.')
  if (more !== undefined) throw refuse('JWS', 'more parts', 'three parts with dots between them')
  const header = parseStrict(new TextDecoder().decode(decodeBase64url(head, 'JWS.header')), 'JWS.header')
  if (memberOf(header, 'crit') !== undefined || memberOf(header, 'b64') !== undefined)
    throw refuse('JWS.header.crit', 'an extension that is not known', 'none')
  // Where the payload is no wrapper itself, the wrapper is a claim of a JSON Web Token, which may have a lifetime.
  if (textOf(header, 'cty')?.includes('cmw') !== true)
    assertLifetime(parseStrict(new TextDecoder().decode(decodeBase64url(body, 'JWT.claims')), 'JWT.claims'), 'JWT', at)
  const alg = textOf(header, 'alg')
  const data = new TextEncoder().encode(`${head}.${body}`)
  const signed = new Signed(data, schemeOf(alg), decodeBase64url(tail, 'JWS.signature'))
  return named(signed, alg, textOf(header, 'kid'), 'JWS')
}

/** Clocks may differ by this much, in milliseconds. */
const SLACK = 5 * 60 * 1000

// RFC 7519 and RFC 8392, sections 3.1.4 to 3.1.6: whole seconds.
function assertLifetime(claims: Json, field: string, at: number): void {
  for (const name of ['exp', 'nbf', 'iat']) {
    const value = memberOf(claims, name)
    if (value === undefined) continue
    const time = typeof value === 'number' && Number.isSafeInteger(value) ? value * 1000 : Number.NaN
    if (name === 'exp' ? at < time + SLACK : at >= time - SLACK) continue
    throw refuse(`${field}.${name}`, JSON.stringify(value).slice(0, 32), `a signature that is valid at ${isoTime(at)}`)
  }
}

function named(signed: Signed, alg: string | undefined, kid: string | undefined, field: string): Signature {
  if (alg === undefined || signed.scheme === undefined)
    throw refuse(`${field}.alg`, JSON.stringify((alg ?? '').slice(0, 16)), 'an algorithm of digital signatures')
  return { signed, alg, ...(kid === undefined ? {} : { kid }) }
}

function readKeys({ jwks, coseKeys }: WrapperKeys): readonly TrustedKey[] {
  return coseKeys === undefined ? readKeySet(jwks ?? '') : readCoseKeySet(coseKeys)
}

// As with tokens: the key that is named, or the only one where neither has a name. All are never tried.
function keyOf({ alg, kid }: Signature, keys: readonly TrustedKey[]): TrustedKey {
  const [only, second] = keys
  const key = kid === undefined ? (second === undefined ? only : undefined) : keys.find((one) => one.kid === kid)
  if (key === undefined)
    throw refuse(
      'wrapperKeys',
      kid === undefined ? 'several keys, and no key id' : 'no key of this id',
      'the key of the signature',
    )
  const fault = key.fault ?? (alg === undefined ? undefined : misfit(key, alg))
  if (fault !== undefined) throw refuse('wrapperKeys', fault, 'a key for this signature')
  return key
}

const GIVE_KEYS = mend(
  'pass the key of whoever wraps your evidence as `wrapperKeys`; or waive the check: each part has a signature of its own, which is judged in any case',
)

const WAIVE_OR_WRAP = mend(
  'have all parts put into one signed wrapper; or waive the check: each part has a signature of its own, which is judged in any case',
)

/** Whether somebody whom the caller trusts has put the parts together. */
export function wrapperFinding({ wrappers, wanted }: Wrapping): Finding {
  const wrong = wrappers.find(({ fault, job }) => fault !== undefined || job?.result === false)
  if (wrong !== undefined)
    return fail(
      `the ${wrong.carrier} around the parts ${wrong.fault === undefined ? 'does not verify: somebody changed it, or another made it' : `cannot be verified: ${wrong.fault}`}`,
      REPLACE_EVIDENCE,
    )
  const open = wrappers.find(({ job }) => job === undefined)
  if (open !== undefined)
    return unchecked(`nobody has checked the signature of the ${open.carrier} around the parts`, GIVE_KEYS)
  if (wrappers.length === 0 && !wanted) return notApplicable('no signed wrapper is around the parts')
  if (wrappers.length === 0)
    return unchecked('you gave keys of whoever wraps evidence, and no signed wrapper is around this', WAIVE_OR_WRAP)
  return wrappers.some(({ aroundAll }) => aroundAll)
    ? pass('the wrapper is signed with a key that you gave')
    : unchecked('no signed wrapper is around all of the parts: anybody may have put them together', WAIVE_OR_WRAP)
}
