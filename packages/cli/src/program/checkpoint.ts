import type { Command } from 'commander'
import type { Around } from '../around.ts'
import { portOption, proxyOption, publicUrlOption } from '../options/address.ts'
import { keepRefusedOption } from '../options/retention.ts'
import { countOption, once, text } from '../options/values.ts'
import { collect, fetching } from './common.ts'
import type { Done } from './remote.ts'

/** Commands that start a checkpoint, emulated platforms, or a workload's part of the conversation. */
export function addCheckpoint(root: Command, around: Around, done: Done): void {
  root.commandsGroup('A checkpoint, and workloads that ask it:')
  addUp(root, around, done)
  addDemo(root, around, done)
  addEmulate(root, around, done)
  addAttest(root, around, done)
  addRequest(root, around, done)
}

function addUp(root: Command, around: Around, done: Done): void {
  fetching(
    root
      .command('up')
      .description('start the checkpoint: verifier, policy, key broker, log')
      .option('--data <folder>', 'where database and keys are kept (SEKISHO_DATA)', once('--data', text))
      .option('--host <address>', 'address to listen on', once('--host', text))
      .option('--port <number>', 'port to listen on; 0 takes a free one', once('--port', portOption))
      .option(
        '--public-url <url>',
        'where others reach it; names it in results and in the log',
        once('--public-url', publicUrlOption),
      )
      .option('--new-setup-link', 'every token is lost: print a one-time link at this start too')
      .option('--tls-cert <file>', 'certificate chain in PEM; read again when it changes', once('--tls-cert', text))
      .option('--tls-key <file>', 'its private key in PEM', once('--tls-key', text))
      .option(
        '--master-key-file <file>',
        '32 bytes that wrap every key at rest; a FILE.next beside it is gone over to',
        once('--master-key-file', text),
      )
      .option(
        '--pkcs11 <file>',
        'master key in a PKCS#11 token: JSON { module, token, pinFile, label, create }',
        once('--pkcs11', text),
      )
      .option(
        '--former-master-key-file <file>',
        'a master key used before: what it wraps is wrapped anew; repeatable',
        collect,
      )
      .option('--former-pkcs11 <file>', 'one used before that is in a PKCS#11 token; repeatable', collect)
      .option('--oidc <file>', 'OpenID provider whose tokens open the API: YAML or JSON', once('--oidc', text))
      .option('--trusted-proxy <address>', 'believe X-Forwarded-For of this proxy; repeatable', proxyOption)
      .option('--production', 'refuse everything that is for trying out only')
      .option('--emulated', 'trust emulated platforms too, and serve their key services; never in production')
      .option('--tpm-root <file>', 'vouch for these TPM makers: roots and what is below them, PEM; repeatable', collect)
      .option(
        '--endorsements <path>',
        'bundles, key sets of services, keys of Arm platforms, files for IBM Secure Execution: a file or a folder, read again when it changes; repeatable',
        collect,
      )
      .option('--offline', 'fetch no endorsements'),
  )
    .option(
      '--lease <seconds>',
      'how long a release holds without renewal; else 3600',
      once('--lease', countOption('--lease')),
    )
    .option(
      '--recheck <minutes>',
      'how often live leases are judged by endorsements as they are then; else 60',
      once('--recheck', countOption('--recheck')),
    )
    .option(
      '--keep-refused <days|size>',
      'keep evidence of refused attestations so long, and so much: 30d, 256MiB; repeatable',
      keepRefusedOption,
    )
    .option(
      '--keep-events <days>',
      'how long events can be read again; else 30',
      once('--keep-events', countOption('--keep-events')),
    )
    .option(
      '--event-streams <number>',
      'how many may follow events at once; else 1000',
      once('--event-streams', countOption('--event-streams')),
    )
    .addHelpText(
      'after',
      `
With DATABASE_URL in the environment the database is that PostgreSQL, and several processes may share it, with one master
key and one --public-url; else it is SQLite in the data folder. The master key may also come from SEKISHO_MASTER_KEY (base64).

Examples:
  $ sekisho up
  $ sekisho up --emulated --port 0 --data /tmp/try
  $ DATABASE_URL=postgres://… sekisho up --production --master-key-file key.bin --tls-cert cert.pem --tls-key key.pem`,
    )
    .action(async (options) => {
      done(await (await import('../commands/up.ts')).upCommand(options, around))
    })
}

function addDemo(root: Command, around: Around, done: Done): void {
  root
    .command('demo')
    .description('the whole story in a minute: refused, mended, released, receipt, advisory, lease lost')
    .option(
      '--tpm <where>',
      'tell it on a TPM 2.0 instead of an emulated machine: a device, host:port, or a socket',
      once('--tpm', text),
    )
    .option('--tpm-ca <file>', 'certificates of the TPM maker’s CA, PEM, up to its root', once('--tpm-ca', text))
    .option('--event-log <file>', 'measured-boot log of that TPM', once('--event-log', text))
    .option('--json', 'print each step as one line of JSON')
    .addHelpText('after', '\nExamples:\n  $ sekisho demo\n  $ sekisho demo --tpm /dev/tpmrm0 --tpm-ca maker.pem')
    .action(async (options) => {
      done(await (await import('../commands/demo.ts')).demoCommand(options, around))
    })
}

const PART_ACTS = [
  ['revoke', 'put an emulated vendor’s certificate on its revocation list'],
  ['expire', 'let an emulated vendor’s certificate, list or document run out'],
  ['renew', 'have what ran out issued again'],
] as const

const SINGLE_MACHINES = `
intel/pck puts the PCK certificates of one machine on their list: the one that \`emulate attest\` plays for sgx and tdx. AMD
cannot do that: certificates of chips are all numbered 0 and stand on no list. After amd/Genoa/chip the key service gives out
no more for that chip, and whoever has one already still verifies with it.`

const TCB = 'snp, tdx, sgx: levels of firmware, e.g. microcode=210,snp=20 or platform=-1'

function addEmulate(root: Command, around: Around, done: Done): void {
  const group = root
    .command('emulate')
    .description('software platforms with evidence in real wire formats, under emulated roots')
  group
    .command('serve')
    .description('serve the emulated vendors’ key and collateral services')
    .requiredOption(
      '--world <file>',
      'file that holds the emulated world; made if it is not there',
      once('--world', text),
    )
    .option('--port <number>', 'port to listen on; 0 takes a free one', once('--port', portOption))
    .action(async (options) => {
      done(await (await import('../commands/emulate.ts')).emulateServeCommand(options, around))
    })
  group
    .command('attest')
    .description('print evidence of an emulated platform')
    .argument('<kind>', 'snp, tdx, sgx, nitro, cca or tpm')
    .requiredOption(
      '--world <file>',
      'file that holds the emulated world; made if it is not there',
      once('--world', text),
    )
    .option('--product <name>', 'snp: Milan, Genoa or Turin', once('--product', text))
    .option('--report-data <hex>', 'up to 64 bytes that the workload binds', once('--report-data', text))
    .option('--measurement <hex>', 'launch measurement', once('--measurement', text))
    .option('--debug', 'a workload whose host may read it')
    .option('--tcb <list>', TCB, once('--tcb', text))
    .option('--masked-id', 'snp: the host hides the chip id')
    .option('--wrong-binding', 'it binds other report data than it was asked for')
    .option('-o, --output <file>', 'write to this file; - for standard output', once('--output', text))
    .option('--json', 'the object that KBS clients send')
    .action(async (kind, options) => {
      done(await (await import('../commands/emulate.ts')).emulateAttestCommand(kind, options, around))
    })
  for (const [act, description] of PART_ACTS)
    group
      .command(act)
      .description(description)
      .argument('<part>', 'vendor and part, e.g. amd/Genoa/ask, intel/tcb-info; a wrong one lists all')
      .requiredOption('--world <file>', 'file that holds the emulated world', once('--world', text))
      .addHelpText('after', act === 'revoke' ? SINGLE_MACHINES : '')
      .action(async (part, options) => {
        done(await (await import('../commands/emulate.ts')).emulatePartCommand(act, part, options, around))
      })
  group
    .command('anchors')
    .description('print the emulated roots, for --trust-anchor')
    .requiredOption('--world <file>', 'file that holds the emulated world', once('--world', text))
    .action(async (options) => {
      done(await (await import('../commands/emulate.ts')).emulateAnchorsCommand(options, around))
    })
}

function attester(command: Command): Command {
  return command
    .option('--tpm <where>', 'a TPM 2.0: a device such as /dev/tpmrm0, host:port, or a socket', once('--tpm', text))
    .option('--event-log <file>', 'measured-boot log of that TPM', once('--event-log', text))
    .option('--pcrs <list>', 'PCRs to quote, e.g. 0,1,2,7', once('--pcrs', text))
    .option('--emulated <kind>', 'an emulated platform: snp, tdx, sgx, nitro, cca or tpm', once('--emulated', text))
    .option('--world <file>', 'the emulated world it is in', once('--world', text))
    .option('--product <name>', 'emulated snp: Milan, Genoa or Turin', once('--product', text))
    .option('--measurement <hex>', 'emulated: launch measurement', once('--measurement', text))
    .option('--debug', 'emulated: a workload whose host may read it')
    .option('--tcb <list>', `emulated ${TCB}`, once('--tcb', text))
    .option('--masked-id', 'emulated snp: the host hides the chip id')
    .option('--wrong-binding', 'emulated: it binds other report data than it was asked for')
}

function addAttest(root: Command, around: Around, done: Done): void {
  attester(root.command('attest').description('print evidence of the machine this runs on'))
    .option('--report-data <hex>', 'bytes to bind into the evidence', once('--report-data', text))
    .option('-o, --output <file>', 'write to this file; - for standard output', once('--output', text))
    .option('--json', 'the object that KBS clients send')
    .addHelpText(
      'after',
      '\nExamples:\n  $ sekisho attest --tpm /dev/tpmrm0 --report-data 00112233445566778899aabbccddeeff -o quote.json\n  $ sekisho attest --emulated snp --world world.json --report-data 0011 -o report.bin',
    )
    .action(async (options) => {
      done(await (await import('../commands/attest.ts')).attestCommand(options, around))
    })
}

function addRequest(root: Command, around: Around, done: Done): void {
  attester(root.command('request').description('as a workload: attest, and ask for a secret'))
    .argument('<resource>', 'repository/type/tag')
    .option('--server <url>', 'the checkpoint (SEKISHO_SERVER)', once('--server', text))
    .option('--namespace <name>', 'namespace; else default', once('--namespace', text))
    .requiredOption(
      '-o, --output <file>',
      'write the secret to this file, readable by its owner only; - for standard output',
      once('--output', text),
    )
    .option('--json', 'print lease and decision as JSON')
    .action(async (resource, options) => {
      done(await (await import('../commands/request.ts')).requestCommand(resource, options, around))
    })
}
