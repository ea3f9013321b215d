import { begunValues, currentValues, nameValues, type Values } from '../core/chain-values.ts'
import { fail, mend, pass, REPLACE_EVIDENCE, type Step, type StepGroup } from '../core/engine.ts'
import { isoTime } from '../core/time.ts'
import type { Finding, Remedy } from '../core/verdict.ts'
import { type Certificate, KEY_USAGE } from '../x509/certificate.ts'
import type { Link } from './certificates.ts'
import type { NitroState } from './state.ts'
import { authenticity } from './step.ts'

const PROCESS = 'AWS Nitro Enclaves, attestation process, section 3.2'
const PATH = 'RFC 5280, section 6.1'

const NEW_DOCUMENT: Remedy = mend('ask the enclave for a new document: its certificates come with it', 'workload-owner')

function isLeaf({ chain }: NitroState, index: number): boolean {
  return index === chain.links.length - 1
}

/** A common name as evidence writes it, made harmless for a message. */
function quoted(text: string | undefined): string {
  return text === undefined ? 'no common name' : JSON.stringify(text.slice(0, 64))
}

/** A step that holds unless one certificate has a fault. */
function each(
  id: string,
  title: string,
  source: string,
  holds: string,
  fault: (state: NitroState, certificate: Certificate, index: number) => string | undefined,
  show?: (certificates: readonly Certificate[]) => Values,
): Step<NitroState> {
  return authenticity(id, title, source, READ, (state) => {
    const { links } = state.chain
    const values = show?.(links.flatMap(({ certificate }) => certificate ?? []))
    for (let i = 0; i < links.length; i++) {
      const { name, certificate } = links[i] as Link
      const found = certificate && fault(state, certificate, i)
      if (found !== undefined) return fail(`${name} ${found}`, NEW_DOCUMENT, values)
    }
    return pass(holds, values)
  })
}

const READ: readonly string[] = ['chain.well-formed']
const SIGNED: readonly string[] = [...READ, 'chain.algorithms']

function wellFormed({ chain }: NitroState): Finding {
  const bad = chain.links.find(({ error }) => error !== undefined)
  if (bad?.error === undefined) return pass(`all ${chain.links.length} certificates can be read`)
  return fail(`${bad.name} cannot be read: ${bad.error.message}`, NEW_DOCUMENT, { expected: bad.error.expected })
}

function nameFault({ chain }: NitroState, certificate: Certificate, index: number): string | undefined {
  const issuer = chain.links[Math.max(0, index - 1)]?.certificate
  if (issuer === undefined || certificate.issuer.key === issuer.subject.key) return undefined
  return `was issued by ${quoted(certificate.issuer.commonName)}, and ${index === 0 ? 'is itself' : 'the one before it is'} ${quoted(issuer.subject.commonName)}`
}

function constraintFault(state: NitroState, certificate: Certificate, index: number): string | undefined {
  const { basicConstraints, keyUsage, unknownCritical, version } = certificate
  if (version !== 3) return `is of version ${version}, which has no constraints`
  if (unknownCritical.length > 0) return `has a critical extension that is not known: ${unknownCritical[0]}`
  if (isLeaf(state, index)) {
    if (basicConstraints?.ca === true) return 'is a certificate authority, which no leaf is'
    return keyUsage?.has(KEY_USAGE.digitalSignature) === true
      ? undefined
      : 'has no key usage that lets it sign documents'
  }
  if (basicConstraints?.ca !== true) return 'is no certificate authority'
  if (keyUsage?.has(KEY_USAGE.keyCertSign) !== true) return 'has no key usage that lets it sign certificates'
  const below = state.chain.links.length - 2 - index
  const { pathLength } = basicConstraints
  return pathLength !== undefined && pathLength < below
    ? `allows ${pathLength} certificate authorities below it, and there are ${below}`
    : undefined
}

function algorithmFault(_state: NitroState, certificate: Certificate): string | undefined {
  if (certificate.key?.kind !== 'P-384') return `has a key of another kind than EC P-384: ${certificate.keyKind}`
  return certificate.signed.scheme === 'ecdsa-p384-sha384'
    ? undefined
    : `is signed with another algorithm than ECDSA with SHA-384: ${certificate.signatureAlgorithm}`
}

function intermediates({ chain }: NitroState): Finding {
  for (let i = 1; i < chain.links.length - 1; i++) {
    if (chain.signatures[i]?.result !== true)
      return fail(
        `${chain.links[i]?.name} is not signed by the one before it: it is forged or damaged`,
        REPLACE_EVIDENCE,
      )
  }
  return pass('each is signed by the one before')
}

function leaf({ chain }: NitroState): Finding {
  if (chain.signatures[chain.links.length - 1]?.result === true) return pass('it is signed by the last of the bundle')
  return fail('the leaf is not signed by the last of the bundle: it is forged or damaged', REPLACE_EVIDENCE)
}

function root({ chain, rootIsPublished }: NitroState): Finding {
  if (rootIsPublished) return pass('it is the one that AWS has published, byte for byte')
  if (chain.signatures[0]?.result === true) return pass('it is signed with its own key')
  return fail('the root is not signed with its own key: it is forged or damaged', REPLACE_EVIDENCE)
}

function pinned({ anchor, chain }: NitroState): Finding {
  if (anchor !== undefined)
    return pass(`the root's key is that of ${anchor.name}`, { actual: anchor.spkiSha256, anchor: anchor.id })
  return fail(
    "the root's key is none of the trusted ones, whatever its name says: anybody may have made this",
    mend('ask a real enclave; to accept a simulator, name its root as an emulated trust anchor'),
    { actual: quoted(chain.links[0]?.certificate?.subject.commonName) },
  )
}

function judged({ at }: NitroState): string {
  return `judged at ${isoTime(at)}: judge a stored document at its own time`
}

/** The chain that the document brings along, up to the pinned root. */
export const CHAIN_STEPS: StepGroup<NitroState> = {
  id: 'nitro.chain',
  title: 'Certificate chain',
  steps: [
    authenticity('chain.well-formed', 'Every certificate can be read', 'RFC 5280, section 4.1', [], wellFormed),
    each(
      'chain.names',
      'Each certificate was issued by the one before it',
      PATH,
      'subjects and issuers form one chain',
      nameFault,
      nameValues,
    ),
    each(
      'chain.constraints',
      'Authorities are authorities, and the leaf is none',
      PATH,
      'basic constraints, path lengths and key usages fit',
      constraintFault,
    ),
    each(
      'chain.algorithms',
      'All keys are P-384 and all signatures ECDSA with SHA-384',
      PROCESS,
      'so they are',
      algorithmFault,
    ),
    authenticity('root.pinned', 'The chain ends at a root key that is trusted', PROCESS, READ, pinned),
    authenticity('root.signature', 'The root certificate is genuine', PATH, SIGNED, root),
    authenticity('intermediates.signature', 'The intermediate certificates are signed', PATH, SIGNED, intermediates),
    authenticity('leaf.signature', 'The leaf is signed', PATH, SIGNED, leaf),
    each(
      'chain.not-before',
      'The certificates are valid already',
      PROCESS,
      'so are all',
      (state, { notBefore }) =>
        state.at < notBefore ? `is valid from ${isoTime(notBefore)} only, ${judged(state)}` : undefined,
      begunValues,
    ),
    each(
      'chain.not-after',
      'The certificates are still valid',
      PROCESS,
      'so are all',
      (state, { notAfter }) => (state.at > notAfter ? `expired at ${isoTime(notAfter)}, ${judged(state)}` : undefined),
      currentValues,
    ),
  ],
}
