import { concat, le, utf8 } from '@sekisho/emulator/kit'
import type { Quote } from '../../src/dcap/quote.ts'
import { pemOf, pemParts } from './pem.ts'
import { inRow, type Region } from './target.ts'

/**
 * The regions of a quote.
 *
 * @param ownChain true when the PCK chain inside the quote is the one that is verified
 * @see Intel SGX ECDSA Quote Library API, appendix A.4; Intel TDX DCAP Quoting Library API, appendix A.3
 */
export function quoteRegions(quote: Quote<unknown>, tee: 'sgx' | 'tdx', ownChain: boolean): readonly Region[] {
  const { header, bodyBytes, qeAuthData, padding } = quote
  const signature = [`${tee}.quote.signature`]
  // A changed length or kind moves everything behind it: the reader then stumbles there.
  const anywhere = ['header', 'bodyDescriptor', 'body', 'signature', 'attestationKey', 'qe', 'certificationData']
  const framing = { checks: [`${tee}.quote.`, `${tee}.qe.`, `${tee}.pck.`], errors: anywhere }
  return inRow(
    { name: 'version', length: 2, ...framing },
    { name: 'attestation key type', length: 2, checks: [], errors: ['header.attestationKeyType', 'header'] },
    { name: 'TEE type', length: 4, checks: [], errors: ['header.teeType', 'header'] },
    { name: 'QE and PCE SVN', length: 4, checks: signature, errors: ['header'] },
    { name: 'QE vendor id', length: 16, checks: [`${tee}.quote.qe-vendor`], errors: ['header'] },
    { name: 'user data', length: 20, checks: signature, errors: ['header'] },
    { name: 'body descriptor', length: header.version === 5 ? 6 : 0, ...framing },
    { name: 'body', length: bodyBytes.length, checks: signature, errors: ['body'] },
    { name: 'length of the signature section', length: 4, ...framing },
    { name: 'quote signature', length: 64, checks: signature, errors: ['signature'] },
    { name: 'attestation key', length: 64, checks: [`${tee}.qe.report-data`], errors: ['signatureData'] },
    { name: 'outer certification header', length: header.version === 3 ? 0 : 6, ...framing },
    { name: 'QE report', length: 384, checks: [`${tee}.qe.report-signature`], errors: ['signatureData'] },
    { name: 'QE report signature', length: 64, checks: [`${tee}.qe.report-signature`], errors: ['signatureData'] },
    { name: 'length of the QE authentication data', length: 2, ...framing },
    {
      name: 'QE authentication data',
      length: qeAuthData.length,
      checks: [`${tee}.qe.report-data`],
      errors: ['signatureData'],
    },
    { name: 'certification header', length: 6, ...framing },
    certificationRegion(quote, ownChain),
    {
      name: 'padding',
      length: padding.length,
      checks: [],
      unsigned: 'it follows the signature section; nobody signs it, and a note shows it',
    },
  )
}

function certificationRegion(
  { certification: { data, type } }: Quote<unknown>,
  ownChain: boolean,
): Omit<Region, 'from' | 'to'> & { readonly length: number } {
  const row = { name: 'certification data', length: data.length, checks: [], errors: ['signatureData'] }
  if (ownChain) return { ...row, elsewhere: 'PEM: its certificates are damaged as DER, in targets of their own' }
  return {
    ...row,
    unsigned: `the collateral brings the PCK chain, which goes before certification data of type ${type}`,
  }
}

/** The PEM text inside a quote: armour, line ends and base64. Damage that leaves the certificates the same may be accepted. */
export function chainTextRegions(quote: Quote<unknown>, bytes: Uint8Array, tee: 'sgx' | 'tdx'): readonly Region[] {
  const start = quote.qeReportOffset + 384 + 64 + 2 + quote.qeAuthData.length + 6
  const { length } = quote.certification.data
  const chain = pemOf(quoteChain(quote))
  const elsewhere = 'damaged as a quote'
  const neutral = (damaged: Uint8Array): boolean =>
    pemOf(pemParts(Buffer.from(damaged.subarray(start, start + length)).toString('latin1'))) === chain
  return inRow(
    { name: 'before the chain', length: start, checks: [], elsewhere },
    { name: 'PEM text', length, checks: [`${tee}.pck.`], errors: ['signatureData'], neutral },
    { name: 'behind the chain', length: bytes.length - start - length, checks: [], elsewhere },
  )
}

/** Certificates of the PCK chain inside a quote. */
export function quoteChain({ certification }: Quote<unknown>): readonly Uint8Array[] {
  return pemParts(Buffer.from(certification.data).toString('latin1'))
}

/** The quote `bytes` with another PCK chain, and the lengths around it put right. */
export function withChain(quote: Quote<unknown>, bytes: Uint8Array, chain: readonly Uint8Array[]): Uint8Array {
  const { header, qeReportOffset, qeAuthData, bodyOffset, bodyBytes } = quote
  const data = concat(utf8(pemOf(chain)), Uint8Array.of(0))
  const inner = concat(
    bytes.subarray(qeReportOffset, qeReportOffset + 450 + qeAuthData.length),
    le(5, 2),
    le(data.length, 4),
    data,
  )
  const outer = header.version === 3 ? inner : concat(le(6, 2), le(inner.length, 4), inner)
  const section = bodyOffset + bodyBytes.length
  const keys = bytes.subarray(section + 4, section + 4 + 128)
  return concat(bytes.subarray(0, section), le(keys.length + outer.length, 4), keys, outer)
}
