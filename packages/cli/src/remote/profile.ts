import { readFile } from 'node:fs/promises'
import type { Around } from '../around.ts'
import { unreadable, usageError } from '../exit.ts'
import { errorCode, inWords, readInput } from '../input.ts'
import { SEKISHO } from '../self.ts'
import { profileFile } from './folders.ts'
import { named } from './names.ts'
import { writePrivate } from './private-file.ts'

/** Where `sekisho up` listens unless it is told otherwise. */
export const DEFAULT_PORT = 7117
export const DEFAULT_SERVER: string = `http://127.0.0.1:${DEFAULT_PORT}`

/** Options that every command against a checkpoint has. */
export interface RemoteOptions {
  readonly server?: string
  readonly tokenFile?: string
  readonly namespace?: string
  readonly json?: true
}

/** The checkpoint that a command talks to, and the token that lets it. */
export interface Profile {
  /** Origin, without a slash at the end. */
  readonly server: string
  /** Absent before the first `sekisho login`. */
  readonly token?: string
}

/**
 * The profile of a command: its options, else `SEKISHO_SERVER` and `SEKISHO_TOKEN`, else what `sekisho login`
 * kept. A kept token goes to the server it is of and to no other.
 *
 * @throws CliError for a server that is no origin, or a token file that cannot be read
 */
export async function profileOf(options: RemoteOptions, around: Around): Promise<Profile> {
  const kept = await readProfile(around)
  const server = originOf(options.server ?? present(around.env['SEKISHO_SERVER']) ?? kept?.server ?? DEFAULT_SERVER)
  const given =
    options.tokenFile === undefined ? present(around.env['SEKISHO_TOKEN']) : await readToken(options.tokenFile, around)
  const token = given ?? (kept?.server === server ? kept.token : undefined)
  return token === undefined ? { server } : { server, token }
}

/** What names all namespaces, where there may be several. */
export const ALL_NAMESPACES = '*'

/** The namespace that is named by option or `SEKISHO_NAMESPACE`. @throws CliError (usage) for what can be the name of none */
export function namespaceOf(options: Pick<RemoteOptions, 'namespace'>, around: Around): string | undefined {
  const name = anyNamespaceOf(options, around)
  if (name === undefined) return undefined
  return named('namespace', name, options.namespace === undefined ? 'SEKISHO_NAMESPACE ' : '--namespace ')
}

/** As {@link namespaceOf}, or `*` for all. */
export function namespacesOf(options: Pick<RemoteOptions, 'namespace'>, around: Around): string | undefined {
  return anyNamespaceOf(options, around) === ALL_NAMESPACES ? ALL_NAMESPACES : namespaceOf(options, around)
}

function anyNamespaceOf(options: Pick<RemoteOptions, 'namespace'>, { env }: Around): string | undefined {
  return options.namespace ?? present(env['SEKISHO_NAMESPACE'])
}

/** Keeps a profile in a file that only its owner may read. */
export async function keepProfile(profile: Profile, around: Around): Promise<string> {
  const path = profileFile(around)
  await writePrivate(path, `${JSON.stringify(profile, undefined, 2)}\n`)
  return path
}

async function readProfile(around: Around): Promise<Profile | undefined> {
  const path = profileFile(around)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw inWords(path, error)
  }
  const known = parsed(text)
  if (known === undefined)
    throw unreadable(`${path}: expected { "server", "token" }; \`${SEKISHO} login\` writes it anew`)
  return known
}

function parsed(text: string): Profile | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const { server, token }: { server?: unknown; token?: unknown } = value
    if (typeof server !== 'string' || (token !== undefined && typeof token !== 'string')) return undefined
    return token === undefined ? { server } : { server, token }
  } catch {
    // Not JSON: the caller says what was expected.
    return undefined
  }
}

async function readToken(path: string, around: Around): Promise<string> {
  const token = new TextDecoder().decode(await readInput(path, around, 4096)).trim()
  if (!/^[\x21-\x7e]{8,4096}$/.test(token)) throw unreadable(`${path}: expected one token in a file of its own`)
  return token
}

function originOf(text: string): string {
  let url: URL
  try {
    url = new URL(text)
  } catch (error) {
    throw usageError(`--server: ${JSON.stringify(text)} is no URL; expected e.g. ${DEFAULT_SERVER}`, error)
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw usageError(`--server: expected http or https, not ${url.protocol}`)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw usageError('--server: expected an origin without user, query or fragment')
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

function present(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text
}
