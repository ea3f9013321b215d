import { equalBytes } from '../core/bytes.ts'
import type { Values } from '../core/chain-values.ts'
import { EvidenceError, refuse } from '../core/errors.ts'
import type { CollateralPart } from '../core/verdict.ts'
import type { Job, PublicKey, SignatureJob } from '../crypto/jobs.ts'
import { type Certificate, KEY_USAGE, parseCertificate } from '../x509/certificate.ts'
import { decodePem } from '../x509/pem.ts'
import { knownRoots, rootSignature } from '../x509/root-signature.ts'
import { INTEL_ROOT_CERTIFICATES } from './anchors.ts'
import { type PckExtensions, parsePckExtensions } from './pck.ts'

/** What one kind of chain must look like. */
export interface ChainKind {
  /** In words. */
  readonly what: string
  /** Rules for the certificates below the root, first one first. */
  readonly below: readonly CertificateRule[]
}

interface CertificateRule {
  readonly role: string
  readonly ca: boolean
  hasName(commonName: string): boolean
}

const PCK_CA: CertificateRule = { role: 'PCK CA', ca: true, hasName: (name) => name.endsWith('CA') }
const ROOT: CertificateRule = { role: 'root CA', ca: true, hasName: (name) => name === 'Intel SGX Root CA' }

/** Leaf, intermediate, root: the platform's own chain. */
export const PCK_CHAIN: ChainKind = {
  what: 'PCK chain',
  below: [{ role: 'PCK certificate', ca: false, hasName: (name) => name.includes('SGX PCK Certificate') }, PCK_CA],
}

/** Intermediate, root: who issues the PCK CRL. */
export const CRL_CHAIN: ChainKind = { what: 'PCK CRL issuer chain', below: [PCK_CA] }

/** Signer, root: who signs TCB info and QE identity. Issued by the root itself: nobody below may. */
export const SIGNER_CHAIN: ChainKind = {
  what: 'issuer chain',
  below: [{ role: 'TCB Signing certificate', ca: false, hasName: (name) => name.includes('SGX TCB Signing') }],
}

/** Checks of the form of a chain, by the last part of their ids, in their order. */
export const CHAIN_FORMS = ['certificates', 'issuers', 'keys', 'critical-extensions'] as const

/** What is wrong with a chain, in words, by the check that says so. */
export type ChainFaults = Readonly<Partial<Record<(typeof CHAIN_FORMS)[number], string>>>

/** A span of time, both ends included; milliseconds since 1970. */
export interface Window {
  readonly from: number
  readonly until: number
}

/** A parsed certificate chain and the checks of its signatures. Immutable; outcomes of settled checks stay in it. */
export class Chain {
  /** First one first, root last. */
  readonly certificates: readonly Certificate[]
  /** What is wrong with it, by the check that says so; nothing of what is right. */
  readonly faults: ChainFaults
  /** What each check of its form names. */
  readonly forms: Readonly<Partial<Record<keyof ChainFaults, Values>>>
  /** The span in which all certificates are valid. */
  readonly window: Window
  /** Each certificate by the next, the root by itself; undefined where no signature can verify. */
  readonly signatures: readonly (SignatureJob | undefined)[]

  constructor(certificates: readonly Certificate[], kind: ChainKind) {
    this.certificates = certificates
    const rules = [...kind.below, ROOT]
    const roles = rules.map(({ role }) => role).join(', ')
    this.faults = chainFaults(certificates, rules, roles)
    const list = (text: (one: Certificate) => string): string => certificates.slice(0, MOST_NAMED).map(text).join(', ')
    const unknown = certificates.find((one) => one.unknownCritical.length > 0)?.unknownCritical[0]
    this.forms = {
      certificates: { expected: roles, actual: list(({ subject }) => nameText(subject)) },
      issuers: { actual: list(({ issuer }) => nameText(issuer)) },
      keys: { expected: 'P-256', actual: list(({ key, keyKind }) => key?.kind ?? keyKind) },
      ...(unknown === undefined ? {} : { 'critical-extensions': { actual: unknown } }),
    }
    this.window = {
      from: Math.max(...certificates.map((one) => one.notBefore)),
      until: Math.min(...certificates.map((one) => one.notAfter)),
    }
    this.signatures = certificates.map((one, i) => {
      const issuer = certificates[i + 1]
      if (issuer === undefined) return rootSignature(one, INTEL_ROOT_CERTIFICATES)
      const { key } = issuer
      return key === undefined ? undefined : one.signed.by(key)
    })
  }

  get first(): Certificate {
    return this.certificates[0] as Certificate
  }

  get root(): Certificate {
    return this.certificates[this.certificates.length - 1] as Certificate
  }

  /** Everything that has to be settled before the chain can be judged. */
  get jobs(): readonly Job[] {
    const jobs: Job[] = [this.root.spkiDigest]
    for (const job of this.signatures) if (job !== undefined) jobs.push(job)
    for (const one of this.certificates) jobs.push(one.digest)
    return jobs
  }
}

/** A platform's chain with what its leaf says. */
export class PckChain extends Chain {
  /** What a verdict says of the certificates, once it was said: belongs to `collateralParts`. */
  told: readonly CollateralPart[] | undefined
  /** What the leaf certifies, or why it cannot be read. */
  readonly extensions: PckExtensions | string

  constructor(certificates: readonly Certificate[]) {
    super(certificates, PCK_CHAIN)
    this.extensions = readExtensions(this.first)
  }

  /** The certificate that issued the leaf. */
  get issuer(): Certificate | undefined {
    return this.certificates[1]
  }

  /** The platform's key, when it is a P-256 one. */
  get key(): PublicKey | undefined {
    return this.first.key?.kind === 'P-256' ? this.first.key : undefined
  }
}

/** Certificates that were parsed before. Chains share issuers, mostly in the same text: that is not decoded again. */
export class CertificatePool {
  readonly certificates: Certificate[]
  readonly #tails: Tail[]

  constructor(from?: CertificatePool) {
    this.certificates = from === undefined ? knownRoots(INTEL_ROOT_CERTIFICATES) : [...from.certificates]
    this.#tails = from === undefined ? [] : [...from.#tails]
  }

  /**
   * Parses the PEM of a chain.
   * @throws EvidenceError when it holds no certificate or something that is none
   */
  parse(pem: string, { what }: ChainKind): readonly Certificate[] {
    if (pem.length > MAX_PEM) throw refuse(what, `${pem.length} characters`, `at most ${MAX_PEM}`, 0, 'too-large')
    const text = withoutBlankEnd(pem)
    const tail = this.#tails.find((one) => text.endsWith(one.text))
    const head = tail === undefined ? pem : text.slice(0, -tail.text.length)
    const certificates = decodePem(head, 'CERTIFICATE', what).map((der) => parseCertificate(der, this.certificates))
    if (tail !== undefined) certificates.push(...tail.certificates)
    const last = certificates.at(-1)
    if (last === undefined) throw refuse(what, 'no certificate', 'certificates in PEM')
    if (text.startsWith(BEGIN)) this.#tails.unshift({ text, certificates })
    if (tail === undefined) this.#tails.push({ text: text.slice(text.lastIndexOf(BEGIN)), certificates: [last] })
    return certificates
  }
}

/** A text without the white space and zeros at its end. Blanks are those that `decodePem` skips, no others. */
export function withoutBlankEnd(text: string): string {
  let end = text.length
  while (end > 0 && ' \t\r\n\0'.includes(text.charAt(end - 1))) end--
  return text.slice(0, end)
}

interface Tail {
  readonly text: string
  readonly certificates: readonly Certificate[]
}

const BEGIN = '-----BEGIN'
const MAX_PEM = 64 * 1024

function readExtensions(leaf: Certificate): PckExtensions | string {
  try {
    return parsePckExtensions(leaf)
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return error.message
  }
}

const MOST_NAMED = 4

function nameText({ commonName }: Certificate['subject']): string {
  return JSON.stringify(commonName?.slice(0, 64) ?? '')
}

// Of each check the first fault. A chain of another length has certificates in no known place.
function chainFaults(
  certificates: readonly Certificate[],
  rules: readonly CertificateRule[],
  roles: string,
): ChainFaults {
  if (certificates.length !== rules.length)
    return { certificates: `it has ${certificates.length} certificates, not ${roles}` }
  const faults: Partial<Record<keyof ChainFaults, string>> = {}
  for (let i = 0; i < rules.length; i++) {
    const certificate = certificates[i] as Certificate
    const rule = rules[i] as CertificateRule
    const issuer = certificates[i + 1] ?? certificate
    const add = (form: keyof ChainFaults, fault: string | undefined): void => {
      if (fault !== undefined) faults[form] ??= `the ${rule.role} ${fault}`
    }
    const { issuer: named, key, keyKind, unknownCritical } = certificate
    add('certificates', certificateFault(certificate, rule, i))
    if (named.key !== issuer.subject.key) add('issuers', 'names another issuer than the certificate that follows it')
    if (key?.kind !== 'P-256') add('keys', `has a key of another kind (${keyKind}) than EC P-256`)
    if (unknownCritical.length > 0)
      add('critical-extensions', `has an unknown critical extension ${unknownCritical[0] ?? ''}`)
  }
  return faults
}

// `below` certificates stand between this one and the end of the path: the leaf, or what it issued.
function certificateFault(certificate: Certificate, rule: CertificateRule, below: number): string | undefined {
  const { basicConstraints, keyUsage, subject } = certificate
  const { ca } = rule
  const name = subject.commonName ?? ''
  if (!rule.hasName(name)) return `has the common name ${JSON.stringify(name.slice(0, 64))}`
  if (certificate.version !== 3 || basicConstraints?.ca !== ca) return ca ? 'is not a CA' : 'is a CA, or does not say'
  // Of a pinned root only the key counts (RFC 5280, 6.1.1 d): Intel's first root certificate allowed too short a path.
  if (rule !== ROOT && (basicConstraints.pathLength ?? below) < below - 1) return 'allows no path of this length'
  return keyUsage?.has(ca ? KEY_USAGE.keyCertSign : KEY_USAGE.digitalSignature) === true
    ? undefined
    : `may not be used to sign ${ca ? 'certificates' : 'data'}`
}

/** Whether two chains end at the same key. */
export function sameRoot(a: Chain, b: Chain): boolean {
  return a.root === b.root || equalBytes(a.root.spki, b.root.spki)
}
