import { readCoseKey } from '../arm/keys.ts'
import { decodeCbor } from '../cbor/decode.ts'
import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../cbor/encode.ts'
import { type CborItem, type CborMap, entryOf } from '../cbor/item.ts'
import { type CoseSign1, encodeSign1, readSign1 } from '../cbor/sign1.ts'
import { arrayOf, bytesOf, integerOf, mapOf, wrongItem } from '../cbor/typed.ts'
import { refuse } from '../core/errors.ts'
import type { PublicKey } from '../crypto/jobs.ts'
import { encodePlatformClaims, type PlatformClaims, readPlatformClaims } from './platform.ts'
import { encodeRealmClaims, type RealmClaims, readRealmClaims } from './realm.ts'

/** Longest token that is read, in bytes. */
export const CCA_MAX_SIZE: number = 64 * 1024

/** Tags of the collection: 399 of the RMM specification, 907 of draft-ffm-rats-cca-token with CMW records inside. */
export const CCA_TAGS = { rmm: 399, cmw: 907 } as const

/** Parsec's key attestation around a token. @see draft-fossati-tls-attestation, Parsec */
export interface KeyAttestation {
  /** Tag 601 and all: its SHA-512 is the realm's challenge. */
  readonly raw: Uint8Array
  readonly nonce: Uint8Array
  readonly key: PublicKey
}

/** A CCA attestation token. Nothing in it is verified. */
export interface CcaToken {
  readonly tag: (typeof CCA_TAGS)[keyof typeof CCA_TAGS]
  readonly platform: { readonly cose: CoseSign1; readonly claims: PlatformClaims }
  readonly realm: { readonly cose: CoseSign1; readonly claims: RealmClaims }
  /** The platform token's own bytes, the same since boot. */
  readonly platformToken: Uint8Array
  /** Whether the realm token comes first. */
  readonly realmFirst: boolean
  readonly keyAttestation: KeyAttestation | undefined
}

const KEY = { platform: 44234, realm: 44241 } as const
/** CoAP content format application/eat+cwt. */
const EAT_CWT = 263
const TAG_CLAIMS = 601

/**
 * Reads a CCA token in either collection, alone or inside of Parsec's wrapper. `bytes` is kept, not copied.
 * @throws EvidenceError
 * @see Arm DEN0137 (RMM), section A7.2; draft-ffm-rats-cca-token, section 3
 */
export function parseCcaToken(bytes: Uint8Array): CcaToken {
  if (bytes.length > CCA_MAX_SIZE)
    throw refuse('token', `${bytes.length} bytes`, `at most ${CCA_MAX_SIZE} bytes`, CCA_MAX_SIZE, 'too-large')
  const outer = decodeCbor(bytes, { field: 'token', maxItems: 256 })
  const collection = outer.type === 'map' ? needText(outer, 'pat') : outer
  const keyAttestation = outer.type === 'map' ? readKeyAttestation(bytes, needText(outer, 'kat')) : undefined
  if (collection.type !== 'tag' || (collection.tag !== CCA_TAGS.rmm && collection.tag !== CCA_TAGS.cmw)) {
    throw wrongItem(collection, 'token', 'tag 399 or 907')
  }
  const { tag } = collection
  const map = mapOf(collection.item, 'token')
  rejectStrangers(map, [KEY.platform, KEY.realm])
  const [platformBytes, platform] = readInner(bytes, map, KEY.platform, 'token.platform', tag)
  const [, realm] = readInner(bytes, map, KEY.realm, 'token.realm', tag)
  return {
    tag,
    platform: {
      cose: platform,
      claims: readPlatformClaims(bytes, platform.payloadOffset, platform.payloadOffset + platform.payload.length),
    },
    realm: {
      cose: realm,
      claims: readRealmClaims(bytes, realm.payloadOffset, realm.payloadOffset + realm.payload.length),
    },
    platformToken: platformBytes,
    realmFirst: map.entries[0]?.key.value === KEY.realm,
    keyAttestation,
  }
}

function rejectStrangers(map: CborMap, known: readonly (number | string)[]): void {
  for (const { key } of map.entries) {
    if (typeof key.value === 'bigint' || !known.includes(key.value))
      throw wrongItem(key, 'token', `only the keys ${known.join(' and ')}`, 'another key')
  }
}

function needText(map: CborMap, name: string): CborItem {
  rejectStrangers(map, ['kat', 'pat'])
  const item = entryOf(map, name)
  if (item === undefined) throw wrongItem(map, `token.${name}`, `the members kat and pat`, 'one of them')
  return item
}

function readInner(
  bytes: Uint8Array,
  map: CborMap,
  key: number,
  field: string,
  tag: number,
): readonly [Uint8Array, CoseSign1] {
  const value = entryOf(map, key)
  if (value === undefined) throw wrongItem(map, field, 'the token', `no key ${key}`)
  const item = tag === CCA_TAGS.rmm ? value : readRecord(value, field)
  const content = bytesOf(item, field, 1, CCA_MAX_SIZE)
  const inner = decodeCbor(bytes, { field, start: item.end - content.length, end: item.end, maxItems: 64 })
  return [content, readSign1(bytes, inner, field)]
}

// A CMW record: content format, then the value.
function readRecord(item: CborItem, field: string): CborItem {
  const [format, value] = arrayOf(item, field, 2, 2).items
  integerOf(format as CborItem, `${field}.content-format`, EAT_CWT, EAT_CWT)
  return value as CborItem
}

function readKeyAttestation(bytes: Uint8Array, item: CborItem): KeyAttestation {
  if (item.type !== 'tag' || item.tag !== TAG_CLAIMS) throw wrongItem(item, 'token.kat', `tag ${TAG_CLAIMS}`)
  const claims = mapOf(item.item, 'token.kat')
  const nonce = entryOf(claims, 10)
  const confirmation = entryOf(claims, 8)
  if (nonce === undefined || confirmation === undefined)
    throw wrongItem(claims, 'token.kat', 'a nonce and a key', 'a claims set without them')
  const key = entryOf(mapOf(confirmation, 'token.kat.cnf'), 1)
  if (key === undefined) throw wrongItem(confirmation, 'token.kat.cnf', 'a COSE_Key', 'something else')
  return {
    raw: bytes.subarray(item.offset, item.end),
    nonce: bytesOf(nonce, 'token.kat.nonce', 1, 64),
    key: readCoseKey(bytes, 'token.kat.cnf.key', key.offset, key.end),
  }
}

/** Writes a token again, byte for byte as it was when it was in the form that platforms write. */
export function encodeCcaToken({ tag, platform, realm, realmFirst, keyAttestation }: CcaToken): Uint8Array {
  const wrap = (token: Uint8Array): Uint8Array =>
    tag === CCA_TAGS.rmm ? cborBytes(token) : cborArray([cborInteger(EAT_CWT), cborBytes(token)])
  const inner = [
    [
      cborInteger(KEY.platform),
      wrap(encodeSign1({ ...platform.cose, payload: encodePlatformClaims(platform.claims) })),
    ],
    [cborInteger(KEY.realm), wrap(encodeSign1({ ...realm.cose, payload: encodeRealmClaims(realm.claims) }))],
  ] as const
  const collection = cborTag(tag, cborMap(realmFirst ? [...inner].reverse() : inner))
  if (keyAttestation === undefined) return collection
  return cborMap([
    [cborText('kat'), keyAttestation.raw],
    [cborText('pat'), collection],
  ])
}
