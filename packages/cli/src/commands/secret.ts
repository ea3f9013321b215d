import type { Around } from '../around.ts'
import { unreadable, usageError } from '../exit.ts'
import { readInput } from '../input.ts'
import { Answer } from '../remote/answer.ts'
import { clientOf } from '../remote/client.ts'
import { named } from '../remote/names.ts'
import { wholeList } from '../remote/pages.ts'
import type { RemoteOptions } from '../remote/profile.ts'
import { show, showRows, when } from '../remote/show.ts'
import { SEKISHO } from '../self.ts'

const MAX_SECRET = 1024 * 1024

/** `sekisho secret put`: the value comes from a file or standard input, never from the arguments. */
export async function secretPutCommand(
  path: string,
  file: string,
  options: RemoteOptions & { readonly contentType?: string },
  around: Around,
): Promise<number> {
  const resource = named('resource', path)
  const client = await clientOf(options, around)
  const bytes = await readInput(file, around, MAX_SECRET)
  if (bytes.length === 0)
    throw unreadable(`${file === '-' ? 'standard input' : file}: is empty; expected the value of the secret`)
  const json = {
    value: Buffer.from(bytes).toString('base64'),
    ...(options.contentType === undefined ? {} : { contentType: options.contentType }),
  }
  const answer = await client.send('PUT', client.in(`/secrets/${resource}`), {
    json,
    typed: { contentType: '--content-type' },
  })
  const version = new Answer(answer).number('version')
  return show(answer, options, around, (paper) => {
    paper.line(0, 2, `${resource}: version ${version}, ${bytes.length} bytes, encrypted at rest.`)
  })
}

/** `sekisho secret list` */
export async function secretListCommand(options: RemoteOptions, around: Around): Promise<number> {
  const client = await clientOf(options, around)
  const answer = await wholeList(client, '/secrets', 'secrets')
  return showRows(
    answer,
    options,
    around,
    new Answer(answer).list('secrets'),
    [
      { title: 'PATH', value: (row) => row.text('path') },
      { title: 'KIND', value: (row) => row.text('kind') },
      { title: 'VERSION', value: (row) => String(row.number('version')) },
      { title: 'CREATED', value: (row) => when(row.optional('created')) },
    ],
    `There are no secrets yet; \`${SEKISHO} secret put\` stores one.`,
  )
}

/** `sekisho secret show` and `sekisho key show`: everything but the values. */
export async function secretShowCommand(path: string, options: RemoteOptions, around: Around): Promise<number> {
  const resource = named('resource', path)
  const client = await clientOf(options, around)
  const answer = await client.get(client.in(`/secrets/${resource}`))
  const secret = new Answer(answer)
  return show(answer, options, around, (paper) => {
    const type = secret.optional('contentType')
    paper.line(
      0,
      2,
      { text: resource, tone: 'strong' },
      ` (${secret.text('kind')}${type === undefined ? '' : `, ${type}`})`,
    )
    for (const version of secret.list('versions')) {
      const made = `${when(version.text('created'))} by ${version.text('createdBy')}`
      paper.entry(2, 12, `version ${version.number('version')}`, made)
    }
    if (secret.has('publicJwk')) paper.entry(2, 12, 'public key', JSON.stringify(secret.raw['publicJwk']))
  })
}

/** `sekisho secret delete` */
export async function secretDeleteCommand(path: string, options: RemoteOptions, around: Around): Promise<number> {
  const resource = named('resource', path)
  const client = await clientOf(options, around)
  const answer = await client.send('DELETE', client.in(`/secrets/${resource}`))
  return show(answer ?? { deleted: resource }, options, around, (paper) => {
    paper.line(0, 2, `${resource} is deleted: nobody is given it any more.`)
  })
}

const KEY_TYPES: readonly string[] = ['aes-256', 'ec-p256', 'ec-p384', 'ed25519', 'rsa-3072']

/** `sekisho key create` */
export async function keyCreateCommand(
  path: string,
  options: RemoteOptions & { readonly type: string },
  around: Around,
): Promise<number> {
  const resource = named('resource', path)
  if (!KEY_TYPES.includes(options.type)) throw usageError(`--type ${options.type}: expected ${KEY_TYPES.join(', ')}`)
  const client = await clientOf(options, around)
  const answer = await client.send('PUT', client.in(`/keys/${resource}`), { json: { type: options.type } })
  const key = new Answer(answer)
  return show(answer, options, around, (paper) => {
    paper.line(0, 2, `${resource}: version ${key.number('version')}, ${options.type}.`)
    if (key.has('publicJwk')) paper.entry(2, 12, 'public key', JSON.stringify(key.raw['publicJwk']))
  })
}
