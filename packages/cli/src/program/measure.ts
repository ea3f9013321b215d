import type { Command } from 'commander'
import type { Around } from '../around.ts'
import { featuresOption, registerOption } from '../options/machine.ts'
import { countOption, once, text, timeOption } from '../options/values.ts'
import type { Done } from './remote.ts'

/** `sekisho measure`. */
export function addMeasure(root: Command, around: Around, done: Done): void {
  root
    .command('measure')
    .description('what a TEE will measure of an image, before any machine runs it')
    .argument(
      '<file>',
      'the image: an enclave image file (EIF), or the firmware of a confidential VM; - for standard input',
    )
    .option(
      '--tee <name>',
      'for which TEE: nitro, snp, sev-es, sev, tdx; found out unless the image is for several',
      once('--tee', text),
    )
    .option(
      '--expect-out <file>',
      'write expectations for `verify --expect` and `reference import` (JSON); - prints them alone',
      once('--expect-out', text),
    )
    .option('--vcpus <n>', 'virtual processors (SNP, SEV-ES)', once('--vcpus', countOption('--vcpus')))
    .option(
      '--cpu <model>',
      'CPU model as QEMU is given it, such as EPYC-v4, or a CPU signature 0x…',
      once('--cpu', text),
    )
    .option('--hypervisor <name>', 'whose guest it is: qemu (the default), ec2, gce', once('--hypervisor', text))
    .option('--features <hex>', 'SEV_FEATURES, default 0x1; some hosts set 0x21', once('--features', featuresOption))
    .option(
      '--register <name=value>',
      'first value of rdx, mxcsr or x87Fcw, in hex, where the hypervisor’s version sets another; repeatable',
      registerOption,
    )
    .option(
      '--kernel <file>',
      'kernel that the hypervisor boots directly, with its hash measured',
      once('--kernel', text),
    )
    .option('--initrd <file>', 'its initial ramdisk', once('--initrd', text))
    .option('--command-line <text>', 'its command line, with what the hypervisor adds', once('--command-line', text))
    .option('--svsm <file>', 'COCONUT-SVSM image that the firmware runs under', once('--svsm', text))
    .option(
      '--variable-store <bytes>',
      'size of the firmware’s variable store, above the SVSM',
      once('--variable-store', countOption('--variable-store')),
    )
    .option(
      '--page-order <order>',
      'how a TD is built: page (the default), or section as older QEMU did',
      once('--page-order', text),
    )
    .option(
      '--match <hex|file>',
      'look for the machine that has this measurement, or that of this SNP evidence',
      once('--match', text),
    )
    .option(
      '--role-arn <arn>',
      'IAM role of the instance that enclaves are to run on: gives PCR3',
      once('--role-arn', text),
    )
    .option('--instance-id <id>', 'instance that enclaves are to run on: gives PCR4', once('--instance-id', text))
    .option(
      '--at <time>',
      'judge the dates of an enclave image’s signing certificate at this time instead of now',
      once('--at', timeOption),
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 measured, 1 the signature of the image does not hold or no machine matches, 3 no image that can be read, 64 wrong usage.

Examples:
  $ sekisho measure app.eif
  $ sekisho measure app.eif --expect-out app.json && sekisho verify document.bin --expect app.json --nonce 0011…
  $ sekisho measure OVMF.fd --vcpus 4 --cpu EPYC-v4 --kernel vmlinuz --initrd initrd.img --command-line 'console=ttyS0'
  $ sekisho measure OVMF.fd --kernel vmlinuz --match report.bin
  $ sekisho measure OVMF.fd --tee tdx --expect-out - | sekisho reference import firmware -`,
    )
    .action(async (file, options) => {
      done(await (await import('../commands/measure.ts')).measureCommand(file, options, around))
    })
}
