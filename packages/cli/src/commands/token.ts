import type { Around } from '../around.ts'
import { usageError } from '../exit.ts'
import { Answer } from '../remote/answer.ts'
import { type Client, clientFor } from '../remote/client.ts'
import { named } from '../remote/names.ts'
import { writePrivate } from '../remote/private-file.ts'
import { ALL_NAMESPACES, namespacesOf, profileOf, type RemoteOptions } from '../remote/profile.ts'
import { show, showRows, when } from '../remote/show.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** A token without an end is forgotten, not ended: no checkpoint makes one for longer. */
const MAX_DAYS = 730

/** Options of the commands about tokens: a token is of one namespace, or of all. */
export interface TokenOptions extends RemoteOptions {
  readonly allNamespaces?: true
}

/** Tokens of the namespace, or of all: the API has them in two places. */
interface Tokens {
  readonly client: Client
  /** Of these tokens, below the API. */
  readonly path: string
  readonly namespace: string
}

async function tokensOf(options: TokenOptions, around: Around): Promise<Tokens> {
  if (options.allNamespaces === true && options.namespace !== undefined && options.namespace !== ALL_NAMESPACES)
    throw usageError('--all-namespaces and --namespace exclude each other')
  const namespace = options.allNamespaces === true ? ALL_NAMESPACES : (namespacesOf(options, around) ?? 'default')
  const client = clientFor(await profileOf(options, around), namespace)
  return { client, path: namespace === ALL_NAMESPACES ? '/tokens' : client.in('/tokens'), namespace }
}

/** `sekisho token create` */
export async function tokenCreateCommand(
  name: string,
  options: TokenOptions & { readonly scope: readonly string[]; readonly days?: number; readonly output?: string },
  around: Around,
): Promise<number> {
  const { days = 90 } = options
  if (days < 1 || days > MAX_DAYS) throw usageError(`--days ${days}: expected 1 to ${MAX_DAYS}`)
  const { client, path, namespace } = await tokensOf(options, around)
  const expires = new Date(around.now().getTime() + days * DAY_MS).toISOString()
  const answer = await client.send('POST', path, {
    json: { name, scopes: options.scope, expires },
    typed: { name: 'NAME', scopes: '--scope', expires: '--days' },
  })
  const made = new Answer(answer)
  const token = made.text('token')
  const told = { id: made.text('id'), name, namespace, scopes: options.scope, expires }
  const where = namespace === ALL_NAMESPACES ? 'all namespaces' : `the namespace ${namespace}`
  const good = `Good in ${where}. Expires ${when(expires)}.`
  if (options.output === undefined || options.output === '-') {
    return show({ ...told, token }, options, around, (paper) => {
      paper.verbatim(0, token).line(0, 2, `Shown once. ${good}`)
    })
  }
  try {
    await writePrivate(options.output, `${token}\n`)
  } catch (error) {
    // Nobody has it, and it would be good for as long as if somebody had.
    await client.send('DELETE', `${path}/${encodeURIComponent(told.id)}`)
    throw error
  }
  return show({ ...told, file: options.output }, options, around, (paper) => {
    paper.line(0, 2, `${options.output}: the token ${made.text('id')}, readable by you only. ${good}`)
  })
}

/** `sekisho token list` */
export async function tokenListCommand(options: TokenOptions, around: Around): Promise<number> {
  const { client, path, namespace } = await tokensOf(options, around)
  const answer = await client.get(path)
  const isOfAll = namespace === ALL_NAMESPACES
  return showRows(
    answer,
    options,
    around,
    new Answer(answer).list('tokens'),
    [
      { title: 'ID', value: (row) => row.text('id') },
      { title: 'NAME', value: (row) => row.text('name') },
      ...(isOfAll ? [{ title: 'NAMESPACE', value: (row: Answer) => row.text('namespace') }] : []),
      { title: 'SCOPES', value: (row) => row.texts('scopes').join(' ') },
      { title: 'EXPIRES', value: (row) => (row.has('revoked') ? 'revoked' : when(row.optional('expires'))) },
      { title: 'LAST USED', value: (row) => when(row.optional('lastUsed')) },
    ],
    isOfAll
      ? 'There are no tokens.'
      : 'There are no tokens of this namespace alone; --all-namespaces lists those of all, such as that of `login`.',
  )
}

/** `sekisho token revoke` */
export async function tokenRevokeCommand(id: string, options: TokenOptions, around: Around): Promise<number> {
  const token = named('token', id)
  const { client, path } = await tokensOf(options, around)
  const answer = await client.send('DELETE', `${path}/${token}`)
  return show(answer ?? { revoked: id }, options, around, (paper) => {
    paper.line(0, 2, `${id}: revoked.`)
  })
}
