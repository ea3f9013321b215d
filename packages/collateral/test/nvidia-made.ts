import {
  basicConstraints,
  digest,
  distinguishedName,
  fromHex,
  issueCertificate,
  type KeyPair,
  namedKey,
  rawPoint,
  signWith,
  spkiSha256,
  utf8,
} from '@sekisho/emulator/kit'
import type { TrustAnchor } from '@sekisho/evidence'
import { encodeDer } from '../src/der.ts'

const FROM = new Date('2025-01-01T00:00:00Z')
const UNTIL = new Date('2027-01-01T00:00:00Z')
const NAMES = ['Made identity', 'Made provisioner', 'Made root']
const DAY_MS = 86_400_000

function key(role: string): KeyPair {
  return namedKey(`collateral nvidia ${role}`, 'P-384')
}

type Der = Uint8Array
const tlv = encodeDer
const sequence = (...content: readonly Der[]): Der => tlv(0x30, ...content)
const explicit = (number: number, content: Der): Der => tlv(0xa0 | number, content)
const octets = (content: Der): Der => tlv(0x04, content)
const enumerated = (value: number): Der => tlv(0x0a, Uint8Array.of(value))
const OID = {
  ecdsaSha384: tlv(0x06, fromHex('2a8648ce3d040303')),
  sha384: tlv(0x06, fromHex('608648016503040202')),
  basicResponse: tlv(0x06, fromHex('2b0601050507300101')),
} as const

const name = (i: number): Uint8Array => distinguishedName(['CN', NAMES[i] as string])

/** A chain of three certificates, DER, for whose OCSP answers there are keys. */
export const MADE_CHAIN: readonly Uint8Array[] = NAMES.map((_, i) =>
  issueCertificate({
    subject: name(i),
    issuer: name(Math.min(i + 1, 2)),
    // The first bit is set: an INTEGER has a zero in front.
    serial: 0xf0n + BigInt(i),
    notBefore: FROM,
    notAfter: UNTIL,
    subjectKey: key(`${i}`),
    issuerKey: key(`${Math.min(i + 1, 2)}`),
    algorithm: 'ecdsa-p384-sha384',
    extensions: i === 0 ? [] : [basicConstraints(true)],
  }),
)

export const MADE_ANCHOR: TrustAnchor = {
  id: 'made-nvidia-root',
  name: 'Made root',
  vendor: 'test',
  spkiSha256: spkiSha256(key('2')),
  emulated: true,
}

/** What an answer says. */
export interface MadeAnswer {
  /** Place in the chain of the certificate that it is about. */
  readonly about?: number
  readonly status?: 'good' | 'revoked'
  readonly from?: number
  /** Undefined: it does not say. */
  readonly to?: number | undefined
  /** Who signs, where it is not the issuer. */
  readonly signer?: number
  /** Answers about further certificates in the same response. */
  readonly also?: readonly number[]
}

/** An OCSP response that the issuer signs. */
export function madeAnswer(made: MadeAnswer & { readonly from: number }): Uint8Array {
  const { about = 0, also = [], from, signer = about + 1 } = made
  const singles = [about, ...also].map((position) => single(position, made))
  const data = sequence(explicit(2, octets(new Uint8Array(20))), generalized(from), sequence(...singles))
  const signature = tlv(0x03, Uint8Array.of(0), signWith('ecdsa-p384-sha384', key(`${signer}`), data))
  const basic = sequence(data, sequence(OID.ecdsaSha384), signature)
  const bytes = sequence(OID.basicResponse, octets(basic))
  return sequence(enumerated(0), explicit(0, bytes))
}

function single(position: number, made: MadeAnswer & { readonly from: number }): Uint8Array {
  const { status = 'good', from } = made
  const to = 'to' in made ? made.to : from + DAY_MS
  const id = sequence(
    sequence(OID.sha384, tlv(0x05)),
    octets(digest('sha384', name(position + 1))),
    octets(digest('sha384', Uint8Array.of(4), rawPoint(key(`${position + 1}`)))),
    tlv(0x02, Uint8Array.of(0, 0xf0 + position)),
  )
  const said = status === 'good' ? tlv(0x80) : tlv(0xa1, generalized(from), explicit(0, enumerated(1)))
  return sequence(id, said, generalized(from), ...(to === undefined ? [] : [explicit(0, generalized(to))]))
}

function generalized(ms: number): Uint8Array {
  return tlv(0x18, utf8(`${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`))
}
