import type { Command } from 'commander'
import type { Around } from '../around.ts'
import { type Done, remote } from './remote.ts'

/** Commands about the keys that sign attestation results. */
export function addResultKey(root: Command, around: Around, done: Done): void {
  const group = root
    .command('result-key')
    .description('keys that sign attestation results; the key of the log is another, `sekisho log key`')
  const commands = async (): Promise<typeof import('../commands/result-key.ts')> => import('../commands/result-key.ts')
  remote(group.command('list').description('the key that signs, the next one, and former ones')).action(
    async (options) => {
      done(await (await commands()).resultKeyListCommand(options, around))
    },
  )
  remote(group.command('rotate').description('let the next key sign, which is published already; retire the former'))
    .option('--early', 'also when the next key is so new that relying parties may not know it')
    .action(async (options) => {
      done(await (await commands()).resultKeyRotateCommand(options, around))
    })
  remote(group.command('revoke').description('somebody has the key: refuse its results now, and end leases on them'))
    .argument('<key>', 'id of the key; behind `--` where it begins with a dash')
    .action(async (kid, options) => {
      done(await (await commands()).resultKeyRevokeCommand(kid, options, around))
    })
}
