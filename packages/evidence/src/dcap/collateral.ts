import { fromHex } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import type { CollateralPart } from '../core/verdict.ts'
import type { DigestJob, Job } from '../crypto/jobs.ts'
import type { Certificate } from '../x509/certificate.ts'
import { type Crl, parseCrl } from '../x509/crl.ts'
import { decodeBase64, decodePem } from '../x509/pem.ts'
import { Signed } from '../x509/signature.ts'
import { Chain, type ChainKind, CRL_CHAIN, parseChainPem, SIGNER_CHAIN, type Window, windowOf } from './certificates.ts'
import { type Part, readPart, valueOf } from './part.ts'
import { parseQeIdentity, type QeIdentity } from './qe-identity.ts'
import { parseTcbInfo, type TcbInfo } from './tcb-info.ts'

/** A text, or bytes: what services and files deliver. */
type TextOrBytes = string | Uint8Array

/**
 * Intel's endorsements for one platform, in the shape that the field's tools exchange. Every member
 * may be absent; the verdict then names what could not be checked.
 */
export interface DcapCollateralInput {
  /** PEM: the CA of the PCK certificate, then the root. */
  readonly pck_crl_issuer_chain?: string
  /** CRL of the root CA: DER, or its hex, base64 or PEM. */
  readonly root_ca_crl?: TextOrBytes
  /** CRL of the CA that issued the PCK certificate: DER, or its hex, base64 or PEM. */
  readonly pck_crl?: TextOrBytes
  /** PEM: TCB Signing certificate, then the root. */
  readonly tcb_info_issuer_chain?: string
  /** The exact text that was signed: the value of `tcbInfo` in a PCS answer. */
  readonly tcb_info?: string
  /** r then s, 64 bytes, or their hex. */
  readonly tcb_info_signature?: TextOrBytes
  readonly qe_identity_issuer_chain?: string
  /** The exact text that was signed: the value of `enclaveIdentity` in a PCS answer. */
  readonly qe_identity?: string
  readonly qe_identity_signature?: TextOrBytes
  /** PEM: PCK certificate, CA, root; where the quote has no chain inside. It goes before the quote's own. */
  readonly pck_certificate_chain?: string
}

/** A CRL with its span. */
export interface DatedCrl extends Crl {
  readonly window: Window
}

/** A document that Intel signed: its text, its content and its signature. */
export interface SignedDocument<T> {
  readonly content: Part<T>
  readonly chain: Part<Chain>
  /** Broken when the signature is not 64 bytes. */
  readonly signed: Part<Signed>
  readonly digest: DigestJob | undefined
}

/**
 * Endorsements, parsed once, for any number of verifications. Immutable; it holds copies of all
 * bytes, and the outcomes of its own signature checks once they were made. Nothing in it is trusted:
 * every verification judges signatures, validity and revocation again.
 */
export class DcapCollateral {
  readonly rootCrl: Part<DatedCrl>
  readonly pckCrl: Part<DatedCrl>
  readonly pckCrlChain: Part<Chain>
  readonly tcbInfo: SignedDocument<TcbInfo>
  readonly qeIdentity: SignedDocument<QeIdentity>
  /** PEM of the PCK chain, where the collateral brings one. */
  readonly pckChain: string | undefined
  /** Certificates of all chains, each once: for parsing further chains of the same issuers. */
  readonly certificates: readonly Certificate[]
  /** What a verdict says of the parts, once it was said: belongs to `collateralParts`. */
  told: readonly CollateralPart[] | undefined
  /** What can be settled without knowing the evidence. */
  readonly jobs: readonly Job[]

  /** @throws TypeError when a member is of another type than {@link DcapCollateralInput} says */
  constructor(input: DcapCollateralInput) {
    checkTypes(input)
    const pool: Certificate[] = []
    const chain = (pem: string | undefined, kind: ChainKind): Part<Chain> =>
      readPart(pem, (text) => new Chain(parseChainPem(text, kind, pool), kind))
    this.pckCrlChain = chain(input.pck_crl_issuer_chain, CRL_CHAIN)
    const signer = chain(input.tcb_info_issuer_chain, SIGNER_CHAIN)
    this.rootCrl = readPart(input.root_ca_crl, readCrl)
    this.pckCrl = readPart(input.pck_crl, readCrl)
    this.tcbInfo = readDocument(input.tcb_info, input.tcb_info_signature, signer, parseTcbInfo)
    const sameChain = input.qe_identity_issuer_chain === input.tcb_info_issuer_chain
    const qeSigner = sameChain ? signer : chain(input.qe_identity_issuer_chain, SIGNER_CHAIN)
    this.qeIdentity = readDocument(input.qe_identity, input.qe_identity_signature, qeSigner, parseQeIdentity)
    this.pckChain = input.pck_certificate_chain
    this.certificates = pool
    this.jobs = this.#ownJobs()
  }

  #ownJobs(): readonly Job[] {
    const jobs: (Job | undefined)[] = []
    const root = valueOf(this.tcbInfo.chain)?.root ?? valueOf(this.pckCrlChain)?.root
    const crls = [
      signedBy(valueOf(this.rootCrl), root),
      signedBy(valueOf(this.pckCrl), valueOf(this.pckCrlChain)?.first),
    ]
    for (const chain of [this.pckCrlChain, this.tcbInfo.chain, this.qeIdentity.chain])
      jobs.push(...(valueOf(chain)?.jobs ?? []))
    for (const document of [this.tcbInfo, this.qeIdentity]) jobs.push(documentJob(document), document.digest)
    return [...jobs, ...crls, valueOf(this.rootCrl)?.digest, valueOf(this.pckCrl)?.digest].filter(
      (job) => job !== undefined,
    )
  }
}

/** Parses endorsements once, for use in many verifications. @throws TypeError when a member has the wrong type */
export function prepareDcapCollateral(input: DcapCollateralInput): DcapCollateral {
  return new DcapCollateral(input)
}

/** Whether a document's signature verifies under the first certificate of its chain; undefined when it cannot. */
export function documentJob(document: SignedDocument<unknown>): ReturnType<Signed['by']> {
  const key = valueOf(document.chain)?.first.key
  return key === undefined ? undefined : valueOf(document.signed)?.by(key)
}

function signedBy(crl: Crl | undefined, issuer: Certificate | undefined): Job | undefined {
  return issuer?.key === undefined ? undefined : crl?.signed.by(issuer.key)
}

function readDocument<T>(
  text: string | undefined,
  signature: TextOrBytes | undefined,
  chain: Part<Chain>,
  parse: (text: string) => T,
): SignedDocument<T> {
  const data = text === undefined ? undefined : new TextEncoder().encode(text)
  return {
    content: readPart(text, parse),
    chain,
    signed: readPart(
      signature,
      (value) => new Signed(data ?? new Uint8Array(0), 'ecdsa-p256-sha256', readSignature(value)),
    ),
    digest: data === undefined ? undefined : { kind: 'digest', algorithm: 'sha256', data },
  }
}

function readSignature(value: TextOrBytes): Uint8Array {
  const bytes = typeof value === 'string' ? fromHex(value) : new Uint8Array(value)
  if (bytes?.length === 64) return bytes
  throw new EvidenceError('malformed', 'something else', {
    field: 'signature',
    offset: 0,
    expected: '64 bytes: r then s',
  })
}

function readCrl(value: TextOrBytes): DatedCrl {
  const crl = parseCrl(crlDer(value))
  // A list without nextUpdate is never current: its span ends as it begins, before any moment.
  const until = crl.nextUpdate ?? Number.MIN_SAFE_INTEGER
  const window =
    crl.nextUpdate === undefined
      ? { from: crl.thisUpdate, until, fromText: '', untilText: 'never' }
      : windowOf(crl.thisUpdate, until)
  return { ...crl, window }
}

const MAX_CRL_TEXT = 12 * 1024 * 1024
const SEQUENCE = 0x30

// PCS serves DER and PEM, PCCS hex of DER; files hold any of them, and base64.
function crlDer(value: TextOrBytes): Uint8Array {
  if (value.length > MAX_CRL_TEXT)
    throw new EvidenceError('too-large', `${value.length}`, {
      field: 'crl',
      offset: 0,
      expected: `at most ${MAX_CRL_TEXT}`,
    })
  if (typeof value !== 'string')
    return value[0] === SEQUENCE ? new Uint8Array(value) : crlDer(new TextDecoder().decode(value))
  const text = value.trim()
  if (text.startsWith('-----')) {
    const [der, ...more] = decodePem(text, 'X509 CRL', 'crl')
    if (der !== undefined && more.length === 0) return der
  }
  const der = fromHex(text) ?? decodeBase64(text)
  if (der !== undefined) return der
  throw new EvidenceError('malformed', 'another form', {
    field: 'crl',
    offset: 0,
    expected: 'DER, or its hex, base64 or PEM',
  })
}

const TEXTS: readonly (keyof DcapCollateralInput)[] = [
  'pck_crl_issuer_chain',
  'tcb_info_issuer_chain',
  'tcb_info',
  'qe_identity_issuer_chain',
  'qe_identity',
  'pck_certificate_chain',
]
const TEXTS_OR_BYTES: readonly (keyof DcapCollateralInput)[] = [
  'root_ca_crl',
  'pck_crl',
  'tcb_info_signature',
  'qe_identity_signature',
]

function checkTypes(input: DcapCollateralInput): void {
  for (const name of [...TEXTS, ...TEXTS_OR_BYTES]) {
    const value: unknown = input[name]
    if (value === undefined || typeof value === 'string') continue
    if (TEXTS_OR_BYTES.includes(name) && value instanceof Uint8Array) continue
    throw new TypeError(`collateral.${name}: expected ${TEXTS.includes(name) ? 'text' : 'text or bytes'}`)
  }
}
