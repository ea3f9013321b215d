import { constants, verify, X509Certificate } from 'node:crypto'
import type { JsonValue } from '../case.ts'
import { type JsonRecord, member } from '../json.ts'
import { iso, sha256Hex } from '../values.ts'

const MAX_DEPTH = 8

type Cbor =
  | number
  | string
  | Uint8Array
  | readonly Cbor[]
  | CborMap
  | { readonly tag: number; readonly value: Cbor }
  | boolean
  | null
interface CborMap {
  readonly entries: readonly (readonly [Cbor, Cbor])[]
}

/** Reads one CBOR item of the kinds that a COSE_Sign1 holds: definite lengths only. */
class CborReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.#at === this.#bytes.length
  }

  item(depth: number = MAX_DEPTH): Cbor {
    if (depth === 0) throw new Error('CBOR is nested too deeply')
    const first = this.#take(1)[0] ?? 0
    const kind = first >> 5
    const value = this.#argument(first & 31)
    switch (kind) {
      case 0:
        return value
      case 1:
        return -1 - value
      case 2:
        return this.#take(value)
      case 3:
        return new TextDecoder('utf-8', { fatal: true }).decode(this.#take(value))
      case 4:
        return this.#many(value, () => this.item(depth - 1))
      case 5:
        return { entries: this.#many(value, () => [this.item(depth - 1), this.item(depth - 1)] as const) }
      case 6:
        return { tag: value, value: this.item(depth - 1) }
      default:
        if (value === 20 || value === 21) return value === 21
        if (value === 22) return null
        throw new Error('CBOR item of another kind')
    }
  }

  #many<T>(count: number, one: () => T): readonly T[] {
    if (count > this.#bytes.length - this.#at) throw new Error('CBOR counts more items than bytes')
    return Array.from({ length: count }, one)
  }

  #argument(info: number): number {
    if (info < 24) return info
    if (info > 26) throw new Error('CBOR length of another form')
    return this.#take(2 ** (info - 24)).reduce((value, byte) => value * 256 + byte, 0)
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw new Error('CBOR ends early')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
}

function isMap(value: Cbor): value is CborMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    'entries' in value &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  )
}

function entry(map: Cbor, key: number | string): Cbor | undefined {
  return isMap(map) ? map.entries.find(([name]) => name === key)?.[1] : undefined
}

/**
 * A UVM endorsement (COSE_Sign1, RFC 9052) in the shape of a case's `uvmEndorsement`: who signed which
 * launch measurement. For comparing with cases; not part of any verdict.
 *
 * @param measurement MEASUREMENT of the report, lower-case hex
 */
export function uvmValues(cose: Uint8Array, measurement: string): JsonRecord {
  const outer = new CborReader(cose).item()
  if (typeof outer !== 'object' || outer === null || !('tag' in outer) || !Array.isArray(outer.value))
    throw new Error('no tagged COSE_Sign1')
  const [protectedBytes, , payload, signature]: readonly Cbor[] = outer.value
  if (!(protectedBytes instanceof Uint8Array) || !(payload instanceof Uint8Array) || !(signature instanceof Uint8Array))
    throw new Error('no COSE_Sign1')
  const header = new CborReader(protectedBytes).item()
  const chain = chainOf(entry(header, 33))
  const leaf = chain[0]
  const root = chain.at(-1)
  const issuer = entry(header, 'iss')
  const content: JsonValue = JSON.parse(new TextDecoder().decode(payload))
  const launchMeasurement = member(content, 'x-ms-sevsnpvm-launchmeasurement')
  return {
    tagged: outer.tag,
    alg: entry(header, 1) === -38 ? 'PS384' : null,
    signatureValid: leaf !== undefined && signatureHolds(leaf, protectedBytes, payload, signature) && chainHolds(chain),
    x5chain: chain.map((one) => commonName(one) ?? null),
    leafNotAfter: leaf === undefined ? null : iso(Date.parse(leaf.validTo)),
    rootSha256: root === undefined ? null : sha256Hex(root.raw),
    issuer: typeof issuer === 'string' ? issuer : null,
    leafHasRequiredEku: typeof issuer === 'string' && (leaf?.keyUsage ?? []).includes(issuer.split('::eku:')[1] ?? ''),
    feed: textOr(entry(header, 'feed')),
    contentType: textOr(entry(header, 3)),
    launchMeasurement: launchMeasurement ?? null,
    payloadGuestSvn: member(content, 'x-ms-sevsnpvm-guestsvn') ?? null,
    matchesReportMeasurement: launchMeasurement === measurement,
  }
}

function textOr(value: Cbor | undefined): string | null {
  return typeof value === 'string' ? value : null
}

function chainOf(value: Cbor | undefined): readonly X509Certificate[] {
  const list = value instanceof Uint8Array ? [value] : Array.isArray(value) ? (value as readonly Cbor[]) : []
  // Node.js looks for PEM text first, even inside of DER: such a certificate is not handed to it.
  return list.flatMap((one) =>
    one instanceof Uint8Array && !Buffer.from(one).includes('-----BEGIN') ? [new X509Certificate(one)] : [],
  )
}

function commonName(certificate: X509Certificate): string | undefined {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1]
}

function chainHolds(chain: readonly X509Certificate[]): boolean {
  return chain.every((one, i) => one.verify((chain[i + 1] ?? one).publicKey))
}

// RFC 9052, 4.4: what is signed is the Sig_structure, not the message.
function signatureHolds(
  leaf: X509Certificate,
  header: Uint8Array,
  payload: Uint8Array,
  signature: Uint8Array,
): boolean {
  const data = Buffer.concat([
    Buffer.from('846a5369676e617475726531', 'hex'),
    byteString(header),
    byteString(new Uint8Array()),
    byteString(payload),
  ])
  return verify(
    'sha384',
    data,
    { key: leaf.publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 },
    signature,
  )
}

function byteString(bytes: Uint8Array): Buffer {
  const { length } = bytes
  const head =
    length < 24
      ? [0x40 | length]
      : length < 0x100
        ? [0x58, length]
        : length < 0x10000
          ? [0x59, length >> 8, length & 0xff]
          : [0x5a, length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff]
  return Buffer.concat([Buffer.from(head), bytes])
}
