import { digestHex } from '../core/assemble.ts'
import { fail, mend, notApplicable, pass, REPLACE_EVIDENCE, unchecked } from '../core/engine.ts'
import { isList, isObject, memberOf, textOf } from '../core/json.ts'
import type { Finding } from '../core/verdict.ts'
import { type Job, type PublicKey, sha256 } from '../crypto/jobs.ts'
import { Signed } from '../x509/signature.ts'
import type { Token } from './model.ts'
import { schemeOf } from './services.ts'
import type { SubmoduleJobs, TokenState } from './state.ts'
import { gpuMatches } from './statement.ts'

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

/** Whether every token that the main one names is there. */
export function submodulesPresent({ submodules, token, service }: TokenState): Finding {
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
    ...(gpuMatches(claims) ? [] : [`the measurements of ${quoted(name)} do not match`]),
    ...(textOf(claims, 'dbgstat') === 'disabled' ? [] : [`debugging of ${quoted(name)} is not disabled`]),
    ...(memberOf(claims, 'secboot') === false ? [`secure boot of ${quoted(name)} is off`] : []),
  ])
}

// `["DIGEST", ["SHA-256", hex]]`; NVIDIA's local verifier leaves the hyphen out.
function digestOf({ claims }: Token, name: string): string | undefined {
  const entry = memberOf(claims, 'submods', name)
  const pair = isList(entry) && entry.length === 2 && entry[0] === 'DIGEST' ? entry[1] : undefined
  const [algorithm, hex] = isList(pair) && pair.length === 2 ? pair : []
  return (algorithm === 'SHA-256' || algorithm === 'SHA256') && typeof hex === 'string' ? hex.toLowerCase() : undefined
}

function quoted(text: string | undefined): string {
  return JSON.stringify((text ?? '').slice(0, 64))
}
