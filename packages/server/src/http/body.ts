import type { IncomingMessage } from 'node:http'
import { HttpError } from './errors.ts'

/**
 * Reads the body of a request, and never more than `limit` bytes of it.
 *
 * @throws HttpError 413 `too-large` as soon as the declared or the received length passes the limit; 415
 *   `unsupported-encoding` for a compressed body (it could unfold to any size); 400 `incomplete-body` when the client
 *   goes away in the middle.
 */
export function readBody(incoming: IncomingMessage, limit: number): Promise<Uint8Array> {
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
      if (length > limit) {
        settle()
        incoming.pause()
        reject(tooLarge(limit))
      } else chunks.push(chunk)
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
