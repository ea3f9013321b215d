import { toHex } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import type { Field } from '../core/fields.ts'
import { isoTime } from '../core/time.ts'
import { CertificatePool, PCK_CHAIN } from './certificates.ts'
import { ENCLAVE_REPORT } from './enclave-report.ts'
import { type Layout, sizeOf } from './layout.ts'
import { parsePckExtensions, SGX_TYPES } from './pck.ts'
import { QUOTE_HEADER, type Quote } from './quote.ts'

/** Meanings of fields by name. */
export type Meanings = Readonly<Record<string, string>>

const APPENDIX = 'Intel TDX DCAP Quote Generation Library and Quote Verification Library, appendix A.3'

const HEADER_MEANINGS: Meanings = {
  attestationKeyType: '2 is ECDSA with P-256',
  teeType: '0 is SGX, 129 is TDX',
  qeSvn: 'SVN of the Quoting Enclave; reserved from format 4 on',
  pceSvn: 'SVN of the Provisioning Certification Enclave; reserved from format 4 on',
  qeVendorId: "939a7233f79c4ca9940a0db3957f0607 is Intel's Quoting Enclave",
  userData: 'the first 16 bytes are the QE id of the platform',
}

/** Meanings of an enclave report's fields. */
export const ENCLAVE_MEANINGS: Meanings = {
  cpuSvn: 'SVNs of the processor, opaque',
  miscSelect: 'extended information in the SSA frame',
  isvExtProdId: 'extended product id, by the signer (KSS)',
  attributes: 'flags, then XFRM',
  mrEnclave: "measurement of the enclave's code and data",
  mrSigner: 'digest of the key that signed the enclave',
  configId: 'configuration, by whoever launches the enclave (KSS)',
  isvProdId: 'product id, by the signer',
  isvSvn: 'security version, by the signer',
  configSvn: 'version of the configuration (KSS)',
  isvFamilyId: 'product family, by the signer (KSS)',
  reportData: '64 bytes chosen by the enclave',
}

/** Every field of a layout, in order of offset. */
export function layoutFields(
  prefix: string,
  layout: Layout,
  values: object,
  start: number,
  source: string,
  meanings: Meanings,
): readonly Field[] {
  const known = new Map<string, unknown>(Object.entries(values))
  let next = start
  return Object.entries(layout).map(([name, slot]) => {
    const offset = next
    const length = sizeOf(slot)
    next += length
    const value = known.get(name)
    const meaning = meanings[name]
    return {
      path: `${prefix}.${name}`,
      offset,
      length,
      value: value instanceof Uint8Array ? toHex(value) : Number(value),
      ...(meaning === undefined ? {} : { meaning }),
      source,
    }
  })
}

/** One field a flag. */
export function flagFields(prefix: string, flags: object): readonly Field[] {
  return Object.entries(flags).flatMap(([name, value]): readonly Field[] => {
    if (typeof value === 'boolean') return [{ path: `${prefix}.${name}`, value }]
    return Array.isArray(value) && value.length > 0
      ? [{ path: `${prefix}.${name}`, value: value.join(', '), meaning: 'bits whose meaning is unknown' }]
      : []
  })
}

/** Fields of a quote around its body: `before` and `after` it. */
export function quoteFields(quote: Quote<unknown>): {
  readonly before: readonly Field[]
  readonly after: readonly Field[]
} {
  const { header, bodyKind } = quote
  const descriptor: readonly Field[] =
    header.version === 5
      ? [
          { path: 'body.type', offset: 48, length: 2, value: bodyKind.type, meaning: bodyKind.name, source: APPENDIX },
          { path: 'body.size', offset: 50, length: 4, value: bodyKind.size, source: APPENDIX },
        ]
      : []
  return {
    before: [...layoutFields('header', QUOTE_HEADER, header, 0, APPENDIX, HEADER_MEANINGS), ...descriptor],
    after: [...signatureFields(quote), ...pckFields(quote), ...paddingFields(quote)],
  }
}

function signatureFields(quote: Quote<unknown>): readonly Field[] {
  const start = quote.bodyOffset + quote.bodyKind.size
  const qe = quote.qeReportOffset
  const at = {
    signature: start + 4,
    key: start + 68,
    qeSignature: qe + 384,
    auth: qe + 448,
    certification: qe + 450 + quote.qeAuthData.length,
  }
  const bytes = (path: string, offset: number, value: Uint8Array, meaning: string): Field => ({
    path,
    offset,
    length: value.length,
    value: toHex(value),
    meaning,
    source: APPENDIX,
  })
  const outer: readonly Field[] =
    quote.header.version === 3
      ? []
      : [
          {
            path: 'signature.certificationData.type',
            offset: start + 132,
            length: 2,
            value: 6,
            meaning: 'QE report certification data',
            source: APPENDIX,
          },
        ]
  const { type, data } = quote.certification
  return [
    {
      path: 'signature.length',
      offset: start,
      length: 4,
      value: at.certification + 6 + data.length - at.signature,
      source: APPENDIX,
    },
    bytes(
      'signature.quoteSignature',
      at.signature,
      quote.signature,
      'over header and body, by the attestation key: r, then s',
    ),
    bytes('signature.attestationKey', at.key, quote.attestationKey, 'P-256: x, then y'),
    ...outer,
    ...layoutFields('qe', ENCLAVE_REPORT, quote.qe, qe, 'Intel SDM, volume 3D, section 37.15', {
      ...ENCLAVE_MEANINGS,
      reportData: 'SHA-256 over attestation key and authentication data, then zeros',
    }),
    bytes(
      'signature.qeReportSignature',
      at.qeSignature,
      quote.qeReportSignature,
      "over the QE report, by the platform's PCK: r, then s",
    ),
    bytes('signature.qeAuthData', at.auth + 2, quote.qeAuthData, 'chosen by the Quoting Enclave'),
    {
      path: 'certification.type',
      offset: at.certification,
      length: 2,
      value: type,
      meaning: KINDS[type] ?? 'unknown',
      source: APPENDIX,
    },
    { path: 'certification.length', offset: at.certification + 2, length: 4, value: data.length, source: APPENDIX },
    ...idFields(quote, at.certification + 6),
  ]
}

const KINDS: Readonly<Record<number, string>> = {
  1: 'PPID in plain, CPUSVN, PCESVN, PCE id',
  2: 'PPID encrypted with RSA-2048, CPUSVN, PCESVN, PCE id',
  3: 'PPID encrypted with RSA-3072, CPUSVN, PCESVN, PCE id',
  4: 'PCK certificate in PEM',
  5: 'PCK certificate chain in PEM',
  7: 'platform manifest',
}

function idFields({ certification }: Quote<unknown>, start: number): readonly Field[] {
  if (!('ppid' in certification)) return []
  const { ppid, cpuSvn, pceSvn, pceId } = certification
  return [
    { path: 'certification.ppid', offset: start, length: ppid.length, value: toHex(ppid) },
    { path: 'certification.cpuSvn', offset: start + ppid.length, length: 16, value: toHex(cpuSvn) },
    { path: 'certification.pceSvn', offset: start + ppid.length + 16, length: 2, value: pceSvn },
    { path: 'certification.pceId', offset: start + ppid.length + 18, length: pceId.length, value: toHex(pceId) },
  ]
}

const PROFILE = 'Intel SGX PCK Certificate and CRL Profile Specification, section 1.3.5'

function pckFields({ certification }: Quote<unknown>): readonly Field[] {
  if (certification.type !== 4 && certification.type !== 5) return []
  try {
    const [leaf] = new CertificatePool().parse(new TextDecoder('latin1').decode(certification.data), PCK_CHAIN)
    if (leaf === undefined) return []
    const pck = parsePckExtensions(leaf)
    const field = (name: string, value: Field['value'], meaning?: string): Field => ({
      path: `pck.${name}`,
      value,
      ...(meaning === undefined ? {} : { meaning }),
      source: PROFILE,
    })
    const { configuration, platformInstanceId } = pck
    return [
      field('issuer', leaf.issuer.commonName ?? ''),
      field('serial', leaf.serial),
      field('notBefore', isoTime(leaf.notBefore)),
      field('notAfter', isoTime(leaf.notAfter)),
      field('fmspc', toHex(pck.fmspc), 'family, model, stepping, platform type, custom SKU'),
      field('pceId', toHex(pck.pceId)),
      field('ppid', toHex(pck.ppid), 'id of the platform for provisioning'),
      field('cpuSvn', toHex(pck.cpuSvn)),
      field('pceSvn', pck.pceSvn),
      ...pck.tcbComponents.map((svn, i) => field(`tcbComponents.${i + 1}`, svn)),
      field('sgxType', pck.sgxType, SGX_TYPES[pck.sgxType]),
      ...(platformInstanceId === undefined ? [] : [field('platformInstanceId', toHex(platformInstanceId))]),
      ...flagFields('pck.configuration', configuration ?? {}),
    ]
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return [{ path: 'pck.unreadable', value: error.message }]
  }
}

function paddingFields({ padding, bodyOffset, bodyKind, ...quote }: Quote<unknown>): readonly Field[] {
  if (padding.length === 0) return []
  const offset = bodyOffset + bodyKind.size + 4 + 64 + quote.platformBytes.length
  return [
    {
      path: 'padding.length',
      offset,
      length: padding.length,
      value: padding.length,
      meaning: padding.every((byte) => byte === 0) ? 'all zero; signed by nobody' : 'not all zero; signed by nobody',
    },
  ]
}
