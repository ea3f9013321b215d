import type { Command } from 'commander'
import type { Around } from '../around.ts'
import { type Done, remote } from './remote.ts'

/** Commands about enrolled keys of TPMs. */
export function addTpm(root: Command, around: Around, done: Done): void {
  const group = root.command('tpm').description('TPMs whose keys are enrolled: `sekisho request --tpm` enrols them')
  remote(group.command('list').description('enrolled keys, and who revoked which')).action(async (options) => {
    done(await (await import('../commands/tpm.ts')).tpmListCommand(options, around))
  })
  remote(group.command('revoke').description('revoke a TPM: its keys, and every lease that rests on them'))
    .argument('<key>', 'name of one of its keys')
    .action(async (name, options) => {
      done(await (await import('../commands/tpm.ts')).tpmRevokeCommand(name, options, around))
    })
  remote(group.command('readmit').description('let a revoked TPM enrol again'))
    .argument('<key>', 'name of one of its keys')
    .action(async (name, options) => {
      done(await (await import('../commands/tpm.ts')).tpmReadmitCommand(name, options, around))
    })
}
