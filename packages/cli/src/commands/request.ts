import { lstat } from 'node:fs/promises'
import type { ClientError, LeasedSecret } from '@sekisho/attester'
import type { Around } from '../around.ts'
import { type AttesterFlags, attesterOf } from '../checkpoint/attesters.ts'
import { writeSecret } from '../checkpoint/write-bytes.ts'
import { CliError, EXIT, unreadable } from '../exit.ts'
import { errorCode, inWords } from '../input.ts'
import { named } from '../remote/names.ts'
import { namespaceOf, profileOf } from '../remote/profile.ts'
import { when } from '../remote/show.ts'
import { SEKISHO } from '../self.ts'

/** Options of `sekisho request`, as the argument parser gives them. */
export interface RequestOptions extends AttesterFlags {
  readonly server?: string
  readonly namespace?: string
  readonly output: string
  readonly json?: true
}

/** `sekisho request`: what a workload does. Exit code 1 when the checkpoint refuses. */
export async function requestCommand(path: string, options: RequestOptions, around: Around): Promise<number> {
  const resource = named('resource', path)
  const { server } = await profileOf(options.server === undefined ? {} : { server: options.server }, around)
  const namespace = namespaceOf(options, around)
  await refuseExisting(options.output)
  const attesting = await import('@sekisho/attester')
  const { attester, tpm, close } = await attesterOf(options, around)
  const where = { url: server, ...(namespace === undefined ? {} : { namespace }) }
  const onProgress = (step: string): void => around.err(`sekisho: ${step}\n`)
  const ask = (): Promise<LeasedSecret> => attesting.requestLeasedSecret({ ...where, attester, resource, onProgress })
  try {
    const { secret, decision, lease, emulated } = await ask().catch(async (error: unknown) => {
      if (tpm === undefined || !(error instanceof attesting.Refusal) || error.code !== 'tpm-key-unknown') throw error
      onProgress('enrol')
      await attesting.enrol({ ...where, attester: tpm })
      return ask()
    })
    const told = { resource, decision, lease: lease.id, expires: lease.expires.toISOString(), emulated }
    if (options.output === '-') around.outBytes(secret)
    else await writeSecret(options.output, secret)
    // Beside a secret on standard output nothing else may stand there; on a terminal the rest begins on a new line.
    if (options.output === '-' && around.liveProgress) around.err('\n')
    const tell = options.output === '-' ? around.err : around.out
    tell(
      options.json === true
        ? `${JSON.stringify(told)}\n`
        : `${options.output === '-' ? 'sekisho: ' : `${options.output}: `}${secret.length} bytes, lease ${told.lease} until ${when(told.expires)}, decision ${decision}${emulated ? ', EMULATED' : ''}\n`,
    )
    return EXIT.ok
  } catch (error) {
    if (error instanceof attesting.Refusal) {
      // Trouble of the checkpoint's own, and no word on the workload: it may be asked again.
      const isTrouble = error.status >= 500 || error.status === 429
      throw new CliError(
        isTrouble ? EXIT.unreadable : EXIT.rejected,
        `${isTrouble ? `${server} cannot answer now` : 'refused'}: ${error.code}${error.id === undefined ? '' : `; the owner sees why with \`${SEKISHO} decision show ${error.id}${namespace === undefined ? '' : ` --namespace ${namespace}`}\``}`,
        { cause: error, ...(options.emulated !== undefined && error.code === 'root-untrusted' ? FOREIGN_WORLD : {}) },
      )
    }
    if (error instanceof attesting.ClientError)
      throw new CliError(EXIT.unreadable, unreachable(error, server), { cause: error })
    if (error instanceof attesting.TpmError) throw new CliError(EXIT.unreadable, error.message, { cause: error })
    throw error
  } finally {
    await close()
  }
}

/** A world of one's own is the commonest reason why an emulated machine is refused, and no policy mends that. */
const FOREIGN_WORLD = {
  details: [
    `emulated machines are known to a checkpoint of \`${SEKISHO} up --emulated\` alone, and only those of the world.json in its data folder: --world`,
  ],
}

/** Said before a lease is taken that nobody could use. */
async function refuseExisting(path: string): Promise<void> {
  if (path === '-') return
  const there = await lstat(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined
    throw inWords(path, error)
  })
  if (there !== undefined) throw unreadable(`${path}: is there already; nothing is written over`)
}

function unreachable({ code, message }: ClientError, server: string): string {
  if (code !== 'unreachable') return `${server}: ${message}`
  return `${server} does not answer; is the checkpoint up? \`${SEKISHO} up\` starts one`
}
