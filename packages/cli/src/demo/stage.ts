import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CollateralSource } from '@sekisho/collateral'
import type { TrustAnchor } from '@sekisho/evidence'
import type { Around } from '../around.ts'
import { type Checkpoint, openCheckpoint } from '../checkpoint/open.ts'
import type { CheckpointOptions } from '../checkpoint/options.ts'
import { type Client, clientFor } from '../remote/client.ts'
import { VERSION } from '../version.ts'

/** A checkpoint of its own for one telling, and its owner's way to it. */
export interface Stage {
  readonly checkpoint: Checkpoint
  /** The owner, who may do everything. */
  readonly owner: Client
  close(): Promise<void>
}

/** What a telling needs. */
export interface StageOptions {
  readonly anchors: readonly TrustAnchor[]
  readonly source: CollateralSource | undefined
  readonly verifier?: CheckpointOptions['verifier']
}

/** Opens a checkpoint in a folder that goes when the story ends: real sockets, a real database, a real log. */
export async function openStage(options: StageOptions, around: Around): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'sekisho-demo-'))
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  try {
    const { masterKeyFrom } = await import('@sekisho/broker')
    const key = randomBytes(32).toString('base64')
    const master = await masterKeyFrom({ env: 'KEY', environment: { KEY: key } })
    const checkpoint = await openCheckpoint({
      folder,
      master,
      production: false,
      emulatedAnchors: options.anchors,
      source: options.source,
      ...(options.verifier === undefined ? {} : { verifier: options.verifier }),
      host: '127.0.0.1',
      port: 0,
      leaseSeconds: 900,
      version: VERSION,
      now: () => around.now(),
      writeLog: () => undefined,
    })
    const owner = clientFor({ server: checkpoint.url, token: await checkpoint.adminToken() }, 'default')
    return {
      checkpoint,
      owner,
      close: async () => {
        await checkpoint.close()
        await remove()
      },
    }
  } catch (error) {
    await remove()
    throw error
  }
}
