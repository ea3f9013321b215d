import { createHash, randomBytes } from 'node:crypto'
import { VaultError } from '../errors.ts'
import { NONCE_BYTES, TAG_BYTES } from '../gcm.ts'
import type { MasterKey } from '../master-key.ts'
import { CKM_AES_GCM } from './constants.ts'
import { type Cryptoki, CryptokiError, loadCryptoki } from './cryptoki.ts'
import type { Pkcs11Location } from './location.ts'
import { gcmMechanism, own, ulong } from './memory.ts'
import { findKey, findToken, generateKey, openSession, type Token, type TokenKey } from './token.ts'

/**
 * A master key that lies in a PKCS#11 token: the token encrypts data keys with AES-256-GCM, under a
 * nonce of ours. Calls are synchronous; a token on a network holds up the process while it answers.
 *
 * @throws VaultError `master-key`
 */
export async function pkcs11MasterKey(location: Pkcs11Location, pin: string): Promise<MasterKey> {
  const cryptoki = await loadCryptoki(location.module)
  const key = new TokenMasterKey(cryptoki, location, pin)
  key.open(location.create === true)
  return key
}

/** Return values after which a new session may work: closed, invalid, device or token gone and back, logged out. */
const SESSION_LOST: ReadonlySet<number> = new Set([0x30, 0x32, 0x60, 0x82, 0xb0, 0xb3, 0xe0, 0x101])
/** What tokens return for a tag that does not match; SoftHSM says CKR_GENERAL_ERROR. */
const NOT_DECRYPTED: ReadonlySet<number> = new Set([0x05, 0x06, 0x40, 0x41])

class TokenMasterKey implements MasterKey {
  readonly kind = 'pkcs11'
  readonly #cryptoki: Cryptoki
  readonly #location: Pkcs11Location
  readonly #pin: string
  #id = ''
  #session: bigint | undefined
  #handle = 0n
  #closed = false

  constructor(cryptoki: Cryptoki, location: Pkcs11Location, pin: string) {
    this.#cryptoki = cryptoki
    this.#location = location
    this.#pin = pin
  }

  get id(): string {
    return this.#id
  }

  /** Opens a session and finds the key. After a lost session it must be the same key. */
  open(create: boolean): void {
    const { token: label } = this.#location
    try {
      const token = findToken(this.#cryptoki, label)
      if (create) this.#create(token)
      this.#session = openSession(this.#cryptoki, token, this.#pin, false)
      const key = this.#find(this.#session)
      const id = keyId(token, this.#location.label, key)
      if (this.#id !== '' && this.#id !== id) throw new VaultError('master-key', 'the key in the token was exchanged')
      this.#id = id
      this.#handle = key.handle
    } catch (error) {
      this.#drop()
      throw asVaultError(error, label)
    }
  }

  async wrap(dataKey: Uint8Array, aad: Uint8Array): Promise<Uint8Array> {
    const nonce = randomBytes(NONCE_BYTES)
    const sealed = this.#use((session) => {
      this.#cryptoki.call('C_EncryptInit', session, this.#mechanism(nonce, aad), this.#handle)
      return this.#transform('C_Encrypt', session, dataKey, dataKey.length + TAG_BYTES)
    })
    if (sealed.length !== dataKey.length + TAG_BYTES)
      throw new VaultError('master-key', 'the token did not seal a data key')
    return Buffer.concat([nonce, sealed])
  }

  async unwrap(wrapped: Uint8Array, aad: Uint8Array): Promise<Uint8Array> {
    const sealed = wrapped.subarray(NONCE_BYTES)
    if (sealed.length < TAG_BYTES) throw new RangeError('shorter than a nonce and a tag')
    return this.#use((session) => {
      this.#cryptoki.call(
        'C_DecryptInit',
        session,
        this.#mechanism(wrapped.subarray(0, NONCE_BYTES), aad),
        this.#handle,
      )
      try {
        return this.#transform('C_Decrypt', session, sealed, sealed.length)
      } catch (error) {
        if (error instanceof CryptokiError && NOT_DECRYPTED.has(error.returned)) throw new NotDecrypted()
        throw error
      }
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#drop()
  }

  #create(token: Token): void {
    const session = openSession(this.#cryptoki, token, this.#pin, true)
    try {
      const { label } = this.#location
      if (findKey(this.#cryptoki, session, label) === undefined) generateKey(this.#cryptoki, session, label)
    } finally {
      this.#cryptoki.call('C_CloseSession', session)
    }
  }

  #find(session: bigint): TokenKey {
    const { label, token } = this.#location
    const key = findKey(this.#cryptoki, session, label)
    if (key === undefined)
      throw new VaultError('master-key', `the token \`${token}\` holds no AES key labelled \`${label}\``)
    return key
  }

  /** Runs `work` in the session, and once more in a new one when the session was lost. */
  #use(work: (session: bigint) => Uint8Array): Uint8Array {
    if (this.#closed) throw new VaultError('master-key', 'the master key was closed')
    try {
      if (this.#session === undefined) this.open(false)
      return work(this.#session ?? 0n)
    } catch (error) {
      if (error instanceof NotDecrypted) throw error
      if (!(error instanceof CryptokiError) || !SESSION_LOST.has(error.returned)) throw this.#failed(error)
    }
    this.#drop()
    this.open(false)
    try {
      return work(this.#session ?? 0n)
    } catch (error) {
      if (error instanceof NotDecrypted) throw error
      throw this.#failed(error)
    }
  }

  #mechanism(nonce: Uint8Array, aad: Uint8Array): Buffer {
    return gcmMechanism(this.#cryptoki, CKM_AES_GCM, nonce, aad)
  }

  #transform(call: 'C_Encrypt' | 'C_Decrypt', session: bigint, input: Uint8Array, room: number): Uint8Array {
    const [from, to, length] = [own(input), Buffer.alloc(room), ulong(BigInt(room))]
    this.#cryptoki.call(call, session, from, from.length, to, length)
    from.fill(0)
    return to.subarray(0, Number(length.readBigUInt64LE()))
  }

  #failed(error: unknown): VaultError {
    return asVaultError(error, this.#location.token)
  }

  #drop(): void {
    const session = this.#session
    this.#session = undefined
    if (session === undefined) return
    try {
      this.#cryptoki.call('C_CloseSession', session)
    } catch (error) {
      // A session that is lost already needs no closing.
      if (!(error instanceof CryptokiError)) throw error
    }
  }
}

/** What was to be unwrapped is not what this key wrapped. */
class NotDecrypted extends Error {
  override readonly name = 'NotDecrypted'
}

function asVaultError(error: unknown, token: string): VaultError {
  if (error instanceof VaultError) return error
  const why = error instanceof CryptokiError ? error.message : 'it could not be called'
  return new VaultError('master-key', `the PKCS#11 token \`${token}\` refused: ${why}`, error)
}

/** Names the key by the token's serial number and the key's own id: the same in every process. */
function keyId({ serial }: Token, label: string, { id }: TokenKey): string {
  const named = JSON.stringify(['sekisho pkcs11 key 1', serial, label, Buffer.from(id).toString('hex')])
  return `mk_${createHash('sha256').update(named).digest('hex').slice(0, 16)}`
}
