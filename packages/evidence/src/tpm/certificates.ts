import { equalBytes } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import type { Job, SignatureJob } from '../crypto/jobs.ts'
import { type AlgorithmProfile, DECRYPTS } from '../x509/algorithms.ts'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { DerReader, TAG } from '../x509/der.ts'
import { readName } from '../x509/name.ts'
import { WIDE } from '../x509/wide-algorithms.ts'
import { type GoogleInstance, readInstance } from './instance.ts'

/** What a TPM's certificate says beside its key. */
export interface TpmCertificateFacts {
  /** OIDs of the extended key usage; empty without the extension. */
  readonly usages: readonly string[]
  /** TPM manufacturer, model and version of the alternative name, as written. */
  readonly tpm: { readonly manufacturer?: string; readonly model?: string; readonly version?: string }
  /** Google's statement of the instance. */
  readonly instance: GoogleInstance | undefined
}

/** One certificate of a chain. */
export interface TpmLink {
  readonly certificate: Certificate
  /** Checked with the key of the one above; undefined for the last, or when it cannot verify. */
  readonly signature: SignatureJob | undefined
}

/** A chain from the leaf up, as far as the certificates at hand reach. */
export interface TpmChain {
  readonly links: readonly TpmLink[]
  /** Certificates that cannot be read. */
  readonly errors: readonly EvidenceError[]
  /** Of the leaf; an error when an extension cannot be read. */
  readonly facts: TpmCertificateFacts | EvidenceError | undefined
}

const MAX_LINKS = 8

/** Some makers mark endorsement keys as keys of RSAES-OAEP. @see RFC 4055, section 4.1 */
const TPM_ALGORITHMS: AlgorithmProfile = { ...WIDE, decrypts: '1.2.840.113549.1.1.7' }

/** Whether a key is marked as one that only decrypts, and so signs nothing. */
export function decryptsOnly({ keyKind }: Pick<Certificate, 'keyKind'>): boolean {
  return keyKind.startsWith(DECRYPTS)
}

/**
 * Parses certificates and orders those above the leaf by their names and key identifiers. The leaf is the first, or, where that is an authority,
 * the only one that is none and has issued no other. What cannot be read is named, not thrown.
 */
export function readChain(ders: readonly Uint8Array[], pool: Certificate[]): TpmChain {
  const errors: EvidenceError[] = []
  const found: Certificate[] = []
  for (const der of ders) {
    try {
      found.push(parseCertificate(der, pool, TPM_ALGORITHMS))
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error
      errors.push(error)
    }
  }
  const leaf = leafOf(found)
  if (leaf === undefined) return { links: [], errors, facts: undefined }
  const others = found.filter((one) => one !== leaf)
  const path: Certificate[] = [leaf]
  while (path.length < MAX_LINKS) {
    const last = path[path.length - 1] as Certificate
    const issuers = others.filter((one) => one.subject.key === last.issuer.key && !path.includes(one))
    const issuer = issuers.find((one) => isNamedBy(last, one)) ?? issuers[0]
    if (issuer === undefined || last.issuer.key === last.subject.key) break
    path.push(issuer)
  }
  const links = path.map((certificate, i): TpmLink => {
    const key = path[i + 1]?.key
    return { certificate, signature: key === undefined ? undefined : certificate.signed.by(key) }
  })
  return { links, errors, facts: factsOf(leaf) }
}

// Which it is decides nothing: every check is made of whichever is taken, and the key in it must have signed.
function leafOf(found: readonly Certificate[]): Certificate | undefined {
  const [first] = found
  if (first?.basicConstraints?.ca !== true) return first
  const issues = (one: Certificate): boolean =>
    found.some((other) => other !== one && other.issuer.key === one.subject.key)
  const [leaf, second] = found.filter((one) => one.basicConstraints?.ca !== true && !issues(one))
  return leaf === undefined || second !== undefined ? first : leaf
}

const SUBJECT_KEY_ID = '2.5.29.14'
const AUTHORITY_KEY_ID = '2.5.29.35'

// Authorities of one name with different keys are common in bundles. This only chooses among them: signatures decide.
function isNamedBy(subject: Certificate, issuer: Certificate): boolean {
  const wanted = subject.extensions.get(AUTHORITY_KEY_ID)?.value.subarray(4)
  const id = issuer.extensions.get(SUBJECT_KEY_ID)?.value.subarray(2)
  return wanted !== undefined && id !== undefined && equalBytes(wanted.subarray(0, id.length), id)
}

/** Work of a chain. */
export function chainJobs({ links }: TpmChain): readonly Job[] {
  const jobs: Job[] = []
  for (const { certificate, signature } of links) {
    jobs.push(certificate.digest, certificate.spkiDigest)
    if (signature !== undefined) jobs.push(signature)
  }
  return jobs
}

/** Critical extensions that are processed here, beside those of every certificate. */
const PROCESSED: readonly string[] = ['2.5.29.17', '2.5.29.37']
const POLICIES = '2.5.29.32'

/** The first critical extension that is not processed here. */
export function unknownExtension({ unknownCritical, extensions }: Certificate): string | undefined {
  return unknownCritical.find(
    (oid) => !PROCESSED.includes(oid) && !(oid === POLICIES && areKnownPolicies(extensions.get(oid)?.value)),
  )
}

/** A pointer to a statement of practice, and a notice: both are for people. */
const QUALIFIERS: readonly string[] = ['1.3.6.1.5.5.7.2.1', '1.3.6.1.5.5.7.2.2']

/**
 * Whether certificate policies have no qualifier that is not known: makers of TPMs mark them as critical. Nobody asks for
 * a policy here, so that none is missing; what would ask for one is a critical extension of its own, which is refused.
 *
 * @see RFC 5280, sections 4.2.1.4 and 6.1
 */
function areKnownPolicies(value: Uint8Array = new Uint8Array(0)): boolean {
  try {
    const outer = new DerReader(value, 'certificate.certificatePolicies')
    const policies = outer.inside(TAG.sequence, 'value')
    outer.finish('value')
    while (!policies.done) {
      const one = policies.inside(TAG.sequence, 'policy')
      one.oid('policy')
      const qualifiers = one.done ? one : one.inside(TAG.sequence, 'qualifiers')
      while (!qualifiers.done)
        if (!QUALIFIERS.includes(qualifiers.inside(TAG.sequence, 'qualifier').oid('qualifier'))) return false
      one.finish('policy')
    }
    return true
  } catch (error) {
    if (error instanceof EvidenceError) return false
    throw error
  }
}

/** Extended key usages. @see TCG EK Credential Profile 2.5, section 3.2.16 */
export const EK_USAGE = '2.23.133.8.1'
export const AK_USAGE = '2.23.133.8.3'
const GOOGLE_INSTANCE = '1.3.6.1.4.1.11129.2.1.21'

function factsOf({ extensions }: Certificate): TpmCertificateFacts | EvidenceError {
  try {
    const instance = extensions.get(GOOGLE_INSTANCE)?.value
    return {
      usages: readUsages(extensions.get('2.5.29.37')?.value),
      tpm: readTpmName(extensions.get('2.5.29.17')?.value),
      instance: instance === undefined ? undefined : readInstance(instance),
    }
  } catch (error) {
    if (error instanceof EvidenceError) return error
    throw error
  }
}

function readUsages(value: Uint8Array | undefined): readonly string[] {
  if (value === undefined) return []
  const outer = new DerReader(value, 'certificate.extKeyUsage')
  const list = outer.inside(TAG.sequence, 'value')
  outer.finish('value')
  const found: string[] = []
  while (!list.done) found.push(list.oid('value'))
  return found
}

const DIRECTORY_NAME = 0xa4

// GeneralNames; the TPM's identity is a directoryName, explicit as Name is a CHOICE.
function readTpmName(value: Uint8Array | undefined): TpmCertificateFacts['tpm'] {
  if (value === undefined) return {}
  const outer = new DerReader(value, 'certificate.subjectAltName')
  const names = outer.inside(TAG.sequence, 'value')
  outer.finish('value')
  const found: { manufacturer?: string; model?: string; version?: string } = {}
  while (!names.done) {
    const name = names.any('value')
    if (name.tag !== DIRECTORY_NAME) continue
    const { key } = readName(names.within(name), 'subjectAltName.directoryName')
    const manufacturer = attribute(key, '2.23.133.2.1')
    const model = attribute(key, '2.23.133.2.2')
    const version = attribute(key, '2.23.133.2.3')
    if (manufacturer !== undefined) found.manufacturer = manufacturer
    if (model !== undefined) found.model = model
    if (version !== undefined) found.version = version
  }
  return found
}

// A name's key is a sequence of `type=length:value;`: lengths tell where a value ends, whatever is in it.
function attribute(key: string, type: string): string | undefined {
  let at = 0
  while (at < key.length) {
    if (key[at] === '/') {
      at++
      continue
    }
    const equals = key.indexOf('=', at)
    const colon = key.indexOf(':', equals)
    if (equals < 0 || colon < 0) return undefined
    const length = Number(key.slice(equals + 1, colon))
    if (key.slice(at, equals) === type) return key.slice(colon + 1, colon + 1 + length).slice(0, 64)
    at = colon + 1 + length + 1
  }
  return undefined
}
