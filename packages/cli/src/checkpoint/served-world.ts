import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { World } from '@sekisho/emulator'

/** A world's services on a socket of this machine. */
export interface ServedWorld {
  /** Origin of AMD's and Intel's services alike. */
  readonly url: string
  close(): Promise<void>
}

/** Serves the emulated vendors' key and collateral services of the world as it is at each request, on loopback. */
export async function serveWorld(worldNow: () => Promise<World>, port: number): Promise<ServedWorld> {
  const server = createServer((request, response) => {
    const headers = Object.fromEntries(
      Object.entries(request.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    )
    worldNow().then(
      (world) => {
        const answer = world.handle({ method: request.method ?? 'GET', url: request.url ?? '/', headers })
        response.writeHead(answer.status, answer.headers).end(answer.body)
      },
      // The file is gone or half written: the caller may ask again.
      () => response.writeHead(503, { 'retry-after': '1' }).end(),
    )
  })
  server.headersTimeout = 5000
  server.requestTimeout = 10_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${taken}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
