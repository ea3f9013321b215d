import type { Around } from '../around.ts'
import { Answer } from '../remote/answer.ts'
import { clientOf } from '../remote/client.ts'
import { named } from '../remote/names.ts'
import type { RemoteOptions } from '../remote/profile.ts'
import { counted, show, showRows, when } from '../remote/show.ts'

/** `sekisho result-key list` */
export async function resultKeyListCommand(options: RemoteOptions, around: Around): Promise<number> {
  const client = await clientOf(options, around)
  const answer = await client.get('/result-keys')
  return showRows(
    answer,
    options,
    around,
    new Answer(answer).list('keys'),
    [
      { title: 'KEY', value: (row) => row.text('kid') },
      {
        title: 'STATE',
        value: (row) => row.text('state'),
        tone: (row) => (row.text('state') === 'revoked' ? 'bad' : undefined),
      },
      { title: 'MADE', value: (row) => when(row.text('created')) },
      { title: 'SIGNS SINCE', value: (row) => when(row.optional('activated')) },
      { title: 'ENDED', value: (row) => when(row.optional('revoked') ?? row.optional('retired')) },
      { title: 'ACCEPTED UNTIL', value: (row) => acceptedUntil(row) },
    ],
    'There are no keys.',
  )
}

function acceptedUntil(row: Answer): string {
  return row.text('state') === 'retired' ? when(row.optional('acceptedUntil')) : '–'
}

/** `sekisho result-key rotate` */
export async function resultKeyRotateCommand(
  options: RemoteOptions & { readonly early?: true },
  around: Around,
): Promise<number> {
  const client = await clientOf(options, around)
  const answer = await client.send('POST', '/result-keys/rotate', { json: { early: options.early === true } })
  const told = new Answer(answer)
  return show(answer, options, around, (paper) => {
    paper.line(0, 2, `${told.text('current')} signs from now on.`)
    paper.line(0, 2, `Results of ${told.text('retired')} are accepted until the last has ended.`)
  })
}

/** `sekisho result-key revoke` */
export async function resultKeyRevokeCommand(kid: string, options: RemoteOptions, around: Around): Promise<number> {
  const path = `/result-keys/${named('resultKey', kid)}`
  const client = await clientOf(options, around)
  const answer = await client.send('DELETE', path)
  const told = new Answer(answer)
  return show(answer, options, around, (paper) => {
    paper.line(
      0,
      2,
      `${kid} is revoked: its results are refused, and ${counted(told.number('leases'), 'lease')} ended.`,
    )
    paper.line(0, 2, `${told.text('current')} signs.`)
  })
}
