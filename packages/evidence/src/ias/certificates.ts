import { digestHex } from '../core/assemble.ts'
import { nameValues, spanValues } from '../core/chain-values.ts'
import { fail, mend, pass, REPLACE_EVIDENCE, type StepGroup, unchecked } from '../core/engine.ts'
import { isoTime } from '../core/time.ts'
import type { Finding, TrustAnchor } from '../core/verdict.ts'
import type { PublicKey } from '../crypto/jobs.ts'
import { type Certificate, KEY_USAGE } from '../x509/certificate.ts'
import { IAS_ROOT, IAS_ROOT_KEY } from './anchors.ts'
import type { IasEvidence } from './archive.ts'
import type { IasState } from './state.ts'
import { authenticity } from './step.ts'

/** The authority above the signing certificate: the one that came along, or Intel's pinned key where it alone is trusted. */
export function authorityKey({ chain }: IasEvidence, anchors: readonly TrustAnchor[]): PublicKey | undefined {
  const authority = chain[1]
  if (authority !== undefined) return authority.key
  return anchors.some((one) => one.spkiSha256 === IAS_ROOT.spkiSha256) ? IAS_ROOT_KEY : undefined
}

/** The anchor that the chain ends at; the digests of its certificates are settled. */
export function anchorOf({ chain }: IasEvidence, anchors: readonly TrustAnchor[]): TrustAnchor | undefined {
  const [leaf, authority, ...more] = chain
  if (leaf === undefined || more.length > 0) return undefined
  const digest = authority === undefined ? IAS_ROOT.spkiSha256 : digestHex(authority.spkiDigest)
  return anchors.find((one) => one.spkiSha256 === digest)
}

const ARCHIVE = mend('pass the whole archive: body, signature and signing certificate', 'relying-party')

function present({ evidence }: IasState): Finding {
  return evidence.signature === undefined
    ? unchecked('this is the body of a report alone, which anybody may have written', ARCHIVE)
    : pass('the report has a signature')
}

function readable({ evidence: { fault, chain } }: IasState): Finding {
  if (fault !== undefined) return fail(`the certificates cannot be read: ${fault}`, REPLACE_EVIDENCE)
  return chain.length > 0
    ? pass(`there are ${chain.length} certificates`)
    : unchecked('the certificate of the signing key is missing', ARCHIVE)
}

function pinned({ anchor }: IasState): Finding {
  return anchor === undefined
    ? fail('the chain does not end at the authority of the service, whatever its name', REPLACE_EVIDENCE)
    : pass('the chain ends at the authority of the service', { actual: anchor.spkiSha256, anchor: anchor.id })
}

function path({ evidence: { chain } }: IasState): Finding {
  const fault = pathFault(chain)
  return fault === undefined ? pass('the certificates form one path', nameValues(chain)) : fail(fault, REPLACE_EVIDENCE)
}

function pathFault([leaf, authority]: readonly Certificate[]): string | undefined {
  if (leaf === undefined) return 'there is no certificate'
  if (leaf.unknownCritical.length > 0) return 'the signing certificate has an unknown critical extension'
  if (leaf.basicConstraints?.ca === true) return 'the signing certificate is an authority'
  if (leaf.keyUsage?.has(KEY_USAGE.digitalSignature) === false) return 'the signing certificate must not sign'
  if (authority === undefined)
    return leaf.issuer.commonName === IAS_ROOT.name ? undefined : 'the signing certificate names another issuer'
  if (leaf.issuer.key !== authority.subject.key) return 'the signing certificate was not issued by the other one'
  if (authority.unknownCritical.length > 0) return 'the authority has an unknown critical extension'
  if (authority.basicConstraints?.ca !== true) return 'the other certificate is no authority'
  return authority.keyUsage?.has(KEY_USAGE.keyCertSign) === false
    ? 'the authority must not sign certificates'
    : undefined
}

function signed({ chainSignature }: IasState): Finding {
  return chainSignature?.result === true
    ? pass('the signing certificate is signed by the authority')
    : fail('the signing certificate is not signed by the authority', REPLACE_EVIDENCE)
}

// The service has ended: what counts is that the certificates were in date when the report was made.
function dates({ evidence: { chain, report } }: IasState): Finding {
  const bad = chain.find((one) => report.time < one.notBefore || report.time > one.notAfter)
  const details = { ...spanValues(chain), actual: isoTime(report.time) }
  return bad === undefined
    ? pass('the certificates were in date when the report was made', details)
    : fail('a certificate was not in date when the report was made', REPLACE_EVIDENCE, details)
}

const PATH = 'RFC 5280, section 6.1'

/** Whose key the report is signed with. */
export const CHAIN: StepGroup<IasState> = {
  id: 'ias.chain',
  title: 'Certificates',
  steps: [
    authenticity('signature.present', 'The report is signed', 'API version 4, section 4.2', present),
    authenticity('chain.readable', 'The certificates can be read', PATH, readable, ['signature.present']),
    authenticity('chain.root', 'The chain ends at the authority of the service', PATH, pinned, ['chain.readable']),
    authenticity('chain.path', 'The certificates form a path', PATH, path, ['chain.readable']),
    authenticity('chain.signature', 'The signing certificate is genuine', PATH, signed, ['chain.root']),
    authenticity('chain.dates', 'The certificates were in date', PATH, dates, ['chain.readable']),
  ],
}
