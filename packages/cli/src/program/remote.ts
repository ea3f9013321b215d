import type { Command } from 'commander'
import type { Around } from '../around.ts'
import { countOption, listOption, once, text } from '../options/values.ts'
import { fetching } from './common.ts'

/** Called with the exit code of the command that ran. */
export type Done = (exitCode: number) => void

/** Options of every command that talks to a checkpoint. */
export function remote(command: Command): Command {
  return command
    .option('--server <url>', 'the checkpoint to talk to (SEKISHO_SERVER; else the last login)', once('--server', text))
    .option(
      '--token-file <file>',
      'token from this file instead of SEKISHO_TOKEN or the last login',
      once('--token-file', text),
    )
    .option('--namespace <name>', 'namespace (SEKISHO_NAMESPACE; else default)', once('--namespace', text))
    .option('--json', 'print JSON')
}

/** Commands that change or read a running checkpoint through its HTTP interface. */
export function addRemote(root: Command, around: Around, done: Done): void {
  root.commandsGroup('To administer a checkpoint:')
  addLogin(root, around, done)
  addSecret(root, around, done)
  addKey(root, around, done)
  addReference(root, around, done)
  addPolicy(root, around, done)
  addDecision(root, around, done)
  addLease(root, around, done)
  addAdvisory(root, around, done)
  addLog(root, around, done)
  addToken(root, around, done)
  addNamespace(root, around, done)
  addDoctor(root, around, done)
}

function addLogin(root: Command, around: Around, done: Done): void {
  root
    .command('login')
    .description('redeem the one-time link that `sekisho up` prints, and keep the token it gives')
    .option('--server <url>', 'the checkpoint to log in to', once('--server', text))
    .option('--data <folder>', 'data folder of a checkpoint on this machine', once('--data', text))
    .option('--link-file <file>', 'file with the one-time link; - for standard input', once('--link-file', text))
    .option('--json', 'print JSON')
    .action(async (options) => {
      done(await (await import('../commands/login.ts')).loginCommand(options, around))
    })
}

function addSecret(root: Command, around: Around, done: Done): void {
  const group = root.command('secret').description('secrets that are released to attested workloads only')
  remote(group.command('put').description('store a new version of a secret'))
    .argument('<path>', 'repository/type/tag')
    .argument('[file]', 'file with the value; - or nothing for standard input', '-')
    .option('--content-type <type>', 'media type of the value', once('--content-type', text))
    .action(async (path, file, options) => {
      done(await (await import('../commands/secret.ts')).secretPutCommand(path, file, options, around))
    })
  remote(group.command('list').description('secrets and keys, without their values')).action(async (options) => {
    done(await (await import('../commands/secret.ts')).secretListCommand(options, around))
  })
  remote(group.command('show').description('versions of a secret, without values'))
    .argument('<path>', 'repository/type/tag')
    .action(async (path, options) => {
      done(await (await import('../commands/secret.ts')).secretShowCommand(path, options, around))
    })
  remote(group.command('delete').description('delete a secret with all its versions'))
    .argument('<path>', 'repository/type/tag')
    .action(async (path, options) => {
      done(await (await import('../commands/secret.ts')).secretDeleteCommand(path, options, around))
    })
}

function addKey(root: Command, around: Around, done: Done): void {
  const group = root.command('key').description('keys that the checkpoint makes and releases like secrets')
  remote(group.command('create').description('make a key, or a new version of one'))
    .argument('<path>', 'repository/type/tag')
    .requiredOption('--type <type>', 'aes-256, ec-p256, ec-p384, ed25519 or rsa-3072', once('--type', text))
    .action(async (path, options) => {
      done(await (await import('../commands/secret.ts')).keyCreateCommand(path, options, around))
    })
  remote(group.command('show').description('versions of a key, with its public half'))
    .argument('<path>', 'repository/type/tag')
    .action(async (path, options) => {
      done(await (await import('../commands/secret.ts')).secretShowCommand(path, options, around))
    })
}

function addReference(root: Command, around: Around, done: Done): void {
  const group = root.command('reference').description('reference values: what evidence is compared with')
  remote(group.command('put').description('store a set of reference values'))
    .argument('<name>', 'name of the set')
    .argument('<file>', 'YAML or JSON: { tee, values, owner, … }; - for standard input')
    .action(async (name, file, options) => {
      done(await (await import('../commands/reference.ts')).referencePutCommand(name, file, options, around))
    })
  remote(group.command('from-evidence').description('store what this evidence measures as a set'))
    .argument('<name>', 'name of the set')
    .argument('<file>', 'evidence in any form that `inspect` reads')
    .option('--owner <owner>', 'who answers for the values', once('--owner', text))
    .option('--expires <time>', 'until when they hold, ISO 8601 in UTC', once('--expires', text))
    .option('--print', 'print the set and store nothing')
    .action(async (name, file, options) => {
      done(await (await import('../commands/reference.ts')).referenceFromEvidenceCommand(name, file, options, around))
    })
  remote(group.command('import').description('store sets from a CoRIM, or from a tool’s measurements'))
    .argument('<name>', 'name of the set, of several what their names begin with; a name in the file goes before')
    .argument('<file>', 'CoRIM (CBOR), measurements, or sets in JSON; - for standard input')
    .option('--owner <owner>', 'who answers for the values, unless the file says', once('--owner', text))
    .option('--signer <file>', 'JWK or key set of those who may have signed the CoRIM', once('--signer', text))
    .option('--without <names>', 'measurements of the CoRIM that are not to be compared; repeatable', listOption)
    .option('--td-class <oid>', 'class id of the TDs that a CoRIM of Intel’s profile is for', once('--td-class', text))
    .action(async (name, file, options) => {
      done(await (await import('../commands/reference.ts')).referenceImportCommand(name, file, options, around))
    })
  remote(group.command('list').description('sets of reference values, and which were never matched')).action(
    async (options) => {
      done(await (await import('../commands/reference.ts')).referenceListCommand(options, around))
    },
  )
  remote(group.command('show').description('one set of reference values, with where it comes from'))
    .argument('<name>', 'name of the set')
    .action(async (name, options) => {
      done(await (await import('../commands/reference.ts')).referenceShowCommand(name, options, around))
    })
  remote(group.command('delete').description('delete a set; live leases are appraised again'))
    .argument('<name>', 'name of the set')
    .action(async (name, options) => {
      done(await (await import('../commands/reference.ts')).referenceDeleteCommand(name, options, around))
    })
}

function addPolicy(root: Command, around: Around, done: Done): void {
  const group = root.command('policy').description('Cedar policies: who may have which secret')
  const policy = async (): Promise<typeof import('../commands/policy.ts')> => import('../commands/policy.ts')
  remote(group.command('show').description('the active policies')).action(async (options) => {
    done(await (await policy()).policyShowCommand(options, around))
  })
  remote(group.command('set').description('activate policies; live leases are appraised again'))
    .argument('<file>', 'Cedar policies; - for standard input')
    .option('--note <text>', 'why, for the log', once('--note', text))
    .option(
      '--based-on <version>',
      'only while this version is active, 0 for none: nobody’s change is overwritten unseen',
      once('--based-on', countOption('--based-on')),
    )
    .option('--strict', 'refuse them where `policy lint` finds anything; else that is told on standard error')
    .action(async (file, options) => {
      done(await (await policy()).policySetCommand(file, options, around))
    })
  group
    .command('lint')
    .description('what is wrong or risky in policies; needs no checkpoint')
    .argument('<file>', 'Cedar policies; - for standard input')
    .option('--json', 'print JSON')
    .action(async (file, options) => {
      done(await (await policy()).policyLintCommand(file, options, around))
    })
  group
    .command('test')
    .description('decide recorded cases and name the lines that no case exercises; needs no checkpoint')
    .argument('<file>', 'Cedar policies')
    .argument('<cases>', 'YAML or JSON list of cases')
    .option('--world <file>', 'keep the emulated world here: the next run starts sooner', once('--world', text))
    .option('--json', 'print JSON')
    .action(async (file, cases, options) => {
      done(await (await policy()).policyTestCommand(file, cases, options, around))
    })
  remote(group.command('dry-run').description('what these policies would have decided on the recorded appraisals'))
    .argument('<file>', 'Cedar policies; - for standard input')
    .action(async (file, options) => {
      done(await (await policy()).policyDryRunCommand(file, options, around))
    })
  remote(group.command('versions').description('all versions, the latest first')).action(async (options) => {
    done(await (await policy()).policyVersionsCommand(options, around))
  })
  remote(group.command('rollback').description('activate an earlier version again'))
    .argument('<version>', 'number of the version', countOption('version'))
    .option('--strict', 'not where `policy lint` finds anything in it; else that is told on standard error')
    .action(async (version, options) => {
      done(await (await policy()).policyRollbackCommand(version, options, around))
    })
  group
    .command('starter')
    .description('print a policy to start from; without a name, list them')
    .argument('[name]', 'name of a starter policy')
    .option('--json', 'print JSON')
    .action(async (name, options) => {
      done(await (await policy()).policyStarterCommand(name, options, around))
    })
  group
    .command('schema')
    .description('print the Cedar schema of the claims that policies see')
    .action(async () => {
      done(await (await policy()).policySchemaCommand(around))
    })
}

function addDecision(root: Command, around: Around, done: Done): void {
  const group = root.command('decision').description('what the checkpoint decided, and why')
  remote(group.command('list').description('decisions, the latest first'))
    .option(
      '--outcome <outcome>',
      'only this one: released, refused, renewed, revoked, attested, changed',
      once('--outcome', text),
    )
    .option('--kind <kind>', 'only this one: attest, release, renew, revoke, admin', once('--kind', text))
    .option('--tee <tee>', 'only of this TEE, e.g. snp', once('--tee', text))
    .option('--reason <code>', 'only with this code, e.g. policy-deny', once('--reason', text))
    .option('--resource <path>', 'only for this repository/type/tag', once('--resource', text))
    .option('--workload <hex>', 'only of launch measurements that begin so', once('--workload', text))
    .option('--limit <number>', 'at most so many', once('--limit', countOption('--limit')))
    .action(async (options) => {
      done(await (await import('../commands/decision.ts')).decisionListCommand(options, around))
    })
  remote(group.command('show').description('one decision: every check, the policy, and what would mend a refusal'))
    .argument('<id>', 'id of the decision, as the refusal told it')
    .option('--verbose', 'show every check, with its source')
    .action(async (id, options) => {
      done(await (await import('../commands/decision.ts')).decisionShowCommand(id, options, around))
    })
  const evidence = async (): Promise<typeof import('../commands/decision-evidence.ts')> =>
    import('../commands/decision-evidence.ts')
  remote(
    group.command('reverify').description('verify a decision again as of its time: log, evidence, verdict, policy'),
  )
    .argument('<id>', 'id of the decision')
    .option('--verbose', 'show the verdict that comes out now, every check with its source')
    .action(async (id, options) => {
      done(await (await evidence()).decisionReverifyCommand(id, options, around))
    })
  remote(group.command('evidence').description('write what a decision rests on to a folder, to be verified anywhere'))
    .argument('<id>', 'id of the decision')
    .argument('<folder>', 'a new or empty folder')
    .action(async (id, folder, options) => {
      done(await (await evidence()).decisionEvidenceCommand(id, folder, options, around))
    })
}

function addLease(root: Command, around: Around, done: Done): void {
  const group = root.command('lease').description('who holds what until when')
  remote(group.command('list').description('leases, the live ones first')).action(async (options) => {
    done(await (await import('../commands/lease.ts')).leaseListCommand(options, around))
  })
  remote(group.command('revoke').description('end a lease now; its holder is told'))
    .argument('<id>', 'id of the lease')
    .option('--reason <text>', 'why, for the log', once('--reason', text))
    .action(async (id, options) => {
      done(await (await import('../commands/lease.ts')).leaseRevokeCommand(id, options, around))
    })
  remote(
    group.command('reappraise').description('ask the vendors anew and judge every live lease by what they say now'),
  ).action(async (options) => {
    done(await (await import('../commands/lease.ts')).leaseReappraiseCommand(options, around))
  })
  remote(
    group.command('forecast').description('which live leases would fail under a TCB level to come; changes nothing'),
  )
    .argument('<file>', 'YAML or JSON, e.g. { minTcb: { Milan: { microcode: 220 } } }; - for standard input')
    .action(async (file, options) => {
      done(await (await import('../commands/lease.ts')).leaseForecastCommand(file, options, around))
    })
}

function addAdvisory(root: Command, around: Around, done: Done): void {
  const group = root.command('advisory').description('security advisories of hardware vendors')
  remote(group.command('put').description('record an advisory; live leases are appraised again'))
    .argument('<file>', 'YAML or JSON: { id, vendor, products, tcb, published, note }; - for standard input')
    .action(async (file, options) => {
      done(await (await import('../commands/advisory.ts')).advisoryPutCommand(file, options, around))
    })
  remote(group.command('list').description('recorded advisories')).action(async (options) => {
    done(await (await import('../commands/advisory.ts')).advisoryListCommand(options, around))
  })
  remote(group.command('delete').description('take an advisory back; live leases are appraised again'))
    .argument('<id>', 'as `list` shows it')
    .action(async (id, options) => {
      done(await (await import('../commands/advisory.ts')).advisoryDeleteCommand(id, options, around))
    })
  remote(group.command('affected').description('live leases on platforms that an advisory names'))
    .argument('<id>', 'e.g. INTEL-SA-00615')
    .action(async (id, options) => {
      done(await (await import('../commands/advisory.ts')).advisoryAffectedCommand(id, options, around))
    })
}

function addLog(root: Command, around: Around, done: Done): void {
  const group = root.command('log').description('the tamper-evident log of all decisions')
  const log = async (): Promise<typeof import('../commands/log.ts')> => import('../commands/log.ts')
  remote(group.command('checkpoint').description('the signed size and root of the log; keep it, for `verify --since`'))
    .option('-o, --output <file>', 'write it to this file', once('--output', text))
    .action(async (options) => {
      done(await (await log()).logCheckpointCommand(options, around))
    })
  remote(group.command('key').description('the public key that checkpoints of the log are verified with; keep it'))
    .option('-o, --output <file>', 'write it to this file', once('--output', text))
    .action(async (options) => {
      done(await (await log()).logKeyCommand(options, around))
    })
  remote(group.command('export').description('write the log to a folder, to be verified anywhere'))
    .argument('<folder>', 'a new or empty folder')
    .action(async (folder, options) => {
      done(await (await log()).logExportCommand(folder, options, around))
    })
  group
    .command('verify')
    .description('find any altered, removed or reordered entry of an exported log; needs no checkpoint')
    .argument('<folder>', 'what `log export` wrote')
    .requiredOption('--key <file>', 'the log’s verifier key, kept from before', once('--key', text))
    .option('--since <file>', 'a checkpoint kept from before, which the log must continue', once('--since', text))
    .option('--json', 'print JSON')
    .action(async (folder, options) => {
      done(await (await log()).logVerifyCommand(folder, options, around))
    })
  remote(group.command('receipt').description('the receipt of a decision'))
    .argument('<id>', 'id of the decision')
    .option('-o, --output <file>', 'write it to this file', once('--output', text))
    .action(async (id, options) => {
      done(await (await log()).logReceiptCommand(id, options, around))
    })
  group
    .command('check-receipt')
    .description('verify a receipt; needs no checkpoint')
    .argument('<file>', 'a receipt; - for standard input')
    .requiredOption('--key <file>', 'the log’s verifier key, kept from before', once('--key', text))
    .option('--json', 'print JSON')
    .action(async (file, options) => {
      done(await (await log()).logCheckReceiptCommand(file, options, around))
    })
}

const SCOPES_HELP =
  'what it may do: admin; or secrets, references, policy, leases, advisories, tokens with :read or :write; or decisions:read; repeatable'

function addToken(root: Command, around: Around, done: Done): void {
  const group = root.command('token').description('tokens for people and programs that administer')
  const ofTokens = (command: Command): Command =>
    remote(command).option('--all-namespaces', 'not of one namespace: of all')
  ofTokens(group.command('create').description('make a token; it is shown once'))
    .argument('<name>', 'what it is for')
    .requiredOption('--scope <scope...>', SCOPES_HELP)
    .option('--days <number>', 'days until it expires, 730 at most; else 90', once('--days', countOption('--days')))
    .option('-o, --output <file>', 'write it to this file instead of the terminal', once('--output', text))
    .action(async (name, options) => {
      done(await (await import('../commands/token.ts')).tokenCreateCommand(name, options, around))
    })
  ofTokens(group.command('list').description('tokens, without their secrets')).action(async (options) => {
    done(await (await import('../commands/token.ts')).tokenListCommand(options, around))
  })
  ofTokens(group.command('revoke').description('end a token now'))
    .argument('<id>', 'id of the token')
    .action(async (id, options) => {
      done(await (await import('../commands/token.ts')).tokenRevokeCommand(id, options, around))
    })
}

function addNamespace(root: Command, around: Around, done: Done): void {
  const group = root.command('namespace').description('tenants: each has its own secrets, policies and log view')
  remote(group.command('create').description('make a namespace'))
    .argument('<name>', 'small letters, digits and -')
    .action(async (name, options) => {
      done(await (await import('../commands/namespace.ts')).namespaceCreateCommand(name, options, around))
    })
  remote(group.command('list').description('all namespaces')).action(async (options) => {
    done(await (await import('../commands/namespace.ts')).namespaceListCommand(options, around))
  })
}

function addDoctor(root: Command, around: Around, done: Done): void {
  fetching(
    remote(
      root
        .command('doctor')
        .description('walk the chain evidence, endorsements, reference values, policy, secret; say where it breaks'),
    )
      .argument('[resource]', 'repository/type/tag that a workload asks for')
      .option(
        '--evidence <file>',
        'evidence of the workload, in any form that `inspect` reads',
        once('--evidence', text),
      )
      .option('--event-log <file>', 'measured-boot log that goes with it', once('--event-log', text))
      .option('--world <file>', 'the emulated world that the evidence is from', once('--world', text))
      .option('--offline', 'fetch no endorsements: those in the cache are read'),
  ).action(async (resource, options) => {
    done(await (await import('../commands/doctor.ts')).doctorCommand(resource, options, around))
  })
}
