import type { Log } from '@sekisho/broker'
import type { Authenticator } from './access/authenticate.ts'
import type { Call } from './http/call.ts'
import { invalid, notFound } from './http/errors.ts'
import type { Front } from './http/front.ts'
import { bytes, type Reply, text } from './http/reply.ts'

/** What the log's face stands on. */
export interface LogServices {
  readonly log: Log
  readonly auth: Authenticator
}

const FULL = 256
const IMMUTABLE = { 'cache-control': 'public, max-age=31536000, immutable' }

/**
 * The log as static files, C2SP tlog-tiles: `/log/checkpoint`, `/log/tile/L/N[.p/W]`, `/log/tile/entries/N[.p/W]`.
 * Checkpoint and hashes are for everybody: they tell nothing but that something was decided, and when.
 */
export function logFace(front: Front, services: LogServices): void {
  front.on('GET', '/log/checkpoint', async () => text(200, await services.log.checkpoint()))
  front.on('GET', '/log/key', () => text(200, `${services.log.verifierKey}\n`))
  front.on('GET', '/log/tile/entries/*', (call) => entryBundle(call, services))
  front.on('GET', '/log/tile/*', (call) => tile(call, services))
  front.on('GET', '/log/entries/*', (call) => entryBundle(call, services))
}

async function tile(call: Call, { log }: LogServices): Promise<Reply> {
  const [level = '', ...rest] = call.path.slice('/log/tile/'.length).split('/')
  if (!/^(?:[0-9]|[1-5][0-9]|6[0-3])$/.test(level)) throw notATile()
  const { index, width } = readIndex(rest)
  return bytes(await found(log.tile(Number(level), index, width)), IMMUTABLE)
}

/** Entry bundle: each entry behind its length in two bytes, big endian. */
async function entryBundle(call: Call, { log, auth }: LogServices): Promise<Reply> {
  // Entries name the resources of all namespaces.
  await auth.authorize(call, 'decisions:read', '*')
  const { index, width } = readIndex(call.path.replace(/^\/log\/(?:tile\/)?entries\//, '').split('/'))
  const entries = await found(log.entries(index * FULL, width))
  const parts = entries.flatMap((entry) => [new Uint8Array([entry.length >> 8, entry.length & 255]), entry])
  return bytes(Buffer.concat(parts), { 'cache-control': 'private, max-age=31536000, immutable' })
}

/** `x001/x234/067` is 1,234,067; `.p/W` behind it asks for the first W of a tile that is not full yet. */
function readIndex(segments: readonly string[]): { readonly index: number; readonly width: number } {
  const path = segments.join('/')
  const parts = /^((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path)
  if (parts?.[1] === undefined) throw notATile()
  const width = parts[2] === undefined ? FULL : Number(parts[2])
  if (width > FULL || (parts[2] !== undefined && width === FULL)) throw notATile()
  return { index: Number(parts[1].replace(/[x/]/g, '')), width }
}

async function found<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof RangeError) throw notFound('the log does not hold this yet')
    throw error
  }
}

function notATile(): Error {
  return invalid('this is no path of a tile', [
    { field: 'path', expected: 'a tile as in C2SP tlog-tiles, e.g. tile/0/x001/067' },
  ])
}
