import { type TrustAnchor, toHex } from '@sekisho/evidence'
import { checkChain, intersection, validity } from './anchors.ts'
import { derElement, derElements, derInteger } from './der.ts'
import { issuerChain } from './intel-answers.ts'
import type { Answer, Checked } from './obtain.ts'
import { bad, utf8 } from './reading.ts'
import type { PckCa, PckCertificate, PckRequest } from './types.ts'
import { type CertificateFacts, readPemChain } from './x509.ts'

/** Values of the SGX extension that tell which platform a PCK certificate is of. Hex in lower case. */
export interface PckFacts {
  readonly fmspc: string
  readonly pceId: string
  readonly pceSvn: number
  readonly ca: PckCa
}

const SGX_EXTENSION = '1.2.840.113741.1.13.1'
// The same arc as it stands in DER, for the OIDs inside of the extension.
const SGX_ARC = '2a864886f84d010d01'

/**
 * Reads the SGX extension of a PCK certificate.
 * @throws Error when there is none or it is malformed
 * @see Intel SGX PCK Certificate and CRL Profile Specification, section 1.3.5
 */
export function readPckFacts(leaf: CertificateFacts): PckFacts {
  const extension = leaf.extensions.get(SGX_EXTENSION)
  if (extension === undefined) throw bad('the certificate has no SGX extension')
  const values = new Map<string, Uint8Array>()
  for (const pair of derElements(derElement(extension, 0x30).content)) {
    const [oid, value] = derElements(pair.content)
    if (oid !== undefined && value !== undefined) values.set(toHex(oid.content), value.content)
  }
  return {
    fmspc: toHex(sized(values.get(`${SGX_ARC}04`), 6)),
    pceId: toHex(sized(values.get(`${SGX_ARC}03`), 2)),
    pceSvn: readPceSvn(values.get(`${SGX_ARC}02`)),
    ca: leaf.issuer.includes('SGX PCK Processor CA') ? 'processor' : 'platform',
  }
}

function readPceSvn(tcb: Uint8Array | undefined): number {
  for (const pair of derElements(tcb ?? new Uint8Array())) {
    const [oid, value] = derElements(pair.content)
    if (oid !== undefined && value !== undefined && toHex(oid.content) === `${SGX_ARC}0211`)
      return derInteger(value.content)
  }
  throw bad('the SGX extension has no PCESVN')
}

function sized(value: Uint8Array | undefined, length: number): Uint8Array {
  if (value?.length !== length) throw bad('the SGX extension lacks a value')
  return value
}

/**
 * Checks the answer to a request for a PCK certificate: signed by a PCK CA under a pinned root, of the PCE that was
 * asked for, not of a higher PCE version, and of the FMSPC that the service says. Whether it is the certificate
 * of the very platform only the quote can tell: its QE report must verify with it.
 *
 * @see PCS API documentation, version 4, Get PCK Certificate
 */
export function checkPckCertificate(
  answer: Answer,
  request: PckRequest,
  anchors: readonly TrustAnchor[],
): Checked<PckCertificate> {
  const pem = `${utf8(answer.body).trim()}\n${issuerChain(answer, ['sgx-pck-certificate-issuer-chain'])}`
  const chain = readPemChain(pem)
  checkChain(chain, ['SGX PCK Certificate', 'SGX PCK ', 'Intel SGX Root CA'], anchors)
  const [leaf] = chain
  if (leaf === undefined) throw bad('no certificate')
  const facts = readPckFacts(leaf)
  const said = answer.headers['sgx-fmspc']?.toLowerCase()
  if (said !== undefined && said !== facts.fmspc) throw bad('the certificate is of another FMSPC than the service says')
  if (facts.pceId !== request.pceId.toLowerCase()) throw bad('the certificate is of another PCE')
  if (facts.pceSvn > request.pceSvn) throw bad('the certificate is of a higher PCESVN than the platform has')
  const window = intersection(validity(chain))
  return { value: { chain: pem, fmspc: facts.fmspc, ca: facts.ca, window }, ...window }
}
