import { constants, createHash, type KeyObject, verify, X509Certificate } from 'node:crypto'
import { type DerElement, derElement, derElements } from './der.ts'
import { toHex } from './reading.ts'

/** As much of a certificate as the checks at the door need. The verifier reads it again, strictly. */
export interface CertificateFacts {
  readonly der: Uint8Array
  readonly issuer: string
  readonly subject: string
  readonly commonName: string
  /** Milliseconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
  readonly key: KeyObject
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly spkiSha256: string
  /** Content of extensions, by the hex of the OID's content. */
  readonly extensions: ReadonlyMap<string, Uint8Array>
  /** Whether `issuer` issued and signed this certificate. */
  issuedBy(issuer: CertificateFacts): boolean
}

/** As much of a CRL as the checks at the door need. */
export interface CrlFacts {
  readonly der: Uint8Array
  readonly issuer: string
  readonly thisUpdate: number
  readonly nextUpdate: number
  /** Whether `issuer` issued and signed this list. */
  issuedBy(issuer: CertificateFacts): boolean
}

const SEQUENCE = 0x30
const COMMON_NAME = '550403'

/**
 * Reads one DER certificate. Its key and signature are looked at when they are used, and may throw OpenSSL's errors then.
 * @throws RangeError when it is none
 */
export function readCertificate(der: Uint8Array): CertificateFacts {
  let opened: X509Certificate | undefined
  // OpenSSL takes a hundred times as long as a walk over DER: only for what is to be verified with it.
  const x509 = (): X509Certificate => {
    opened ??= new X509Certificate(der)
    return opened
  }
  const [tbs] = derElements(derElement(der, SEQUENCE).content)
  const fields = derElements(part(tbs).content)
  // version [0] is absent in version 1 only
  const at = fields[0]?.tag === 0xa0 ? 1 : 0
  const [issuer, validity, subject, spki] = [fields[at + 2], fields[at + 3], fields[at + 4], fields[at + 5]].map(
    part,
  ) as [DerElement, DerElement, DerElement, DerElement]
  const [notBefore, notAfter] = derElements(validity.content)
  const names = attributes(subject)
  const extensions = fields.find((field) => field.tag === 0xa3)
  const facts: CertificateFacts = {
    der,
    issuer: nameKey(issuer),
    subject: nameKey(subject),
    commonName: names.find(([type]) => type === COMMON_NAME)?.[1] ?? '',
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
    get key(): KeyObject {
      return x509().publicKey
    },
    spkiSha256: createHash('sha256').update(spki.raw).digest('hex'),
    extensions: extensions === undefined ? new Map() : readExtensions(extensions),
    issuedBy: (other) => facts.issuer === other.subject && x509().verify(other.key),
  }
  return facts
}

/** Reads one DER certificate list. @throws RangeError when it is none, or says no next update */
export function readCrl(der: Uint8Array): CrlFacts {
  const [tbs, algorithm, signature] = derElements(derElement(der, SEQUENCE).content).map(part)
  if (tbs === undefined || algorithm === undefined || signature === undefined)
    throw new RangeError('not a certificate list')
  const fields = derElements(tbs.content)
  const at = fields[0]?.tag === 0x02 ? 1 : 0
  const issuer = nameKey(part(fields[at + 1]))
  return {
    der,
    issuer,
    thisUpdate: readTime(fields[at + 2]),
    nextUpdate: readTime(fields[at + 3]),
    issuedBy: (other) => issuer === other.subject && crlSignature(tbs.raw, signature.content.subarray(1), other.key),
  }
}

/**
 * Certificates of a PEM text, at most 8, in order; nothing but white space and NUL around them.
 * @throws Error when it is anything else
 */
export function readPemChain(text: string): readonly CertificateFacts[] {
  if (text.length > MAX_PEM) throw new RangeError(`a chain of more than ${MAX_PEM} characters`)
  const blocks = text.match(PEM_BLOCK) ?? []
  if (blocks.length === 0 || blocks.length > 8 || !/^[\s\0]*$/.test(text.replace(PEM_BLOCK, ''))) {
    throw new RangeError('not a chain of PEM certificates')
  }
  return blocks.map((block) => {
    const base64 = block.slice('-----BEGIN CERTIFICATE-----'.length, -'-----END CERTIFICATE-----'.length)
    return readCertificate(new Uint8Array(Buffer.from(base64, 'base64')))
  })
}

const MAX_PEM = 64 * 1024
const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g

function crlSignature(tbs: Uint8Array, signature: Uint8Array, key: KeyObject): boolean {
  if (key.asymmetricKeyType === 'ec') return verify('sha256', tbs, key, signature)
  if (key.asymmetricKeyType !== 'rsa') return false
  // AMD signs with RSASSA-PSS, SHA-384 and 48 bytes of salt only.
  return verify('sha384', tbs, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 }, signature)
}

function part(element: DerElement | undefined): DerElement {
  if (element === undefined) throw new RangeError('a part of the structure is missing')
  return element
}

// Names are equal when they say the same in the same order, whichever string type carries the text.
function nameKey(name: DerElement): string {
  return JSON.stringify(attributes(name))
}

function attributes(name: DerElement): readonly (readonly [string, string])[] {
  return derElements(name.content).flatMap((set) =>
    derElements(set.content).map((attribute): readonly [string, string] => {
      const [type, value] = derElements(attribute.content)
      return [toHex(part(type).content), Buffer.from(part(value).content).toString('utf8')]
    }),
  )
}

function readExtensions(element: DerElement): ReadonlyMap<string, Uint8Array> {
  const extensions = new Map<string, Uint8Array>()
  for (const one of derElements(derElement(element.content, SEQUENCE).content)) {
    const fields = derElements(one.content)
    const oid = toHex(part(fields[0]).content)
    if (extensions.has(oid)) throw new RangeError('an extension occurs twice')
    extensions.set(oid, part(fields.at(-1)).content)
  }
  return extensions
}

/** Milliseconds since 1970 of a UTCTime or GeneralizedTime. @see RFC 5280, section 4.1.2.5 */
function readTime(element: DerElement | undefined): number {
  const text = Buffer.from(part(element).content).toString('latin1')
  const digits = element?.tag === 0x17 ? (Number(text.slice(0, 2)) < 50 ? '20' : '19') + text : text
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits)
  if (match === null || (element?.tag !== 0x17 && element?.tag !== 0x18)) throw new RangeError('not a time in UTC')
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return Date.UTC(year, month - 1, day, hour, minute, second)
}
