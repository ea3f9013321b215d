import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { lintPolicies } from '../src/lint/lint.ts'
import { MEASUREMENT } from './kit.ts'

const HEAD = 'permit (principal, action, resource)'
const SOUND = 'context.hardware && !context.debug && context.references.contains("db")'

async function codes(text: string): Promise<readonly string[]> {
  return (await lintPolicies(text)).map(({ line, code }) => `${line} ${code}`)
}

describe('the linter', () => {
  const cases: readonly (readonly [what: string, text: string, found: readonly string[]])[] = [
    ['finds nothing in a sound permit', `${HEAD} when { ${SOUND} };`, []],
    ['finds that an empty policy permits nothing', '', ['1 nothing-permitted']],
    ['finds that a policy of comments permits nothing', '// to come\n', ['1 nothing-permitted']],
    [
      'finds that a policy that only forbids permits nothing',
      'forbid (principal, action, resource) when { context.debug };',
      ['1 nothing-permitted'],
    ],
    [
      'takes a forbid that says so for meant to refuse everything',
      '@allow("nothing-permitted") forbid (principal, action, resource);',
      [],
    ],
    ['finds `when false`', `${HEAD} when { false };`, ['1 unreachable']],
    [
      'finds conditions that exclude each other',
      `${HEAD} when { context.tee == "snp" && context.tee == "tdx" };`,
      ['1 unreachable'],
    ],
    ...[
      'context has svn && context.svn == 1 && context.svn == 2',
      'context has svn && context.svn < 3 && 3 <= context.svn',
      'context has svn && context.svn > 2 && context.svn < 3',
      '["snp", "tdx"].contains(context.tee) && ["sgx", "nitro"].contains(context.tee)',
      'context.now < datetime("2027-01-01") && context.now > datetime("2027-02-01")',
      'context.status == "affirming" && context.status != "affirming"',
      'context.references.contains("db") && !context.references.contains("db")',
    ].map((condition): readonly [string, string, readonly string[]] => [
      `finds conditions that exclude each other: ${condition}`,
      `${HEAD} when { ${SOUND} && ${condition} };`,
      ['1 unreachable'],
    ]),
    ...[
      'context has svn && context.svn >= 2 && context.svn < 3',
      '["snp", "tdx"].contains(context.tee) && ["tdx", "sgx"].contains(context.tee)',
      'context.now > datetime("2027-01-01") && context.now < datetime("2027-02-01")',
      'context.debug == false || context.references.contains("x")',
    ].map((condition): readonly [string, string, readonly string[]] => [
      `leaves conditions alone that agree: ${condition}`,
      `${HEAD} when { ${SOUND} && (${condition}) };`,
      [],
    ]),
    ...[
      '(context.vendor == "amd" || true)',
      '(context.vendor == "amd" || context.vendor != "amd")',
      '(context.debug || context.vendor == "amd" || !context.debug)',
      '(false && context.debug || context.vendor == "amd")',
      '!(context.debug && !context.debug)',
    ].map((condition): readonly [string, string, readonly string[]] => [
      `finds a part that makes no difference: ${condition}`,
      `${HEAD} when { ${SOUND} && ${condition} };`,
      ['1 constant-condition'],
    ]),
    [
      'finds a forbid that forbids everything by its spelling',
      'forbid (principal, action, resource) when { context.debug || true };',
      ['1 constant-condition', '1 nothing-permitted'],
    ],
    [
      'finds release without attestation behind what is always true',
      `${HEAD} when { (${SOUND}) || true };`,
      ['1 constant-condition', '1 no-attestation'],
    ],
    ...[
      'resource == Sekisho::Secret::"a/b/c"',
      'context.tee == "snp"',
      '!context.debug',
      'context.vendor == "amd"',
    ].map((condition): readonly [string, string, readonly string[]] => [
      `finds release without attestation in disguise: ${condition}`,
      `${HEAD} when { ${condition} };`,
      ['1 no-attestation'],
    ]),
    [
      'tells all that is to be said of one line',
      `${HEAD} when { context.vendor == "AMD" && context.vendor == "amd" };
       ${HEAD} when { context.registers has rtmr3 && context.registers.rtmr3 == "aa" && context.registers has PCR10 && context.registers.PCR10 == "aa" };
       ${HEAD} when { context.vendor == "intl" && context.tcb has status && context.tcb.status != "Revoked" };`,
      [
        ...['1 unreachable', '1 misspelt-value'],
        ...['2 base-unpinned', '2 base-unpinned', '2 debug-allowed', '2 emulated-allowed'],
        ...['3 no-attestation', '3 exception-without-end', '3 misspelt-value'],
      ],
    ],
    [
      'tells of what is repeated that it is open, where the other was answered for',
      `@allow("debug-allowed") ${HEAD} when { context.hardware && context.references.contains("db") };
       ${HEAD} when { context.hardware && context.references.contains("db") };`,
      ['2 duplicate', '2 debug-allowed'],
    ],
    [
      'finds a permit that a forbid covers',
      `${HEAD} when { ${SOUND} && context.vendor == "amd" };\nforbid (principal, action, resource) when { context.vendor == "amd" };`,
      ['1 unreachable'],
    ],
    [
      'finds a permit in a folder that is forbidden',
      `permit (principal, action, resource in Sekisho::Folder::"db/test") when { ${SOUND} };
       forbid (principal, action, resource in Sekisho::Folder::"db");`,
      ['1 unreachable'],
    ],
    [
      'leaves a permit alone of which a forbid takes a part',
      `${HEAD} when { ${SOUND} };\nforbid (principal, action, resource) when { context.vendor == "amd" };`,
      [],
    ],
    [
      'finds a forbid that its spelling keeps from forbidding anything',
      ['context.vendor == "AMD"', 'context.vendor == "intl"', '["amd", "Intel"].contains(context.vendor)']
        .concat('context has product && context.product == "milan"')
        .concat('context has product && context.product == "00906ED50000"')
        .concat('context.tcb has status && context.tcb.status == "outOfDate"')
        .concat('context.tcb.advisories.contains("intel-sa-00615")')
        .concat('context.tcb.advisories.containsAny(["INTEL-SA-615"])')
        .concat(
          'context.vendor == "TPM"',
          'context.vendor == "sekiso"',
          'context has product && context.product == "naples"',
        )
        .map((condition) => `forbid (principal, action, resource) when { ${condition} };`)
        .join('\n'),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((line) => `${line} misspelt-value`).concat('1 nothing-permitted'),
    ],
    [
      'leaves alone what is spelt as it is known, and what nobody can know',
      ['context.vendor == "tpm"', 'context.vendor == "sekisho"', 'context has product && context.product == "Rome"']
        .concat(
          'context.vendor == "amd"',
          'context.vendor == "contoso"',
          'context.tcb.advisories.contains("AMD-SB-3019")',
        )
        .concat('context has product && ["Milan", "00906ed50000", "GH100"].contains(context.product)')
        .concat('context.tcb has status && context.tcb.status != "UpToDate"')
        .concat('context.tcb.advisories.contains("our-own-1")')
        .map((condition) => `forbid (principal, action, resource) when { ${condition} };`)
        .concat('@allow("misspelt-value") forbid (principal, action, resource) when { context.vendor == "arn" };')
        .join('\n'),
      ['1 nothing-permitted'],
    ],
    ...[
      '(principal, action, resource in Sekisho::Folder::"web")',
      '(principal, action == Sekisho::Action::"renew", resource)',
      '(principal, action, resource == Sekisho::Secret::"web/app/key")',
    ].flatMap((scope): readonly (readonly [string, string, readonly string[]])[] => [
      [
        `takes a narrower scope for no cover: ${scope}`,
        `permit ${scope} when { ${SOUND} };
         ${HEAD} when { ${SOUND} && context.vendor == "amd" };
         forbid ${scope} when { context.vendor == "amd" };`,
        [],
      ],
      [
        `takes a forbid of a narrower scope for no answer: ${scope}`,
        `${HEAD} when { context.references.contains("db") };
         forbid ${scope} when { context.debug || context.emulated };`,
        ['1 debug-allowed', '1 emulated-allowed'],
      ],
      [
        `takes a forbid of the same scope for an answer: ${scope}`,
        `permit ${scope} when { context.references.contains("db") };
         forbid ${scope} when { context.debug || context.emulated };`,
        [],
      ],
    ]),
    [
      'takes a forbid of a part for no answer: of one maker, one principal, one folder',
      `${HEAD} when { context.hardware && context.references.contains("db") };
       forbid (principal, action, resource) when { context.debug && context.vendor == "amd" };
       forbid (principal == Sekisho::Workload::"w", action, resource) when { context.debug };
       forbid (principal, action, resource is Sekisho::Secret in Sekisho::Folder::"web") when { context.debug };`,
      ['1 debug-allowed'],
    ],
    [
      'takes a forbid of all there is for an answer, however that is written',
      `${HEAD} when { context.hardware && context.references.contains("db") };
       forbid (principal is Sekisho::Workload, action, resource is Sekisho::Secret) when { context.debug };`,
      [],
    ],
    [
      'takes the folder whose name only begins like it for another',
      `permit (principal, action, resource in Sekisho::Folder::"db-test") when { ${SOUND} };
       forbid (principal, action, resource in Sekisho::Folder::"db");
       forbid (principal, action, resource in Sekisho::Folder::"db-test/x");`,
      [],
    ],
    [
      'takes a list of actions for those that are in it',
      `permit (principal, action == Sekisho::Action::"renew", resource) when { ${SOUND} };
       permit (principal, action, resource) when { ${SOUND} && context.vendor == "amd" };
       forbid (principal, action in [Sekisho::Action::"release"], resource);`,
      [],
    ],
    [
      'takes a list of all actions for any',
      `permit (principal, action, resource) when { ${SOUND} };
       forbid (principal, action in [Sekisho::Action::"release", Sekisho::Action::"renew"], resource);`,
      ['1 unreachable'],
    ],
    [
      'leaves a permit of a list alone of which a forbid takes one value',
      `${HEAD} when { ${SOUND} && ["amd", "intel"].contains(context.vendor) };
       forbid (principal, action, resource) when { context.vendor == "amd" };`,
      [],
    ],
    ['finds duplicates, the later one', `${HEAD} when { ${SOUND} };\n\n${HEAD} when { ${SOUND} };`, ['3 duplicate']],
    [
      'finds a statement that a wider one covers, wherever it stands',
      `${HEAD} when { ${SOUND} && context.tee == "snp" };\n${HEAD} when { ${SOUND} };`,
      ['1 duplicate'],
    ],
    [
      'finds a permit that a forbid over a list of values covers',
      `${HEAD} when { ${SOUND} && context.vendor == "amd" };
       forbid (principal, action, resource) when { ["amd", "intel"].contains(context.vendor) };`,
      ['1 unreachable'],
    ],
    [
      'finds a permit that a forbid with the same list covers',
      `${HEAD} when { ${SOUND} && ["amd", "intel"].contains(context.vendor) };
       forbid (principal, action, resource) when { ["amd", "intel"].contains(context.vendor) };`,
      ['1 unreachable'],
    ],
    [
      'finds a permit that a forbid of a debug state covers',
      `${HEAD} when { context.hardware && context.references.contains("db") && context.debug };
       forbid (principal, action, resource) when { context.debug };`,
      ['1 unreachable'],
    ],
    [
      'finds a register without its base',
      `${HEAD} when { context.hardware && !context.debug && context.registers has rtmr3 && context.registers.rtmr3 == "aa" };`,
      ['1 base-unpinned'],
    ],
    [
      'finds a PCR above 7 without the firmware',
      `${HEAD} when { !context.emulated && !context.debug && context.registers has PCR10 && context.registers.PCR10 == "aa" };`,
      ['1 base-unpinned'],
    ],
    [
      'leaves a register alone whose base is pinned',
      `${HEAD} when { context.hardware && !context.debug && context.measurement == "${MEASUREMENT}" &&
         context.registers has rtmr0 && context.registers.rtmr0 == "aa" };`,
      [],
    ],
    [
      'leaves a register alone under a reference set',
      `${HEAD} when { ${SOUND} && context.registers has rtmr3 && context.registers.rtmr3 == "aa" };`,
      [],
    ],
    ['finds debug', `${HEAD} when { context.hardware && context.references.contains("db") };`, ['1 debug-allowed']],
    [
      'finds emulated platforms',
      `${HEAD} when { !context.debug && context.references.contains("db") };`,
      ['1 emulated-allowed'],
    ],
    ['finds any workload', `${HEAD} when { context.hardware && !context.debug };`, ['1 workload-unpinned']],
    ...[
      'context has hostData && context.hostData == "00"',
      'context.registers has PCR4 && context.registers.PCR4 == "00"',
      'context.tee == "nitro" && context.registers has PCR3 && context.registers.PCR3 == "00"',
      'context.registers has PCR2 && context.registers.PCR2 == "00" && context has hostData && context.hostData == "00"',
    ].map((condition): readonly [string, string, readonly string[]] => [
      `finds any workload under what the host or its firmware chooses: ${condition}`,
      `${HEAD} when { context.hardware && !context.debug && ${condition} };`,
      ['1 workload-unpinned'],
    ]),
    ...[
      'context has hostData && context.hostData == "00" && context.measurement == "aa"',
      'context.registers has PCR4 && context.registers.PCR4 == "00" && context.registers has PCR0 && context.registers.PCR0 == "aa"',
      'context.tee == "nitro" && context.registers has PCR2 && context.registers.PCR2 == "00"',
      'context.references.contains("db") && context.registers has PCR4 && context.registers.PCR4 == "00"',
    ].map((condition): readonly [string, string, readonly string[]] => [
      `leaves that alone where the base is pinned: ${condition}`,
      `${HEAD} when { context.hardware && !context.debug && ${condition} };`,
      [],
    ]),
    ...[
      ['resource == Sekisho::Secret::"nope"', ''],
      ['resource in Sekisho::Folder::"a/b/c/d"', ''],
      ['resource is Sekisho::Secret in Sekisho::Folder::"a/b/c"', ''],
      ['resource in Sekisho::Folder::"a/"', ''],
      ['resource', 'resource == Sekisho::Secret::"a/b/c/d" && '],
      ['resource', 'resource in Sekisho::Folder::"a/../c" && '],
    ].map(([scope, condition]): readonly [string, string, readonly string[]] => [
      `finds a name that no secret can have: ${scope} ${condition}`,
      `permit (principal, action, ${scope}) when { ${condition}${SOUND} };`,
      ['1 unreachable'],
    ]),
    [
      'leaves names alone that a secret may have, and those that are one of several',
      `permit (principal, action, resource == Sekisho::Secret::"a/b/c") when { ${SOUND} };
       permit (principal, action, resource in Sekisho::Folder::"a.1/b-2") when { ${SOUND} };
       permit (principal, action, resource) when { resource in Sekisho::Folder::"x" && ${SOUND} };
       permit (principal, action, resource) when { resource != Sekisho::Secret::"nope" && context.vendor == "amd" && ${SOUND} };`,
      [],
    ],
    ['finds release without attestation', `${HEAD};`, ['1 no-attestation']],
    [
      'finds release without attestation behind a folder and a date',
      `permit (principal, action, resource in Sekisho::Folder::"db") when { context.now < datetime("2027-01-01") };`,
      ['1 no-attestation'],
    ],
    [
      'finds release without attestation beside a forbid that leaves it open',
      `${HEAD};\nforbid (principal, action, resource) when { context.tcb.advisories.contains("X") };`,
      ['1 no-attestation'],
    ],
    [
      'lets a forbid settle what a permit leaves open',
      `${HEAD} when { context.references.contains("db") };
       forbid (principal, action, resource) when { context.debug || context.emulated };`,
      [],
    ],
    [
      'lets `forbid … unless` stand for attestation',
      `${HEAD};\nforbid (principal, action, resource) unless { ${SOUND} };`,
      [],
    ],
    ['takes an affirming status for all of it', `${HEAD} when { context.status == "affirming" };`, []],
    [
      'finds an exception without an end',
      `${HEAD} when { ${SOUND} && context.tcb has status && ["UpToDate", "SWHardeningNeeded"].contains(context.tcb.status) };`,
      ['1 exception-without-end'],
    ],
    [
      'finds an exception that names what it refuses',
      `${HEAD} when { ${SOUND} && context.tcb has status && context.tcb.status != "Revoked" };`,
      ['1 exception-without-end'],
    ],
    [
      'finds an exception that begins and does not end',
      `${HEAD} when { ${SOUND} && context.tcb has status && context.tcb.status == "OutOfDate" && context.now > datetime("2026-01-01") };`,
      ['1 exception-without-end'],
    ],
    [
      'leaves an exception alone that ends',
      `${HEAD} when { ${SOUND} && context.tcb has status && context.tcb.status == "OutOfDate" && context.now < datetime("2027-01-01T00:00:00Z") };`,
      [],
    ],
    [
      'takes `@allow` for an answer to a warning',
      `@allow("debug-allowed") ${HEAD} when { context.hardware && context.references.contains("db") };`,
      [],
    ],
    ['takes no answer to an error', `@allow("no-attestation") ${HEAD};`, ['1 no-attestation']],
  ]
  for (const [what, text, found] of cases) {
    it(what, async () => {
      assert.deepEqual(await codes(text), found)
    })
  }
  const judged: readonly (readonly [condition: string, isPinned: boolean])[] = [
    ['if context.references.contains("db") then true else false', true],
    ['if context.references.isEmpty() then true else false', false],
    ['if context.references.isEmpty() then false else true', true],
    ['if context.vendor == "amd" then context.references.contains("a") else context.references.contains("b")', true],
    ['if context.vendor == "amd" then context.references.contains("a") else true', false],
    ['if context.vendor == "amd" then true else context.references.contains("a")', false],
    ['if context.vendor == "amd" then context.references.isEmpty() else true', false],
    ['context.references.contains("a") || context.references.contains("b")', true],
    ['context.references.contains("a") || context.vendor == "amd"', false],
    ['["db"].containsAny(["x", "db"])', false],
    ['["db", "x"].containsAll(["db"])', false],
    ['context has signer && context.measurement != context.signer', false],
    ['context.vector has executables && context.vector.executables < 34', false],
    ['context.vector has executables && context.vector.executables <= 32', true],
    ['context.vector has executables && 32 >= context.vector.executables', true],
    ['context.measurement like "ab*"', true],
    ['context.measurement like "*"', false],
    ['context.measurement like ""', true],
    ['context.vendor like "a*"', false],
    ['context.references.containsAny(["db", "web"])', true],
    ['context.references.containsAll(["db"])', true],
    ['["db"].containsAny(context.references)', true],
    ['["db"].containsAll(context.references)', false],
    ['context.tcb.advisories.containsAny(["db"])', false],
    ['["db"].containsAny(context.tcb.advisories)', false],
    ['!context.references.isEmpty()', true],
    ['context.references.isEmpty()', false],
    ['context.tcb.advisories.isEmpty()', false],
    ['context.vector has executables && context.vector.executables < 33', true],
    ['context.vector has executables && context.vector.executables <= 33', false],
    ['context.vector has executables && 33 > context.vector.executables', true],
    ['context.vector has executables && 33 >= context.vector.executables', false],
    [
      'context.vector has executables && context.vector has hardware && context.vector.executables <= context.vector.hardware',
      false,
    ],
    [
      'context.vector has executables && context.vector has hardware && context.vector.hardware <= context.vector.executables',
      false,
    ],
    ['context has signer && context.measurement == context.signer', false],
    ['context.measurement == context.vendor', false],
    ['context.vendor == context.measurement', false],
    ['"ab" == context.measurement', true],
    ['context.references == ["db"]', false],
    ['["db"] == context.references', false],
    ['["ab", "cd"].contains(context.measurement)', true],
    ['["contoso", "fabrikam"].contains(context.vendor)', false],
    ['context.references.contains(context.vendor)', true],
  ]
  it('tells what certainly keeps unknown workloads out from what may let one in', async () => {
    const found = await codes(
      judged
        .map(([condition], i) =>
          `permit (principal, action, resource == Sekisho::Secret::"a/b/${i}") when {
          context.hardware && !context.debug && (${condition}) };`.replaceAll('\n', ' '),
        )
        .join('\n'),
    )
    assert.deepEqual(
      found.filter((one) => !one.endsWith(' constant-condition')),
      judged.flatMap(([, isPinned], i) => (isPinned ? [] : [`${i + 1} workload-unpinned`])),
    )
  })
  it('says what would mend each finding', async () => {
    for (const { message, remedy, id } of await lintPolicies(`@id("all") ${HEAD};`)) {
      assert.equal(id, 'all')
      assert.match(message, /whoever asks/)
      assert.match(remedy, /context\.references/)
    }
  })
})
