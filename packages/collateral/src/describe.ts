import { readLeafFacts } from './amd.ts'
import { intersection, validity } from './anchors.ts'
import { withoutZero } from './der.ts'
import { crlBytes, readDate } from './intel-answers.ts'
import { parseText } from './json-text.ts'
import { readPckFacts } from './pck-certificate.ts'
import { bad, isRecord } from './reading.ts'
import type { AmdCollateral, IntelCollateral, IntelCollateralInput, PckCa, PckCertificate } from './types.ts'
import { readCertificate, readCrl, readPemChain } from './x509.ts'

/**
 * Reads from Intel collateral what it is for and when it is valid. No signature is checked: what this
 * says is as trustworthy as the collateral, which the verifier judges.
 *
 * @throws Error when a part is missing or cannot be read
 */
export function describeIntel(collateral: IntelCollateralInput): IntelCollateral {
  const tcbInfo = parseDocument(collateral.tcb_info)
  const qeIdentity = parseDocument(collateral.qe_identity)
  const pckCrl = readCrl(withoutZero(crlBytes(Buffer.from(collateral.pck_crl))))
  const rootCrl = readCrl(withoutZero(crlBytes(Buffer.from(collateral.root_ca_crl))))
  const chains = [
    collateral.pck_crl_issuer_chain,
    collateral.tcb_info_issuer_chain,
    collateral.qe_identity_issuer_chain,
  ]
  const { pck_certificate_chain: pckChain } = collateral
  if (pckChain !== undefined) chains.push(pckChain)
  const { id, fmspc } = tcbInfo
  if (id !== undefined && id !== 'SGX' && id !== 'TDX') throw bad('a TCB info of an unknown TEE')
  if (typeof fmspc !== 'string' || !/^[0-9a-fA-F]{12}$/.test(fmspc)) throw bad('a TCB info without FMSPC')
  return {
    tee: id === 'TDX' ? 'tdx' : 'sgx',
    fmspc: fmspc.toLowerCase(),
    ca: pckCaOf(pckCrl.issuer),
    tcbEvaluationDataNumber: { tcbInfo: numberOf(tcbInfo), qeIdentity: numberOf(qeIdentity) },
    window: intersection([
      ...[tcbInfo, qeIdentity].map((document) => ({
        from: readDate(document, 'issueDate'),
        to: readDate(document, 'nextUpdate'),
      })),
      ...[pckCrl, rootCrl].map(({ thisUpdate, nextUpdate }) => ({ from: thisUpdate, to: nextUpdate })),
      ...chains.flatMap((chain) => validity(readPemChain(chain))),
    ]),
    collateral,
  }
}

/** Reads from a PCK chain in PEM which platform model it is of and when it is valid. No signature is checked. @throws Error */
export function describePck(chain: string): PckCertificate {
  const certificates = readPemChain(chain)
  const [leaf] = certificates
  if (leaf === undefined) throw bad('an empty chain')
  const { fmspc, ca } = readPckFacts(leaf)
  return { chain, fmspc, ca, window: intersection(validity(certificates)) }
}

/** Certificates and CRL that endorse SEV-SNP reports, DER. */
export type AmdEndorsements = Pick<AmdCollateral, 'leaf' | 'intermediate' | 'root' | 'crl'>

/**
 * Reads from AMD's certificates which machine they are for and when they are valid. No signature is checked.
 * @throws Error when a part cannot be read
 */
export function describeAmd({ leaf, intermediate, root, crl }: AmdEndorsements): AmdCollateral {
  const [signer, ark] = [readCertificate(intermediate), readCertificate(root)]
  const list = readCrl(crl)
  const certificate = leaf === undefined ? undefined : readCertificate(leaf)
  const facts = certificate === undefined ? undefined : readLeafFacts(certificate)
  const { vlek, product } = signerOf(signer.commonName)
  const certificates = [signer, ark, ...(certificate === undefined ? [] : [certificate])]
  return {
    product,
    vlek,
    ...(facts?.chipId === undefined ? {} : { chipId: facts.chipId }),
    ...(facts?.cspId === undefined ? {} : { cspId: facts.cspId }),
    ...(facts === undefined ? {} : { tcb: facts.tcb }),
    window: intersection([...validity(certificates), { from: list.thisUpdate, to: list.nextUpdate }]),
    ...(leaf === undefined ? {} : { leaf }),
    intermediate,
    root,
    crl,
  }
}

function signerOf(commonName: string): { readonly vlek: boolean; readonly product: string } {
  const match = /^SEV-(VLEK-)?([A-Z][A-Za-z0-9]{1,31})$/.exec(commonName)
  if (match === null) throw bad('not an ASK or ASVK certificate')
  return { vlek: match[1] !== undefined, product: match[2] as string }
}

function pckCaOf(issuer: string): PckCa {
  if (issuer.includes('SGX PCK Platform CA')) return 'platform'
  if (issuer.includes('SGX PCK Processor CA')) return 'processor'
  throw bad('the PCK CRL is of neither PCK CA')
}

function parseDocument(text: string): Readonly<Record<string, unknown>> {
  const value = parseText(text)
  if (!isRecord(value)) throw bad('not a JSON object')
  return value
}

function numberOf({ tcbEvaluationDataNumber: number }: Readonly<Record<string, unknown>>): number {
  if (!Number.isSafeInteger(number) || (number as number) < 0) throw bad('no evaluation data number')
  return number as number
}
