import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import { before, describe, it } from 'node:test'
import { STARTER_POLICIES } from '@sekisho/appraisal'
import { scratch } from '../process.ts'
import {
  asking,
  type Checkpoint,
  members,
  type Owner,
  ownerAt,
  ownerOf,
  ready,
  rows,
  sharedCheckpoint,
  text,
} from './shared.ts'

const home = scratch()

/** Policies and cases need no checkpoint: whoever runs these has none. */
const alone = ownerAt(`${home}/none.json`, 'none', home)

const world = ['--world', `${home}/world.json`]

const MISSPELT = `permit (principal, action, resource) when { context.debg };
forbid (principal, action, resource) when { context.tee == 3 };
`

describe('policies without a checkpoint', () => {
  // Making a world takes seconds: this one is there already.
  before(async () => copyFileSync((await sharedCheckpoint()).world, `${home}/world.json`))

  it('starter lists and prints; every one of them passes the linter', async () => {
    const list = await alone.ok(['policy', 'starter'])
    assert.match(list, /^NAME +WHAT IT IS\n/)
    const listed = rows((await alone.json(['policy', 'starter']))['starters'])
    assert.deepEqual(
      listed.map((one) => one['name']),
      STARTER_POLICIES.map((one) => one.name),
    )
    for (const { name, text: policy } of STARTER_POLICIES) assert.ok(list.includes(name) && policy.length > 0)
    const printed = await alone.ok(['policy', 'starter', 'snp'])
    const linted = await alone.run(['policy', 'lint', '-'], { input: printed })
    assert.equal(linted.code, 0, linted.out)
    assert.equal(linted.out, '-: nothing to say against it.\n')
    const none = await alone.run(['policy', 'starter', 'nope'])
    assert.equal(none.code, 64)
    assert.match(none.err, /there is no starter policy nope; there are snp, tdx/)
  })

  it('schema prints what policies see', async () => {
    const schema = await alone.ok(['policy', 'schema'])
    assert.match(schema, /^namespace Sekisho \{/)
    assert.match(schema, /debug: Bool/)
  })

  it('lint names line and column of a misspelt claim and of a wrong type', async () => {
    const file = alone.file('misspelt.cedar', MISSPELT)
    const { code, err } = await alone.run(['policy', 'lint', file])
    assert.equal(code, 3)
    assert.ok(err.includes(`${file}:1:45: there is no claim \`debg\`; did you mean \`debug\`?`), err)
    assert.match(err, /misspelt\.cedar:2:\d+: the types Long and String are not compatible/)
  })

  it('lint says what is risky, and what mends it', async () => {
    const file = alone.file('all.cedar', 'permit (principal, action, resource);')
    const { code, out } = await alone.run(['policy', 'lint', file])
    assert.equal(code, 1)
    assert.match(
      out,
      /all\.cedar:1: error .*no condition looks at what evidence proves \[no-attestation\]\n {2}ask for/,
    )
    const json = await alone.run(['policy', 'lint', file, '--json'])
    assert.equal(json.code, 1)
    const [finding] = rows(members(JSON.parse(json.out))['findings'])
    assert.equal(finding?.['code'], 'no-attestation')
  })

  it('test runs cases on emulated platforms and names the lines that none exercises', async () => {
    const policy = alone.file(
      'no-milan.cedar',
      `${await alone.ok(['policy', 'starter', 'snp'])}
@id("no-milan") forbid (principal, action, resource) when { context has product && context.product == "Milan" };
`,
    )
    const genoa = { name: 'Genoa', resource: 'a/b/c', permitted: true, platform: { kind: 'snp', product: 'Genoa' } }
    const debug = { name: 'debug', resource: 'a/b/c', permitted: false, platform: { kind: 'snp', debug: true } }
    const unknown = { name: 'unknown', resource: 'a/b/c', permitted: false, platform: { kind: 'snp' }, known: false }
    const tdx = { name: 'a TD', resource: 'a/b/c', permitted: false, platform: { kind: 'tdx' } }
    const some = alone.file('some.json', JSON.stringify([genoa, debug, unknown, tdx]))
    const gap = await alone.run(['policy', 'test', policy, some, ...world])
    assert.equal(gap.code, 2, gap.err)
    assert.match(gap.out, /^pass {2}Genoa: permitted by snp\npass {2}debug: refused\n/)
    assert.match(gap.out, /No case exercises\n {2}\S+no-milan\.cedar:\d+: forbid no-milan\n/)

    const hopeful = alone.file(
      'hopeful.json',
      JSON.stringify([
        { ...debug, permitted: true },
        { ...unknown, permitted: true },
        { ...tdx, permitted: true },
      ]),
    )
    const refused = await alone.run(['policy', 'test', policy, hopeful, ...world])
    assert.equal(refused.code, 1, refused.err)
    const [ofDebug = '', ofUnknown = '', ofTd = ''] = refused.out.split(/^FAIL {2}/m).slice(1)
    assert.match(ofDebug, /^debug: refused; expected permitted\n {6}snp\.debug: /)
    assert.match(ofUnknown, /^unknown: refused; expected permitted\n {6}reference-missing: /)
    assert.match(
      ofTd,
      /^a TD: refused; expected permitted\n {6}line \d+ \(snp\) would permit it if this held: context\.tee/,
    )

    const milan = `- { name: Milan, resource: a/b/c, permitted: false, by: [no-milan], platform: { kind: snp, product: Milan } }\n`
    const yaml = alone.file(
      'all.yaml',
      `${milan}- { name: Genoa, resource: a/b/c, permitted: true, platform: { kind: snp } }\n`,
    )
    const whole = await alone.run(['policy', 'test', policy, yaml, '--json', ...world])
    assert.equal(whole.code, 0, whole.out + whole.err)
    const report = members(JSON.parse(whole.out))
    assert.deepEqual(report['unexercised'], [])
    assert.equal(report['passed'], true)

    const wrong = alone.file('wrong.json', JSON.stringify([{ ...genoa, permitted: false }]))
    const failed = await alone.run(['policy', 'test', policy, wrong, ...world])
    assert.equal(failed.code, 1)
    assert.match(failed.out, /^FAIL {2}Genoa: permitted by snp; expected refused\n/)
  })

  it('test has platforms with faults attest: each is refused, and leaves the world of the others as it is', async () => {
    const policy = alone.file('any.cedar', await alone.ok(['policy', 'starter', 'snp']))
    const one = (name: string, permitted: boolean, platform: object): object => ({
      ...{ name, permitted, resource: 'a/b/c' },
      platform: { kind: 'snp', product: 'Genoa', ...platform },
    })
    const cases = [
      one('bound to another exchange', false, { wrongBinding: true }),
      one('an ASK that is revoked', false, { revoked: ['amd/Genoa/ask'] }),
      one('a chip that the key service knows no more', false, { revoked: ['amd/Genoa/chip'] }),
      one('a chip of another generation', true, { revoked: ['amd/Milan/chip'] }),
      one('a list that ran out', false, { expired: ['amd/Genoa/crl'] }),
      one('old microcode, for a policy that asks for none', true, { tcb: { microcode: 1 } }),
      one('a hidden chip', true, { maskedId: true }),
      one('as it should be', true, {}),
    ]
    const run = await alone.run(['policy', 'test', policy, alone.file('faults.json', JSON.stringify(cases)), ...world])
    assert.equal(run.code, 0, run.out + run.err)
    for (const [member, value] of [
      ['revoked', ['amd/Genoa/crl']],
      ['expired', ['nobody']],
      ['tcb', { nothing: 1 }],
      ['tcb', 5],
      ['maskedId', 'yes'],
    ] as const) {
      const wrong = alone.file('wrong-platform.json', JSON.stringify([one('wrong', false, { [member]: value })]))
      const refused = await alone.run(['policy', 'test', policy, wrong, ...world])
      assert.equal(refused.code, 3, `${member}: ${refused.out}`)
      assert.match(refused.err, /case 1\.platform/)
    }
  })

  it('test has the PCK certificates of one machine revoked', async () => {
    const policy = alone.file(
      'verified.cedar',
      '@id("verified") permit (principal, action, resource) when { context.verdict.outcome == "verified" };',
    )
    const revoked = ['intel/pck']
    const one = (permitted: boolean, platform: object): object => ({
      ...{ name: JSON.stringify(platform), permitted, resource: 'a/b/c' },
      platform,
    })
    const cases = [
      one(false, { kind: 'tdx', revoked }),
      one(false, { kind: 'sgx', revoked }),
      one(true, { kind: 'sgx' }),
      one(true, { kind: 'snp', revoked }),
    ]
    const run = await alone.run(['policy', 'test', policy, alone.file('pck.json', JSON.stringify(cases)), ...world])
    assert.equal(run.code, 0, run.out + run.err)
  })

  it('test has platforms of every kind attest, and what is known of them is verified', async () => {
    const genuine = alone.file(
      'genuine.cedar',
      '@id("genuine") permit (principal, action, resource) when { context.verdict.outcome == "verified" };',
    )
    const kinds = ['snp', 'tdx', 'sgx', 'nitro', 'cca', 'tpm'].map((kind) => ({
      name: kind,
      resource: 'a/b/c',
      permitted: true,
      platform: { kind },
    }))
    const { code, out, err } = await alone.run([
      'policy',
      'test',
      genuine,
      alone.file('kinds.json', JSON.stringify(kinds)),
      ...world,
    ])
    assert.equal(code, 0, out + err)
  })

  it('test takes a context that says only what matters', async () => {
    const policy = alone.file(
      'milan.cedar',
      '@id("some") permit (principal, action, resource) when { context has product && context.product == "Genoa" && context.tcb.advisories.isEmpty() };',
    )
    const one = (product: string, permitted: boolean): object => ({
      name: product,
      resource: 'db/password/prod',
      permitted,
      context: { tee: 'snp', product, references: ['db-server'] },
    })
    const cases = alone.file('cases.json', JSON.stringify([one('Milan', false), one('Genoa', true)]))
    const { code, out, err } = await alone.run(['policy', 'test', policy, cases])
    assert.equal(code, 0, out + err)
    assert.match(out, /^pass {2}Milan: refused\npass {2}Genoa: permitted by some\n/)
  })

  it('test says what is wrong with a case, by number and member', async () => {
    const policy = alone.file('snp.cedar', await alone.ok(['policy', 'starter', 'snp']))
    const good = { name: 'x', resource: 'a/b/c', permitted: true }
    const cases: readonly (readonly [unknown, RegExp])[] = [
      [[], /expected a list of 1 to 1000 cases/],
      [{}, /expected a list of 1 to 1000 cases/],
      [[good], /case 1: expected either `platform` or `context`/],
      [
        [{ ...good, platform: { kind: 'snp' }, contxt: {} }],
        /case 1: there is no member "contxt"; known are name, .*, platform, known, permitted, by/,
      ],
      [[{ ...good, platform: { product: 'Milan' } }], /case 1\.platform: expected an object with a `kind`/],
      [
        [{ ...good, context: { tee: 'snp', prodct: 'Milan' } }],
        /case 1\.context: there is no claim "prodct"; did you mean product/,
      ],
      [[{ ...good, platform: { kind: 'snp' }, known: 'yes' }], /case 1\.known: expected true or false/],
      [[{ ...good, platform: { kind: 'sev9' } }], /there is no emulated sev9; there are snp/],
      [[{ ...good, permitted: 'yes', platform: { kind: 'snp' } }], /case 1\.permitted: expected true or false/],
      [[{ ...good, name: 5, platform: { kind: 'snp' } }], /case 1\.name: expected text/],
    ]
    for (const [content, words] of cases) {
      const { code, err } = await alone.run(['policy', 'test', policy, '-', ...world], {
        input: JSON.stringify(content),
      })
      assert.equal(code, 3, `${JSON.stringify(content)}: ${err}`)
      assert.match(err, words)
    }
  })
})

describe('policies at a checkpoint', () => {
  let owner: Owner & { readonly checkpoint: Checkpoint }
  let emulated: string
  let noTdx: string
  before(async () => {
    owner = await ownerOf('policies')
    await ready(owner, owner.checkpoint.world, 'x', ['snp', 'tdx'])
    emulated = await owner.ok(['policy', 'starter', 'emulated'])
    noTdx = owner.file(
      'no-tdx.cedar',
      `${emulated}@id("no-tdx") forbid (principal, action, resource) when { context.tee == "tdx" };\n`,
    )
    for (const kind of ['snp', 'tdx'])
      assert.equal((await owner.run(asking(owner.checkpoint.world, kind))).code, 0, kind)
  })

  it('a namespace without policies says so', async () => {
    const other = await ownerOf('policies-none')
    const shown = await other.run(['policy', 'show'])
    assert.equal(shown.code, 3)
    assert.match(shown.err, /this namespace has no policy: nothing is released/)
    assert.match(await other.ok(['policy', 'versions']), /There is no policy yet: nothing is released\./)
  })

  it('set refuses what cannot be used, line by line, and changes nothing', async () => {
    const { code, err } = await owner.run(['policy', 'set', '-'], { input: MISSPELT })
    assert.equal(code, 3)
    assert.match(err, /^ {2}standard input:1:45: there is no claim `debg`; did you mean `debug`\?/m)
    assert.match(err, /^ {2}standard input:2:\d+: the types Long and String/m)
    assert.equal((await owner.json(['policy', 'show']))['version'], 1)
  })

  it('dry-run tells which recorded releases would have been refused, and changes nothing', async () => {
    const { code, out } = await owner.run(['policy', 'dry-run', noTdx])
    assert.equal(code, 1)
    assert.match(
      out,
      /^It would have refused 1 of 2\.\n\nRefused\n {2}dec_\w+ EMULATED {2}20\S+ \S+Z {2}release demo\/db\/password\n$/,
    )
    const json = await owner.run(['policy', 'dry-run', noTdx, '--json'])
    assert.equal(rows(members(JSON.parse(json.out))['refused']).length, 1)
    const same = await owner.run(['policy', 'dry-run', '-'], { input: emulated })
    assert.equal(same.code, 0, same.err)
    assert.match(same.out, /^It would have refused 0 of 2\.\n$/)
    const bad = await owner.run(['policy', 'dry-run', '-'], { input: MISSPELT })
    assert.equal(bad.code, 3)
    assert.equal((await owner.json(['policy', 'show']))['version'], 1)
    assert.equal(
      rows((await owner.json(['lease', 'list']))['leases']).filter(({ state }) => state === 'live').length,
      2,
    )
  })

  it('set and rollback tell what the linter finds, in JSON too, and with --strict change nothing', async () => {
    const other = await ownerOf('policies-linted')
    const open = other.file('open.cedar', 'permit (principal, action, resource);')
    const strict = await other.run(['policy', 'set', open, '--strict'])
    assert.equal(strict.code, 1, strict.err)
    assert.match(strict.err, /the linter finds something in the policy; nothing is changed/)
    assert.match(strict.err, /^ {2}line 1, column 1: whoever asks gets this.*\[no-attestation\]; ask for/m)
    assert.match(await other.ok(['policy', 'versions']), /There is no policy yet/)
    const set = await other.run(['policy', 'set', open])
    assert.equal(set.code, 0)
    assert.match(set.out, /^Version 1 is active/)
    assert.match(set.err, /open\.cedar:1: error whoever asks gets this.*\[no-attestation\]; ask for/)
    const [finding] = rows((await other.json(['policy', 'set', open]))['findings'])
    assert.deepEqual([finding?.['code'], finding?.['severity']], ['no-attestation', 'error'])
    const sound = await other.run(['policy', 'set', '-', '--strict'], {
      input: await other.ok(['policy', 'starter', 'snp']),
    })
    assert.deepEqual([sound.code, sound.err], [0, ''])

    const kept = await other.run(['policy', 'rollback', '1', '--strict'])
    assert.equal(kept.code, 1, kept.out)
    assert.match(kept.err, /the linter finds something in the policy; nothing is changed/)
    assert.match(kept.err, /^ {2}line 1, column 1: whoever asks gets this.*\[no-attestation\]; ask for/m)
    assert.equal((await other.json(['policy', 'show']))['version'], 3)
    const back = await other.run(['policy', 'rollback', '1'])
    assert.match(back.out, /^Version 1 is active/)
    assert.match(back.err, /^version 1:1: error whoever asks gets this.*\[no-attestation\]; ask for/)
    const [again] = rows((await other.json(['policy', 'rollback', '2']))['findings'])
    assert.equal(again?.['code'], 'no-attestation')
    assert.deepEqual(await other.json(['policy', 'rollback', '3', '--strict']), {
      version: 3,
      live: 0,
      revoked: 0,
      findings: [],
    })
  })

  it('set, versions, show and rollback; live leases follow', async () => {
    const set = await owner.ok(['policy', 'set', noTdx, '--note', 'no TDs until the advisory is mended'])
    assert.equal(set, 'Version 2 is active. Live leases appraised again: 1 kept, 1 revoked.\n')
    const versions = await owner.ok(['policy', 'versions'])
    assert.match(versions, /^VERSION +ACTIVE +CREATED +BY +NOTE\n2 +yes .* no TDs until the advisory is mended\n1 /)
    const shown = await owner.ok(['policy', 'show'])
    assert.match(shown, /^\/\/ version 2, SHA-256 [0-9a-f]{64}\n/)
    assert.ok(shown.includes('@id("no-tdx")'))
    const refused = await owner.run(asking(owner.checkpoint.world, 'tdx'))
    assert.equal(refused.code, 1)
    assert.match(refused.err, /refused: policy-deny; the owner sees why with `sekisho decision show dec_\w+/)
    const id = /dec_\w+/.exec(refused.err)?.[0] ?? ''
    const why = await owner.ok(['decision', 'show', id])
    assert.match(why, /^REFUSED EMULATED {2}demo\/db\/password/)
    assert.match(why, /no-tdx/)

    const back = await owner.json(['policy', 'rollback', '1'])
    assert.equal(typeof back['live'], 'number')
    assert.equal((await owner.run(asking(owner.checkpoint.world, 'tdx'))).code, 0)
    assert.ok(!text((await owner.json(['policy', 'show']))['text']).includes('no-tdx'))
    const none = await owner.run(['policy', 'rollback', '99'])
    assert.equal(none.code, 3)
    assert.match(none.err, /there is no version 99 of the policy/)
  })

  it('set overwrites nothing unseen where the version it began with is named', async () => {
    const { version, text: before } = await owner.json(['policy', 'show'])
    const late = await owner.run(['policy', 'set', noTdx, '--based-on', String(Number(version) + 1)])
    assert.equal(late.code, 1)
    assert.match(late.err, /version \d+ of the policy is in force, not version \d+/)
    assert.equal((await owner.json(['policy', 'show']))['text'], before)
    await owner.ok(['policy', 'set', noTdx, '--based-on', String(version)])
  })
})
