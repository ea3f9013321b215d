import type { IncomingMessage } from 'node:http'
import { HttpError } from './errors.ts'

/** Bytes of bodies that are in memory, of all requests together. */
export interface BodyBudget {
  readonly most: number
  used: number
}

/** What one request holds of the budget; whoever ends the request gives it back. */
export interface HeldBody {
  readonly budget: BodyBudget
  bytes: number
}

/** Gives back what a request held. */
export function releaseBody(held: HeldBody): void {
  held.budget.used -= held.bytes
  held.bytes = 0
}

/**
 * Reads the body of a request, and never more than `limit` bytes of it.
 *
 * @throws HttpError 413 `too-large` as soon as the declared or the received length passes the limit; 415
 *   `unsupported-encoding` for a compressed body (it could unfold to any size); 400 `incomplete-body` when the client
 *   goes away in the middle; 503 `busy` when the bodies of all requests together would pass their budget.
 */
export function readBody(incoming: IncomingMessage, limit: number, held: HeldBody): Promise<Uint8Array> {
  const encoding = incoming.headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return Promise.reject(new HttpError(415, 'unsupported-encoding', 'bodies are taken without content encoding'))
  }
  const declared = Number(incoming.headers['content-length'] ?? 0)
  if (declared > limit) return Promise.reject(tooLarge(limit))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const settle = (): void => {
      incoming.off('data', onData).off('end', onEnd).off('error', onLost).off('close', onLost)
    }
    const onData = (chunk: Buffer): void => {
      length += chunk.length
      held.bytes += chunk.length
      held.budget.used += chunk.length
      if (length <= limit && held.budget.used <= held.budget.most) {
        chunks.push(chunk)
        return
      }
      settle()
      incoming.pause()
      reject(length > limit ? tooLarge(limit) : overBudget())
    }
    const onEnd = (): void => {
      settle()
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, length))
    }
    const onLost = (): void => {
      settle()
      reject(new HttpError(400, 'incomplete-body', 'the connection ended before the body did'))
    }
    incoming.on('data', onData).on('end', onEnd).on('error', onLost).on('close', onLost)
  })
}

function tooLarge(limit: number): HttpError {
  return new HttpError(413, 'too-large', `the body may have at most ${limit} bytes`, {
    headers: { connection: 'close' },
  })
}

function overBudget(): HttpError {
  return new HttpError(503, 'busy', 'too many large requests at once; try again', {
    headers: { connection: 'close', 'retry-after': '1' },
  })
}
