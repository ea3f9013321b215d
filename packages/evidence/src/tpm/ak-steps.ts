import { digestHex } from '../core/assemble.ts'
import { begunValues, currentValues, type Values } from '../core/chain-values.ts'
import { fail, mend, notApplicable, pass, type Step, type StepGroup, unchecked } from '../core/engine.ts'
import { EvidenceError } from '../core/errors.ts'
import { isoTime } from '../core/time.ts'
import type { Finding, Remedy } from '../core/verdict.ts'
import { attributeNames, type ObjectAttribute } from '../tpm-structures/public-area.ts'
import { type Certificate, KEY_USAGE } from '../x509/certificate.ts'
import { sameKey } from '../x509/signature.ts'
import { AK_USAGE, decryptsOnly, EK_USAGE, type TpmChain, type TpmLink, unknownExtension } from './certificates.ts'
import type { TpmState } from './state.ts'

const LIBRARY = 'TCG TPM 2.0 Library, part 1'
const PATH = 'RFC 5280, section 6.1'
const PROFILE = 'TCG EK Credential Profile 2.5, section 3.2'

const NEW_CHAIN: Remedy = mend(
  'pass the certificate of the key and all that are above it, as the maker of the TPM or the cloud hands them out',
  'platform-owner',
)
const NEW_KEY: Remedy = mend(
  'have the TPM make a new attestation key: restricted, for signing only, fixed to the TPM, with SHA-256 or better',
  'workload-owner',
)
const FORGED: Remedy = mend('nothing mends a forged chain: ask for the genuine one', 'nobody')

type Check = (state: TpmState) => Finding

function step(id: string, title: string, source: string, needs: readonly string[], check: Check): Step<TpmState> {
  return { id: `tpm.${id}`, title, phase: 'authenticity', source, needs, check }
}

/** A step about the chain, which need not be there. */
function chained(
  id: string,
  title: string,
  needs: readonly string[],
  check: (chain: TpmChain, state: TpmState) => Finding,
): Step<TpmState> {
  return step(`chain.${id}`, title, PATH, needs, (state) =>
    state.chain === undefined ? notApplicable(noChain(state)) : check(state.chain, state),
  )
}

function noChain({ bound, akIsAnchor }: TpmState): string {
  if (bound !== undefined) return 'a hardware report vouches for the key'
  return akIsAnchor ? 'you named the key itself' : 'there is no certificate'
}

function nameOf({ certificate }: TpmLink): string {
  return quoted(certificate.subject.commonName)
}

function quoted(name = 'a certificate without a name'): string {
  return JSON.stringify(name.slice(0, 64))
}

function each(
  id: string,
  title: string,
  holds: string,
  fault: (link: TpmLink, index: number, chain: TpmChain, state: TpmState) => string | undefined,
  show?: (certificates: readonly Certificate[]) => Values,
): Step<TpmState> {
  return chained(id, title, ['tpm.chain.well-formed'], (chain, state) => {
    const values = show?.(chain.links.map(({ certificate }) => certificate))
    for (const [i, link] of chain.links.entries()) {
      const found = fault(link, i, chain, state)
      if (found !== undefined) return fail(`${nameOf(link)} ${found}`, NEW_CHAIN, values)
    }
    return pass(holds, values)
  })
}

function wellFormed(chain: TpmChain): Finding {
  const error = chain.facts instanceof EvidenceError ? chain.facts : chain.errors[0]
  return error === undefined
    ? pass(`${chain.links.length} certificates can be read`)
    : fail(`a certificate cannot be read: ${error.message}`, NEW_CHAIN)
}

function constraintFault({ certificate }: TpmLink, index: number): string | undefined {
  const { basicConstraints, keyUsage, version } = certificate
  const unknown = unknownExtension(certificate)
  if (unknown !== undefined) return `has a critical extension that is not known: ${unknown}`
  if (index === 0)
    return basicConstraints?.ca === true ? 'is a certificate authority, which no key of a TPM is' : undefined
  if (version !== 3 || basicConstraints?.ca !== true) return 'is no certificate authority'
  if (keyUsage?.has(KEY_USAGE.keyCertSign) === false) return 'must not sign certificates, says its key usage'
  const { pathLength } = basicConstraints
  return pathLength !== undefined && pathLength < index - 1
    ? `allows ${pathLength} certificate authorities below it, and there are ${index - 1}`
    : undefined
}

function pinned(chain: TpmChain, { anchor }: TpmState): Finding {
  if (anchor !== undefined)
    return pass(`the chain ends at ${anchor.name}`, { actual: anchor.spkiSha256, anchor: anchor.id })
  const top = chain.links.at(-1)
  const above = top?.certificate.issuer
  // What nobody gave tells nothing: the root may be a trusted one.
  if (top !== undefined && above !== undefined && above.key !== top.certificate.subject.key)
    return unchecked(
      `the chain ends below its root: the certificate of ${quoted(above.commonName)} is not there`,
      NEW_CHAIN,
      { actual: nameOf(top) },
    )
  return fail(
    'the chain ends at no root key that is trusted, whatever its name says',
    mend('pass the certificates up to the root; to accept the root of a TPM maker, name its key as a trust anchor'),
    { actual: top === undefined ? 'no certificate' : nameOf(top) },
  )
}

function signatures({ links }: TpmChain): Finding {
  for (let i = 0; i < links.length - 1; i++) {
    const link = links[i] as TpmLink
    if (link.signature?.result !== true)
      return fail(`${nameOf(link)} is not signed by the certificate above it: it is forged or damaged`, FORGED)
  }
  return pass('each certificate is signed by the one above it')
}

const KEY_ENCIPHERMENT = 2
const KEY_AGREEMENT = 4

function usage(chain: TpmChain, { role, anchor }: TpmState): Finding {
  const leaf = chain.links[0]?.certificate
  const facts = chain.facts
  if (leaf === undefined || facts === undefined || facts instanceof EvidenceError)
    return fail('the certificate cannot be read', NEW_CHAIN)
  // Google's AK certificates have no key usage of their own kind; the instance extension and the CA tell.
  const google = anchor?.vendor === 'Google' && facts.instance !== undefined
  const signs = leaf.keyUsage?.has(KEY_USAGE.digitalSignature) === true
  const encrypts = leaf.keyUsage?.has(KEY_ENCIPHERMENT) === true || leaf.keyUsage?.has(KEY_AGREEMENT) === true
  const used = { actual: facts.usages.join(', ') || 'no extended key usage' }
  if (role === 'ak') {
    if (signs && (facts.usages.includes(AK_USAGE) || google))
      return pass('the certificate is for an attestation key', used)
    return fail('the certificate is for no attestation key: anything may have been signed with it', NEW_CHAIN, {
      expected: `digitalSignature and ${AK_USAGE}`,
      ...used,
    })
  }
  // An endorsement key of a software TPM may sign as well (swtpm's `--allow-signing`): its usage tells what it is.
  if (encrypts && (facts.usages.includes(EK_USAGE) || (google && !signs)))
    return pass('the certificate is for an endorsement key', used)
  return fail('the certificate is for no endorsement key', NEW_CHAIN, {
    expected: `keyEncipherment or keyAgreement, and ${EK_USAGE}`,
    ...used,
  })
}

function trust(state: TpmState): Finding {
  const { ak, chain, bound, akIsAnchor, anchor, role, activation } = state
  if (ak === undefined) {
    return unchecked(
      'there is no attestation key to check the signature with',
      mend('pass the key (`akPublic`) or its certificate', 'platform-owner'),
    )
  }
  const shown = { actual: digestHex(ak.spki) }
  if (bound !== undefined) {
    if (bound.holds === undefined)
      return unchecked(bound.reason, mend('prove the hardware report first: its own checks say what it lacks'))
    return bound.holds
      ? pass(bound.reason, shown)
      : fail(bound.reason, mend('ask for a quote and a hardware report of the same machine', 'workload-owner'), shown)
  }
  if (akIsAnchor && anchor !== undefined)
    return pass(`you named this key as trusted: ${anchor.name}`, { ...shown, anchor: anchor.id })
  const leaf = chain?.links[0]?.certificate
  if (leaf === undefined) {
    return unchecked(
      'nobody vouches for the attestation key: whoever sent the quote may have made it',
      mend(
        'pass the certificate of the AK, or the outcome of a credential activation with the certificate of the EK, or name the key as a trust anchor',
      ),
    )
  }
  if (role === 'ek') {
    const details = { expected: activation?.akName ?? '', actual: ak.name ?? 'a bare key, which has no name' }
    if (ak.name !== undefined && ak.name === activation?.akName)
      return pass('the TPM with this endorsement key activated a credential for this attestation key', details)
    return fail(
      'the credential was activated for another attestation key',
      mend('activate a credential for the key that signs'),
      details,
    )
  }
  if (leaf.key !== undefined && sameKey(leaf.key, ak.key))
    return pass('the certificate is for the attestation key', shown)
  return fail(
    'the certificate is for another key than the one that came with the quote',
    mend('pass the certificate of the key that signs', 'platform-owner'),
    shown,
  )
}

const NEEDED: readonly ObjectAttribute[] = ['fixedTPM', 'fixedParent', 'sensitiveDataOrigin', 'restricted', 'sign']

function attributes({ ak }: TpmState): Finding {
  if (ak?.area === undefined)
    return notApplicable('only the bare key is known: whoever vouches for it vouches for its attributes')
  const found = attributeNames(ak.area)
  const missing = NEEDED.filter((name) => !found.includes(name))
  const details = { expected: `${NEEDED.join(', ')}, and not decrypt`, actual: found.join(', ') }
  if (missing.length > 0)
    return fail(
      `the key is no attestation key, as it is not ${missing.join(', ')}: it may sign what no TPM has stated`,
      NEW_KEY,
      details,
    )
  if (found.includes('decrypt')) return fail('the key also decrypts, which no attestation key does', NEW_KEY, details)
  return pass('the key signs only what its TPM states, and never leaves it', details)
}

function strength({ ak, signed, expect }: TpmState): Finding {
  const { area, key } = ak ?? {}
  if (key === undefined) return notApplicable('there is no key')
  if (area?.scheme === undefined && area !== undefined)
    return fail('the key may be used with any scheme', NEW_KEY, { actual: 'no scheme' })
  if (area?.scheme?.name === 'other')
    return fail('the key is for a scheme that signs no quotes', NEW_KEY, { actual: 'another scheme' })
  if (key.kind === 'RSA' && (key.bits ?? 0) < 2048)
    return fail(`the key has ${key.bits} bits only`, NEW_KEY, { expected: 'RSA of 2048 bits or more' })
  const used = { actual: `${key.kind === 'RSA' ? `RSA of ${key.bits} bits` : key.kind}, ${signed.hash}` }
  if (signed.hash !== 'sha1' && area?.scheme?.hash !== 'sha1') return pass('no weak algorithm is in use', used)
  if (expect.allowSha1 === true) return pass('the key signs with SHA-1, and you allowed it with `allowSha1`', used)
  return fail('the key signs with SHA-1, for which two texts with one digest can be made', NEW_KEY, {
    expected: 'SHA-256 or better',
    actual: 'SHA-1',
  })
}

/** Who vouches for the attestation key, and what kind of key it is. */
export const AK_STEPS: StepGroup<TpmState> = {
  id: 'tpm.ak',
  title: 'Attestation key',
  steps: [
    chained('well-formed', 'Every certificate can be read', [], wellFormed),
    each(
      'constraints',
      'Authorities are authorities, and the leaf is none',
      'basic constraints, path lengths and key usages fit',
      constraintFault,
    ),
    each(
      'algorithms',
      'Keys and signatures are of known strength',
      'they are',
      ({ certificate }, i, _chain, { role }) =>
        certificate.key === undefined ||
        certificate.signed.scheme === undefined ||
        (decryptsOnly(certificate) && (i > 0 || role === 'ak'))
          ? `has a key or signature of a kind that is not accepted: ${certificate.keyKind}, ${certificate.signatureAlgorithm}`
          : undefined,
    ),
    chained('pinned', 'The chain ends at a root key that is trusted', ['tpm.chain.well-formed'], pinned),
    chained('signatures', 'The certificates are signed', ['tpm.chain.algorithms'], signatures),
    each(
      'not-before',
      'The certificates are valid already',
      'so are all',
      ({ certificate }, _i, _chain, { at }) =>
        at < certificate.notBefore ? `is valid from ${isoTime(certificate.notBefore)} only` : undefined,
      begunValues,
    ),
    each(
      'not-after',
      'The certificates are still valid',
      'so are all',
      ({ certificate }, _i, _chain, { at }) =>
        at > certificate.notAfter ? `expired at ${isoTime(certificate.notAfter)}` : undefined,
      currentValues,
    ),
    { ...chained('usage', 'The certificate is for a key of this use', ['tpm.chain.pinned'], usage), source: PROFILE },
    step('ak.trust', 'Somebody trusted vouches for the attestation key', `${LIBRARY}, section 9.5`, [], trust),
    step('ak.attributes', 'The key signs only what its TPM states', `${LIBRARY}, section 25`, [], attributes),
    step('ak.strength', 'The key is strong enough', `${LIBRARY}, section 25`, [], strength),
  ],
}

/** SHA-256 of the key's SubjectPublicKeyInfo, hex. */
export function akSpki({ ak }: Pick<TpmState, 'ak'>): string | undefined {
  return ak === undefined ? undefined : digestHex(ak.spki)
}
