import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { World } from '@sekisho/emulator'
import type { Around } from '../around.ts'
import { type AttesterFlags, platformOf, reportDataOf } from '../checkpoint/attesters.ts'
import { untilStopped } from '../checkpoint/stop.ts'
import { openWorld } from '../checkpoint/world-file.ts'
import { writeBytes } from '../checkpoint/write-bytes.ts'
import { EXIT, unreadable } from '../exit.ts'
import { errorCode } from '../input.ts'
import { SEKISHO } from '../self.ts'

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

/** `sekisho emulate serve` */
export async function emulateServeCommand(
  options: { readonly world: string; readonly port?: number },
  around: Around,
): Promise<number> {
  const { world } = await openWorld(options.world, () => around.now())
  const { url, close } = await serveWorld(async () => world, options.port ?? 0).catch((error: unknown) => {
    if (errorCode(error) === undefined) throw error
    throw unreadable(`127.0.0.1:${options.port ?? 0} cannot be listened on (${errorCode(error)})`, error)
  })
  around.out(
    `EMULATED key and collateral services on ${url}\n  ${SEKISHO} verify … --kds ${url} --pccs ${url} --trust-anchor ANCHORS --allow-emulated\n`,
  )
  await untilStopped()
  await close()
  return EXIT.ok
}

/** `sekisho emulate attest` */
export async function emulateAttestCommand(
  kind: string,
  options: AttesterFlags & {
    readonly world: string
    readonly reportData?: string
    readonly output?: string
    readonly json?: true
  },
  around: Around,
): Promise<number> {
  const reportData = reportDataOf(options.reportData)
  const { world, save } = await openWorld(options.world, () => around.now())
  const { emulatedAttester } = await import('@sekisho/attester')
  const { kbs, evidence } = await emulatedAttester(world, platformOf(world, kind, options)).attest({ reportData })
  await save()
  const bytes = options.json === true ? new TextEncoder().encode(`${JSON.stringify(kbs)}\n`) : evidence
  await writeBytes(options.output, bytes, around)
  return EXIT.ok
}

/** `sekisho emulate anchors` */
export async function emulateAnchorsCommand(options: { readonly world: string }, around: Around): Promise<number> {
  const { world, save } = await openWorld(options.world, () => around.now())
  const { anchors } = world
  await save()
  around.out(`${JSON.stringify({ anchors }, undefined, 2)}\n`)
  return EXIT.ok
}
