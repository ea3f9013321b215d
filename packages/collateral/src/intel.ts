import { type TrustAnchor, toHex } from '@sekisho/evidence'
import { intersection } from './anchors.ts'
import { checkDocument, checkPckCrl, checkRootCrl, type IssuedCrl, type SignedDocument } from './intel-answers.ts'
import type { Obtain, Part } from './obtain.ts'
import { below } from './origins.ts'
import { checkPckCertificate } from './pck-certificate.ts'
import { bad, isRecord } from './reading.ts'
import type { IntelCollateral, IntelRequest, IntelTee, PckCa, PckCertificate, PckRequest } from './types.ts'
import type { CertificateFacts } from './x509.ts'

/** One row of Intel's list of TCB evaluation data numbers. Times are ISO 8601. */
export interface EvaluationNumber {
  readonly tcbEvaluationDataNumber: number
  readonly tcbRecoveryEventDate: string
  readonly tcbDate: string
}

/** A PCS or PCCS, as configured. */
export interface IntelService {
  readonly kind: 'pcs' | 'pccs'
  readonly base: URL
  /** Where the root CA CRL is; a PCCS serves it itself. */
  readonly rootCrl: URL
  readonly subscriptionKey: string | undefined
  readonly anchors: readonly TrustAnchor[]
}

const MAX_DOCUMENT = 1024 * 1024
const MAX_CRL = 4 * 1024 * 1024
const MAX_CERTIFICATE = 64 * 1024
const DAY_MS = 86_400_000
const TCB_CHAIN = ['tcb-info-issuer-chain', 'sgx-tcb-info-issuer-chain']
const QE_CHAIN = ['sgx-enclave-identity-issuer-chain']
const NUMBERS_CHAIN = ['tcb-evaluation-data-numbers-issuer-chain']

/**
 * Fetches the collateral of one Intel platform: both CRLs, TCB Info and QE identity.
 * @throws TypeError when the request is not well-formed; CollateralError
 * @see PCS API documentation, version 4
 */
export async function intelCollateral(
  request: IntelRequest,
  service: IntelService,
  obtain: Obtain,
): Promise<IntelCollateral> {
  const wanted = normalised(request)
  const { tee, fmspc, ca, update } = wanted
  const [pckCrl, tcbInfo, qeIdentity] = await together([
    obtain(pckCrlPart(ca, service)),
    obtain(tcbInfoPart(wanted, service)),
    obtain(qeIdentityPart(wanted, service)),
  ])
  const root = pckCrl.value.issuers.at(-1)
  if (root === undefined) throw bad('the CRL has no issuer')
  const rootCrl = await obtain(rootCrlPart(root, service))
  return {
    tee,
    fmspc,
    ca,
    ...(update === undefined ? {} : { update }),
    tcbEvaluationDataNumber: {
      tcbInfo: evaluationNumber(tcbInfo.value),
      qeIdentity: evaluationNumber(qeIdentity.value),
    },
    window: intersection([pckCrl, tcbInfo, qeIdentity, rootCrl]),
    collateral: {
      pck_crl_issuer_chain: pckCrl.value.chain,
      root_ca_crl: toHex(rootCrl.value.der),
      pck_crl: toHex(pckCrl.value.der),
      tcb_info_issuer_chain: tcbInfo.value.chain,
      tcb_info: tcbInfo.value.text,
      tcb_info_signature: tcbInfo.value.signature,
      qe_identity_issuer_chain: qeIdentity.value.chain,
      qe_identity: qeIdentity.value.text,
      qe_identity_signature: qeIdentity.value.signature,
    },
  }
}

// Waits for all before it fails: no request is left running behind the caller's back, and the first part's error counts.
async function together<A, B, C>(work: readonly [Promise<A>, Promise<B>, Promise<C>]): Promise<[A, B, C]> {
  await Promise.allSettled(work)
  return Promise.all(work)
}

/**
 * Fetches the PCK certificate of a platform whose quote names it by ids (certification data of types 1 to 3).
 * @throws TypeError when the request is not well-formed; CollateralError
 */
export async function pckCertificate(
  request: PckRequest,
  service: IntelService,
  obtain: Obtain,
): Promise<PckCertificate> {
  const { value } = await obtain(pckPart(request, service))
  return value
}

/** TCB evaluation data numbers that the service offers for `tee`, highest first. */
export async function evaluationNumbers(
  tee: IntelTee,
  service: IntelService,
  obtain: Obtain,
): Promise<readonly EvaluationNumber[]> {
  const { value } = await obtain<readonly EvaluationNumber[]>({
    what: `${tee.toUpperCase()} TCB evaluation data numbers`,
    url: below(service.base, `/${tee}/certification/v4/tcbevaluationdatanumbers`),
    maxBytes: MAX_DOCUMENT,
    keep: NUMBERS_CHAIN,
    freshMs: DAY_MS,
    dated: true,
    check: (answer) => {
      const {
        value: document,
        from,
        to,
      } = checkDocument(answer, 'tcbEvaluationDataNumbers', NUMBERS_CHAIN, service.anchors)
      return { value: readNumbers(document.content, tee), from, to }
    },
  })
  return value
}

function pckCrlPart(ca: PckCa, { base, anchors }: IntelService): Part<IssuedCrl> {
  return {
    what: `CRL of the PCK ${ca} CA`,
    url: below(base, '/sgx/certification/v4/pckcrl', { ca, encoding: 'der' }),
    maxBytes: MAX_CRL,
    keep: ['sgx-pck-crl-issuer-chain'],
    freshMs: DAY_MS,
    dated: true,
    check: (answer) => checkPckCrl(answer, ca, anchors),
  }
}

function rootCrlPart(root: CertificateFacts, { kind, base, rootCrl }: IntelService): Part<IssuedCrl> {
  return {
    what: 'CRL of the Intel SGX root CA',
    url: kind === 'pccs' ? below(base, '/sgx/certification/v4/rootcacrl') : rootCrl,
    maxBytes: MAX_CRL,
    keep: [],
    freshMs: DAY_MS,
    dated: true,
    check: (answer) => checkRootCrl(answer, root),
  }
}

function tcbInfoPart(request: IntelRequest, { base, anchors }: IntelService): Part<SignedDocument> {
  const { tee, fmspc } = request
  return {
    what: `${tee.toUpperCase()} TCB info of ${fmspc}`,
    url: below(base, `/${tee}/certification/v4/tcb`, { fmspc, ...channel(request) }),
    maxBytes: MAX_DOCUMENT,
    keep: TCB_CHAIN,
    freshMs: DAY_MS,
    dated: true,
    check: (answer) => {
      const checked = checkDocument(answer, 'tcbInfo', TCB_CHAIN, anchors)
      const { id, version, fmspc: found } = checked.value.content
      // Version 2, which the older API still serves, has no id and is of SGX.
      if (id !== tee.toUpperCase() && !(version === 2 && tee === 'sgx')) throw bad('a TCB info of another TEE')
      if (typeof found !== 'string' || found.toLowerCase() !== fmspc) throw bad('a TCB info of another FMSPC')
      expectNumber(checked.value, request)
      return checked
    },
  }
}

function qeIdentityPart(request: IntelRequest, { base, anchors }: IntelService): Part<SignedDocument> {
  const { tee } = request
  return {
    what: `${tee === 'tdx' ? 'TD QE' : 'QE'} identity`,
    url: below(base, `/${tee}/certification/v4/qe/identity`, channel(request)),
    maxBytes: MAX_DOCUMENT,
    keep: QE_CHAIN,
    freshMs: DAY_MS,
    dated: true,
    check: (answer) => {
      const checked = checkDocument(answer, 'enclaveIdentity', QE_CHAIN, anchors)
      if (checked.value.content['id'] !== (tee === 'tdx' ? 'TD_QE' : 'QE')) throw bad('an identity of another enclave')
      expectNumber(checked.value, request)
      return checked
    },
  }
}

function pckPart(request: PckRequest, { kind, base, subscriptionKey, anchors }: IntelService): Part<PckCertificate> {
  const { encryptedPpid, cpuSvn, pceSvn, pceId, qeId } = request
  const ids = {
    ...(encryptedPpid === undefined ? {} : { encrypted_ppid: hexOf(encryptedPpid, 'encryptedPpid') }),
    cpusvn: hexOf(cpuSvn, 'cpuSvn', 16),
    pcesvn: littleEndian(pceSvn),
    pceid: hexOf(pceId, 'pceId', 2),
    ...(kind === 'pccs' && qeId !== undefined ? { qeid: hexOf(qeId, 'qeId', 16) } : {}),
  }
  return {
    what: 'PCK certificate of the platform',
    url: below(base, '/sgx/certification/v4/pckcert', ids),
    maxBytes: MAX_CERTIFICATE,
    keep: ['sgx-pck-certificate-issuer-chain', 'sgx-fmspc'],
    ...(subscriptionKey === undefined ? {} : { secrets: { 'ocp-apim-subscription-key': subscriptionKey } }),
    freshMs: DAY_MS,
    check: (answer) => checkPckCertificate(answer, request, anchors),
  }
}

function normalised(request: IntelRequest): IntelRequest {
  const { tee, ca, update, tcbEvaluationDataNumber: number } = request
  if (tee !== 'sgx' && tee !== 'tdx') throw new TypeError('`tee` must be sgx or tdx')
  if (ca !== 'platform' && ca !== 'processor') throw new TypeError('`ca` must be platform or processor')
  if (update !== undefined && number !== undefined)
    throw new TypeError('`update` and `tcbEvaluationDataNumber` exclude each other')
  if (number !== undefined && !(Number.isSafeInteger(number) && number > 0))
    throw new TypeError('`tcbEvaluationDataNumber` must be a positive integer')
  return { ...request, fmspc: hexOf(request.fmspc, 'fmspc', 6) }
}

function channel({ update, tcbEvaluationDataNumber }: IntelRequest): Readonly<Record<string, string>> {
  if (tcbEvaluationDataNumber !== undefined) return { tcbEvaluationDataNumber: String(tcbEvaluationDataNumber) }
  return update === undefined ? {} : { update }
}

function expectNumber(document: SignedDocument, { tcbEvaluationDataNumber }: IntelRequest): void {
  const found = evaluationNumber(document)
  if (tcbEvaluationDataNumber !== undefined && found !== tcbEvaluationDataNumber)
    throw bad(`evaluation data number ${found}`)
}

function evaluationNumber({ content }: SignedDocument): number {
  const { tcbEvaluationDataNumber: number } = content
  if (!Number.isSafeInteger(number)) throw bad('no evaluation data number')
  return number as number
}

function readNumbers(content: Readonly<Record<string, unknown>>, tee: IntelTee): readonly EvaluationNumber[] {
  const { id, tcbEvalNumbers: rows } = content
  if (id !== tee.toUpperCase() || !Array.isArray(rows)) throw bad('not the evaluation data numbers of this TEE')
  const numbers = rows.map((row: unknown): EvaluationNumber => {
    const { tcbEvaluationDataNumber, tcbRecoveryEventDate, tcbDate } = isRecord(row) ? row : {}
    if (
      !Number.isSafeInteger(tcbEvaluationDataNumber) ||
      typeof tcbRecoveryEventDate !== 'string' ||
      typeof tcbDate !== 'string'
    ) {
      throw bad('a row of evaluation data numbers lacks a value')
    }
    return { tcbEvaluationDataNumber: tcbEvaluationDataNumber as number, tcbRecoveryEventDate, tcbDate }
  })
  return numbers.sort((a, b) => b.tcbEvaluationDataNumber - a.tcbEvaluationDataNumber)
}

function littleEndian(value: number): string {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff)
    throw new TypeError('`pceSvn` must be an integer of two bytes')
  return toHex(Uint8Array.of(value & 0xff, value >> 8))
}

function hexOf(text: string, name: string, bytes?: number): string {
  const lower = text.toLowerCase()
  const fits =
    bytes === undefined
      ? lower.length % 2 === 0 && lower.length > 0 && lower.length <= 1024
      : lower.length === 2 * bytes
  if (!fits || !/^[0-9a-f]*$/.test(lower))
    throw new TypeError(`\`${name}\` must be hexadecimal${bytes === undefined ? '' : ` of ${bytes} bytes`}`)
  return lower
}
