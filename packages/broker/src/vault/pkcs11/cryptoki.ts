import { VaultError } from '../errors.ts'
import { CKF, CKR } from './constants.ts'

/** A call of a PKCS#11 library that did not return CKR_OK. */
export class CryptokiError extends Error {
  override readonly name = 'CryptokiError'
  readonly returned: number

  constructor(call: string, returned: number) {
    super(`${call} returned ${CKR.get(returned) ?? `0x${returned.toString(16)}`}`)
    this.returned = returned
  }
}

/** What a parameter may be: a number, a handle, memory, or a null pointer. */
export type Argument = number | bigint | Buffer | null

/** A loaded PKCS#11 library. Structures are laid out in memory by hand: a C `unsigned long` and a pointer have 8 bytes each. */
export interface Cryptoki {
  /** @throws CryptokiError unless it returns CKR_OK */
  call(name: CallName, ...args: readonly Argument[]): void
  /** Where memory lies. It must stay referenced for as long as the address is used. */
  address(memory: Buffer): bigint
}

/** A function of {@link Cryptoki}. */
export type CallName =
  | 'C_Initialize'
  | 'C_GetSlotList'
  | 'C_GetTokenInfo'
  | 'C_OpenSession'
  | 'C_CloseSession'
  | 'C_Login'
  | 'C_FindObjectsInit'
  | 'C_FindObjects'
  | 'C_FindObjectsFinal'
  | 'C_GetAttributeValue'
  | 'C_GenerateKey'
  | 'C_EncryptInit'
  | 'C_Encrypt'
  | 'C_DecryptInit'
  | 'C_Decrypt'

/** The types of the parameters. */
const CALLS: Readonly<Record<CallName, readonly string[]>> = {
  C_Initialize: ['void *'],
  C_GetSlotList: ['uchar', 'void *', 'void *'],
  C_GetTokenInfo: ['ulong', 'void *'],
  C_OpenSession: ['ulong', 'ulong', 'void *', 'void *', 'void *'],
  C_CloseSession: ['ulong'],
  C_Login: ['ulong', 'ulong', 'void *', 'ulong'],
  C_FindObjectsInit: ['ulong', 'void *', 'ulong'],
  C_FindObjects: ['ulong', 'void *', 'ulong', 'void *'],
  C_FindObjectsFinal: ['ulong'],
  C_GetAttributeValue: ['ulong', 'ulong', 'void *', 'ulong'],
  C_GenerateKey: ['ulong', 'void *', 'void *', 'ulong', 'void *'],
  C_EncryptInit: ['ulong', 'void *', 'ulong'],
  C_Encrypt: ['ulong', 'void *', 'ulong', 'void *', 'void *'],
  C_DecryptInit: ['ulong', 'void *', 'ulong'],
  C_Decrypt: ['ulong', 'void *', 'ulong', 'void *', 'void *'],
}

const ALREADY_INITIALIZED = 0x191

/**
 * Loads a PKCS#11 library and initialises it. It stays loaded for the life of the process.
 *
 * @throws VaultError `master-key` when `koffi` is not installed, or this is no such library
 */
export async function loadCryptoki(path: string): Promise<Cryptoki> {
  const koffi = await loadKoffi()
  if (process.platform === 'win32' || koffi.sizeof('ulong') !== 8 || koffi.sizeof('void *') !== 8) {
    throw new VaultError('master-key', 'PKCS#11 tokens are supported on 64-bit Unix systems only')
  }
  const functions = new Map<string, (...args: readonly Argument[]) => number | bigint>()
  try {
    const library = koffi.load(path)
    for (const [name, types] of Object.entries(CALLS)) functions.set(name, library.func(name, 'ulong', [...types]))
  } catch (cause) {
    throw new VaultError('master-key', `this is no PKCS#11 library: ${path}`, cause)
  }
  const cryptoki: Cryptoki = {
    call(name, ...args) {
      const returned = Number(functions.get(name)?.(...args))
      if (returned !== 0) throw new CryptokiError(name, returned)
    },
    address: (memory) => koffi.address(memory),
  }
  initialize(cryptoki)
  return cryptoki
}

function initialize(cryptoki: Cryptoki): void {
  // CK_C_INITIALIZE_ARGS: four functions that we do not bring, flags, reserved.
  const args = Buffer.alloc(48)
  args.writeBigUInt64LE(BigInt(CKF.osLocking), 32)
  try {
    cryptoki.call('C_Initialize', args)
  } catch (error) {
    if (error instanceof CryptokiError && error.returned === ALREADY_INITIALIZED) return
    throw new VaultError('master-key', 'the PKCS#11 library does not start', error)
  }
}

async function loadKoffi(): Promise<typeof import('koffi')> {
  try {
    return await import('koffi')
  } catch (cause) {
    throw new VaultError(
      'master-key',
      'a master key in a PKCS#11 token needs the package koffi: npm install koffi@3.3.4',
      cause,
    )
  }
}
