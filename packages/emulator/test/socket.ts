import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { type NetworkOptions, type NetworkSource, networkSource } from '@sekisho/collateral'
import type { World } from '../src/index.ts'

/** The services of a world on a socket, and what was asked of them. */
export interface Services {
  readonly url: string
  readonly asked: string[]
  /** A source of collateral that knows these services alone. */
  source(options?: NetworkOptions): NetworkSource
}

/** Puts a world's services on a loopback socket for one test. */
export async function serve(t: TestContext, world: World): Promise<Services> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request
    asked.push(url)
    const answer = world.handle({ method, url, headers })
    response.writeHead(answer.status, answer.headers).end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    asked,
    source: (options = {}) =>
      networkSource({
        intel: { baseUrl: url, kind: 'pcs', rootCrlUrl: `${url}/IntelSGXRootCA.der`, subscriptionKey: 'any' },
        amd: { baseUrl: url },
        // Roots are made when they are asked for, which takes seconds.
        limits: { timeoutMs: 60_000, idleMs: 60_000, attempts: 2 },
        trustAnchors: world.anchors,
        now: world.now,
        sleep: () => Promise.resolve(),
        ...options,
      }),
  }
}
