import { createHash } from 'node:crypto'
import type { Broker, EndorsementFiles, OpenedVerifier } from '@sekisho/broker'
import type { Rechecks } from './due.ts'
import { type Say, wordsOf } from './say.ts'
import { rereading, type WatchedFiles } from './watched-files.ts'

/** Files of endorsements under a running checkpoint. */
export interface EndorsementWatch {
  /** Reads files that have changed, and has evidence judged by them from then on. Asks no database. */
  look(): Promise<void>
  /**
   * Has live leases looked at that rest on such files, where these are others than the last by which that was done: after a
   * change, and after a start with other files. @throws StorageError; then it is done at the next call
   */
  settle(at: Date): Promise<void>
  /** Whether the files have changed to something that cannot be used. */
  readonly stale: boolean
}

/** What began by the former files has ended by then: longer than a request takes. */
const UNDER_WAY_MS = 60_000

/** Watches the files that a checkpoint was started with; without any, there is only to see whether there were some before. */
export function endorsementWatch(o: {
  readonly broker: Pick<Broker, 'endorsedBy'>
  readonly verifier: Pick<OpenedVerifier, 'replaceFiles'>
  readonly files: WatchedFiles<EndorsementFiles> | undefined
  readonly looks: Pick<Rechecks, 'news'>
  readonly say: Say
}): EndorsementWatch {
  const { broker, verifier, files, looks, say } = o
  let digest = digestOf(files?.value ?? {})
  let isSettled = false
  let again: number | undefined
  const renewed = (value: EndorsementFiles): void => {
    const now = digestOf(value)
    if (now === digest) return
    const { bundles } = verifier.replaceFiles(value)
    if (bundles) looks.news()
    digest = now
    isSettled = false
    again = performance.now() + UNDER_WAY_MS
    say('info', 'files', { files: 'endorsements', reason: 'read anew: evidence is judged by them from now on' })
  }
  const failed = (error: unknown): void => {
    say('warn', 'files', { files: 'endorsements', reason: `${wordsOf(error)}: what was read before stays in use` })
  }
  const reread = files === undefined ? undefined : rereading(files, { renewed, failed })
  return {
    get stale() {
      return reread?.stale === true
    },
    look: async () => reread?.look(),
    async settle(at) {
      const by = digest
      if (!isSettled) {
        await broker.endorsedBy(by, at)
        isSettled = by === digest
      } else if (again !== undefined && performance.now() >= again) {
        await broker.endorsedBy(by, at, true)
        if (by === digest) again = undefined
      }
    },
  }
}

/** SHA-256 over what the files hold, hex. */
function digestOf(files: EndorsementFiles): string {
  const text = JSON.stringify(files, (_name, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  )
  return createHash('sha256').update(text).digest('hex')
}
