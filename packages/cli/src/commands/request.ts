import type { Around } from '../around.ts'
import { type AttesterFlags, attesterOf } from '../checkpoint/attesters.ts'
import { writeSecret } from '../checkpoint/write-bytes.ts'
import { CliError, EXIT } from '../exit.ts'
import { profileOf } from '../remote/profile.ts'
import { resourcePath } from '../remote/resource.ts'
import { when } from '../remote/show.ts'

/** Options of `sekisho request`, as the argument parser gives them. */
export interface RequestOptions extends AttesterFlags {
  readonly server?: string
  readonly namespace?: string
  readonly output: string
  readonly json?: true
}

/** `sekisho request`: what a workload does. Exit code 1 when the checkpoint refuses. */
export async function requestCommand(path: string, options: RequestOptions, around: Around): Promise<number> {
  const resource = resourcePath(path)
  const { server } = await profileOf(options.server === undefined ? {} : { server: options.server }, around)
  const { ClientError, Refusal, requestSecret } = await import('@sekisho/attester')
  const { attester, close } = await attesterOf(options, around)
  try {
    const { secret, decision, lease } = await requestSecret({
      url: server,
      attester,
      resource,
      protocol: 'native',
      ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
      onProgress: (step) => around.err(`sekisho: ${step}\n`),
    })
    const told = { resource, decision, lease: lease?.id, expires: lease?.expires.toISOString() }
    if (options.output === '-') around.out(new TextDecoder().decode(secret))
    else await writeSecret(options.output, secret)
    around.err(
      options.json === true
        ? `${JSON.stringify(told)}\n`
        : `sekisho: ${secret.length} bytes, lease ${told.lease ?? 'none'} until ${when(told.expires)}, decision ${decision ?? 'unknown'}\n`,
    )
    return EXIT.ok
  } catch (error) {
    if (error instanceof Refusal)
      throw new CliError(
        EXIT.rejected,
        `refused: ${error.code}${error.id === undefined ? '' : `; the owner sees why with \`sekisho decision show ${error.id}\``}`,
        { cause: error },
      )
    if (error instanceof ClientError) throw new CliError(EXIT.unreadable, error.message, { cause: error })
    throw error
  } finally {
    await close()
  }
}
