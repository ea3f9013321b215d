import { constants, verify, X509Certificate } from 'node:crypto'
import { type CborItem, type CoseSign1, decodeCbor, entryOf, readSign1, sign1Input } from '@sekisho/evidence/cbor'
import type { JsonValue } from '../case.ts'
import { type JsonRecord, member } from '../json.ts'
import { iso, sha256Hex } from '../values.ts'

const FIELD = 'uvm-endorsement'
/** COSE header of a certificate chain. @see RFC 9360, section 2 */
const X5CHAIN = 33
const CONTENT_TYPE = 3
/** RSASSA-PSS with SHA-384. @see RFC 8230, section 2 */
const PS384 = -38

/**
 * A UVM endorsement (COSE_Sign1, RFC 9052) in the shape of a case's `uvmEndorsement`: who signed which
 * launch measurement. For comparing with cases; not part of any verdict.
 *
 * @param measurement MEASUREMENT of the report, lower-case hex
 */
export function uvmValues(cose: Uint8Array, measurement: string): JsonRecord {
  const message = readSign1(cose, decodeCbor(cose, { field: FIELD }), FIELD)
  const { headers, payload } = message
  const chain = chainOf(entryOf(headers, X5CHAIN))
  const [leaf, root] = [chain[0], chain.at(-1)]
  const issuer = textOf(entryOf(headers, 'iss'))
  const content: JsonValue = JSON.parse(new TextDecoder().decode(payload))
  const launchMeasurement = member(content, 'x-ms-sevsnpvm-launchmeasurement')
  return {
    tagged: message.tagged ? 18 : null,
    alg: message.algorithm === PS384 ? 'PS384' : null,
    signatureValid: leaf !== undefined && signatureHolds(leaf, message) && chainHolds(chain),
    x5chain: chain.map((one) => commonName(one) ?? null),
    leafNotAfter: leaf === undefined ? null : iso(Date.parse(leaf.validTo)),
    rootSha256: root === undefined ? null : sha256Hex(root.raw),
    issuer,
    leafHasRequiredEku: issuer !== null && (leaf?.keyUsage ?? []).includes(issuer.split('::eku:')[1] ?? ''),
    feed: textOf(entryOf(headers, 'feed')),
    contentType: textOf(entryOf(headers, CONTENT_TYPE)),
    launchMeasurement: launchMeasurement ?? null,
    payloadGuestSvn: member(content, 'x-ms-sevsnpvm-guestsvn') ?? null,
    matchesReportMeasurement: launchMeasurement === measurement,
  }
}

function textOf(item: CborItem | undefined): string | null {
  return item?.type === 'text' ? item.value : null
}

function chainOf(item: CborItem | undefined): readonly X509Certificate[] {
  const list = item?.type === 'array' ? item.items : item === undefined ? [] : [item]
  // Node.js looks for PEM text first, even inside of DER: such a certificate is not handed to it.
  return list.flatMap((one) =>
    one.type === 'bytes' && !Buffer.from(one.value).includes('-----BEGIN') ? [new X509Certificate(one.value)] : [],
  )
}

function commonName(certificate: X509Certificate): string | undefined {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1]
}

function chainHolds(chain: readonly X509Certificate[]): boolean {
  return chain.every((one, i) => one.verify((chain[i + 1] ?? one).publicKey))
}

function signatureHolds({ publicKey }: X509Certificate, message: CoseSign1): boolean {
  const key = { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 }
  return verify('sha384', sign1Input(message.protected, message.payload), key, message.signature)
}
