import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { World } from '@sekisho/emulator'

/** The key services of an emulated world on a socket of this process. */
export interface ServedWorld {
  readonly url: string
  close(): void
}

/** Serves them until closed. */
export async function serveWorld(world: World): Promise<ServedWorld> {
  const service = createServer((request, response) => {
    const { method = 'GET', url = '/', headers } = request
    const answer = world.handle({ method, url, headers })
    response.writeHead(answer.status, answer.headers).end(answer.body)
  })
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
    close: () => {
      service.closeAllConnections()
      service.close()
    },
  }
}
