import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Around } from '../around.ts'
import { EXIT, unreadable } from '../exit.ts'
import { errorCode } from '../input.ts'
import { readText } from '../options/document.ts'
import { Answer } from '../remote/answer.ts'
import { clientFor } from '../remote/client.ts'
import { dataFolder } from '../remote/folders.ts'
import { RemoteError } from '../remote/problem.ts'
import { DEFAULT_SERVER, keepProfile } from '../remote/profile.ts'
import { show } from '../remote/show.ts'
import { SEKISHO } from '../self.ts'

/** The file in the data folder that `sekisho up` leaves the one-time link in. */
export const SETUP_LINK = 'setup-link'

/**
 * `sekisho login`: the link comes from a file, never from the arguments, where every process could read it. A link in the
 * data folder is removed with its use.
 */
export async function loginCommand(
  options: { readonly server?: string; readonly data?: string; readonly linkFile?: string; readonly json?: true },
  around: Around,
): Promise<number> {
  const own = join(dataFolder(options.data, around), SETUP_LINK)
  const file = options.linkFile ?? own
  const { server, secret } = linkOf(await readLink(file, own, around), options.server, file)
  const client = clientFor({ server }, 'default')
  const answer = await redeemed(client.send('POST', '/setup', { json: { secret } }), () => spent(file, own))
  await spent(file, own)
  const path = await keepProfile({ server, token: new Answer(answer).text('token') }, around)
  show({ server, profile: path }, options, around, (paper) => {
    paper.line(0, 2, `Logged in to ${server}; the token is in ${path}, readable by you only.`)
  })
  return EXIT.ok
}

async function readLink(file: string, own: string, around: Around): Promise<string> {
  try {
    return (await readText(file, around, 4096)).trim()
  } catch (error) {
    const missing = file === own && error instanceof Error && errorCode(error.cause) === 'ENOENT'
    throw missing ? unreadable(`${file}: no such file: ${NO_LINK}`, error) : error
  }
}

const INSTEAD = `Whoever used it in a browser makes a token there, under Access, for SEKISHO_TOKEN or --token-file; who is logged in here makes tokens for others: \`${SEKISHO} token create NAME --scope SCOPE\`; where every token is lost, \`${SEKISHO} up --new-setup-link\` prints a link again`
const NO_LINK = `the link was used, or no \`${SEKISHO} up\` runs with this data folder. ${INSTEAD}`

/** The server's answer; a link that it does not take any more is forgotten. */
async function redeemed(answer: Promise<unknown>, forget: () => Promise<void>): Promise<unknown> {
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof RemoteError) || error.problem?.status !== 403) throw error
    await forget()
    throw new RemoteError(error.exitCode, `${error.message}. ${INSTEAD}`, error.problem, { cause: error })
  }
}

/** Nothing opens with it any more. A file that the caller named is the caller's. */
async function spent(file: string, own: string): Promise<void> {
  if (file === own) await rm(file, { force: true })
}

function linkOf(
  text: string,
  server: string | undefined,
  file: string,
): { readonly server: string; readonly secret: string } {
  if (!URL.canParse(text)) throw unreadable(`${file}: expected the one-time link that \`${SEKISHO} up\` prints`)
  const url = new URL(text)
  const secret = url.hash.slice(1)
  if (secret === '') throw unreadable(`${file}: expected the one-time link that \`${SEKISHO} up\` prints`)
  return { server: server ?? (url.origin === 'null' ? DEFAULT_SERVER : url.origin), secret }
}
