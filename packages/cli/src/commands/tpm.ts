import type { Around } from '../around.ts'
import { Answer } from '../remote/answer.ts'
import { clientOf } from '../remote/client.ts'
import { named } from '../remote/names.ts'
import { wholeList } from '../remote/pages.ts'
import type { RemoteOptions } from '../remote/profile.ts'
import { counted, show, showRows, when } from '../remote/show.ts'
import { SEKISHO } from '../self.ts'

/** `sekisho tpm list` */
export async function tpmListCommand(options: RemoteOptions, around: Around): Promise<number> {
  const client = await clientOf(options, around)
  const answer = await wholeList(client, '/tpm-keys', 'keys')
  return showRows(
    answer,
    options,
    around,
    new Answer(answer).list('keys'),
    [
      { title: 'KEY', value: (row) => row.text('akName') },
      { title: 'TPM', value: (row) => row.text('ekSha256').slice(0, 16) },
      { title: 'ENROLLED', value: (row) => when(row.text('enrolled')) },
      {
        title: 'REVOKED',
        value: (row) => (row.has('revoked') ? `${when(row.text('revoked'))} by ${row.text('revokedBy')}` : '–'),
        tone: (row) => (row.has('revoked') ? 'bad' : undefined),
      },
    ],
    `No TPM has enrolled a key; \`${SEKISHO} request --tpm\` does, when it asks for a secret.`,
  )
}

/** `sekisho tpm revoke` */
export async function tpmRevokeCommand(name: string, options: RemoteOptions, around: Around): Promise<number> {
  const path = `/tpm-keys/${named('tpmKey', name)}`
  const client = await clientOf(options, around)
  const answer = await client.send('DELETE', client.in(path))
  const told = new Answer(answer)
  const [keys, leases] = [counted(told.number('keys'), 'key'), counted(told.number('revoked'), 'lease')]
  return show(answer, options, around, (paper) => {
    paper.line(0, 2, `Revoked: ${keys} of this TPM, and ${leases}. It cannot enrol again.`)
  })
}

/** `sekisho tpm readmit` */
export async function tpmReadmitCommand(name: string, options: RemoteOptions, around: Around): Promise<number> {
  const path = `/tpm-keys/${named('tpmKey', name)}/readmit`
  const client = await clientOf(options, around)
  const answer = await client.send('POST', client.in(path))
  return show(answer, options, around, (paper) => {
    paper.line(0, 2, 'The TPM may enrol again; until it does, it gets nothing.')
  })
}
