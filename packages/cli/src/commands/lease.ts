import type { Around } from '../around.ts'
import { EXIT, unreadable } from '../exit.ts'
import { readDocument } from '../options/document.ts'
import { isRecord } from '../options/record.ts'
import { Answer } from '../remote/answer.ts'
import { clientOf } from '../remote/client.ts'
import { named } from '../remote/names.ts'
import { PAGE, wholeList } from '../remote/pages.ts'
import type { RemoteOptions } from '../remote/profile.ts'
import { counted, emulatedMark, show, when } from '../remote/show.ts'
import type { Tone } from '../render/paper.ts'
import { addTable, type Column } from '../render/table.ts'

const TONES: Readonly<Record<string, Tone>> = { live: 'good', revoked: 'bad', expired: 'faint' }
const ORDER: readonly string[] = ['live', 'revoked', 'expired']

/** `sekisho lease list` */
export async function leaseListCommand(options: RemoteOptions, around: Around): Promise<number> {
  const client = await clientOf(options, around)
  // Of those that ended there may be any number; none that is live may be missing.
  const live = new Answer(await wholeList(client, '/leases?state=live', 'leases')).list('leases')
  const latest = new Answer(await client.get(client.in(`/leases?limit=${PAGE}`)))
  const ended = latest.list('leases').filter((row) => row.text('state') !== 'live')
  // One that ended between the two questions is in both answers: the later one tells how it stands.
  const byId = new Map([...live, ...ended].map((row) => [row.text('id'), row]))
  const rows = [...byId.values()].sort((a, b) => ORDER.indexOf(a.text('state')) - ORDER.indexOf(b.text('state')))
  const isAll = !latest.has('next')
  return show({ leases: rows.map(({ raw }) => raw), all: isAll }, options, around, (paper) => {
    if (rows.length === 0) paper.line(0, 2, 'Nobody holds anything.')
    else addTable(paper, 0, COLUMNS, rows)
    if (!isAll) paper.line(0, 2, `Of the leases that ended, those among the latest ${PAGE} are listed.`)
  })
}

const COLUMNS: readonly Column<Answer>[] = [
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
]

/** `sekisho lease revoke` */
export async function leaseRevokeCommand(
  id: string,
  options: RemoteOptions & { readonly reason?: string },
  around: Around,
): Promise<number> {
  const lease = named('lease', id)
  const client = await clientOf(options, around)
  const json = options.reason === undefined ? {} : { reason: options.reason }
  const answer = await client.send('POST', client.in(`/leases/${lease}/revoke`), {
    json,
    typed: { reason: '--reason' },
  })
  return show(answer, options, around, (paper) => {
    paper.line(0, 2, `${id}: revoked. Its holder is told.`)
  })
}

/** `sekisho lease reappraise` */
export async function leaseReappraiseCommand(options: RemoteOptions, around: Around): Promise<number> {
  const client = await clientOf(options, around)
  const answer = await client.send('POST', client.in('/reappraise'), { json: {} })
  const found = new Answer(answer)
  const [live, revoked, unanswered] = [found.number('live'), found.number('revoked'), found.number('unanswered')]
  return show(answer, options, around, (paper) => {
    if (live + revoked === 0) paper.line(0, 2, 'There are no live leases.')
    else paper.line(0, 2, `${counted(live + revoked, 'live lease')} looked at: ${revoked} revoked, ${live} kept.`)
    if (unanswered > 0)
      paper.line(
        0,
        2,
        { text: 'note', tone: 'open' },
        `  of ${counted(unanswered, 'lease')} the endorsements could not be had: kept as found before. The checkpoint's log says why.`,
      )
  })
}

/** `sekisho lease forecast`: exit code 1 when a live lease would fail. */
export async function leaseForecastCommand(file: string, options: RemoteOptions, around: Around): Promise<number> {
  const json = await readDocument(file, around, 256 * 1024)
  if (!isRecord(json))
    throw unreadable(`${file}: expected the level to come, such as { minTcb: { Milan: { microcode: 220 } } }`)
  const client = await clientOf(options, around)
  const answer = await client.send('POST', client.in('/forecast'), { json, file })
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
