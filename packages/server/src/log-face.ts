import { type Log, type LogPath, type LogReader, logReader, parseLogPath } from '@sekisho/broker'
import type { Authenticator } from './access/authenticate.ts'
import type { Call } from './http/call.ts'
import { notFound, unexpected } from './http/errors.ts'
import type { Front } from './http/front.ts'
import { bytes, text } from './http/reply.ts'

/** What the log's face stands on. */
export interface LogServices {
  readonly log: Log
  readonly auth: Authenticator
}

const IMMUTABLE = 'public, max-age=31536000, immutable'
const IMMUTABLE_FOR_ONE = 'private, max-age=31536000, immutable'

/**
 * The log as static files, C2SP tlog-tiles: `/log/checkpoint`, `/log/tile/L/N[.p/W]`, `/log/tile/entries/N[.p/W]`.
 * Checkpoint and hashes are for everybody: they tell nothing but that something was decided, and when.
 */
export function logFace(front: Front, { log, auth }: LogServices): void {
  const read = logReader(log)
  front.on('GET', '/log/checkpoint', async () => text(200, await log.checkpoint()))
  front.on('GET', '/log/key', () => text(200, `${log.verifierKey}\n`))
  front.on('GET', '/log/tile/entries/*', async (call) => {
    // Entries name the resources of all namespaces.
    await auth.authorize(call, 'decisions:read', '*')
    return bytes(await fileOf(read, call, 'entries'), { 'cache-control': IMMUTABLE_FOR_ONE })
  })
  front.on('GET', '/log/tile/*', async (call) =>
    bytes(await fileOf(read, call, 'tile'), { 'cache-control': IMMUTABLE }),
  )
}

/** A file of the log, where it is of this kind. @throws HttpError 400 for a path that no log has, 404 for one to come */
async function fileOf(read: LogReader, call: Call, kind: LogPath['kind']): Promise<Uint8Array> {
  const path = call.path.slice('/log/'.length)
  if (parseLogPath(path)?.kind !== kind)
    throw unexpected([{ field: 'path/tile', expected: 'a tile as in C2SP tlog-tiles, e.g. tile/0/x001/067' }])
  const file = await read(path)
  if (file === undefined) throw notFound('the log does not hold this yet')
  return file
}
