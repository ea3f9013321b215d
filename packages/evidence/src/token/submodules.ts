import { digestHex } from '../core/assemble.ts'
import { fail, mend, notApplicable, pass, REPLACE_EVIDENCE, unchecked } from '../core/engine.ts'
import { isList, isObject, type Json, memberOf, textOf } from '../core/json.ts'
import type { Finding } from '../core/verdict.ts'
import { type Job, type PublicKey, sha256 } from '../crypto/jobs.ts'
import { Signed } from '../x509/signature.ts'
import { submodulesOpen } from './eat-steps.ts'
import type { Token } from './model.ts'
import { deviceObjections } from './nvidia.ts'
import { schemeOf } from './services.ts'
import type { SubmoduleJobs, TokenState } from './state.ts'
import { quoted } from './statement-model.ts'
import { isInDate, NEW_TOKEN } from './times.ts'

/**
 * Plans the tokens of a bundle. Another algorithm than the main token's has no signature; the key is the one that
 * each names among the trusted ones, as a service may change its key between two signatures.
 */
export function planSubmodules(main: Token, keyOf: (token: Token) => PublicKey | undefined): readonly SubmoduleJobs[] {
  const alg = textOf(main.header, 'alg')
  return main.submodules.map(({ name, token }) => {
    const scheme = textOf(token.header, 'alg') === alg ? schemeOf(alg) : undefined
    const key = keyOf(token)
    return {
      name,
      token,
      digest: sha256(new TextEncoder().encode(token.text)),
      signature: key && new Signed(token.signed, scheme, token.signature).by(key),
    }
  })
}

/** What must be computed before they can be judged. */
export function submoduleJobs(all: readonly SubmoduleJobs[]): readonly Job[] {
  return all.flatMap(({ digest, signature }) => (signature === undefined ? [digest] : [digest, signature]))
}

/** Whether each token of the bundle is one that the main token names. */
export function submoduleDigests({ submodules, token }: TokenState): Finding {
  if (submodules.length === 0) return notApplicable('the token came alone')
  const strange = submodules.find(({ name, digest }) => digestOf(token, name) !== digestHex(digest))
  return strange === undefined
    ? pass('the main token names the digest of each', { actual: `${submodules.length}` })
    : fail(`the token of ${quoted(strange.name)} is not the one that the main token names`, REPLACE_EVIDENCE, {
        expected: quoted(digestOf(token, strange.name)),
        actual: digestHex(strange.digest),
      })
}

/** Whether each token of the bundle is signed with a trusted key. */
export function submoduleSignatures({ submodules }: TokenState): Finding {
  if (submodules.length === 0) return notApplicable('the token came alone')
  const bad = submodules.find(({ signature }) => signature?.result !== true)
  return bad === undefined
    ? pass('each is signed with a key that is trusted')
    : fail(`the token of ${quoted(bad.name)} does not verify with the key it names`, REPLACE_EVIDENCE)
}

/**
 * Whether the tokens of the bundle belong together: a service that signs for many signs tokens of other issuers' names and of
 * other exchanges, too. What a token does not say, the digest in the main token says for it.
 */
export function submoduleClaims({ submodules, token, at }: TokenState): Finding {
  if (submodules.length === 0) return notApplicable('the token came alone')
  for (const [claim, what, read] of SHARED) {
    const wanted = JSON.stringify(read(memberOf(token.claims, claim)))
    const other = submodules.find(({ token: { claims } }) => isOther(read(memberOf(claims, claim)), wanted))
    if (other !== undefined)
      return fail(
        `${what} of the token of ${quoted(other.name)} is another one than the main token's`,
        REPLACE_EVIDENCE,
        {
          expected: cut(wanted ?? 'none'),
          actual: cut(JSON.stringify(memberOf(other.token.claims, claim))),
        },
      )
  }
  const late = submodules.find(({ token: { claims } }) => !isInDate(claims, at))
  if (late !== undefined) return fail(`the token of ${quoted(late.name)} is not in date`, NEW_TOKEN)
  const ids = submodules.map(
    ({ token: { claims }, digest }) => JSON.stringify(memberOf(claims, 'ueid')) ?? digestHex(digest),
  )
  const twin = submodules.find((_, i) => ids.indexOf(ids[i] as string) < i)
  return twin === undefined
    ? pass('issuer, nonce and times of each agree with the main token', { actual: `${submodules.length}` })
    : fail(`the token of ${quoted(twin.name)} is about a device that another one is about`, REPLACE_EVIDENCE)
}

const SHARED = [
  ['iss', 'the issuer', (value: Json | undefined) => value],
  ['eat_nonce', 'the nonce', nonceOf],
] as const

// One nonce may be a list of one, and hex is the same in either case.
function nonceOf(value: Json | undefined): Json | undefined {
  const one = isList(value) && value.length === 1 ? value[0] : value
  return typeof one === 'string' && /^(?:[0-9a-f]{2})+$/i.test(one) ? one.toLowerCase() : one
}

function isOther(value: Json | undefined, wanted: string | undefined): boolean {
  return value !== undefined && JSON.stringify(value) !== wanted
}

function cut(text: string): string {
  return text.slice(0, 128)
}

/** Whether every token that the main one names is there. */
export function submodulesPresent({ submodules, token, service, statement }: TokenState): Finding {
  if (statement.eat !== undefined) return submodulesOpen(statement.eat.closed)
  if (service !== 'nras') return notApplicable('this service writes one token')
  const named = memberOf(token.claims, 'submods')
  const missing = (isObject(named) ? Object.keys(named) : []).filter(
    (name) => !submodules.some((one) => one.name === name),
  )
  return missing.length === 0
    ? pass(`the tokens of all ${submodules.length} devices are there`, { actual: `${submodules.length}` })
    : unchecked(
        `the claims of ${missing.slice(0, 4).map(quoted).join(', ')} are in a token of its own, which is not here`,
        mend('pass the whole bundle as the service answered it, not the main token alone'),
      )
}

/** What the service holds against a device; its whole result can be good only if these are none. */
export function submoduleObjections({ submodules }: Token): readonly string[] {
  return submodules.flatMap(({ name, token: { claims } }) => [
    ...deviceObjections(name, claims),
    ...(textOf(claims, 'dbgstat') === 'disabled' ? [] : [`debugging of ${quoted(name)} is not disabled`]),
  ])
}

// `["DIGEST", ["SHA-256", hex]]`; NVIDIA's local verifier leaves the hyphen out.
function digestOf({ claims }: Token, name: string): string | undefined {
  const entry = memberOf(claims, 'submods', name)
  const pair = isList(entry) && entry.length === 2 && entry[0] === 'DIGEST' ? entry[1] : undefined
  const [algorithm, hex] = isList(pair) && pair.length === 2 ? pair : []
  return (algorithm === 'SHA-256' || algorithm === 'SHA256') && typeof hex === 'string' ? hex.toLowerCase() : undefined
}
