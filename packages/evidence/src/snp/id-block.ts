import { Reader } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import {
  type DigestJob,
  inSignatureRange,
  type Job,
  P384_ORDER,
  type PublicKey,
  type SignatureJob,
} from '../crypto/jobs.ts'
import { pair384 } from './little-endian.ts'

/** An ID block: what whoever launches a guest says it should be. @see AMD 56860, ID block */
export interface IdBlock {
  readonly launchDigest: Uint8Array
  readonly familyId: Uint8Array
  readonly imageId: Uint8Array
  readonly version: number
  readonly guestSvn: number
  readonly policy: bigint
}

/** An ID authentication structure: the signatures over an ID block, and the keys. @see AMD 56860, ID authentication information */
export interface IdAuth {
  readonly idKeyAlgo: number
  /** 0 when there is no author key. */
  readonly authorKeyAlgo: number
  /** 512 bytes: R and S as 72 little-endian bytes each, then zeros. */
  readonly idBlockSignature: Uint8Array
  /** 1028 bytes: curve (2 is P-384), X and Y as 72 little-endian bytes each, then zeros. */
  readonly idKey: Uint8Array
  readonly idKeySignature: Uint8Array
  readonly authorKey: Uint8Array
}

const ID_BLOCK_SIZE = 96
const ID_AUTH_SIZE = 4096

/** Reads an ID block of exactly 96 bytes; byte strings are views. @throws EvidenceError */
export function parseIdBlock(bytes: Uint8Array): IdBlock {
  const from = new Reader(bytes)
  const block = {
    launchDigest: from.bytes(48, 'idBlock.launchDigest'),
    familyId: from.bytes(16, 'idBlock.familyId'),
    imageId: from.bytes(16, 'idBlock.imageId'),
    version: from.u32('idBlock.version'),
    guestSvn: from.u32('idBlock.guestSvn'),
    policy: from.u64('idBlock.policy'),
  }
  from.end('idBlock')
  if (block.version !== 1) {
    throw refuse('idBlock.version', `version ${block.version}`, 'version 1', 80, 'unsupported-version')
  }
  return block
}

/** Writes an ID block; the inverse of {@link parseIdBlock}. */
export function encodeIdBlock(block: IdBlock): Uint8Array {
  const bytes = new Uint8Array(ID_BLOCK_SIZE)
  bytes.set(block.launchDigest, 0)
  bytes.set(block.familyId, 48)
  bytes.set(block.imageId, 64)
  const view = new DataView(bytes.buffer)
  view.setUint32(80, block.version, true)
  view.setUint32(84, block.guestSvn, true)
  view.setBigUint64(88, block.policy, true)
  return bytes
}

/** Reads ID authentication information of exactly 4096 bytes; byte strings are views. @throws EvidenceError */
export function parseIdAuth(bytes: Uint8Array): IdAuth {
  if (bytes.length !== ID_AUTH_SIZE) {
    throw refuse(
      'idAuth',
      `${bytes.length} bytes`,
      `exactly ${ID_AUTH_SIZE} bytes`,
      Math.min(bytes.length, ID_AUTH_SIZE),
      bytes.length < ID_AUTH_SIZE ? 'truncated' : 'trailing-bytes',
    )
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    idKeyAlgo: algorithm(view, 0, 'idAuth.idKeyAlgo', [1]),
    authorKeyAlgo: algorithm(view, 4, 'idAuth.authorKeyAlgo', [0, 1]),
    idBlockSignature: bytes.subarray(0x40, 0x240),
    idKey: bytes.subarray(0x240, 0x240 + 1028),
    idKeySignature: bytes.subarray(0x680, 0x880),
    authorKey: bytes.subarray(0x880, 0x880 + 1028),
  }
}

function algorithm(view: DataView, offset: number, field: string, known: readonly number[]): number {
  const value = view.getUint32(offset, true)
  if (known.includes(value)) return value
  throw refuse(field, `algorithm ${value}`, known.join(' or '), offset, 'unsupported-algorithm')
}

/** The cryptography of an ID block, not yet settled. A signature that cannot verify at all is undefined. */
export interface IdBlockProof {
  readonly block: IdBlock
  readonly auth: IdAuth
  readonly signature: SignatureJob | undefined
  readonly authorSignature: SignatureJob | undefined
  readonly idKeyDigest: DigestJob
  /** Undefined when there is no author key. */
  readonly authorKeyDigest: DigestJob | undefined
  readonly jobs: readonly Job[]
}

/** Plans the checks of an ID block. @throws EvidenceError when a part cannot be read */
export function planIdBlock(idBlock: Uint8Array, idAuth: Uint8Array): IdBlockProof {
  const block = parseIdBlock(idBlock)
  const auth = parseIdAuth(idAuth)
  const hasAuthor = auth.authorKeyAlgo !== 0
  const signature = signatureJob(auth.idKey, idBlock, auth.idBlockSignature)
  const authorSignature = hasAuthor ? signatureJob(auth.authorKey, auth.idKey, auth.idKeySignature) : undefined
  const idKeyDigest: DigestJob = { kind: 'digest', algorithm: 'sha384', data: auth.idKey }
  const authorKeyDigest: DigestJob | undefined = hasAuthor
    ? { kind: 'digest', algorithm: 'sha384', data: auth.authorKey }
    : undefined
  const jobs: (Job | undefined)[] = [signature, authorSignature, idKeyDigest, authorKeyDigest]
  return {
    block,
    auth,
    signature,
    authorSignature,
    idKeyDigest,
    authorKeyDigest,
    jobs: jobs.filter((job) => job !== undefined),
  }
}

function signatureJob(keyBytes: Uint8Array, data: Uint8Array, encoded: Uint8Array): SignatureJob | undefined {
  const key = publicKey(keyBytes)
  const signature = pair384(encoded.subarray(0, 72), encoded.subarray(72, 144))
  if (key === undefined || signature === undefined || !inSignatureRange(signature, P384_ORDER)) return undefined
  return { kind: 'signature', scheme: 'ecdsa-p384-sha384', key, data, signature }
}

function publicKey(bytes: Uint8Array): PublicKey | undefined {
  const curve = bytes[0] === 2 && bytes[1] === 0 && bytes[2] === 0 && bytes[3] === 0
  const point = pair384(bytes.subarray(4, 76), bytes.subarray(76, 148))
  return curve && point !== undefined ? { kind: 'P-384', bytes: point } : undefined
}
