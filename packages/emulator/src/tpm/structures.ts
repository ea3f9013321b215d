import { concat, filled, fromHex } from '../kit/bytes.ts'
import { digest, ecdsaRaw, type KeyPair, rawPoint } from '../kit/keys.ts'

const SHA256 = 0x000b
const ECC = 0x0023
const ECDSA = 0x0018
const NULL = 0x0010
const NIST_P256 = 3
const ENDORSEMENT = 0x4000000b
const GENERATED = 0xff544347
const ATTEST_QUOTE = 0x8018

/** fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, restricted, sign. */
const AK_ATTRIBUTES = 0x00050072
/** The same without `restricted`: a key that signs whatever it is given. */
const LOOSE_ATTRIBUTES = 0x00040072

function be(value: number | bigint, size: number): Uint8Array {
  return fromHex(value.toString(16).padStart(2 * size, '0'))
}

function sized(bytes: Uint8Array): Uint8Array {
  return concat(be(bytes.length, 2), bytes)
}

/** TPMT_PUBLIC of an attestation key on P-256 that signs with ECDSA and SHA-256. Part 2, section 12.2.4. */
export function akPublicArea(key: KeyPair, restricted: boolean): Uint8Array {
  const point = rawPoint(key)
  return concat(
    be(ECC, 2),
    be(SHA256, 2),
    be(restricted ? AK_ATTRIBUTES : LOOSE_ATTRIBUTES, 4),
    sized(filled(0)),
    be(NULL, 2),
    be(ECDSA, 2),
    be(SHA256, 2),
    be(NIST_P256, 2),
    be(NULL, 2),
    sized(point.subarray(0, 32)),
    sized(point.subarray(32)),
  )
}

/** Name of an object: its hash, and the digest of its public area. Part 1, section 16. */
export function nameOf(area: Uint8Array): Uint8Array {
  return concat(be(SHA256, 2), digest('sha256', area))
}

/** Qualified name of a primary key of the endorsement hierarchy. Part 1, section 26.5. */
function qualifiedName(name: Uint8Array): Uint8Array {
  return concat(be(SHA256, 2), digest('sha256', be(ENDORSEMENT, 4), name))
}

/** What a quote states. */
export interface QuoteFields {
  readonly akPublic: Uint8Array
  readonly extraData: Uint8Array
  readonly clock: number
  readonly resetCount: number
  readonly firmwareVersion: bigint
  /** Ascending. */
  readonly selection: readonly number[]
  readonly pcrDigest: Uint8Array
}

/** TPMS_ATTEST of a quote of the SHA-256 bank. Part 2, section 10.12.12. */
export function encodeQuote(fields: QuoteFields): Uint8Array {
  const bitmap = filled(3)
  for (const index of fields.selection) bitmap[index >> 3] = (bitmap[index >> 3] ?? 0) | (1 << (index & 7))
  return concat(
    be(GENERATED, 4),
    be(ATTEST_QUOTE, 2),
    sized(qualifiedName(nameOf(fields.akPublic))),
    sized(fields.extraData),
    be(fields.clock, 8),
    be(fields.resetCount, 4),
    be(0, 4),
    Uint8Array.of(1),
    be(fields.firmwareVersion, 8),
    be(1, 4),
    be(SHA256, 2),
    Uint8Array.of(bitmap.length),
    bitmap,
    sized(fields.pcrDigest),
  )
}

/** TPMT_SIGNATURE with ECDSA and SHA-256. Part 2, section 11.3.4. */
export function signQuote(message: Uint8Array, key: KeyPair): Uint8Array {
  const raw = ecdsaRaw('sha256', key, message)
  return concat(be(ECDSA, 2), be(SHA256, 2), sized(raw.subarray(0, 32)), sized(raw.subarray(32)))
}
