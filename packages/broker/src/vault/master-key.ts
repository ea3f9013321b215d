import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { VaultError } from './errors.ts'
import { gcmOpen, gcmSeal, NONCE_BYTES } from './gcm.ts'

/** The key that the data keys are wrapped under. It is never in the database. */
export interface MasterKey {
  /** Tells this key from others, and nothing about it: `mk_` and 16 hex digits. */
  readonly id: string
  readonly kind: 'file' | 'environment' | 'pkcs11'
  /** Encrypts a data key (32 bytes), bound to `aad`. */
  wrap(dataKey: Uint8Array, aad: Uint8Array): Promise<Uint8Array>
  /** @throws when `wrapped` is not what {@link MasterKey.wrap} made with the same `aad` */
  unwrap(wrapped: Uint8Array, aad: Uint8Array): Promise<Uint8Array>
  /** Lets go of the key or of the token that holds it. Nothing works afterwards. */
  close(): Promise<void>
}

/** Bytes of a master key. */
export const MASTER_KEY_BYTES = 32

/**
 * A master key from its 32 bytes; AES-256-GCM with a random nonce (at most 2^32 wraps: NIST SP
 * 800-38D, 8.3). `bytes` is zeroed.
 *
 * @throws VaultError `master-key` for another length
 */
export function softwareMasterKey(bytes: Uint8Array, kind: 'file' | 'environment'): MasterKey {
  if (bytes.length !== MASTER_KEY_BYTES) {
    throw new VaultError('master-key', `a master key has ${MASTER_KEY_BYTES} bytes, not ${bytes.length}`)
  }
  const id = `mk_${createHmac('sha256', bytes).update('sekisho master key id').digest('hex').slice(0, 16)}`
  let key: KeyObject | undefined = createSecretKey(bytes)
  bytes.fill(0)
  const held = (): KeyObject => {
    if (key === undefined) throw new VaultError('master-key', 'the master key was closed')
    return key
  }
  return {
    id,
    kind,
    async wrap(dataKey, aad) {
      const nonce = randomBytes(NONCE_BYTES)
      return Buffer.concat([nonce, gcmSeal(held(), nonce, dataKey, aad)])
    },
    async unwrap(wrapped, aad) {
      return gcmOpen(held(), wrapped.subarray(0, NONCE_BYTES), wrapped.subarray(NONCE_BYTES), aad)
    },
    async close() {
      key = undefined
    },
  }
}

/**
 * Reads a master key from text or bytes: 32 bytes as they are, 64 hex digits, or base64 (standard or
 * URL-safe, padded or not). White space at the end of a text does not count.
 *
 * @throws VaultError `master-key`; the message does not show the text
 */
export function decodeMasterKey(input: Uint8Array): Uint8Array {
  const text = Buffer.from(input).toString('latin1').trim()
  // 32 printable characters are a passphrase, or a key of half the length in hex; 32 random bytes never look so.
  if (input.length === MASTER_KEY_BYTES && !/^[\x20-\x7e]+$/.test(text)) return Uint8Array.from(input)
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex')
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return Buffer.from(text, 'base64url')
  throw new VaultError('master-key', 'the master key must be 32 bytes: as they are, as 64 hex digits, or in base64')
}

/** The master keys of a running server: one that new data keys are wrapped under, others that old ones still need. */
export class KeyRing {
  readonly #keys: Map<string, MasterKey> = new Map()
  #current: MasterKey

  constructor(current: MasterKey, former: readonly MasterKey[] = []) {
    this.#current = current
    for (const key of [...former, current]) this.#keys.set(key.id, key)
  }

  get current(): MasterKey {
    return this.#current
  }

  /** Makes `next` the current key and keeps the others. */
  advance(next: MasterKey): void {
    this.#keys.set(next.id, next)
    this.#current = next
  }

  /** @throws VaultError `master-key-unknown` */
  get(id: string): MasterKey {
    const key = this.#keys.get(id)
    if (key === undefined) {
      throw new VaultError(
        'master-key-unknown',
        `something is encrypted under the master key ${id}, which was not given`,
      )
    }
    return key
  }
}
