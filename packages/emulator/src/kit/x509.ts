import { concat, flipBit } from './bytes.ts'
import {
  bits,
  boolean,
  explicit,
  integer,
  octets,
  oid,
  printableString,
  rawInteger,
  sequence,
  set,
  time,
  tlv,
  utf8String,
} from './der.ts'
import { digest, type KeyPair } from './keys.ts'
import { algorithmIdentifier, type IssuingAlgorithm, signWith } from './signing.ts'

/** One extension. Issuing writes the list as it stands: twice the same, in any order, with any value. */
export interface Extension {
  readonly oid: string
  readonly critical?: boolean
  /** Content of the extension's OCTET STRING. */
  readonly value: Uint8Array
}

/** A serial number: a number of zero or more, or the exact content bytes of the INTEGER. */
export type Serial = number | bigint | Uint8Array

/** Everything in a certificate; nothing is checked for sense. */
export interface CertificateOptions {
  /** DER of the Name, see {@link distinguishedName}. */
  readonly subject: Uint8Array
  readonly issuer: Uint8Array
  readonly serial: Serial
  readonly notBefore: Date
  readonly notAfter: Date
  readonly subjectKey: KeyPair
  readonly issuerKey: KeyPair
  readonly algorithm: IssuingAlgorithm
  /** Algorithm named inside the signed part; default `algorithm`. */
  readonly innerAlgorithm?: IssuingAlgorithm
  readonly extensions?: readonly Extension[]
  /** X.509 version, default 3. */
  readonly version?: number
  /** Flip one bit of the signature, or one of the last byte of the signed part. */
  readonly corrupt?: 'signature' | 'signed-part'
}

/** Issues a certificate. RFC 5280, section 4.1. @returns DER */
export function issueCertificate(options: CertificateOptions): Uint8Array {
  const { version = 3, extensions = [] } = options
  const signedPart = sequence(
    ...(version === 1 ? [] : [explicit(0, integer(version - 1))]),
    serialNumber(options.serial),
    algorithmIdentifier(options.innerAlgorithm ?? options.algorithm),
    options.issuer,
    sequence(time(options.notBefore), time(options.notAfter)),
    options.subject,
    options.subjectKey.spki,
    ...(extensions.length > 0 ? [explicit(3, sequence(...extensions.map(extension)))] : []),
  )
  return sealed(signedPart, options)
}

/** One line of a revocation list. */
export interface Revocation {
  readonly serial: Serial
  readonly at?: Date
}

/** Everything in a certificate revocation list. */
export interface CrlOptions {
  readonly issuer: Uint8Array
  readonly issuerKey: KeyPair
  readonly algorithm: IssuingAlgorithm
  readonly innerAlgorithm?: IssuingAlgorithm
  readonly thisUpdate: Date
  /** Left out when undefined. */
  readonly nextUpdate?: Date | undefined
  readonly revoked?: readonly Revocation[]
  readonly extensions?: readonly Extension[]
  readonly corrupt?: 'signature' | 'signed-part'
}

/** Issues a certificate revocation list, version 2. RFC 5280, section 5.1. @returns DER */
export function issueCrl(options: CrlOptions): Uint8Array {
  const { revoked = [], extensions = [crlNumber(1), authorityKeyIdentifier(options.issuerKey)] } = options
  const entries = revoked.map((one) => sequence(serialNumber(one.serial), time(one.at ?? options.thisUpdate)))
  const signedPart = sequence(
    integer(1),
    algorithmIdentifier(options.innerAlgorithm ?? options.algorithm),
    options.issuer,
    time(options.thisUpdate),
    ...(options.nextUpdate === undefined ? [] : [time(options.nextUpdate)]),
    // An empty list must be left out: RFC 5280, section 5.1.2.6.
    ...(entries.length > 0 ? [sequence(...entries)] : []),
    ...(extensions.length > 0 ? [explicit(0, sequence(...extensions.map(extension)))] : []),
  )
  return sealed(signedPart, options)
}

interface Sealing {
  readonly issuerKey: KeyPair
  readonly algorithm: IssuingAlgorithm
  readonly corrupt?: 'signature' | 'signed-part'
}

function sealed(signedPart: Uint8Array, { issuerKey, algorithm, corrupt }: Sealing): Uint8Array {
  const signature = signWith(algorithm, issuerKey, signedPart)
  const body = corrupt === 'signed-part' ? flipBit(signedPart, signedPart.length - 1) : signedPart
  const seal = corrupt === 'signature' ? flipBit(signature, signature.length - 1) : signature
  return sequence(body, algorithmIdentifier(algorithm), bits(seal))
}

function serialNumber(serial: Serial): Uint8Array {
  return serial instanceof Uint8Array ? rawInteger(serial) : integer(serial)
}

function extension(one: Extension): Uint8Array {
  return sequence(oid(one.oid), ...(one.critical === true ? [boolean(true)] : []), octets(one.value))
}

const ATTRIBUTES = { CN: '2.5.4.3', C: '2.5.4.6', L: '2.5.4.7', ST: '2.5.4.8', O: '2.5.4.10', OU: '2.5.4.11' } as const

/** DER of a Name, one attribute a set, in the order given; the country is a PrintableString, the rest UTF8String. */
export function distinguishedName(...attributes: readonly (readonly [keyof typeof ATTRIBUTES, string])[]): Uint8Array {
  return sequence(
    ...attributes.map(([type, text]) =>
      set(sequence(oid(ATTRIBUTES[type]), type === 'C' ? printableString(text) : utf8String(text))),
    ),
  )
}

/** RFC 5280, section 4.2.1.9. */
export function basicConstraints(ca: boolean, pathLength?: number): Extension {
  const content = [...(ca ? [boolean(true)] : []), ...(pathLength === undefined ? [] : [integer(pathLength)])]
  return { oid: '2.5.29.19', critical: true, value: sequence(...content) }
}

const USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
] as const

/** RFC 5280, section 4.2.1.3. */
export function keyUsage(...usages: readonly (typeof USAGES)[number][]): Extension {
  const numbers = usages.map((usage) => USAGES.indexOf(usage))
  const byte = numbers.reduce((value, number) => value | (0x80 >> number), 0)
  return { oid: '2.5.29.15', critical: true, value: bits(Uint8Array.of(byte), 7 - Math.max(...numbers)) }
}

/** SHA-1-sized identifier of a key (first 20 bytes of the SHA-256 of its SubjectPublicKeyInfo). */
function keyIdentifier(key: KeyPair): Uint8Array {
  return digest('sha256', key.spki).subarray(0, 20)
}

/** RFC 5280, section 4.2.1.2. */
export function subjectKeyIdentifier(key: KeyPair): Extension {
  return { oid: '2.5.29.14', value: octets(keyIdentifier(key)) }
}

/** RFC 5280, section 4.2.1.1. */
export function authorityKeyIdentifier(key: KeyPair): Extension {
  return { oid: '2.5.29.35', value: sequence(tlv(0x80, keyIdentifier(key))) }
}

/** RFC 5280, section 5.2.3. */
export function crlNumber(number: number): Extension {
  return { oid: '2.5.29.20', value: integer(number) }
}

/** One DER as a PEM block. */
export function toPem(der: Uint8Array, label = 'CERTIFICATE'): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/** Certificates as one PEM text, in the order given. */
export function pemChain(...chain: readonly Uint8Array[]): string {
  return chain.map((der) => toPem(der)).join('')
}

/** A certificate beside the key it is for. */
export interface Issued {
  readonly key: KeyPair
  readonly name: Uint8Array
  readonly serial: Serial
  readonly der: Uint8Array
}

/** Issues a certificate and keeps what the next one below it needs. */
export function issue(options: CertificateOptions): Issued {
  return { key: options.subjectKey, name: options.subject, serial: options.serial, der: issueCertificate(options) }
}

/** Serial number with the high bit set: its INTEGER has 21 bytes, a zero first. */
export function highSerial(label: string): Uint8Array {
  const number = digest('sha256', Buffer.from(label)).subarray(0, 20)
  return concat(Uint8Array.of(0), Uint8Array.of((number[0] as number) | 0x80), number.subarray(1))
}
