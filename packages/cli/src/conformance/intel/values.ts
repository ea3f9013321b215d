import type { DcapCollateral, PlatformCertificate, Quote } from '@sekisho/evidence/sgx'
import { decodeSgxAttributes, type EnclaveReport, readPlatformCertificate } from '@sekisho/evidence/sgx'
import { decodeTdAttributes, type TdReport } from '@sekisho/evidence/tdx'
import type { JsonValue } from '../case.ts'
import { hex } from '../values.ts'

/** Either kind of quote. */
export type AnyQuote =
  | { readonly tee: 'sgx'; readonly quote: Quote<EnclaveReport> }
  | { readonly tee: 'tdx'; readonly quote: Quote<TdReport> }

type Values = Record<string, JsonValue>

/** Header of a quote, as cases list it. */
export function headerValues({ quote }: AnyQuote): JsonValue {
  const { header, bodyKind } = quote
  const teeType = new Uint8Array(4)
  new DataView(teeType.buffer).setUint32(0, header.teeType, true)
  return {
    ...plain(header),
    teeType: hex(teeType),
    ...(header.version === 5 ? { bodyType: bodyKind.type, bodySize: bodyKind.size } : {}),
  }
}

/** Body, PCK certificate and Quoting Enclave, as cases list them. */
export function fieldValues({ quote }: AnyQuote, collateral: DcapCollateral): JsonValue {
  const { qe, certification, header, qeAuthData } = quote
  const pck = readPlatformCertificate(quote, collateral)
  return {
    ...plain(quote.body),
    ...(pck?.extensions === undefined ? {} : { fmspc: hex(pck.extensions.fmspc), pck: pckValues(pck) }),
    qe: { ...plain(qe), authDataLength: qeAuthData.length },
    certificationDataType: certification.type,
    outerCertificationDataType: header.version === 3 ? null : 6,
  }
}

/** Flags by name, as cases list them. */
export function flagValues(any: AnyQuote): JsonValue {
  if (any.tee === 'tdx') {
    const { reserved: _reserved, ...flags } = decodeTdAttributes(any.quote.body.tdAttributes)
    return flags
  }
  const { reserved: _reserved, xfrm: _xfrm, ...flags } = decodeSgxAttributes(any.quote.body.attributes)
  return flags
}

function pckValues({ serial, issuer, notBefore, notAfter, extensions }: PlatformCertificate): JsonValue {
  if (extensions === undefined) return {}
  const { tcbComponents, configuration, ppid, pceSvn, cpuSvn, pceId, fmspc, sgxType, platformInstanceId } = extensions
  return {
    ...plain({ ppid, pceSvn, cpuSvn, pceId, fmspc, sgxType }),
    ...(platformInstanceId === undefined ? {} : { platformInstanceId: hex(platformInstanceId) }),
    tcbComponents: [...tcbComponents],
    ...(configuration === undefined
      ? {}
      : {
          configuration: {
            dynamicPlatform: configuration.dynamicPlatform ?? null,
            cachedKeys: configuration.cachedKeys ?? null,
            smtEnabled: configuration.smtEnabled ?? null,
          },
        }),
    ca: issuer.includes('Platform') ? 'platform' : issuer.includes('Processor') ? 'processor' : null,
    // Cases write serial numbers as numbers: without leading zeros.
    serial: serial.replace(/^0+(?=.)/, ''),
    notBefore,
    notAfter,
  }
}

function plain(values: object): Values {
  const found: Values = {}
  for (const [name, value] of Object.entries(values)) {
    if (value instanceof Uint8Array) found[name] = hex(value)
    else if (typeof value === 'number') found[name] = value
  }
  return found
}
