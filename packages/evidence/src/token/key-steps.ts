import { nameValues, spanValues, type Values } from '../core/chain-values.ts'
import {
  fail,
  mend,
  notApplicable,
  pass,
  REPLACE_EVIDENCE,
  type Step,
  type StepGroup,
  unchecked,
} from '../core/engine.ts'
import { memberOf, textOf } from '../core/json.ts'
import { isoTime } from '../core/time.ts'
import type { Finding } from '../core/verdict.ts'
import { sameKey } from '../x509/signature.ts'
import { keyQuoteFinding } from './azure-key.ts'
import { leafKey, pathFault } from './certificates.ts'
import { misfit } from './keys.ts'
import { REVOCATION_STEPS } from './revocation.ts'
import { SERVICES, schemeOf } from './services.ts'
import type { TokenState } from './state.ts'
import { quoted } from './statement-model.ts'

const GET_KEYS = mend("pass the issuer's current key set, which you got from the issuer itself")
const NO_CHAIN = 'the key itself is trusted: no certificate has to vouch for it'
const BY_CERTIFICATES = 'the certificates name the key'

/** Whether the token's own certificates name its key, for want of a key set. */
function byCertificates({ keys, chain }: TokenState): boolean {
  return keys === undefined && chain !== undefined
}

function algorithm({ token, service }: TokenState): Finding {
  const alg = textOf(token.header, 'alg')
  const { algorithms, name } = SERVICES[service]
  const details = { expected: algorithms.join(', '), actual: quoted(alg) }
  return alg !== undefined && algorithms.includes(alg) && schemeOf(alg) !== undefined
    ? pass(`${name} signs with this algorithm`, details)
    : fail(`the algorithm is none that ${name} signs with`, REPLACE_EVIDENCE, details)
}

function critical({ token }: TokenState): Finding {
  return memberOf(token.header, 'crit') === undefined && memberOf(token.header, 'b64') === undefined
    ? pass('the header asks for no extension')
    : fail('the header asks for an extension that is not known here', REPLACE_EVIDENCE)
}

function keysPresent({ keys, keysFault, chain }: TokenState): Finding {
  if (keysFault !== undefined) return fail(`the key set cannot be read: ${keysFault}`, GET_KEYS)
  if (keys !== undefined) return pass(`there are ${keys.length} keys that you trust`)
  return chain === undefined
    ? unchecked('there is no key of the issuer to check the token with', GET_KEYS)
    : pass('the token has certificates, to be judged up to a pinned root')
}

function kid(state: TokenState): Finding {
  const { token, keys, named } = state
  const value = memberOf(token.header, 'kid')
  if (byCertificates(state)) return notApplicable(BY_CERTIFICATES)
  if (typeof value === 'string') return pass('the token names its key', { actual: quoted(value) })
  if (value !== undefined) return fail('the key id is no text', REPLACE_EVIDENCE, { actual: typeof value })
  if (named !== undefined && keys?.length !== 1)
    return pass('the token shows which of your keys it is signed with', keyId(named))
  if (named !== undefined && named.kid !== undefined)
    return pass('the token shows the key that you trust', keyId(named))
  if (keys?.length === 1 && keys[0]?.kid === undefined) return notApplicable('the issuer has one key, and it has no id')
  return fail('the token does not name its key, and all keys are not tried', REPLACE_EVIDENCE, { expected: 'kid' })
}

function keyId({ kid }: { readonly kid?: string | undefined }): Values {
  return { actual: kid === undefined ? 'none' : quoted(kid) }
}

function known(state: TokenState): Finding {
  const { named, token } = state
  if (byCertificates(state)) return notApplicable(BY_CERTIFICATES)
  if (named === undefined)
    return fail('the key that the token names is not in your key set', GET_KEYS, {
      actual: quoted(textOf(token.header, 'kid')),
    })
  return pass('the key is in your key set', keyId(named))
}

function readable({ named }: TokenState): Finding {
  if (named === undefined) return notApplicable('there is no key set')
  return named.fault === undefined ? pass('the key can be read') : fail(named.fault, GET_KEYS)
}

function keyQuote({ named, service }: TokenState): Finding {
  return service === 'azure' ? keyQuoteFinding(named?.quote) : notApplicable('this service has no quotes with its keys')
}

function suits({ named, token, chain }: TokenState): Finding {
  const alg = textOf(token.header, 'alg') ?? ''
  const key = chain?.certificates[0]?.key
  const one = named ?? { kid: undefined, alg: undefined, use: undefined, key, spki: undefined, fault: undefined }
  const fault = misfit(one, alg)
  return fault === undefined
    ? pass('the key is one for this algorithm', { expected: quoted(alg), actual: one.key?.kind ?? 'no key' })
    : fail(`the key does not suit the algorithm of the token: ${fault}`, REPLACE_EVIDENCE, { actual: alg })
}

function trusted({ anchor, chain, keys }: TokenState): Finding {
  if (anchor !== undefined)
    return pass(`${chain === undefined ? 'the key' : 'the root'} is trusted`, {
      actual: anchor.spkiSha256,
      anchor: anchor.id,
    })
  if (chain === undefined)
    return fail(
      'the key is none of your `trustAnchors`, and has no certificates that could lead to one',
      mend('add the key to `trustAnchors`, or leave them out to trust the whole key set'),
    )
  if (keys === undefined)
    return fail(
      'the certificates end at a root that is not pinned, whatever its name: anybody may have made this',
      REPLACE_EVIDENCE,
      nameValues(chain.certificates),
    )
  return fail(
    'the certificates of the key end at a certificate that is none of your `trustAnchors`',
    mend('get the key set with certificates up to the root that you named, or name the key itself as a trust anchor'),
    nameValues(chain.certificates),
  )
}

function chainLeaf(state: TokenState): Finding {
  const { shown, named } = state
  if (state.keys === undefined) return notApplicable(BY_CERTIFICATES)
  if (shown === undefined) return notApplicable('the token carries no certificates')
  if (shown.fault !== undefined) return fail(`the certificates cannot be read: ${shown.fault}`, REPLACE_EVIDENCE)
  const key = leafKey(shown)
  return key !== undefined && named?.key !== undefined && sameKey(key, named.key)
    ? pass('the first certificate is of the key of your set')
    : fail('the first certificate in the token is of another key than the one it names', REPLACE_EVIDENCE)
}

function chainReadable({ chain }: TokenState): Finding {
  if (chain === undefined) return notApplicable(NO_CHAIN)
  return chain.fault === undefined
    ? pass(`all ${chain.certificates.length} certificates can be read`)
    : fail(`the certificates cannot be read: ${chain.fault}`, REPLACE_EVIDENCE)
}

function path({ chain }: TokenState): Finding {
  if (chain === undefined) return notApplicable(NO_CHAIN)
  const fault = pathFault(chain)
  const names = nameValues(chain.certificates)
  return fault === undefined ? pass('the certificates form one path', names) : fail(fault, REPLACE_EVIDENCE, names)
}

function chainSigned({ chain }: TokenState): Finding {
  if (chain === undefined) return notApplicable(NO_CHAIN)
  const bad = chain.signatures.findIndex((job) => job?.result !== true)
  return bad < 0
    ? pass('each certificate is signed by the next')
    : fail(`certificate ${bad} is not signed by the next one`, REPLACE_EVIDENCE)
}

function chainDates({ chain, at }: TokenState): Finding {
  if (chain === undefined) return notApplicable(NO_CHAIN)
  const bad = chain.certificates.findIndex((one) => at < one.notBefore || at > one.notAfter)
  const one = chain.certificates[bad]
  return one === undefined
    ? pass('all certificates are in date', spanValues(chain.certificates))
    : fail(
        `certificate ${bad} is valid from ${isoTime(one.notBefore)} to ${isoTime(one.notAfter)} only`,
        mend('judge a stored token at its own time, or ask for a new one'),
        { actual: isoTime(at) },
      )
}

function signature({ signature }: TokenState): Finding {
  return signature?.result === true
    ? pass("the received text is signed with the issuer's key")
    : fail('the token does not verify with the key it names: it is forged, or was changed', REPLACE_EVIDENCE)
}

function step(
  id: string,
  title: string,
  source: string,
  check: (state: TokenState) => Finding,
  needs: readonly string[] = [],
): Step<TokenState> {
  const all = needs.map((need) => `token.${need}`)
  return { id: `token.${id}`, title, phase: 'authenticity', source, needs: all, check }
}

const JWS = 'RFC 7515, section 5.2'
const PATH = 'RFC 5280, section 6.1'

/** Which key the token is to be checked with, and whether it was signed with it. */
export const KEY_STEPS: readonly StepGroup<TokenState>[] = [
  {
    id: 'token.key',
    title: 'Key',
    steps: [
      step('alg', "The algorithm is one of the issuer's", 'RFC 8725, section 3.1', algorithm),
      step('crit', 'No unknown extension is critical', 'RFC 7515, section 4.1.11', critical),
      step('keys.present', 'There are keys to trust', 'RFC 7517, section 5', keysPresent),
      step('kid', 'The token names its key', 'RFC 7515, section 4.1.4', kid, ['keys.present']),
      step('key.known', 'The key is a trusted one of the issuer', JWS, known, ['kid']),
      step('key.readable', 'The key can be read', 'RFC 7517, section 4', readable, ['key.known']),
      step(
        'key.quote',
        'The quote with the key is about this key',
        'Azure Attestation, signing certificates',
        keyQuote,
        ['key.readable'],
      ),
    ],
  },
  {
    id: 'token.chain',
    title: 'Certificates',
    steps: [
      step('chain.readable', 'The certificates can be read', 'RFC 7515, section 4.1.6', chainReadable, [
        'keys.present',
      ]),
      step('chain.leaf', 'Certificates in the token are of its key', 'RFC 7515, section 4.1.6', chainLeaf, [
        'key.readable',
      ]),
      step('key.trusted', 'The key or its root is an anchor', JWS, trusted, ['key.readable', 'chain.readable']),
      step('chain.path', 'The certificates form a path', PATH, path, ['chain.readable']),
      step('chain.signatures', 'The certificates are genuine', PATH, chainSigned, ['chain.readable']),
      step('chain.dates', 'The certificates are in date', PATH, chainDates, ['chain.readable']),
      ...REVOCATION_STEPS,
    ],
  },
  {
    id: 'token.signature',
    title: 'Signature',
    steps: [
      step('key.suits', 'The key suits the algorithm', 'RFC 8725, section 3.1', suits, [
        'alg',
        'key.readable',
        'chain.readable',
      ]),
      step('signature', 'The token is signed by the issuer', JWS, signature, ['alg', 'crit', 'key.suits']),
    ],
  },
]
