import { fromHex } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import type { CollateralPart } from '../core/verdict.ts'
import { type DigestJob, type Job, sha256 } from '../crypto/jobs.ts'
import { STRICT } from '../x509/algorithms.ts'
import type { Certificate } from '../x509/certificate.ts'
import { type Crl, parseCrl } from '../x509/crl.ts'
import { withoutZero } from '../x509/der.ts'
import { decodeBase64, decodePem } from '../x509/pem.ts'
import { Signed } from '../x509/signature.ts'
import { CertificatePool, Chain, type ChainKind, CRL_CHAIN, SIGNER_CHAIN, withoutBlankEnd } from './certificates.ts'
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
  readonly rootCrl: Part<Crl>
  readonly pckCrl: Part<Crl>
  readonly pckCrlChain: Part<Chain>
  readonly tcbInfo: SignedDocument<TcbInfo>
  readonly qeIdentity: SignedDocument<QeIdentity>
  /** PEM of the PCK chain, where the collateral brings one. */
  readonly pckChain: string | undefined
  /** PEM of the PCK CA and the root, to complete a quote that has the PCK certificate alone. */
  readonly caChain: string | undefined
  /** Certificates of all chains, each once: for parsing further chains of the same issuers. */
  readonly pool: CertificatePool
  /** What a verdict says of the parts, once it was said: belongs to `collateralParts`. */
  told: readonly CollateralPart[] | undefined
  /** Whether all of `jobs` have been settled: belongs to `verifyDcap`. */
  settled = false
  /** What can be settled without knowing the evidence. */
  readonly jobs: readonly Job[]

  /** @throws TypeError when a member is of another type than {@link DcapCollateralInput} says */
  constructor(input: DcapCollateralInput) {
    checkTypes(input)
    const pool = new CertificatePool()
    const chain = (pem: string | undefined, kind: ChainKind): Part<Chain> =>
      readPart(pem, (text) => new Chain(pool.parse(text, kind), kind))
    this.pckCrlChain = chain(input.pck_crl_issuer_chain, CRL_CHAIN)
    const signer = chain(input.tcb_info_issuer_chain, SIGNER_CHAIN)
    const readCrl = (value: TextOrBytes): Crl => parseCrl(crlDer(value), STRICT, pool.certificates)
    this.rootCrl = readPart(input.root_ca_crl, readCrl)
    this.pckCrl = readPart(input.pck_crl, readCrl)
    this.tcbInfo = readDocument(input.tcb_info, input.tcb_info_signature, signer, parseTcbInfo)
    const sameChain = input.qe_identity_issuer_chain === input.tcb_info_issuer_chain
    const qeSigner = sameChain ? signer : chain(input.qe_identity_issuer_chain, SIGNER_CHAIN)
    this.qeIdentity = readDocument(input.qe_identity, input.qe_identity_signature, qeSigner, parseQeIdentity)
    this.pckChain = input.pck_certificate_chain
    this.caChain = input.pck_crl_issuer_chain
    this.pool = pool
    this.jobs = this.#ownJobs()
  }

  #ownJobs(): readonly Job[] {
    const { rootCrl, pckCrl, pckCrlChain, tcbInfo, qeIdentity } = this
    const issuer = valueOf(pckCrlChain)
    const root = valueOf(tcbInfo.chain)?.root ?? issuer?.root
    const jobs: Job[] = []
    for (const chain of new Set([pckCrlChain, tcbInfo.chain, qeIdentity.chain]))
      jobs.push(...(valueOf(chain)?.jobs ?? []))
    const documents = [documentJob(tcbInfo), tcbInfo.digest, documentJob(qeIdentity), qeIdentity.digest]
    const lists = [...crlJobs(valueOf(rootCrl), root), ...crlJobs(valueOf(pckCrl), issuer?.first)]
    for (const job of [...documents, ...lists]) if (job !== undefined) jobs.push(job)
    return jobs
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

function crlJobs(crl: Crl | undefined, issuer: Certificate | undefined): readonly (Job | undefined)[] {
  return [crl?.digest, issuer?.key === undefined ? undefined : crl?.signed.by(issuer.key)]
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
    digest: data === undefined ? undefined : sha256(data),
  }
}

function readSignature(value: TextOrBytes): Uint8Array {
  const bytes = typeof value === 'string' ? fromHex(value) : new Uint8Array(value)
  if (bytes?.length === 64) return bytes
  throw refuse('signature', 'something else', '64 bytes: r then s')
}

const MAX_CRL_TEXT = 12 * 1024 * 1024
const SEQUENCE = 0x30

// PCS serves DER and PEM, PCCS hex of DER; files hold any of them, and base64.
function crlDer(value: TextOrBytes): Uint8Array {
  if (value.length > MAX_CRL_TEXT) throw refuse('crl', `${value.length}`, `at most ${MAX_CRL_TEXT}`, 0, 'too-large')
  if (typeof value !== 'string')
    return value[0] === SEQUENCE ? withoutZero(new Uint8Array(value)) : crlDer(new TextDecoder().decode(value))
  // Intel's library ends its texts with a zero (and DER: `sgx_ql_qve_collateral_t` of version 3.1), and tools break hexadecimal into lines.
  const text = withoutBlankEnd(value).trimStart()
  if (text.startsWith('-----')) {
    const [der, ...more] = decodePem(text, 'X509 CRL', 'crl')
    if (der !== undefined && more.length === 0) return der
  }
  const der = fromHex(text) ?? fromHex(text.replace(/\s/g, '')) ?? decodeBase64(text)
  if (der !== undefined) return withoutZero(der)
  throw refuse('crl', 'another form', 'DER, or its hex, base64 or PEM')
}

/** Members by name; true where bytes will do as well. */
const MEMBERS: Readonly<Record<keyof DcapCollateralInput, boolean>> = {
  pck_crl_issuer_chain: false,
  root_ca_crl: true,
  pck_crl: true,
  tcb_info_issuer_chain: false,
  tcb_info: false,
  tcb_info_signature: true,
  qe_identity_issuer_chain: false,
  qe_identity: false,
  qe_identity_signature: true,
  pck_certificate_chain: false,
}

function checkTypes(input: DcapCollateralInput): void {
  const given: Readonly<Partial<Record<string, unknown>>> = { ...input }
  for (const name in MEMBERS) {
    const bytesToo = MEMBERS[name as keyof DcapCollateralInput]
    const value = given[name]
    if (value === undefined || typeof value === 'string' || (bytesToo && value instanceof Uint8Array)) continue
    throw new TypeError(`collateral.${name}: expected ${bytesToo ? 'text or bytes' : 'text'}`)
  }
}
