import { unreadable } from '../exit.ts'
import { Answer } from './answer.ts'
import type { Client } from './client.ts'

/** The most that the checkpoint gives at once. */
export const PAGE = 1000

const MOST_PAGES = 1000

/**
 * A list of the checkpoint from its first page to its last, as one answer.
 *
 * @param path below the namespace, with or without a query
 * @param member of the answers that holds the list
 * @throws CliError as the client does, and for a list without an end
 */
export async function wholeList(
  client: Client,
  path: string,
  member: string,
): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const found: unknown[] = []
  let after: string | undefined
  const [place, given] = path.split('?')
  const query = new URLSearchParams(given)
  query.set('limit', String(PAGE))
  for (let page = 0; page < MOST_PAGES; page++) {
    if (after !== undefined) query.set('after', after)
    const answer = new Answer(await client.get(client.in(`${place}?${query}`)))
    found.push(...answer.list(member).map(({ raw }) => raw))
    after = answer.optional('next')
    if (after === undefined) return { [member]: found }
  }
  throw unreadable(`${client.server} goes on listing: more than ${MOST_PAGES * PAGE} ${member}`)
}
