import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createAmdAuthority, makeSnp } from '@sekisho/emulator/kit'
import { BIN, EXAMPLE, MAIN, ROOT, scratch } from './process.ts'
import { run, runWithin } from './run.ts'

const folder = scratch()
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const parsed = (json: string): Readonly<Record<string, unknown>> => JSON.parse(json)

describe('sekisho inspect', () => {
  for (const [path, first] of [
    ['examples/tdx/quote.bin', /^TDX quote {2}4656 bytes/],
    ['examples/sgx/quote.bin', /^SGX quote/],
    ['examples/snp-genoa/report.bin', /^SEV-SNP report {2}1184 bytes/],
  ] as const) {
    it(`${path}: fields with offsets, and a word that nothing is verified`, async () => {
      const ran = await runWithin(['inspect', path])
      assert.deepEqual([ran.code, ran.err], [0, ''])
      assert.match(ran.out, first)
      assert.match(ran.out, /nothing here is verified/)
      assert.match(ran.out, /^ {2}0x0000 {2}version/m)
      assert.match(ran.out, /report_?[dD]ata +[0-9a-f]{128}/)
    })

    it(`${path} --json: every field with its place`, async () => {
      const { fields, length, wrappers } = parsed((await runWithin(['inspect', path, '--json'])).out)
      assert.ok(Array.isArray(fields) && fields.length > 20)
      assert.ok(typeof length === 'number' && length > 1000)
      assert.deepEqual(wrappers, [])
    })
  }
})

describe('sekisho diff', () => {
  it('0 when nothing differs', async () => {
    const ran = await runWithin(['diff', 'examples/tdx/quote.bin', 'examples/tdx/quote.bin'])
    assert.equal(ran.code, 0)
    assert.match(ran.out, /^Nothing differs; \d+ are the same\./)
  })

  it('1 and the fields that differ', async () => {
    const ran = await runWithin(['diff', 'examples/tdx/quote.bin', 'examples/tdx-debug/quote.bin'])
    assert.equal(ran.code, 1)
    assert.match(ran.out, /\.debug\n {2}A {2}false.*\n {2}B {2}true/)
  })

  it('1 and the place where what no field tells differs: a signature in the chain', async () => {
    const bytes = readFileSync('examples/tdx/quote.bin')
    bytes[1900] = (bytes[1900] ?? 0) ^ 1
    const other = file('other-chain.bin', bytes)
    const ran = await runWithin(['diff', 'examples/tdx/quote.bin', other])
    assert.equal(ran.code, 1)
    assert.match(ran.out, /^1 field differs; \d+ are the same\./)
    assert.ok(ran.out.includes(`what no field tells, from byte 1900 of ${bytes.length}`), ran.out)
    assert.ok(ran.out.includes(bytes.subarray(1900, 1916).toString('hex')), ran.out)
  })

  it('evidence of two kinds', async () => {
    const ran = await runWithin(['diff', 'examples/tdx/quote.bin', 'examples/snp-genoa/report.bin'])
    assert.equal(ran.code, 1)
    assert.match(ran.out, /A {2}TDX quote: .*\nB {2}SEV-SNP report: /)
    assert.match(ran.out, /does not have it/)
  })

  it('--json lists each difference with both values', async () => {
    const { differences, equal } = parsed(
      (await runWithin(['diff', 'examples/tdx/quote.bin', 'examples/tdx-debug/quote.bin', '--json'])).out,
    )
    assert.ok(Array.isArray(differences) && differences.length > 1 && typeof equal === 'number' && equal > 20)
  })

  it('64 when both are standard input', async () => assert.equal((await runWithin(['diff', '-', '-'])).code, 64))
})

describe('sekisho conformance', () => {
  it('an empty folder is an error, not a success', async () => {
    const empty = join(folder, 'empty')
    mkdirSync(empty)
    const ran = await runWithin(['conformance', empty])
    assert.equal(ran.code, 3)
    assert.match(ran.err, /no case\.json/)
  })

  it('a kind of evidence that is not known is unsupported, by name', async () => {
    const cases = join(folder, 'cases', 'alien')
    mkdirSync(cases, { recursive: true })
    writeFileSync(join(cases, 'case.json'), JSON.stringify({ tee: 'toaster', expect: { verdict: 'valid' } }))
    const ran = await runWithin(['conformance', join(folder, 'cases')])
    assert.equal(ran.code, 2)
    assert.match(ran.out, /^UNSUPPORTED cases\/alien[\s\S]*"toaster"[\s\S]*1 cases: 0 passed, 0 failed, 1 unsupported/)
    const { totals } = parsed((await runWithin(['conformance', join(folder, 'cases'), '--json'])).out)
    assert.deepEqual(totals, { cases: 1, pass: 0, fail: 0, unsupported: 1 })
  })

  it('a case whose evidence is missing fails, and the others still run', async () => {
    const cases = join(folder, 'broken', 'one')
    mkdirSync(cases, { recursive: true })
    writeFileSync(
      join(cases, 'case.json'),
      JSON.stringify({ tee: 'tdx', evaluateAt: '2026-06-15T12:00:00Z', expect: { verdict: 'valid' } }),
    )
    assert.equal((await runWithin(['conformance', join(folder, 'broken')])).code, 1)
  })

  it('3 for a case that is no JSON', async () => {
    const cases = join(folder, 'nojson')
    mkdirSync(cases)
    writeFileSync(join(cases, 'case.json'), '{')
    assert.equal((await runWithin(['conformance', cases])).code, 3)
  })

  it('3 for it among others, which run all the same; a link that leads nowhere ends nothing', async () => {
    const cases = join(folder, 'some')
    for (const name of ['alien', 'bad', 'lost']) mkdirSync(join(cases, name), { recursive: true })
    writeFileSync(join(cases, 'alien', 'case.json'), JSON.stringify({ tee: 'toaster' }))
    writeFileSync(join(cases, 'bad', 'case.json'), '{')
    symlinkSync('nowhere', join(cases, 'lost', 'case.json'))
    symlinkSync('nowhere', join(cases, 'folder'))
    const ran = await runWithin(['conformance', cases, '--json'])
    assert.equal(ran.code, 3)
    assert.deepEqual(parsed(ran.out)['totals'], { cases: 3, pass: 0, fail: 2, unsupported: 1 })
    const { out } = await runWithin(['conformance', cases])
    assert.match(
      out,
      /UNSUPPORTED some\/alien[\s\S]*FAIL some\/bad[\s\S]*could not be run: .*JSON[\s\S]*FAIL some\/lost[\s\S]*no such file/,
    )
  })
})

describe('sekisho collateral', () => {
  const bundle = join(folder, 'bundle.json')

  it('packs collateral of several kinds; the bundle verifies what it was packed from', async () => {
    const packed = await runWithin([
      'collateral',
      'pack',
      'examples/tdx/collateral.json',
      'examples/sgx/collateral.json',
      'examples/snp-genoa',
      '-o',
      bundle,
    ])
    assert.deepEqual([packed.code, packed.out], [0, ''])
    assert.match(packed.err, /3 items written/)
    for (const name of ['tdx', 'sgx', 'snp'] as const) {
      const direct = await runWithin(['verify', ...EXAMPLE[name], '--json'])
      const args = [...EXAMPLE[name]]
      args[args.indexOf('--collateral') + 1] = bundle
      const bundled = await runWithin(['verify', ...args, '--json'])
      assert.deepEqual([bundled.code, bundled.err, bundled.out], [0, '', direct.out])
    }
  })

  it('a bundle that has expired is judged as expired, not as missing', async () => {
    const args = [...EXAMPLE.tdx]
    args[args.indexOf('--collateral') + 1] = bundle
    args[args.indexOf('--at') + 1] = '2051-01-01T00:00:00Z'
    const ran = await runWithin(['verify', ...args])
    assert.equal(ran.code, 1)
    assert.match(ran.out, /FAIL tdx\.tcb-info\.current/)
    assert.doesNotMatch(ran.out, /tdx\.tcb-info\.present/)
  })

  it('shows what a bundle holds and until when', async () => {
    const ran = await runWithin(['collateral', 'show', bundle, '--at', '2026-06-15'])
    assert.equal(ran.code, 0)
    assert.match(ran.out, /^3 items/)
    assert.match(ran.out, /TDX TCB info, QE identity and CRLs of FMSPC c0ffee000001/)
    assert.match(ran.out, /VALID from 2025-01-01T00:00:00Z until 2049-12-31/)
    assert.match((await runWithin(['collateral', 'show', bundle, '--at', '2055-01-01'])).out, /EXPIRED/)
    const { items } = parsed((await runWithin(['collateral', 'show', bundle, '--json'])).out)
    assert.ok(Array.isArray(items) && items.length === 3)
  })

  it('names what it leaves out, since a bundle has no place for it', async () => {
    const set = JSON.stringify({ keys: [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'one' }] })
    const keys = file('jwks.json', set)
    const alone = await runWithin(['collateral', 'pack', keys, '-o', join(folder, 'never.json')])
    assert.equal(alone.code, 3)
    assert.match(
      alone.err,
      /jwks\.json: the key set of a token’s issuer: a bundle holds none; `verify --collateral` takes/,
    )
    const mixed = join(folder, 'mixed')
    mkdirSync(mixed)
    file('mixed/collateral.json', readFileSync('examples/tdx/collateral.json'))
    file('mixed/jwks.json', set)
    const both = await runWithin(['collateral', 'pack', mixed, '-o', join(folder, 'mixed.json')])
    assert.equal(both.code, 0)
    assert.match(both.err, /mixed: left out: the key set of a token’s issuer/)
    const { items, leftOver } = parsed((await runWithin(['collateral', 'show', mixed, '--json'])).out)
    assert.ok(Array.isArray(items) && items.length === 1 && Array.isArray(leftOver) && leftOver.length === 1)
  })

  it('keeps the chain of a chip’s own key and that of a cloud’s apart', async () => {
    const authority = createAmdAuthority('Genoa', { bits: 2048 })
    mkdirSync(join(folder, 'chains'))
    for (const role of ['vcek', 'vlek'] as const) {
      const { certificates, crl } = makeSnp({ authority, role })
      for (const [name, der] of Object.entries({ ...certificates, crl })) file(`chains/${name}.der`, der)
    }
    const show = async (): Promise<unknown> =>
      parsed((await runWithin(['collateral', 'show', join(folder, 'chains'), '--json'])).out)['items']
    const whats = JSON.stringify(await show())
    assert.match(whats, /Genoa VCEK chain and CRL of chip 3df4/)
    assert.match(whats, /Genoa VLEK chain and CRL of CN=example-cloud/)
    rmSync(join(folder, 'chains', 'vcek.der'))
    assert.match(JSON.stringify(await show()), /Genoa VLEK chain and CRL of CN=example-cloud/)
  })

  it('3 for what is no collateral, naming the file', async () => {
    for (const path of ['examples/tdx/quote.bin', 'examples/expect-nothing.yaml', 'docs']) {
      const ran = await runWithin(['collateral', 'show', path])
      assert.equal(ran.code, 3)
      assert.ok(ran.err.includes(path), ran.err)
    }
  })

  it('fetch: 3 and whom it asked, when nobody answers', async () => {
    const ran = await runWithin([
      'collateral',
      'fetch',
      'examples/tdx/quote.bin',
      '--pccs',
      'http://127.0.0.1:9',
      '--cache',
      join(folder, 'cache'),
    ])
    assert.equal(ran.code, 3)
    assert.match(ran.err, /127\.0\.0\.1:9/)
  })
})

describe('sekisho: help, completion, support, start', () => {
  for (const command of [
    [],
    ['verify'],
    ['inspect'],
    ['diff'],
    ['conformance'],
    ['collateral'],
    ['collateral', 'fetch'],
    ['collateral', 'pack'],
    ['collateral', 'show'],
    ['completion'],
    ['support'],
    ['examples'],
  ]) {
    it(`${command.join(' ') || 'sekisho'} --help`, async () => {
      const ran = await runWithin([...command, '--help'])
      assert.deepEqual([ran.code, ran.err], [0, ''])
      assert.match(ran.out, /^Usage: sekisho/)
    })
  }

  it('verify --help has the exit codes and examples', async () => {
    const { out } = await runWithin(['verify', '--help'])
    assert.match(out, /0 verified, 1 rejected, 2 incomplete, 3 unreadable, 64 wrong usage/)
    assert.match(out, /Examples:\n {2}\$ sekisho verify/)
  })

  for (const shell of ['bash', 'zsh', 'fish']) {
    it(`completion for ${shell} is a script that the shell accepts`, async (t) => {
      const { code, out } = await runWithin(['completion', shell])
      assert.equal(code, 0)
      assert.match(out, /conformance/)
      assert.match(out, /trust-anchor/)
      const checked = spawnSync(shell, ['-n', file(`completion.${shell}`, out)], { encoding: 'utf8' })
      if (checked.error !== undefined) return t.skip(`needs ${shell}`)
      assert.equal(checked.stderr, '')
    })
  }

  it('bash completes commands and options', async (t) => {
    const script = `${(await runWithin(['completion', 'bash'])).out}
      try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _sekisho; echo "\${COMPREPLY[*]}"; }
      try sekisho ver; try sekisho verify --off; try sekisho collateral sh; try sekisho collateral pack --out`
    const ran = spawnSync('bash', ['-c', script], { encoding: 'utf8', cwd: folder })
    if (ran.error !== undefined) return t.skip('needs bash')
    assert.equal(ran.stdout, 'verify\n--offline\nshow\n--output\n')
  })

  it('64 for a shell that is not known', async () => assert.equal((await runWithin(['completion', 'tcsh'])).code, 64))
  it('support names evidence, and the images that are measured', async () => {
    const { out } = await runWithin(['support'])
    assert.match(out, /AMD SEV-SNP/)
    assert.match(out, /Images, measured before they run\n {2}firmware +OVMF for SEV-SNP/)
    const { images } = JSON.parse((await runWithin(['support', '--json'])).out)
    assert.deepEqual(
      images.map(({ what }: { readonly what: string }) => what),
      ['firmware', 'AWS Nitro'],
    )
  })

  it('support says "structure only" of what no real device stands behind', async () => {
    const { evidence, collateral } = JSON.parse((await runWithin(['support', '--json'])).out)
    const row = (rows: readonly { what: string; forms: string }[], name: string): string =>
      rows.find(({ what }) => what === name)?.forms ?? ''
    for (const [name, about] of [
      ['Arm CCA', /structure only: 7 published tokens/],
      ['Arm PSA', /structure only: 2 published tokens/],
      ['AMD SEV, SEV-ES', /attestation report \(structure only/],
      ['IBM SE', /responses structure only/],
      ['AWS Nitro', /NitroTPM \(structure only\)/],
      ['Tokens', /EAR as CWT \(structure only/],
    ] as const)
      assert.match(row(evidence, name), about)
    assert.match(row(collateral, 'NVIDIA'), /manifests.*OCSP/)
    assert.match(row(collateral, 'IBM'), /host key documents.*lists/)
    assert.match(row(collateral, 'TPM'), /roots/)
  })

  it('start verifies an example and shows what to try next', async () => {
    const ran = await runWithin(['examples'])
    assert.deepEqual([ran.code, ran.err], [0, ''])
    assert.match(ran.out, /VERIFIED EMULATED/)
    assert.match(ran.out, /Try next/)
  })

  it('each command that start shows does what it says', async () => {
    const shown =
      (await runWithin(['examples'])).out.match(/^ {4}npx sekisho (?:verify|inspect|diff) examples\/.+$/gm) ?? []
    assert.equal(shown.length, 5)
    const codes: (number | null)[] = []
    for (const line of shown) codes.push((await runWithin(line.trim().split(' ').slice(2))).code)
    assert.deepEqual(codes, [1, 2, 0, 0, 1])
  })
})

describe('sekisho: files that cannot be read', () => {
  const cases: readonly (readonly [name: string, path: string, message: RegExp])[] = [
    ['missing', join(folder, 'missing'), /missing: no such file/],
    ['a folder', folder, /this is a folder, not a file/],
    ['empty', file('empty.bin', ''), /empty\.bin: malformed: input at byte 0: nothing/],
    ['a part of the path is a file', join(file('plain', 'x'), 'below'), /not a folder/],
  ]
  for (const [name, path, message] of cases) {
    it(`${name}: 3 and one sentence`, async () => {
      for (const command of ['verify', 'inspect']) {
        const ran = await runWithin([command, path])
        assert.deepEqual([ran.code, ran.out], [3, ''])
        assert.match(ran.err, message)
        assert.equal(ran.err.trimEnd().split('\n').length, 1)
      }
    })
  }

  it('too large', async () => {
    const path = file('large.bin', '')
    truncateSync(path, 10_000_001)
    assert.match((await runWithin(['verify', path])).err, /10000001 bytes; at most 10000000 are read/)
    for (const runner of [run, runWithin])
      assert.equal((await runner(['inspect', '-'], { input: new Uint8Array(10_000_001) })).code, 3)
  })

  it('not permitted', async (t) => {
    const path = file('secret.bin', 'x')
    chmodSync(path, 0)
    if (process.getuid?.() !== 0) {
      assert.match((await runWithin(['verify', path])).err, /not permitted/)
      return
    }
    // The superuser may read everything, but for the right to do so.
    const without = ['--bounding-set', '-dac_override,-dac_read_search', process.execPath, MAIN, 'verify', path]
    const ran = spawnSync('setpriv', without, { encoding: 'utf8' })
    if (ran.error !== undefined || ran.stderr.startsWith('setpriv:'))
      return t.skip('the superuser may read everything: needs setpriv, and leave to use it')
    assert.match(ran.stderr, /not permitted/)
    assert.equal(ran.status, 3)
  })

  it('SEKISHO_DEBUG=1 shows where', async () => {
    assert.match(
      (await runWithin(['verify', join(folder, 'missing')], { env: { SEKISHO_DEBUG: '1' } })).err,
      /\n {4}at /,
    )
  })

  it('a reader that goes away early is no fault', () => {
    const ran = spawnSync(
      'sh',
      [
        '-c',
        `"${process.execPath}" "${MAIN}" inspect examples/tdx/quote.bin --json | head -c 10 > /dev/null; echo done`,
      ],
      { cwd: ROOT, encoding: 'utf8' },
    )
    assert.deepEqual([ran.stdout, ran.stderr], ['done\n', ''])
  })
})

describe('sekisho: the bin', () => {
  it('starts the program', () => {
    const { version } = parsed(readFileSync(join(ROOT, 'packages', 'cli', 'package.json'), 'utf8'))
    const ran = spawnSync(process.execPath, [BIN, '--version'], {
      encoding: 'utf8',
    })
    assert.deepEqual([ran.stdout, ran.stderr], [`${version}\n`, ''])
  })

  it('says what to do when nothing is compiled and nothing can be', () => {
    const bin = join(folder, 'package', 'bin')
    mkdirSync(bin, { recursive: true })
    writeFileSync(join(bin, 'sekisho.cjs'), readFileSync(BIN))
    const ran = spawnSync(process.execPath, [join(bin, 'sekisho.cjs'), '--version'], { encoding: 'utf8' })
    assert.equal(ran.status, 70)
    assert.match(ran.stderr, /run `npm ci` and `npm run build`/)
  })
})
