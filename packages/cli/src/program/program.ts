import { Command } from 'commander'
import type { Around } from '../around.ts'
import {
  acceptTcbOption,
  countOption,
  levelsOption,
  listOption,
  once,
  text,
  timeOption,
  waiveOption,
} from '../options/values.ts'
import { VERSION } from '../version.ts'
import { addCheckpoint } from './checkpoint.ts'
import { collect, fetching } from './common.ts'
import { addMeasure } from './measure.ts'
import { addRemote, type Done } from './remote.ts'
import { addResultKey } from './result-key.ts'
import { addTpm } from './tpm.ts'

const EXIT_CODES = `
Exit codes: 0 verified, 1 rejected, 2 incomplete, 3 unreadable, 64 wrong usage.
`

/**
 * The whole command line. Each command's code is loaded when it runs: naming the commands must cost
 * next to nothing.
 */
export function program(around: Around, done: Done): Command {
  const root = new Command('sekisho')
    .description(
      'Verifies evidence of trusted execution environments (SGX, TDX, SEV-SNP and ten more kinds), says why, and releases secrets to what it proves.',
    )
    .version(VERSION, '-V, --version', 'print the version')
    .addHelpText(
      'after',
      `${EXIT_CODES}
Examples:
  $ sekisho verify quote.bin --expect expect.yaml
  $ sekisho inspect quote.bin
  $ sekisho demo
  $ sekisho COMMAND --help`,
    )
  root.commandsGroup('To verify evidence:')
  addVerify(root, around, done)
  addInspect(root, around, done)
  addDiff(root, around, done)
  addConformance(root, around, done)
  addMeasure(root, around, done)
  addCollateral(root, around, done)
  addCheckpoint(root, around, done)
  addRemote(root, around, done)
  addTpm(root, around, done)
  addResultKey(root, around, done)
  root.commandsGroup('About this program:')
  addSmall(root, around, done)
  return root
}

function addVerify(root: Command, around: Around, done: Done): void {
  const command = root
    .command('verify')
    .description('judge evidence: genuine? in date? what you expect?')
    .argument('<file>', 'evidence in any form that `inspect` reads; - for standard input')
    .option('--expect <file>', 'what you expect, YAML, JSON or a CoRIM (docs/expectations.md)', once('--expect', text))
    .option(
      '--collateral <path>',
      'endorsements: bundle, DCAP collateral.json, certificates, CRL, certificate table, or a folder; repeatable; nothing is fetched then',
      collect,
    )
    .option('--at <time>', 'judge at this time (ISO 8601, UTC) instead of now', once('--at', timeOption))
    .option('--waive <id>', 'let this check stay unmade; shows in the verdict; repeatable', waiveOption)
    .option(
      '--trust-anchor <file>',
      'trust these roots instead of the vendors’: JSON list, or certificate; repeatable',
      collect,
    )
    .option(
      '--event-log <file>',
      'measured-boot log that goes with the evidence (CCEL or JSON)',
      once('--event-log', text),
    )
    .option('--json', 'print the verdict as canonical JSON')
    .option('--verbose', 'show every check, with its source')
  fetching(command.option('--offline', 'fetch nothing: of endorsements fetched before, the cache is read'))
  addExpectations(command)
  command.addHelpText('after', VERIFY_HELP).action(async (file, options) => {
    done(await (await import('../commands/verify.ts')).verifyCommand(file, options, around))
  })
}

function addExpectations(command: Command): void {
  command.optionsGroup('What you expect (wins over --expect; hexadecimal; repeatable where several values are fine):')
  command
    .option('--measurement <hex>', 'launch measurement: MRENCLAVE, MRTD, SNP MEASUREMENT', listOption)
    .option('--signer <hex>', 'signer of the workload, with --min-svn', listOption)
    .option(
      '--min-svn <number>',
      'lowest security version from that signer',
      once('--min-svn', countOption('--min-svn')),
    )
    .option('--report-data <hex>', 'user data, up to 64 bytes', once('--report-data', text))
    .option('--report-data-is-fresh', 'the report data was derived from a nonce of this exchange')
    .option('--nonce <hex>', 'bytes with which the report data must begin, 16 to 64', once('--nonce', text))
    .option('--host-data <hex>', 'HOST_DATA, MRCONFIGID or CONFIGID', listOption)
    .option('--product <name>', 'Milan, Genoa, Turin; for Intel the FMSPC', listOption)
    .option('--hardware-id <hex>', 'chip id or platform instance id', listOption)
    .option('--min-tcb <levels>', 'SNP: lowest TCB, e.g. bootloader=4,snp=22,microcode=213', levelsOption)
    .option(
      '--accept-tcb <rule>',
      'Intel: STATUS:ADVISORY+ADVISORY:END (or STATUS:END), accepted until END',
      acceptTcbOption,
    )
  for (const n of [0, 1, 2, 3]) command.option(`--rtmr${n} <hex>`, `TDX: RTMR${n}`, listOption)
  command.option('--allow-debug', 'accept a workload whose memory the host may read (tests only)')
  command.option('--allow-emulated', 'accept a root that is no hardware vendor’s (tests only)')
}

const VERIFY_HELP = `${EXIT_CODES}
Examples:
  $ sekisho verify quote.bin --nonce 00112233445566778899aabbccddeeff --measurement 4f2c…
  $ sekisho verify report.bin --collateral certs/ --at 2026-06-15T12:00:00Z --json
  $ cat evidence.json | sekisho verify - --expect expect.yaml
  $ sekisho verify quote.bin --collateral bundle.json --waive tdx.expect.freshness`

function addInspect(root: Command, around: Around, done: Done): void {
  root
    .command('inspect')
    .description('decode evidence, a TPM’s event log alone, or certificates; verify nothing')
    .argument('<file>', 'raw, hexadecimal, base64, PEM, or a JSON envelope; a raw event log; - for standard input')
    .option('--as-expectations', 'print a YAML skeleton of expectations with the values of this evidence')
    .option(
      '--event-log <file>',
      'of a TDX quote: its measured-boot log (CCEL or JSON), event by event',
      once('--event-log', text),
    )
    .option('--without <names>', 'of a CoRIM: measurements that are not to be compared; repeatable', listOption)
    .option('--td-class <oid>', 'of a CoRIM of Intel’s profile: class id of TDs', once('--td-class', text))
    .option('--json', 'print JSON')
    .option('--verbose', 'with the document and section of each field')
    .addHelpText(
      'after',
      '\nExamples:\n  $ sekisho inspect quote.bin\n  $ curl -s http://127.0.0.1:8006/aa/evidence?runtime_data=x | sekisho inspect -\n  $ sekisho inspect quote.bin --as-expectations > expect.yaml',
    )
    .action(async (file, options) => {
      done(await (await import('../commands/inspect.ts')).inspectCommand(file, options, around))
    })
}

function addDiff(root: Command, around: Around, done: Done): void {
  root
    .command('diff')
    .description('what differs between two pieces of evidence, event logs or certificates, field by field')
    .argument('<a>', 'evidence, or a TPM’s event log')
    .argument('<b>', 'evidence, or a TPM’s event log')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing differs, 1 something does, 3 unreadable, 64 wrong usage.\n\nExample:\n  $ sekisho diff yesterday.bin today.bin',
    )
    .action(async (a, b, options) => {
      done(await (await import('../commands/diff.ts')).diffCommand(a, b, options, around))
    })
}

function addConformance(root: Command, around: Around, done: Done): void {
  root
    .command('conformance')
    .description('run every case.json (and mutations.json) below folders of vectors')
    .argument(
      '<folders...>',
      'folders with cases, each a case.json in a folder of its own; `npm run vectors` fetches some',
    )
    .option('--json', 'print every result as JSON')
    .option('--verbose', 'a line for every case, and every value compared where one differs')
    .addHelpText(
      'after',
      '\nExit codes: 0 all cases pass, 1 some fail, 2 some are unsupported and none fails, 3 unreadable, 64 wrong usage.\n\nExample:\n  $ sekisho conformance vectors/intel-tdx vectors/amd-sev-snp',
    )
    .action(async (folders, options) => {
      done(await (await import('../commands/conformance.ts')).conformanceCommand(folders, options, around))
    })
}

function addCollateral(root: Command, around: Around, done: Done): void {
  const group = root.command('collateral').description('fetch, pack and show endorsements')
  const fetch = group
    .command('fetch')
    .description('fetch what verifying these pieces of evidence needs, into the cache, or with -o into one bundle')
    .argument('<evidence...>', 'evidence in any form that `inspect` reads')
    .option('-o, --output <file>', 'write an endorsement bundle to this file', once('--output', text))
    .option('--trust-anchor <file>', 'accept answers under these roots instead of the vendors’; repeatable', collect)
    .option('--json', 'print JSON')
  fetching(fetch)
  fetch.action(async (files, options) => {
    done(await (await import('../commands/collateral-fetch.ts')).collateralFetchCommand(files, options, around))
  })
  group
    .command('pack')
    .description('put collateral of Intel, AMD and NVIDIA, and bundles, into one bundle')
    .argument('<collateral...>', 'bundles, DCAP collateral.json, folders of certificates')
    .requiredOption('-o, --output <file>', 'the bundle to write', once('--output', text))
    .action(async (files, options) => {
      done(await (await import('../commands/collateral-pack.ts')).collateralPackCommand(files, options, around))
    })
  group
    .command('show')
    .description('what a bundle or other collateral holds, and until when it is valid')
    .argument('<file>', 'bundle, DCAP collateral.json, certificates, or a folder of them')
    .option('--at <time>', 'judge the dates at this time instead of now', once('--at', timeOption))
    .option('--json', 'print JSON')
    .action(async (file, options) => {
      done(await (await import('../commands/collateral-show.ts')).collateralShowCommand(file, options, around))
    })
}

function addSmall(root: Command, around: Around, done: Done): void {
  root
    .command('support')
    .description('which evidence, wrappers and collateral this version reads, and which images it measures')
    .option('--json', 'print JSON')
    .action(async (options) => {
      done((await import('../commands/support.ts')).supportCommand(options, around))
    })
  root
    .command('completion')
    .description('print a completion script')
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText(
      'after',
      '\nExamples:\n  $ source <(sekisho completion bash)\n  $ sekisho completion fish > ~/.config/fish/completions/sekisho.fish',
    )
    .action(async (shell) => {
      done((await import('../commands/completion.ts')).completionCommand(shell, root, around))
    })
  root
    .command('examples')
    .description('verify an example and show what to try next')
    .action(async () => {
      done(await (await import('../commands/examples.ts')).examplesCommand(around))
    })
}
