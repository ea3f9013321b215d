import type { Around } from '../around.ts'
import { CliError, EXIT, unreadable } from '../exit.ts'
import { SEKISHO } from '../self.ts'
import { type Body, problemOf, RemoteError } from './problem.ts'
import { namespaceOf, type Profile, profileOf, type RemoteOptions } from './profile.ts'

/** Talks to the checkpoint of a profile. Paths are below `/api/v1` unless said. Every call: @throws CliError */
export interface Client {
  readonly server: string
  readonly namespace: string
  get(path: string): Promise<unknown>
  send(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: Body): Promise<unknown>
  /** The answer as bytes, from anywhere below the origin. */
  raw(path: string): Promise<Uint8Array>
  /** A path below the namespace. */
  in(path: string): string
}

const TIMEOUT_MS = 60_000
const MAX_ANSWER = 64 * 1024 * 1024

/** A client for a command's options. @throws CliError */
export async function clientOf(options: RemoteOptions, around: Around): Promise<Client> {
  return clientFor(await profileOf(options, around), namespaceOf(options, around) ?? 'default')
}

/** A client for a profile. */
export function clientFor(profile: Profile, namespace: string): Client {
  const ask = async (method: string, url: string, body: Body = {}): Promise<Uint8Array> => {
    const response = await reach(profile, method, url, body)
    const bytes = await bounded(response, profile)
    if (!response.ok) throw problemOf(response, bytes, profile, body)
    return bytes
  }
  const json = async (method: string, path: string, body?: Body): Promise<unknown> => {
    const bytes = await ask(method, `/api/v1${path}`, body)
    return bytes.length === 0 ? undefined : parsed(bytes, profile)
  }
  return {
    server: profile.server,
    namespace,
    get: (path) => json('GET', path),
    send: (method, path, body) => json(method, path, body),
    raw: (path) => ask('GET', path),
    in: (path) => `/namespaces/${encodeURIComponent(namespace)}${path}`,
  }
}

function parsed(bytes: Uint8Array, { server }: Profile): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch (error) {
    throw unreadable(`${server} answers with no JSON: is it a checkpoint?`, error)
  }
}

async function reach({ server, token }: Profile, method: string, path: string, body: Body): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`
  if (body.json !== undefined) headers['content-type'] = 'application/json'
  if (body.bytes !== undefined) headers['content-type'] = 'application/octet-stream'
  // A copy: the types of fetch want bytes that no other thread shares.
  const content = body.json === undefined ? body.bytes && new Uint8Array(body.bytes) : JSON.stringify(body.json)
  try {
    return await fetch(`${server}${path}`, {
      method,
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(content === undefined ? {} : { body: content }),
    })
  } catch (error) {
    const distrust = DISTRUST[reasonOf(error)]
    if (distrust !== undefined)
      throw new RemoteError(
        EXIT.unreadable,
        `${server} answers, and its certificate ${distrust} (${reasonOf(error)})`,
        undefined,
        {
          cause: error,
        },
      )
    throw new RemoteError(
      EXIT.unreadable,
      `${server} does not answer (${reasonOf(error)}); is the checkpoint up? \`${SEKISHO} up\` starts one`,
      undefined,
      { cause: error },
    )
  }
}

const UNKNOWN_AUTHORITY =
  'ends at no authority that is known here; with NODE_EXTRA_CA_CERTS=FILE in the environment that of FILE (PEM) is trusted, too'

/** Codes of Node.js (OpenSSL's X509_V_ERR_*) for a server that does answer, with a certificate that cannot be trusted. */
const DISTRUST: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  CERT_HAS_EXPIRED: 'has expired: its owner renews it',
  CERT_NOT_YET_VALID: 'is not valid yet: is the clock right here?',
  CERT_REVOKED: 'is revoked: its owner needs another',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for another name: use the name that it has',
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code
  return cause instanceof Error ? cause.message : String(cause)
}

async function bounded(response: Response, { server }: Profile): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of response.body ?? []) {
      length += chunk.length
      if (length > MAX_ANSWER) throw unreadable(`the checkpoint answered more than ${MAX_ANSWER} bytes`)
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof CliError) throw error
    const message = `the answer of ${server} broke off (${reasonOf(error)}): what was asked for may have been done`
    throw new RemoteError(EXIT.unreadable, message, undefined, { cause: error })
  }
  return new Uint8Array(Buffer.concat(chunks))
}
