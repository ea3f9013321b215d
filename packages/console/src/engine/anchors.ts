import type { TrustAnchor } from '@sekisho/evidence'
import { decodePem, parseCertificate, WIDE } from '@sekisho/evidence/x509'
import { sha256, textOf } from './bytes.ts'
import { isRecord, type JsonRecord, parseJson, textMember } from './json.ts'

const MAX_ANCHORS = 64

/** Whether JSON is a trust anchor, or a list of them. */
export function isAnchorFile(bytes: Uint8Array): boolean {
  const list = listOf(parseJson(textOf(bytes)))
  return list !== undefined && list.length > 0 && list.every((one) => isRecord(one) && 'spkiSha256' in one)
}

/**
 * Reads trust anchors: JSON as `sekisho verify --trust-anchor` takes it, or a root certificate in DER or PEM. A root
 * from a file is no hardware vendor's, so that every verdict that rests on it says EMULATED.
 *
 * @throws TypeError, EvidenceError
 */
export async function readAnchors(bytes: Uint8Array): Promise<readonly TrustAnchor[]> {
  if (/^\s*[[{]/.test(textOf(bytes.subarray(0, 64)))) return anchorsOfJson(listOf(parseJson(textOf(bytes))))
  const der = bytes[0] === 0x30 ? bytes : decodePem(textOf(bytes), 'CERTIFICATE', 'certificate')[0]
  if (der === undefined) throw new TypeError('neither a JSON list of trust anchors nor a certificate in DER or PEM')
  const { subject, spki } = parseCertificate(der, [], WIDE)
  const digest = await sha256(spki)
  return [
    {
      id: `given-root-${digest.slice(0, 8)}`,
      name: (subject.commonName ?? 'root without a name').slice(0, 64),
      vendor: 'nobody known',
      spkiSha256: digest,
      emulated: true,
    },
  ]
}

function listOf(content: unknown): readonly unknown[] | undefined {
  if (Array.isArray(content)) return content
  if (!isRecord(content)) return undefined
  if (Array.isArray(content['anchors'])) return content['anchors']
  return 'spkiSha256' in content ? [content] : undefined
}

function anchorsOfJson(list: readonly unknown[] | undefined): readonly TrustAnchor[] {
  if (list === undefined || list.length === 0 || list.length > MAX_ANCHORS)
    throw new TypeError(`trust anchors: expected a list of 1 to ${MAX_ANCHORS}`)
  return list.map((one, i) => {
    const where = `trust anchor ${i + 1}`
    if (!isRecord(one)) throw new TypeError(`${where}: expected an object`)
    const digest = textMember(one, 'spkiSha256').toLowerCase()
    if (!/^[0-9a-f]{64}$/.test(digest)) throw new TypeError(`${where}.spkiSha256: expected 64 hexadecimal digits`)
    return {
      id: short(one, 'id', `given-root-${digest.slice(0, 8)}`),
      name: short(one, 'name', 'root from a file'),
      vendor: short(one, 'vendor', 'nobody known'),
      spkiSha256: digest,
      emulated: true,
    }
  })
}

function short(record: JsonRecord, name: string, otherwise: string): string {
  const text = textMember(record, name)
  return text.length > 0 && text.length <= 128 ? text : otherwise
}
