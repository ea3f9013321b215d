import { randomBytes } from 'node:crypto'
import { VaultError } from '../errors.ts'
import { CKA, CKF, CKK_AES, CKM_AES_KEY_GEN, CKO_SECRET_KEY, CKU_USER } from './constants.ts'
import { type Cryptoki, CryptokiError } from './cryptoki.ts'
import { type AttributeValue, attributes, onlyValue, own, plainMechanism, ulong } from './memory.ts'

/** A token that was found by its label. */
export interface Token {
  readonly slot: bigint
  readonly serial: string
}

/** Finds the one initialised token of a label. @throws VaultError `master-key` */
export function findToken(cryptoki: Cryptoki, label: string): Token {
  const found = slots(cryptoki).flatMap((slot) => {
    const info = tokenInfo(cryptoki, slot)
    return info?.label === label ? [{ slot, serial: info.serial }] : []
  })
  const [token] = found
  if (token === undefined) throw new VaultError('master-key', `no PKCS#11 token is labelled \`${label}\``)
  if (found.length > 1) throw new VaultError('master-key', `more than one PKCS#11 token is labelled \`${label}\``)
  return token
}

const MAX_SLOTS = 1024

function slots(cryptoki: Cryptoki): readonly bigint[] {
  const count = ulong(BigInt(MAX_SLOTS))
  const list = Buffer.alloc(MAX_SLOTS * 8)
  cryptoki.call('C_GetSlotList', 1, list, count)
  return Array.from({ length: Number(count.readBigUInt64LE()) }, (_, i) => list.readBigUInt64LE(i * 8))
}

function tokenInfo(cryptoki: Cryptoki, slot: bigint): { readonly label: string; readonly serial: string } | undefined {
  // CK_TOKEN_INFO has 208 bytes: label 32, manufacturer 32, model 16, serial 16, flags, counters.
  const info = Buffer.alloc(256)
  try {
    cryptoki.call('C_GetTokenInfo', slot, info)
  } catch (error) {
    // A token that is broken or was pulled out is not the one that is looked for.
    if (error instanceof CryptokiError) return undefined
    throw error
  }
  if ((info.readBigUInt64LE(96) & BigInt(CKF.tokenInitialized)) === 0n) return undefined
  const text = (from: number, to: number): string => info.subarray(from, to).toString().trimEnd()
  return { label: text(0, 32), serial: text(80, 96) }
}

const ALREADY_LOGGED_IN = 0x100

/** Opens a session as the token's user. @throws CryptokiError */
export function openSession(cryptoki: Cryptoki, { slot }: Token, pin: string, write: boolean): bigint {
  const handle = ulong(0n)
  cryptoki.call('C_OpenSession', slot, CKF.serialSession | (write ? CKF.rwSession : 0), null, null, handle)
  const session = handle.readBigUInt64LE()
  const secret = own(Buffer.from(pin))
  try {
    cryptoki.call('C_Login', session, CKU_USER, secret, secret.length)
  } catch (error) {
    // All sessions of a process share one login.
    if (error instanceof CryptokiError && error.returned === ALREADY_LOGGED_IN) return session
    cryptoki.call('C_CloseSession', session)
    throw error
  } finally {
    secret.fill(0)
  }
  return session
}

/** A key in a token. */
export interface TokenKey {
  readonly handle: bigint
  /** Its CKA_ID, which may be empty. */
  readonly id: Uint8Array
}

/**
 * Finds the one AES-256 key of a label; undefined when there is none.
 *
 * @throws VaultError `master-key` when there are several, or the key could be read out of the token
 */
export function findKey(cryptoki: Cryptoki, session: bigint, label: string): TokenKey | undefined {
  const wanted = attributes(cryptoki, [
    [CKA.class, CKO_SECRET_KEY],
    [CKA.keyType, CKK_AES],
    [CKA.label, Buffer.from(label)],
  ])
  const list = Buffer.alloc(16)
  const count = ulong(0n)
  cryptoki.call('C_FindObjectsInit', session, wanted, 3)
  try {
    cryptoki.call('C_FindObjects', session, list, 2, count)
  } finally {
    cryptoki.call('C_FindObjectsFinal', session)
  }
  const found = count.readBigUInt64LE()
  if (found === 0n) return undefined
  if (found > 1n) throw new VaultError('master-key', `more than one AES key is labelled \`${label}\` in the token`)
  const handle = list.readBigUInt64LE()
  checkKey(cryptoki, session, handle, label)
  return { handle, id: attribute(cryptoki, session, handle, CKA.id, 64) }
}

function checkKey(cryptoki: Cryptoki, session: bigint, handle: bigint, label: string): void {
  const flag = (type: number): boolean => attribute(cryptoki, session, handle, type, 1)[0] === 1
  const length = Buffer.from(attribute(cryptoki, session, handle, CKA.valueLength, 8)).readBigUInt64LE()
  if (length !== 32n) throw new VaultError('master-key', `the key \`${label}\` in the token is not an AES-256 key`)
  if (!flag(CKA.sensitive) || flag(CKA.extractable)) {
    throw new VaultError(
      'master-key',
      `the key \`${label}\` can be read out of the token: it must be sensitive and not extractable`,
    )
  }
}

function attribute(cryptoki: Cryptoki, session: bigint, handle: bigint, type: number, size: number): Uint8Array {
  const wanted = attributes(cryptoki, [[type, new Uint8Array(size)]])
  cryptoki.call('C_GetAttributeValue', session, handle, wanted, 1)
  return onlyValue(wanted)
}

/** Generates an AES-256 key that never leaves the token, in a session that may write. @throws CryptokiError */
export function generateKey(cryptoki: Cryptoki, session: bigint, label: string): void {
  const template: readonly (readonly [number, AttributeValue])[] = [
    [CKA.class, CKO_SECRET_KEY],
    [CKA.keyType, CKK_AES],
    [CKA.valueLength, 32n],
    [CKA.label, Buffer.from(label)],
    [CKA.id, randomBytes(16)],
    [CKA.token, true],
    [CKA.private, true],
    [CKA.sensitive, true],
    [CKA.extractable, false],
    [CKA.encrypt, true],
    [CKA.decrypt, true],
  ]
  const wanted = attributes(cryptoki, template)
  cryptoki.call('C_GenerateKey', session, plainMechanism(CKM_AES_KEY_GEN), wanted, template.length, ulong(0n))
}
