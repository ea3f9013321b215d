import { toHex } from '@sekisho/evidence'
import { type OcspAnswer, parseNvidiaRim, parseOcspResponse } from '@sekisho/evidence/nvidia'
import type { Field } from '../tee/door.ts'
import { nameText, timeText } from './words-of-x509.ts'

// Over the bytes: a byte order mark is three.
const MANIFEST = /^(?:\xef\xbb\xbf)?\s*<(?:\?xml\b[^>]*>\s*<)?(?:[A-Za-z_][\w.-]*:)?SoftwareIdentity[\s>]/

/** Whether bytes begin like a reference integrity manifest: nothing else in XML is read here. */
export function isManifest(bytes: Uint8Array): boolean {
  return MANIFEST.test(Buffer.from(bytes.subarray(0, 1024)).toString('latin1'))
}

/** Fields of a reference integrity manifest; nothing of it is verified. @throws EvidenceError */
export function manifestFields(bytes: Uint8Array): readonly Field[] {
  const rim = parseNvidiaRim(bytes)
  const of = (path: string, value: Field['value'] | undefined, meaning?: string): readonly Field[] =>
    value === undefined ? [] : [{ path: `rim.${path}`, value, ...(meaning === undefined ? {} : { meaning }) }]
  return [
    ...of('tagId', rim.tagId),
    ...of('name', rim.name),
    ...of('colloquialVersion', rim.colloquialVersion, 'of the driver or VBIOS that it describes'),
    ...of('product', rim.product),
    ...of('edition', rim.edition),
    ...of('firmwareManufacturerId', rim.firmwareManufacturerId),
    ...rim.measurements.flatMap(({ index, active, alternatives }) =>
      of(
        `measurements.${index}`,
        alternatives.map(toHex).join(' or '),
        active ? `compared with block ${index + 1} of a report` : 'inactive: compared with nothing',
      ),
    ),
    ...of('digest', toHex(rim.digest), 'of the canonical document, as its signature says'),
    ...rim.chain.certificates.flatMap(({ subject, notBefore, notAfter }, i) => [
      ...of(`certificates.${i + 1}.subject`, nameText(subject)),
      ...of(`certificates.${i + 1}.notBefore`, timeText(notBefore)),
      ...of(`certificates.${i + 1}.notAfter`, timeText(notAfter)),
    ]),
  ]
}

/** Fields of an OCSP response, without a first part of their paths. @throws EvidenceError @see RFC 6960, section 4.2.1 */
export function ocspFields(der: Uint8Array): readonly Field[] {
  const { producedAt, answers, responder, nonce } = parseOcspResponse(der)
  return [
    { path: 'producedAt', value: timeText(producedAt) },
    ...(responder === undefined ? [] : [{ path: 'responder', value: nameText(responder.subject) }]),
    ...(nonce === undefined ? [] : [{ path: 'nonce', value: toHex(nonce) }]),
    ...answers.flatMap((one, i) =>
      answerFields(one).map((field) => ({ ...field, path: `answers.${i + 1}.${field.path}` })),
    ),
  ]
}

function answerFields(answer: OcspAnswer): readonly Field[] {
  const { serial, status, reason, revokedAt, thisUpdate, nextUpdate, hash, issuerNameHash, issuerKeyHash } = answer
  return [
    { path: 'serial', value: serial },
    { path: 'status', value: status },
    ...(revokedAt === undefined ? [] : [{ path: 'revokedAt', value: timeText(revokedAt) }]),
    ...(reason === undefined
      ? []
      : [{ path: 'reason', value: reason, ...(reason === 6 ? { meaning: 'on hold' } : {}) }]),
    { path: 'thisUpdate', value: timeText(thisUpdate) },
    { path: 'nextUpdate', value: nextUpdate === undefined ? 'not said' : timeText(nextUpdate) },
    { path: 'hash', value: hash ?? 'another' },
    { path: 'issuerNameHash', value: toHex(issuerNameHash) },
    { path: 'issuerKeyHash', value: toHex(issuerKeyHash) },
  ]
}
