import { constants, createHash, createHmac, type KeyObject, sign } from 'node:crypto'
import { generateKey } from '@sekisho/emulator/kit'
import { concatBytes } from '../src/core/bytes.ts'
import type { TrustAnchor } from '../src/core/verdict.ts'
import {
  encodeAmdCertificate,
  launchMeasureInput,
  parseAmdCertificate,
  type SevLaunchOptions,
  sevSpki,
} from '../src/sev/index.ts'

export const AT: Date = new Date('2026-06-15T12:00:00Z')
export const DIGEST: Uint8Array = new Uint8Array(32).fill(7)
export const NONCE: Uint8Array = new Uint8Array(16).fill(9)
export const LAUNCH: SevLaunchOptions = {
  tik: '0f'.repeat(16),
  apiMajor: 1,
  apiMinor: 55,
  buildId: 24,
  policy: 0x0000000f,
}
const REPORT_POLICY = 15

/** A made key; EC keys are on P-384. */
export interface Key {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export function rsa(bits: 2048 | 4096 = 2048): Key {
  return generateKey(`RSA-${bits}`)
}

export function ec(curve: 'P-256' | 'P-384' = 'P-384'): Key {
  return generateKey(curve)
}

export const KEYS: Readonly<Record<'ark' | 'ask' | 'cek' | 'oca' | 'pek' | 'pdh' | 'stranger', Key>> = {
  ark: rsa(),
  ask: rsa(),
  cek: ec(),
  oca: ec(),
  pek: ec(),
  pdh: ec(),
  stranger: ec(),
}

function little(base64: string | undefined, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  bytes.set(Buffer.from(base64 ?? '', 'base64url').reverse())
  return bytes
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

export interface AmdChange {
  readonly usage?: number
  readonly signer?: Key
  readonly keyId?: number
  readonly certifying?: number
  readonly unsigned?: true
}

/** An ARK or ASK with a key of 2048 bits. */
export function amdCertificate(place: 'ark' | 'ask', change: AmdChange = {}): Uint8Array {
  const jwk = KEYS[place].publicKey.export({ format: 'jwk' })
  const size = Buffer.from(jwk.n ?? '', 'base64url').length
  const signed = concatBytes(
    u32(1),
    new Uint8Array(16).fill(change.keyId ?? (place === 'ark' ? 1 : 2)),
    new Uint8Array(16).fill(change.certifying ?? 1),
    u32(change.usage ?? (place === 'ark' ? 0 : 0x13)),
    new Uint8Array(16),
    u32(size * 8),
    u32(size * 8),
    little(jwk.e, size),
    little(jwk.n, size),
  )
  return change.unsigned === true ? signed : concatBytes(signed, rsaSignature(change.signer ?? KEYS.ark, signed))
}

function rsaSignature({ privateKey }: Key, data: Uint8Array): Uint8Array {
  return new Uint8Array(
    sign('sha256', data, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }).reverse(),
  )
}

export interface Slot {
  readonly usage: number
  readonly algorithm: number
  readonly key: Key | undefined
}

export const EMPTY: Slot = { usage: 0x1000, algorithm: 0, key: undefined }
const USAGE = { oca: 0x1001, pek: 0x1002, pdh: 0x1003, cek: 0x1004 } as const

export interface SevChange {
  readonly usage?: number
  readonly algorithm?: number
  readonly key?: Key
  readonly slots?: readonly [Slot, Slot]
}

export const SLOTS: Readonly<Record<'byAsk' | 'byOca' | 'byCek' | 'byPek', Slot>> = {
  byAsk: { usage: 0x13, algorithm: 1, key: KEYS.ask },
  byOca: { usage: 0x1001, algorithm: 2, key: KEYS.oca },
  byCek: { usage: 0x1004, algorithm: 2, key: KEYS.cek },
  byPek: { usage: 0x1002, algorithm: 2, key: KEYS.pek },
}

/** A certificate of the SEV form. */
export function sevCertificate(place: 'cek' | 'oca' | 'pek' | 'pdh', change: SevChange = {}): Uint8Array {
  const jwk = (change.key ?? KEYS[place]).publicKey.export({ format: 'jwk' })
  const key = concatBytes(
    u32(jwk.crv === 'P-256' ? 1 : 2),
    little(jwk.x, 72),
    little(jwk.y, 72),
    new Uint8Array(1028 - 148),
  )
  const signed = concatBytes(
    u32(1),
    Uint8Array.of(1, 55, 0, 0),
    u32(change.usage ?? USAGE[place]),
    u32(change.algorithm ?? (place === 'pdh' ? 3 : 2)),
    key,
  )
  const usual = {
    cek: [SLOTS.byAsk, EMPTY],
    oca: [SLOTS.byOca, EMPTY],
    pek: [SLOTS.byOca, SLOTS.byCek],
    pdh: [SLOTS.byPek, EMPTY],
  } as const
  const slots = change.slots ?? usual[place]
  return concatBytes(
    signed,
    ...slots.map((slot) => concatBytes(u32(slot.usage), u32(slot.algorithm), signature(slot, signed))),
  )
}

function signature({ key }: Slot, data: Uint8Array): Uint8Array {
  const value = new Uint8Array(512)
  if (key === undefined) return value
  if (key.privateKey.asymmetricKeyType === 'rsa') value.set(rsaSignature(key, data))
  else value.set(ecdsa(key, data))
  return value
}

function ecdsa({ privateKey }: Key, data: Uint8Array): Uint8Array {
  const raw = sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
  const value = new Uint8Array(144)
  value.set(raw.subarray(0, raw.length / 2).reverse())
  value.set(raw.subarray(raw.length / 2).reverse(), 72)
  return value
}

export interface ChainChange {
  readonly ark?: AmdChange
  readonly ask?: AmdChange
  readonly cek?: SevChange
  readonly oca?: SevChange
  readonly pek?: SevChange
  readonly pdh?: SevChange
  readonly without?: 'ark' | 'ask' | 'cek' | 'oca' | 'pek' | 'pdh'
}

/** A whole chain, one file a certificate. */
export function chainFiles(change: ChainChange = {}): readonly Uint8Array[] {
  const made = {
    pdh: sevCertificate('pdh', change.pdh),
    pek: sevCertificate('pek', change.pek),
    oca: sevCertificate('oca', change.oca),
    cek: sevCertificate('cek', change.cek),
    ask: amdCertificate('ask', change.ask),
    ark: amdCertificate('ark', change.ark),
  }
  return Object.entries(made).flatMap(([place, file]) => (place === change.without ? [] : [file]))
}

/** The root of made chains. */
export const ANCHOR: TrustAnchor = {
  id: 'made-ark',
  name: 'made ARK',
  vendor: 'test',
  spkiSha256: createHash('sha256')
    .update(sevSpki(parseAmdCertificate(amdCertificate('ark')).key))
    .digest('hex'),
  emulated: true,
}

export interface ReportChange {
  readonly policy?: number
  readonly usage?: number
  readonly key?: Key
}

/** An attestation report. */
export function makeReport(change: ReportChange = {}): Uint8Array {
  const signed = concatBytes(NONCE, DIGEST, u32(change.policy ?? REPORT_POLICY))
  return concatBytes(
    signed,
    u32(change.usage ?? 0x1002),
    u32(2),
    new Uint8Array(4),
    ecdsa(change.key ?? KEYS.pek, signed),
  )
}

/** An answer to LAUNCH_MEASURE. */
export function makeMeasure(launch: SevLaunchOptions = LAUNCH): Uint8Array {
  const measure = createHmac('sha256', Buffer.from(String(launch.tik), 'hex'))
    .update(launchMeasureInput(launch, DIGEST, NONCE))
    .digest()
  return concatBytes(new Uint8Array(measure), NONCE)
}

/** The same bytes again: encoding what was parsed. */
export function again(file: Uint8Array): Uint8Array {
  return encodeAmdCertificate(parseAmdCertificate(file))
}
