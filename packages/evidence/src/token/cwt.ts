import { decodeCbor } from '../cbor/decode.ts'
import { type CborItem, type CborMap, entryOf } from '../cbor/item.ts'
import { type CoseSign1, readSign1, sign1Input } from '../cbor/sign1.ts'
import { encodeBase64, encodeBase64url } from '../core/base64url.ts'
import { refuse } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { claimsFromCbor } from '../eat/from-cbor.ts'
import type { Token } from './model.ts'

const TAG_CWT = 61
const TAG_UCCS = 601
const TAG_BUNDLE = 602
const KEY_ID = 4
/** Leaf first. @see RFC 9360, section 2 */
const X5CHAIN = 33

/** Names of COSE algorithms that tokens are signed with. @see RFC 9053, section 2.1; RFC 8230, section 2; RFC 8812, section 2 */
const ALGORITHMS: ReadonlyMap<number, string> = new Map([
  [-7, 'ES256'],
  [-35, 'ES384'],
  [-36, 'ES512'],
  [-37, 'PS256'],
  [-38, 'PS384'],
  [-39, 'PS512'],
  [-257, 'RS256'],
  [-258, 'RS384'],
  [-259, 'RS512'],
])

/** Whether bytes begin like a token in CBOR: tag 18, 61, 601 or 602, or an array of four. */
export function beginsLikeCwt(bytes: Uint8Array): boolean {
  const [first, second, third] = bytes
  return (
    first === 0xd2 ||
    first === 0x84 ||
    (first === 0xd8 && second === 0x3d) ||
    (first === 0xd9 && second === 0x02 && (third === 0x59 || third === 0x5a))
  )
}

/**
 * Parses a CBOR Web Token, a COSE_Sign1 with or without its tag and tag 61. Its claims get the names that they
 * have in JSON, so that one set of rules judges both.
 *
 * @throws EvidenceError, also for claims that nobody signed (tag 601) and for detached bundles (tag 602)
 * @see RFC 8392, sections 6 and 7; RFC 9711, section 6
 */
export function parseCwt(bytes: Uint8Array): Token {
  const outer = decodeCbor(bytes, { field: 'token', maxItems: 64 })
  const item = outer.type === 'tag' && outer.tag === TAG_CWT ? outer.item : outer
  if (item.type === 'tag' && item.tag === TAG_UCCS)
    throw refuse('token', 'claims that nobody signed', 'a signed token', item.offset, 'unsupported-kind')
  if (item.type === 'tag' && item.tag === TAG_BUNDLE)
    throw refuse('token', 'a bundle with detached claims sets', 'a signed token', item.offset, 'unsupported-kind')
  const cose = readSign1(bytes, item, 'token')
  const { payload, payloadOffset: start } = cose
  const claims = claimsFromCbor(
    decodeCbor(bytes, { field: 'token.claims', start, end: start + payload.length }),
    'token.claims',
  )
  return {
    form: 'CWT',
    header: headerOf(cose),
    claims,
    signed: sign1Input(cose.protected, payload),
    signature: cose.signature,
    text: '',
    submodules: [],
  }
}

// Key id and certificates may stand in either header: they only ever select among keys, or lead to roots, that are trusted.
function headerOf({ headers, unprotected, algorithm }: CoseSign1): JsonObject {
  const kid = keyIdOf(headers) ?? keyIdOf(unprotected)
  const alg = algorithm === undefined ? undefined : (ALGORITHMS.get(algorithm) ?? String(algorithm))
  const x5c = chainOf(entryOf(headers, X5CHAIN) ?? entryOf(unprotected, X5CHAIN))
  return {
    ...(alg === undefined ? {} : { alg }),
    ...(kid === undefined ? {} : { kid }),
    ...(x5c === undefined ? {} : { x5c }),
  }
}

// One certificate is a byte string of its own. What is none becomes a list that no chain can be read from.
function chainOf(item: CborItem | undefined): readonly string[] | undefined {
  if (item === undefined) return undefined
  const all = item.type === 'array' ? item.items : [item]
  return all.map((one) => (one.type === 'bytes' ? encodeBase64(one.value) : ''))
}

function keyIdOf(map: CborMap): string | undefined {
  const item: CborItem | undefined = entryOf(map, KEY_ID)
  return item?.type === 'bytes' && item.value.length <= 256 ? keyIdText(item.value) : undefined
}

/** A key id of COSE as text: as it is where it is printable ASCII, else in base64url. */
export function keyIdText(bytes: Uint8Array): string {
  const printable = bytes.length > 0 && bytes.every((byte) => byte > 0x20 && byte < 0x7f)
  return printable ? String.fromCharCode(...bytes) : encodeBase64url(bytes)
}

/** The name of a COSE algorithm that tokens are signed with. */
export function algorithmNameOf(number: number): string | undefined {
  return ALGORITHMS.get(number)
}
