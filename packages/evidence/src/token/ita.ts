import { isList, isObject, type Json, type JsonObject, memberOf, textOf } from '../core/json.ts'

/** Names under which tokens of version 2 nest the claims of an attester that is understood here. */
const NESTED: readonly (readonly [name: string, type: string])[] = [
  ['tdx', 'TDX'],
  ['sgx', 'SGX'],
]

/** Whose claims a token of Intel Trust Authority has, and where they are. */
export interface ItaAttester {
  /** `SGX`, `TDX`, …; empty where the token has none, or two of them: which one would count is anybody's guess. */
  readonly type: string
  readonly from: JsonObject
}

/** Finds the attester's claims: at the top in version 1, in a member of their own in version 2. */
export function itaAttester(claims: JsonObject): ItaAttester {
  const top = textOf(claims, 'attester_type')
  if (top !== undefined) return { type: top, from: claims }
  const found = NESTED.flatMap(([name, type]): readonly ItaAttester[] => {
    const from = memberOf(claims, name)
    return isObject(from) ? [{ type: textOf(from, 'attester_type') ?? type, from }] : []
  })
  const [one] = found
  return one === undefined || found.length > 1 ? { type: '', from: claims } : one
}

/** Whether a token without an attester at the top nests the claims of one as version 2 does. */
export function isNestedIta(claims: JsonObject): boolean {
  return NESTED.some(([name]) => textOf(claims, name, 'attester_tcb_status') !== undefined)
}

/** A part of the verifier's nonce, from beside the attester's claims or from among them. */
export function itaNonce(claims: JsonObject, part: 'val' | 'iat'): Json | undefined {
  const { from } = itaAttester(claims)
  return memberOf(from, 'verifier_nonce', part) ?? memberOf(claims, 'verifier_nonce', part)
}

/** Policies that have matched, or have not, from beside the attester's claims and from among them. */
export function itaPolicies(claims: JsonObject, which: 'matched' | 'unmatched'): readonly Json[] {
  const { from } = itaAttester(claims)
  return [...new Set([claims, from])].flatMap((one) => {
    const list = memberOf(one, `policy_ids_${which}`)
    return isList(list) ? list : []
  })
}
