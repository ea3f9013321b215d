import type { Around } from '../around.ts'
import { Answer } from '../remote/answer.ts'
import { clientOf } from '../remote/client.ts'
import { writePrivate } from '../remote/private-file.ts'
import type { RemoteOptions } from '../remote/profile.ts'
import { show, showRows, when } from '../remote/show.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/** `sekisho token create` */
export async function tokenCreateCommand(
  name: string,
  options: RemoteOptions & { readonly scope: readonly string[]; readonly days?: number; readonly output?: string },
  around: Around,
): Promise<number> {
  const client = await clientOf(options, around)
  const expires = new Date(around.now().getTime() + (options.days ?? 90) * DAY_MS).toISOString()
  const answer = await client.send('POST', client.in('/tokens'), { json: { name, scopes: options.scope, expires } })
  const made = new Answer(answer)
  const token = made.text('token')
  const told = { id: made.text('id'), name, scopes: options.scope, expires }
  if (options.output === undefined || options.output === '-') {
    return show({ ...told, token }, options, around, (paper) => {
      paper.verbatim(0, token).line(0, 2, `Shown once. Expires ${when(expires)}.`)
    })
  }
  await writePrivate(options.output, `${token}\n`)
  return show({ ...told, file: options.output }, options, around, (paper) => {
    paper.line(0, 2, `${options.output}: the token ${made.text('id')}, readable by you only. Expires ${when(expires)}.`)
  })
}

/** `sekisho token list` */
export async function tokenListCommand(options: RemoteOptions, around: Around): Promise<number> {
  const client = await clientOf(options, around)
  const answer = await client.get(client.in('/tokens'))
  return showRows(
    answer,
    options,
    around,
    new Answer(answer).list('tokens'),
    [
      { title: 'ID', value: (row) => row.text('id') },
      { title: 'NAME', value: (row) => row.text('name') },
      { title: 'SCOPES', value: (row) => row.texts('scopes').join(' ') },
      { title: 'EXPIRES', value: (row) => when(row.optional('expires')) },
      { title: 'LAST USED', value: (row) => when(row.optional('lastUsed')) },
    ],
    'There are no tokens of this namespace.',
  )
}

/** `sekisho token revoke` */
export async function tokenRevokeCommand(id: string, options: RemoteOptions, around: Around): Promise<number> {
  const client = await clientOf(options, around)
  const answer = await client.send('DELETE', client.in(`/tokens/${encodeURIComponent(id)}`))
  return show(answer ?? { revoked: id }, options, around, (paper) => {
    paper.line(0, 2, `${id}: revoked.`)
  })
}
