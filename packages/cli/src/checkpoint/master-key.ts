import { randomBytes } from 'node:crypto'
import { access, open, readFile, realpath } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import type { MasterKey } from '@sekisho/broker'
import type { Around } from '../around.ts'
import { unreadable, usageError } from '../exit.ts'
import { errorCode, inWords, makeFolder, unwritable } from '../input.ts'

/** Where `sekisho up` may find the master key. */
export interface MasterKeyOptions {
  readonly masterKeyFile?: string
  readonly pkcs11?: string
  /** Files with former master keys. */
  readonly formerMasterKeyFile?: readonly string[]
  /** Files that describe former master keys in PKCS#11 tokens. */
  readonly formerPkcs11?: readonly string[]
  readonly production?: true
}

const VARIABLE = 'SEKISHO_MASTER_KEY'

/**
 * The master key: from a PKCS#11 token, a file or the environment; else one beside the database, made at the first
 * start. The last is for trying out: whoever copies the folder has both.
 *
 * @throws CliError where {@link checkMasterKey} does
 */
export async function masterKeyOf(options: MasterKeyOptions, folder: string, around: Around): Promise<MasterKey> {
  checkMasterKey(options, around)
  const { masterKeyFrom } = await import('@sekisho/broker')
  const environment = around.env[VARIABLE] ?? ''
  const apart = keptApart(options, folder)
  if (options.pkcs11 !== undefined) return inToken('--pkcs11', options.pkcs11, apart)
  if (options.masterKeyFile !== undefined) return inFile('--master-key-file', options.masterKeyFile, apart)
  if (environment !== '') return masterKeyFrom({ env: VARIABLE, environment: { [VARIABLE]: environment } })
  const file = join(folder, 'master.key')
  await makeKey(file)
  around.err(`sekisho: the master key is ${file}; keep it away from the database where it matters\n`)
  return masterKeyFrom({ file })
}

/** Refuses a file of production that is beside the database; `what` names it. @throws CliError (usage) */
type KeptApart = (what: string, file: string) => Promise<void>

function keptApart({ production }: MasterKeyOptions, folder: string): KeptApart {
  return async (what, file) => {
    if (production === true && (await isWithin(file, folder)))
      throw usageError(`--production refuses ${what}: it is in ${folder}, and whoever copies that has both`)
  }
}

async function inFile(option: string, file: string, apart: KeptApart): Promise<MasterKey> {
  await apart(`${option} ${file}`, file)
  const { masterKeyFrom } = await import('@sekisho/broker')
  return masterKeyFrom({ file })
}

async function inToken(option: string, file: string, apart: KeptApart): Promise<MasterKey> {
  const pkcs11 = await pkcs11Location(file)
  await apart(`pinFile ${pkcs11.pinFile} of ${option} ${file}`, pkcs11.pinFile)
  const { masterKeyFrom } = await import('@sekisho/broker')
  return masterKeyFrom({ pkcs11 })
}

/** Whether a file is in a folder or below, whatever links lead there. What is not there is nowhere. */
async function isWithin(file: string, folder: string): Promise<boolean> {
  const real = (path: string): Promise<string | undefined> => realpath(path).catch(() => undefined)
  const [inner, outer] = [await real(file), await real(folder)]
  if (inner === undefined || outer === undefined) return false
  const way = relative(outer, inner)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/** Whether one place of the master key is named, or none outside of production. @throws CliError (usage) */
export function checkMasterKey({ masterKeyFile, pkcs11, production }: MasterKeyOptions, around: Around): void {
  const environment = around.env[VARIABLE] || undefined
  const given = [masterKeyFile, pkcs11, environment].filter((one) => one !== undefined)
  if (given.length > 1) throw usageError(`give one of --master-key-file, --pkcs11 and ${VARIABLE}, not several`)
  if (given.length === 0 && production === true)
    throw usageError(`--production needs a master key of its own: --master-key-file, --pkcs11 or ${VARIABLE}`)
}

/**
 * The key that a running server is to go over to: in the file beside that of the master key whose name ends in `.next`. Undefined while
 * there is none, and where the master key is in no file.
 *
 * @throws VaultError as for the master key; CliError (usage) where production refuses it
 */
export async function nextMasterKey(
  options: MasterKeyOptions,
  folder: string,
  { env }: Pick<Around, 'env'>,
): Promise<MasterKey | undefined> {
  const { masterKeyFile, pkcs11 } = options
  if (pkcs11 !== undefined || (masterKeyFile === undefined && (env[VARIABLE] ?? '') !== '')) return undefined
  const file = `${masterKeyFile ?? join(folder, 'master.key')}.next`
  try {
    await access(file)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw inWords(file, error)
  }
  // The master key may be reached by a link in the data folder: the next one beside that link is then in the folder.
  return inFile('the next master key', file, keptApart(options, folder))
}

/**
 * Former master keys, which something may still be encrypted under: also in what was copied of the database before.
 *
 * @throws VaultError as for the master key; CliError (usage) where production refuses one
 */
export async function formerMasterKeys(options: MasterKeyOptions, folder: string): Promise<readonly MasterKey[]> {
  const { formerMasterKeyFile = [], formerPkcs11 = [] } = options
  const apart = keptApart(options, folder)
  const ofFiles = await Promise.all(formerMasterKeyFile.map((file) => inFile('--former-master-key-file', file, apart)))
  const ofTokens: MasterKey[] = []
  // One after another: they may be in one token.
  for (const file of formerPkcs11) ofTokens.push(await inToken('--former-pkcs11', file, apart))
  return [...ofFiles, ...ofTokens]
}

/** Makes the file once: of two starts at the same time one makes it, and both read it. */
async function makeKey(file: string): Promise<void> {
  const folder = dirname(file)
  await makeFolder(folder, 0o700).catch((cause: unknown) => {
    throw unwritable(folder, cause)
  })
  try {
    const handle = await open(file, 'wx', 0o600)
    try {
      await handle.writeFile(`${randomBytes(32).toString('base64')}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw inWords(file, error)
  }
}

async function pkcs11Location(file: string): Promise<Pkcs11Options> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw inWords(file, error)
  })
  const options = readPkcs11(text)
  if (options === undefined)
    throw unreadable(
      `${file}: expected JSON { "module", "token", "pinFile", "label" }, and "create": true to make the key`,
    )
  return options
}

interface Pkcs11Options {
  readonly module: string
  readonly token: string
  readonly pinFile: string
  readonly label: string
  /** Makes the key in the token when there is none of that label. */
  readonly create?: true
}

function readPkcs11(text: string): Pkcs11Options | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const { module, token, pinFile, label, create = false }: { [K in keyof Pkcs11Options]?: unknown } = value
    if (![module, token, pinFile, label].every((one) => typeof one === 'string')) return undefined
    if (typeof create !== 'boolean') return undefined
    const given = { module: String(module), token: String(token), pinFile: String(pinFile), label: String(label) }
    return create ? { ...given, create } : given
  } catch {
    // Not JSON: the caller says what was expected.
    return undefined
  }
}
