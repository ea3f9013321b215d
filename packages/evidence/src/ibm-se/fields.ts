import { toHex } from '../core/bytes.ts'
import { type Field, fieldPlacer } from '../core/fields.ts'
import { isoTime } from '../core/time.ts'
import { isSeExchange, parseSeExchange, SE_EXCHANGE_PARTS } from './exchange.ts'
import { parseSeHeader, type SeHeader, sePlainFlags } from './header.ts'
import { isSeJson, parseSeKbs, type SeKbsAnswer } from './kbs.ts'
import { SE_HEADER_MAGIC } from './magic.ts'
import { parseSeRequest, type SeRequest, seRequestFlags } from './request.ts'
import { parseHostKeyDocument } from './verify.ts'

const SOURCE = 'IBM Secure Execution for Linux'
const placed = /* @__PURE__ */ fieldPlacer(SOURCE)

/** Every field of a container, request, header or host key document. @throws EvidenceError when it cannot be read */
export function ibmSeFields(evidence: Uint8Array): readonly Field[] {
  if (startsWith(evidence, SE_HEADER_MAGIC)) return headerFields(parseSeHeader(evidence))
  if (isSeExchange(evidence)) return exchangeFields(evidence)
  if (evidence[0] === 0x30 || evidence[0] === 0x2d) return documentFields(evidence)
  if (isSeJson(evidence)) return answerFields(parseSeKbs(evidence))
  return requestFields(parseSeRequest(evidence), 0)
}

function answerFields({ measurement, additional, userData, configUid }: SeKbsAnswer): readonly Field[] {
  const parts = Object.entries({ measurement, additional, userData, configUid })
  return parts.map(([name, bytes]) => ({
    path: `answer.${name}`,
    value: bytes === undefined ? 'absent' : toHex(bytes),
    source: 'KBS protocol, section 6',
  }))
}

function startsWith(bytes: Uint8Array, magic: Uint8Array): boolean {
  return magic.every((byte, i) => bytes[i] === byte)
}

function exchangeFields(evidence: Uint8Array): readonly Field[] {
  const { entries, kind } = parseSeExchange(evidence)
  const fields: Field[] = [{ path: 'exchange.kind', value: kind, source: SOURCE }]
  for (const name of SE_EXCHANGE_PARTS) {
    const { bytes, offset, size } = entries[name]
    if (bytes === undefined)
      fields.push({ path: `exchange.${name}`, value: size === 0 ? 'absent' : `${size} bytes expected`, source: SOURCE })
    else if (name !== 'request') fields.push(placed(`exchange.${name}`, offset, bytes))
  }
  const request = entries.request
  return request.bytes === undefined
    ? fields
    : [...fields, ...requestFields(parseSeRequest(request.bytes), request.offset)]
}

function requestFields(request: SeRequest, start: number): readonly Field[] {
  const { slots, encrypted } = request
  const end = start + 224 + 80 * slots.length
  return [
    placed('request.iv', start + 16, request.iv),
    {
      path: 'request.flags',
      offset: start + 48,
      length: 8,
      value: `0x${request.flags.toString(16).padStart(16, '0')}`,
      source: SOURCE,
    },
    ...Object.entries(seRequestFlags(request.flags)).map(
      ([name, value]): Field => ({ path: `request.flags.${name}`, value, source: SOURCE }),
    ),
    {
      path: 'request.measurementAlgorithm',
      offset: start + 56,
      length: 4,
      value: request.measurementAlgorithm,
      meaning: 'HMAC-SHA-512',
      source: SOURCE,
    },
    placed('request.customerKey', start + 64, request.customerKey, 'x and y, padded to 80 bytes each'),
    ...slots.map((slot, i) => placed(`request.keySlots[${i}].hostKeyHash`, start + 224 + 80 * i, slot.hostKeyHash)),
    placed('request.encrypted', end, encrypted),
    placed('request.tag', end + encrypted.length, request.tag),
  ]
}

function headerFields(header: SeHeader): readonly Field[] {
  const end = 0x1a0 + 80 * header.slots.length
  return [
    placed('header.iv', 0x10, header.iv),
    {
      path: 'header.pages',
      offset: 0x30,
      length: 8,
      value: header.pages.toString(),
      meaning: 'encrypted pages',
      source: SOURCE,
    },
    {
      path: 'header.pcf',
      offset: 0x38,
      length: 8,
      value: `0x${header.pcf.toString(16).padStart(16, '0')}`,
      source: SOURCE,
    },
    ...Object.entries(sePlainFlags(header.pcf)).map(
      ([name, value]): Field => ({ path: `header.pcf.${name}`, value, source: SOURCE }),
    ),
    placed('header.customerKey', 0x40, header.customerKey),
    placed('header.pld', 0xe0, header.pld, 'digest of page contents'),
    placed('header.ald', 0x120, header.ald, 'digest of page addresses'),
    placed('header.tld', 0x160, header.tld, 'digest of tweaks'),
    ...header.slots.map((slot, i) => placed(`header.keySlots[${i}].hostKeyHash`, 0x1a0 + 80 * i, slot.hostKeyHash)),
    placed('header.encrypted', end, header.encrypted),
    placed('header.tag', end + header.encrypted.length, header.tag),
  ]
}

function documentFields(evidence: Uint8Array): readonly Field[] {
  const { certificate } = parseHostKeyDocument(evidence)
  return [
    { path: 'hostKeyDocument.subject', value: (certificate.subject.commonName ?? '').slice(0, 256), source: SOURCE },
    { path: 'hostKeyDocument.serial', value: certificate.serial, source: SOURCE },
    { path: 'hostKeyDocument.notBefore', value: isoTime(certificate.notBefore), source: SOURCE },
    { path: 'hostKeyDocument.notAfter', value: isoTime(certificate.notAfter), source: SOURCE },
    {
      path: 'hostKeyDocument.publicKey',
      value: toHex(certificate.key?.bytes ?? new Uint8Array(0)),
      meaning: 'x, then y',
      source: SOURCE,
    },
  ]
}
