import assert from 'node:assert/strict'
import { createCipheriv, createHash, createPublicKey, diffieHellman, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Worker } from 'node:worker_threads'
import { generateKey } from '@sekisho/emulator/kit'
import type { Attester } from '../src/index.ts'

/** One request as it came. */
export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Record<string, unknown>
}

/** Handles a request; whatever it leaves open is ended with the server. */
export type Handler = (seen: Seen, response: ServerResponse) => void | Promise<void>

/** A server on the loopback for the time of a test. */
export async function withServer(handler: Handler, test: (url: string, seen: Seen[]) => Promise<void>): Promise<void> {
  const all: Seen[] = []
  // Longer than anything else in this process can hold it up: connections then end when the test says so.
  const server = createServer({ keepAliveTimeout: 300_000 }, async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    const text = Buffer.concat(parts).toString('utf8')
    const seen = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: text === '' ? {} : JSON.parse(text),
    }
    all.push(seen)
    await handler(seen, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    await test(`http://127.0.0.1:${port}`, all)
  } finally {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
}

/**
 * A server on a thread of its own, which answers every request with the JSON `body`. `holdUp`, called in between, blocks
 * this thread until the server has closed all its connections.
 */
export async function withHastyServer(
  body: object,
  test: (url: string, holdUp: () => void) => Promise<void>,
): Promise<void> {
  const closed = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads')
    const { body, closed } = workerData
    // Without the header that names its patience: who reads that closes in time.
    const server = require('node:http').createServer({ keepAliveTimeout: 0 }, (request, response) => {
      request.resume().on('end', () => response.setHeader('content-type', 'application/json').end(body))
    })
    const open = new Set()
    server.on('connection', (socket) => {
      open.add(socket.on('close', () => {
        open.delete(socket)
        if (open.size > 0) return
        Atomics.store(closed, 0, 1)
        Atomics.notify(closed, 0)
      }))
    })
    parentPort.on('message', () => server.closeAllConnections())
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`,
    { eval: true, workerData: { body: JSON.stringify(body), closed } },
  )
  try {
    const [port] = await once(worker, 'message')
    await test(`http://127.0.0.1:${port}`, () => {
      worker.postMessage('close')
      assert.notEqual(Atomics.wait(closed, 0, 0, 60_000), 'timed-out')
    })
  } finally {
    await worker.terminate()
  }
}

/** Ends a response with JSON. */
export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

/** A public key as it comes over the wire. */
export interface WireKey {
  readonly x: string
  readonly y: string
}

/** A JWE as KBS servers make it. @see RFC 7518, section 4.6; RFC 3394 */
export function encrypt(secret: string, { x, y }: WireKey): Record<string, string> {
  const ephemeral = generateKey('P-256')
  const publicKey = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
  const z = diffieHellman({ privateKey: ephemeral.privateKey, publicKey })
  const fixed = Buffer.from(`0000000e${Buffer.from('ECDH-ES+A256KW').toString('hex')}000000000000000000000100`, 'hex')
  const kek = createHash('sha256').update(Buffer.from('00000001', 'hex')).update(z).update(fixed).digest()
  const contentKey = randomBytes(32)
  const wrap = createCipheriv('aes256-wrap', kek, Buffer.alloc(8, 0xa6))
  const own = ephemeral.publicKey.export({ format: 'jwk' })
  const epk = { crv: own.crv, kty: own.kty, x: own.x, y: own.y }
  const header = Buffer.from(JSON.stringify({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', epk })).toString('base64url')
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', contentKey, iv)
  cipher.setAAD(Buffer.from(header, 'ascii'))
  const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
  return {
    protected: header,
    encrypted_key: Buffer.concat([wrap.update(contentKey), wrap.final()]).toString('base64url'),
    iv: iv.toString('base64url'),
    ciphertext: ciphertext.toString('base64url'),
    tag: cipher.getAuthTag().toString('base64url'),
  }
}

/** An attester that shows what it was asked to bind. */
export const SAMPLE: Attester = {
  tee: 'sample',
  attest: async ({ reportData }) => ({
    tee: 'sample',
    kbs: { svn: '1', report_data: Buffer.from(reportData).toString('base64') },
    evidence: reportData,
  }),
}
