import type { Around } from '../around.ts'
import { type AttesterFlags, platformOf, reportDataOf } from '../checkpoint/attesters.ts'
import { serveWorld } from '../checkpoint/served-world.ts'
import { untilStopped } from '../checkpoint/stop.ts'
import { openWorld } from '../checkpoint/world-file.ts'
import { changePart, type PartAct } from '../checkpoint/world-parts.ts'
import { writeBytes } from '../checkpoint/write-bytes.ts'
import { EXIT, unreadable, usageError } from '../exit.ts'
import { errorCode } from '../input.ts'
import { SEKISHO } from '../self.ts'

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

/** `sekisho emulate revoke`, `expire` and `renew` */
export async function emulatePartCommand(
  act: PartAct,
  part: string,
  options: { readonly world: string },
  around: Around,
): Promise<number> {
  const { world, save } = await openWorld(options.world, () => around.now())
  try {
    changePart(world, act, part)
  } catch (error) {
    if (error instanceof TypeError) throw usageError(error.message, error)
    throw error
  }
  await save()
  around.out(`EMULATED ${part}: ${DONE[act]}\n`)
  return EXIT.ok
}

const DONE: Readonly<Record<PartAct, string>> = {
  revoke: 'revoked, for every platform of this world that it concerns',
  expire: 'ran out a second ago; the service has no newer one',
  renew: 'issued again, neither expired nor revoked',
}

/** `sekisho emulate anchors` */
export async function emulateAnchorsCommand(options: { readonly world: string }, around: Around): Promise<number> {
  const { world, save } = await openWorld(options.world, () => around.now())
  const { anchors } = world
  await save()
  around.out(`${JSON.stringify({ anchors }, undefined, 2)}\n`)
  return EXIT.ok
}
