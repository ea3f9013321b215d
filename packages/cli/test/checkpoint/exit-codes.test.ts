import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { EXIT } from '../../src/exit.ts'
import { ROOT } from '../process.ts'
import { ownerOf } from './shared.ts'

const owner = await ownerOf('exit-codes')
const EVIDENCE = join(ROOT, 'examples', 'tdx', 'quote.bin')
const WORLD = owner.checkpoint.world
const at = (name: string): string => owner.path(name)

before(() => {
  mkdirSync(at('folder'))
  for (const [name, content] of Object.entries({
    empty: '',
    noise: new Uint8Array([0xff, 0xfe, 0x00, 0xd8, 0x80]),
    'prose.md': '# Title\n\nSome prose: with, colons\n- and a list\n',
    'list.json': '[1, 2]',
    'other.json': '{ "stranger": 1 }',
    large: new Uint8Array(11_000_000),
    'policy.cedar': '@id("none") forbid (principal, action, resource);',
  }))
    writeFileSync(at(name), content)
})

/** What is read as a file, and what may be wrong with it in all commands alike. */
const FILES: readonly (readonly [name: string, words: RegExp])[] = [
  ['missing', /missing: no such file/],
  ['folder', /folder: this is a folder, not a file/],
  ['large', /large: 11000000 bytes; at most \d+ are read/],
]
const READERS: readonly ((file: string) => readonly string[])[] = [
  (file) => ['verify', file, '--offline'],
  (file) => ['verify', EVIDENCE, '--offline', '--expect', file],
  (file) => ['verify', EVIDENCE, '--offline', '--trust-anchor', file],
  (file) => ['verify', EVIDENCE, '--offline', '--event-log', file],
  (file) => ['inspect', file],
  (file) => ['diff', EVIDENCE, file],
  (file) => ['secret', 'put', 'a/b/c', file],
  (file) => ['secret', 'list', '--token-file', file],
  (file) => ['reference', 'put', 'web', file],
  (file) => ['reference', 'from-evidence', 'web', file],
  (file) => ['reference', 'import', 'web', file],
  (file) => ['reference', 'import', 'web', EVIDENCE, '--signer', file],
  (file) => ['policy', 'lint', file],
  (file) => ['policy', 'test', at('policy.cedar'), file],
  (file) => ['policy', 'dry-run', file],
  (file) => ['policy', 'set', file],
  (file) => ['lease', 'forecast', file],
  (file) => ['advisory', 'put', file],
  (file) => ['log', 'verify', at('folder'), '--key', file],
  (file) => ['log', 'check-receipt', file, '--key', EVIDENCE],
  (file) => ['login', '--link-file', file],
  (file) => ['doctor', '--evidence', file],
]

describe('a file that cannot be read', () => {
  for (const reader of READERS)
    it(`${reader('FILE').join(' ').replace(EVIDENCE, 'EVIDENCE')}: 3`, async () => {
      for (const [name, words] of FILES) {
        const { code, out, err } = await owner.run(reader(at(name)))
        assert.deepEqual([code, out], [EXIT.unreadable, ''], `${name}: ${err}`)
        assert.match(err, words)
      }
    })
})

/** What a file says that is not what this command takes: 3, and the file is named. */
const CONTENTS: readonly (readonly [args: readonly string[], file: string, words: RegExp])[] = [
  [['secret', 'put', 'a/b/c'], 'empty', /: is empty; expected the value of the secret$/m],
  [['reference', 'put', 'web'], 'prose.md', /: expected YAML or JSON: .* at line 4, column 1$/m],
  [['reference', 'put', 'web'], 'empty', /: expected a set of reference values: \{ tee, values, owner \}/],
  [['reference', 'put', 'web'], 'list.json', /: expected a set of reference values/],
  [
    ['reference', 'put', 'web'],
    'other.json',
    /: `tee`: expected to be given, as a text of at most 32 characters\n {2}`values`: /,
  ],
  [['reference', 'import', 'web'], 'empty', /: the file has 0 bytes: expected 1 to/],
  [['reference', 'import', 'web'], 'list.json', /: \[0\] expected an object/],
  [['policy', 'test', 'POLICY'], 'empty', /: expected a list of 1 to 1000 cases/],
  [['policy', 'test', 'POLICY'], 'list.json', /: case 1: expected an object/],
  [['policy', 'lint'], 'prose.md', /\n {2}\S+prose\.md:1:1: the statement has no end/],
  [['policy', 'dry-run'], 'prose.md', /\n {2}\S+prose\.md:1:1: the statement has no end/],
  [['policy', 'set'], 'prose.md', /\n {2}\S+prose\.md:1:1: the statement has no end/],
  [['lease', 'forecast'], 'list.json', /: expected the level to come, such as \{ minTcb: /],
  [['lease', 'forecast'], 'other.json', /: `stranger`: expected no member of this name; known are /],
  [['advisory', 'put'], 'list.json', /: expected an advisory: \{ id, vendor, /],
  [
    ['advisory', 'put'],
    'other.json',
    /: `id`: expected to be given, as the id of an advisory, e\.g\. AMD-SB-3019\n {2}`vendor`: /,
  ],
  [['conformance'], 'prose.md', /: this is a file; expected a folder: cases, each a case\.json in a folder of its own/],
  [['log', 'verify', '--key', 'POLICY'], 'prose.md', /: this is a file; expected a folder: what `log export` wrote/],
  [['log', 'export'], 'prose.md', /: this is a file; expected a new or empty folder/],
  [['emulate', 'anchors', '--world'], 'noise', /: no emulated world/],
]

describe('a file that says something else: 3, with its name and what was expected', () => {
  for (const [args, file, words] of CONTENTS)
    it(`${args.join(' ')} ${file}`, async () => {
      const given = args.map((one) => (one === 'POLICY' ? at('policy.cedar') : one))
      const { code, out, err } = await owner.run([...given, at(file)])
      assert.deepEqual([code, out], [EXIT.unreadable, ''], err)
      assert.ok(err.startsWith(`sekisho: ${at(file)}: `), err)
      assert.match(err, words)
    })
})

const LEASE = `lse_${'0'.repeat(26)}`
const DECISION = `dec_${'0'.repeat(26)}`

/** Arguments that can be none: 64, and what was expected. `..` as a part of a path would lead elsewhere. */
const ARGUMENTS: readonly (readonly [args: readonly string[], words: RegExp])[] = [
  ...['nope', '..', '', DECISION].flatMap((id) => [
    [['lease', 'revoke', id], /expected the id of a lease, lse_/] as const,
    [['token', 'revoke', id], /expected the id of a token, 16 hexadecimal digits/] as const,
    [['tpm', 'revoke', id], /expected the name of a key in hexadecimal/] as const,
    [['tpm', 'readmit', id], /expected the name of a key in hexadecimal/] as const,
    [['result-key', 'revoke', id], /expected the id of a key, 43 characters/] as const,
    [['secret', 'show', id], /expected three parts, such as demo/] as const,
    [['policy', 'rollback', id], /version .*: expected a whole number/] as const,
    [['policy', 'starter', id], /there is no starter policy .*; there are snp, tdx/] as const,
    [['emulate', 'attest', id, '--world', WORLD], /there is no emulated .*; there are snp, tdx/] as const,
  ]),
  ...['nope', '..', '', LEASE].flatMap((id) => [
    [['decision', 'show', id], /expected the id of a decision, dec_/] as const,
    [['log', 'receipt', id], /expected the id of a decision, dec_/] as const,
  ]),
  ...['No', '..', '', 'a b', 'x'.repeat(65)].flatMap((name) => [
    [['reference', 'show', name], /expected the name of a set, such as web/] as const,
    [['reference', 'delete', name], /expected the name of a set, such as web/] as const,
    [['reference', 'put', name, EVIDENCE], /expected the name of a set, such as web/] as const,
    [['reference', 'import', name, EVIDENCE], /expected the name of a set, such as web/] as const,
    [['reference', 'from-evidence', name, EVIDENCE], /expected the name of a set, such as web/] as const,
    [['namespace', 'create', name], /expected the name of a namespace: small letters/] as const,
    [['secret', 'list', '--namespace', name], /--namespace .*: expected the name of a namespace/] as const,
    [['token', 'list', '--namespace', name], /--namespace .*: expected the name of a namespace/] as const,
    [
      ['request', 'a/b/c', '--emulated', 'snp', '--world', WORLD, '-o', '-', '--namespace', name],
      /--namespace .*: expected the name of a namespace/,
    ] as const,
  ]),
  ...['..', '', 'a/b', 'x'.repeat(65)].flatMap((id) => [
    [['advisory', 'delete', id], /expected the id of an advisory, such as AMD-SB-3019/] as const,
    [['advisory', 'affected', id], /expected the id of an advisory, such as AMD-SB-3019/] as const,
  ]),
  [['secret', 'list', '--namespace', '*'], /--namespace \*: expected the name of a namespace/],
  [['token', 'create', 'n', '--scope', 'foo'], /^sekisho: --scope: expected one of admin, secrets:read, /],
  [['token', 'create', '', '--scope', 'admin'], /^sekisho: NAME: expected 1 to 100 characters$/m],
  [['token', 'create', 'n', '--scope', 'admin', '--days', '731'], /--days 731: expected 1 to 730/],
  [
    ['secret', 'put', 'a/b/c', EVIDENCE, '--content-type', 'é'],
    /^sekisho: --content-type: expected 1 to 128 printable/,
  ],
  [['reference', 'from-evidence', 'web', EVIDENCE, '--expires', 'soon'], /^sekisho: --expires: expected a time in UTC/],
  [['reference', 'from-evidence', 'web', EVIDENCE, '--owner', ''], /^sekisho: --owner: expected a text of 1 to 256/],
  [['reference', 'import', 'web', EVIDENCE, '--td-class', 'x'], /^sekisho: --td-class: expected class id/],
  [['decision', 'list', '--kind', 'x'], /^sekisho: --kind: expected one of attest, release, /],
  [['decision', 'list', '--limit', '1001'], /^sekisho: --limit: expected a whole number from 1 to 1000/],
  [
    ['lease', 'revoke', LEASE, '--reason', 'x'.repeat(513)],
    /^sekisho: --reason: expected a text of at most 512 characters/,
  ],
  [['policy', 'rollback', '0'], /^sekisho: VERSION: expected the number of a version, from 1/],
  [['attest', '--emulated', 'snp', '--world', WORLD, '--pcrs', '0'], /--pcrs says nothing about an emulated machine/],
  [['attest', '--tpm', '/dev/none', '--world', WORLD], /--world says nothing about a TPM/],
  [['attest', '--tpm', '/dev/none', '--debug'], /--debug says nothing about a TPM/],
  [['demo', '--tpm-ca', EVIDENCE], /--tpm-ca and --event-log are about a TPM: expected --tpm too/],
  [['emulate', 'serve', '--world', WORLD, '--port', '65536'], /--port 65536: expected a number from 0 to 65535/],
  [['collateral', 'pack', EVIDENCE, '-o', 'x', '-o', 'y'], /--output was given twice/],
  [['collateral', 'fetch', EVIDENCE, '-o', 'x', '-o', 'y'], /--output was given twice/],
  [['collateral', 'show', EVIDENCE, '--at', '2026-01-01', '--at', '2026-01-02'], /--at was given twice/],
  [['token', 'list', '--all-namespaces', '--namespace', 'x'], /exclude each other/],
]

describe('an argument that can be none', () => {
  for (const [args, words] of ARGUMENTS)
    it(`${args.join(' ').replace(EVIDENCE, 'EVIDENCE').replace(WORLD, 'WORLD').slice(0, 80)}: 64`, async () => {
      const { code, out, err } = await owner.run(args)
      assert.deepEqual([code, out], [EXIT.usage, ''], err)
      assert.match(err, words)
    })
})

describe('a name of something that there is not', () => {
  for (const args of [
    ['lease', 'revoke', LEASE],
    ['decision', 'show', DECISION],
    ['log', 'receipt', DECISION],
    ['token', 'revoke', '0'.repeat(16)],
    ['reference', 'show', 'nope'],
    ['reference', 'delete', 'nope'],
    ['advisory', 'delete', 'NOPE-1'],
    ['secret', 'show', 'a/b/nope'],
    ['secret', 'delete', 'a/b/nope'],
    ['policy', 'rollback', '99'],
    ['tpm', 'revoke', `000b${'ab'.repeat(32)}`],
  ])
    it(`${args.slice(0, 2).join(' ')}: 3`, async () => {
      const { code, out, err } = await owner.run(args)
      assert.deepEqual([code, out], [EXIT.unreadable, ''], err)
      assert.match(err, /^sekisho: .+ \(request [0-9a-f-]{36}\)$/m)
    })
})
