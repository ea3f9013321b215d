import type { Around } from '../around.ts'
import { EXIT, usageError } from '../exit.ts'
import { readDocument } from '../options/document.ts'
import { Answer } from '../remote/answer.ts'
import { clientOf } from '../remote/client.ts'
import type { RemoteOptions } from '../remote/profile.ts'
import { counted, emulatedMark, show, showRows, when } from '../remote/show.ts'
import type { Tone } from '../render/paper.ts'

const TONES: Readonly<Record<string, Tone>> = { live: 'good', revoked: 'bad', expired: 'faint' }
const ORDER: readonly string[] = ['live', 'revoked', 'expired']

/** `sekisho lease list` */
export async function leaseListCommand(options: RemoteOptions, around: Around): Promise<number> {
  const client = await clientOf(options, around)
  const answer = await client.get(client.in('/leases'))
  const rows = [...new Answer(answer).list('leases')].sort(
    (a, b) => ORDER.indexOf(a.text('state')) - ORDER.indexOf(b.text('state')),
  )
  return showRows(
    answer,
    options,
    around,
    rows,
    [
      { title: 'ID', value: (row) => row.text('id') },
      {
        title: 'STATE',
        value: (row) => `${row.text('state')}${row.flag('emulated') ? ' EMULATED' : ''}`,
        tone: (row) => TONES[row.text('state')],
      },
      { title: 'TEE', value: (row) => row.optional('tee') ?? '–' },
      { title: 'RESOURCE', value: (row) => row.text('resource') },
      { title: 'UNTIL', value: (row) => when(row.optional('ended') ?? row.text('expires')) },
      { title: 'WHY ENDED', value: (row) => row.optional('endedReason') ?? '–' },
    ],
    'Nobody holds anything.',
  )
}

/** `sekisho lease revoke` */
export async function leaseRevokeCommand(
  id: string,
  options: RemoteOptions & { readonly reason?: string },
  around: Around,
): Promise<number> {
  const client = await clientOf(options, around)
  const json = options.reason === undefined ? {} : { reason: options.reason }
  const answer = await client.send('POST', client.in(`/leases/${encodeURIComponent(id)}/revoke`), { json })
  return show(answer, options, around, (paper) => {
    paper.line(0, 2, `${id}: revoked. Its holder is told.`)
  })
}

/** `sekisho lease forecast`: exit code 1 when a live lease would fail. */
export async function leaseForecastCommand(file: string, options: RemoteOptions, around: Around): Promise<number> {
  const client = await clientOf(options, around)
  const json = await readDocument(file, around, 256 * 1024)
  if (typeof json !== 'object' || json === null)
    throw usageError(`${file}: expected the level to come, such as { minTcb: { Milan: { microcode: 220 } } }`)
  const answer = await client.send('POST', client.in('/forecast'), { json })
  const forecast = new Answer(answer)
  const fails = forecast.list('fails')
  show(answer, options, around, (paper) => {
    paper.line(
      0,
      2,
      `${fails.length} of ${counted(forecast.number('leases'), 'live lease')} would fail. Nothing was changed.`,
    )
    for (const lease of fails) {
      paper.line(
        2,
        4,
        { text: lease.text('lease'), tone: 'strong' },
        ...emulatedMark(lease),
        `  ${lease.text('resource')}: ${lease.text('code')}`,
      )
      for (const reason of lease.texts('reasons')) paper.line(4, 2, reason)
    }
    const unmatched = forecast.texts('unmatched')
    if (unmatched.length > 0)
      paper.line(0, 2, { text: 'note', tone: 'open' }, `  no live lease is on a product named ${unmatched.join(', ')}.`)
  })
  return fails.length === 0 ? EXIT.ok : EXIT.rejected
}
