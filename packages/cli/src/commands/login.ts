import { join } from 'node:path'
import type { Around } from '../around.ts'
import { EXIT, unreadable } from '../exit.ts'
import { readText } from '../options/document.ts'
import { Answer } from '../remote/answer.ts'
import { clientFor } from '../remote/client.ts'
import { dataFolder } from '../remote/folders.ts'
import { DEFAULT_SERVER, keepProfile } from '../remote/profile.ts'
import { show } from '../remote/show.ts'

/** The file in the data folder that `sekisho up` leaves the one-time link in. */
export const SETUP_LINK = 'setup-link'

/** `sekisho login`: the link comes from a file, never from the arguments, where every process could read it. */
export async function loginCommand(
  options: { readonly server?: string; readonly data?: string; readonly linkFile?: string; readonly json?: true },
  around: Around,
): Promise<number> {
  const file = options.linkFile ?? join(dataFolder(options.data, around), SETUP_LINK)
  const { server, secret } = linkOf((await readText(file, around, 4096)).trim(), options.server, file)
  const client = clientFor({ server }, 'default')
  const answer = await client.send('POST', '/setup', { json: { secret } })
  const path = await keepProfile({ server, token: new Answer(answer).text('token') }, around)
  show({ server, profile: path }, options, around, (paper) => {
    paper.line(0, 2, `Logged in to ${server}; the token is in ${path}, readable by you only.`)
  })
  return EXIT.ok
}

function linkOf(
  text: string,
  server: string | undefined,
  file: string,
): { readonly server: string; readonly secret: string } {
  if (!URL.canParse(text)) throw unreadable(`${file}: expected the one-time link that \`sekisho up\` prints`)
  const url = new URL(text)
  const secret = url.hash.slice(1)
  if (secret === '') throw unreadable(`${file}: expected the one-time link that \`sekisho up\` prints`)
  return { server: server ?? (url.origin === 'null' ? DEFAULT_SERVER : url.origin), secret }
}
