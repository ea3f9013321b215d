import type { Around } from '../around.ts'
import { Answer } from '../remote/answer.ts'
import { clientOf } from '../remote/client.ts'
import { named } from '../remote/names.ts'
import type { RemoteOptions } from '../remote/profile.ts'
import { show } from '../remote/show.ts'

/** `sekisho namespace create` */
export async function namespaceCreateCommand(name: string, options: RemoteOptions, around: Around): Promise<number> {
  named('namespace', name)
  const client = await clientOf(options, around)
  const answer = await client.send('POST', '/namespaces', { json: { name } })
  return show(answer, options, around, (paper) => {
    // A checkpoint of an earlier version does not tell.
    const what = new Answer(answer).raw['created'] === false ? 'exists already, and stays as it is' : 'made'
    paper.line(0, 2, `${name}: ${what}. \`--namespace ${name}\`, or SEKISHO_NAMESPACE, names it to every command.`)
  })
}

/** `sekisho namespace list` */
export async function namespaceListCommand(options: RemoteOptions, around: Around): Promise<number> {
  const client = await clientOf(options, around)
  const answer = await client.get('/namespaces')
  return show(answer, options, around, (paper) => {
    for (const name of new Answer(answer).texts('namespaces')) paper.line(0, 2, name)
  })
}
