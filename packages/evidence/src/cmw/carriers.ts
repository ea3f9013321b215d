import { decodeCbor } from '../cbor/decode.ts'
import { entryOf } from '../cbor/item.ts'
import { readSign1 } from '../cbor/sign1.ts'
import { decodeBase64url } from '../core/base64url.ts'
import { EvidenceError } from '../core/errors.ts'
import { isObject, memberOf, parseStrict, textOf } from '../core/json.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { DerReader, TAG } from '../x509/der.ts'
import { WIDE } from '../x509/wide-algorithms.ts'
import { decodeCmw, fromJson } from './decode.ts'
import type { Cmw } from './message.ts'

/** The extension of a certificate that carries a wrapper: id-pe-cmw. @see draft-ietf-rats-msg-wrap, section 5 */
export const CMW_EXTENSION = '1.3.6.1.5.5.7.1.35'

/**
 * The wrapper in a certificate's extension; undefined when it has none. The certificate is not verified.
 *
 * @param der one DER certificate
 * @throws EvidenceError
 */
export function cmwOfCertificate(der: Uint8Array): Cmw | undefined {
  const extension = parseCertificate(der, [], WIDE).extensions.get(CMW_EXTENSION)
  if (extension === undefined) return undefined
  const r = new DerReader(extension.value, 'certificate.cmw')
  const json = r.peek() === TAG.utf8String
  const content = r.content(r.element(json ? TAG.utf8String : TAG.octetString, 'value'))
  r.finish('value')
  const first = content[0] ?? 0
  if (json !== (first === 0x5b || first === 0x7b))
    throw r.error('malformed', 'the other encoding', 'JSON in a UTF8String, CBOR in an OCTET STRING', 'value')
  return decodeCmw(content, 'certificate.cmw')
}

/** A content type of a protected header: media type, or the content formats of none yet. */
const CONTENT_TYPES: readonly string[] = ['application/cmw+cbor', 'application/cmw+json', 'application/cmw']

/**
 * The wrapper in a COSE_Sign1 whose protected header says that there is one; undefined for any other
 * bytes. The signature is not checked: it is for whoever knows the key.
 *
 * @throws EvidenceError when the header says so, and the payload is something else
 * @see draft-ietf-rats-msg-wrap, section 4
 */
export function cmwOfSign1(bytes: Uint8Array): Cmw | undefined {
  const cose = sign1Of(bytes)
  const type = cose === undefined ? undefined : entryOf(cose.headers, 3)
  if (cose === undefined || type?.type !== 'text' || !CONTENT_TYPES.includes(type.value)) return undefined
  return decodeCmw(cose.payload, 'COSE_Sign1.payload')
}

function sign1Of(bytes: Uint8Array): ReturnType<typeof readSign1> | undefined {
  if (bytes[0] !== 0xd2 && bytes[0] !== 0x84) return undefined
  try {
    return readSign1(bytes, decodeCbor(bytes, { field: 'COSE_Sign1', maxItems: 64 }), 'COSE_Sign1')
  } catch (error) {
    // Some other evidence in COSE: its own parser says what is wrong with it.
    if (error instanceof EvidenceError) return undefined
    throw error
  }
}

/**
 * The wrapper in a JWS in compact form: its payload, where `cty` says so, or the claim `cmw`; undefined
 * for any other text. The signature is not checked.
 *
 * @throws EvidenceError when the header says so, and the payload is something else
 */
export function cmwOfJws(text: string): Cmw | undefined {
  const [head, body] = text.trim().split('.')
  if (head === undefined || body === undefined || body.length > MAX_TEXT) return undefined
  const header = jsonOf(head)
  const cty = header === undefined ? undefined : textOf(header, 'cty')
  const type = cty === undefined || cty.includes('/') ? cty : `application/${cty}`
  if (type !== undefined && CONTENT_TYPES.includes(type))
    return decodeCmw(decodeBase64url(body, 'JWS.payload'), 'JWS.payload')
  const claim = memberOf(jsonOf(body), 'cmw')
  return claim === undefined ? undefined : fromJson(claim, 'JWT.cmw')
}

const MAX_TEXT = 1_000_000

function jsonOf(part: string): ReturnType<typeof parseStrict> | undefined {
  try {
    const value = parseStrict(new TextDecoder('utf-8', { fatal: true }).decode(decodeBase64url(part, 'JWS')), 'JWS')
    return isObject(value) ? value : undefined
  } catch {
    // No JSON, or no UTF-8: then it carries no wrapper.
    return undefined
  }
}
