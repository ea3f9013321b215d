import type { Around } from '../around.ts'
import { unreadable } from '../exit.ts'
import { readDocument } from '../options/document.ts'
import { isRecord } from '../options/record.ts'
import { Answer } from '../remote/answer.ts'
import { type Client, clientOf } from '../remote/client.ts'
import { named } from '../remote/names.ts'
import type { RemoteOptions } from '../remote/profile.ts'
import { reappraised, show, showRows, when } from '../remote/show.ts'

/** `sekisho advisory put` */
export async function advisoryPutCommand(file: string, options: RemoteOptions, around: Around): Promise<number> {
  const advisory = await readDocument(file, around, 64 * 1024)
  if (!isRecord(advisory))
    throw unreadable(`${file}: expected an advisory: { id, vendor, products, tcb, published, note }`)
  const json = { published: around.now().toISOString(), ...advisory }
  const client = await clientOf(options, around)
  const answer = await client.send('POST', client.in('/advisories'), { json, file })
  const told = new Answer(answer)
  return show(answer, options, around, (paper) => {
    paper.line(0, 2, `${told.text('id')}: recorded. ${reappraised(told.number('live'), told.number('revoked'))}`)
  })
}

/** `sekisho advisory delete` */
export async function advisoryDeleteCommand(id: string, options: RemoteOptions, around: Around): Promise<number> {
  const advisory = named('advisory', id)
  const client = await clientOf(options, around)
  const answer = await client.send('DELETE', client.in(`/advisories/${encodeURIComponent(advisory)}`))
  const told = new Answer(answer)
  return show(answer, options, around, (paper) => {
    paper.line(0, 2, `${id}: taken back. ${reappraised(told.number('live'), told.number('revoked'))}`)
  })
}

/** `sekisho advisory list` */
export async function advisoryListCommand(options: RemoteOptions, around: Around): Promise<number> {
  const client = await clientOf(options, around)
  const answer = await client.get(client.in('/advisories'))
  return showRows(
    answer,
    options,
    around,
    new Answer(answer).list('advisories'),
    [
      { title: 'ID', value: (row) => row.text('id') },
      { title: 'VENDOR', value: (row) => row.text('vendor') },
      { title: 'PRODUCTS', value: (row) => row.texts('products').join(', ') || 'all' },
      { title: 'PUBLISHED', value: (row) => when(row.text('published')) },
    ],
    'No advisories are recorded.',
  )
}

/** `sekisho advisory affected` */
export async function advisoryAffectedCommand(id: string, options: RemoteOptions, around: Around): Promise<number> {
  const advisory = named('advisory', id)
  const client = await clientOf(options, around)
  const answer = await client.get(client.in(`/advisories/${encodeURIComponent(advisory)}/affected`))
  const affected = new Answer(answer).list('affected')
  const none = `No live lease is on a platform that ${id} names.`
  // An id that is misspelt names no platform either.
  const isKnown = affected.length > 0 || (await recorded(client)).includes(id.toLowerCase())
  return showRows(
    answer,
    options,
    around,
    affected,
    [
      { title: 'LEASE', value: (row) => `${row.text('lease')}${marks(row)}` },
      { title: 'RESOURCE', value: (row) => row.text('resource') },
      { title: 'TEE', value: (row) => row.text('tee') },
      { title: 'PRODUCT', value: (row) => row.optional('product') ?? '–' },
      { title: 'UNTIL', value: (row) => when(row.text('expires')) },
    ],
    isKnown ? none : `${none} No advisory of that id is recorded here.`,
  )
}

function marks(row: Answer): string {
  return `${row.flag('emulated') ? ' EMULATED' : ''}${row.flag('forecast') ? ' FORECAST' : ''}`
}

async function recorded(client: Client): Promise<readonly string[]> {
  const answer = new Answer(await client.get(client.in('/advisories')))
  return answer.list('advisories').map((one) => one.text('id').toLowerCase())
}
