import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { canonicalJson } from '@sekisho/evidence'
import { verifySgxSync } from '@sekisho/evidence/sgx'
import { processAround } from '../src/around.ts'
import { readTrustAnchors } from '../src/options/anchors.ts'
import { EXAMPLE, ROOT, scratch } from './process.ts'
import { runWithin } from './run.ts'

const folder = scratch()
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const example = (path: string): Uint8Array => new Uint8Array(readFileSync(join(ROOT, 'examples', path)))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

/** The arguments of an example with another evidence file. */
const other = (args: readonly string[], path: string): readonly string[] => ['verify', path, ...args.slice(1)]

function member(json: string, path: string): unknown {
  let value: unknown = JSON.parse(json)
  for (const name of path.split('.'))
    value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  return value
}

describe('sekisho verify: exit codes', () => {
  const codes = [
    ['tdx', 0, /^VERIFIED EMULATED {2}TDX quote v4/],
    ['sgx', 0, /^VERIFIED EMULATED {2}SGX quote v3/],
    ['snp', 0, /^VERIFIED EMULATED {2}SEV-SNP report v3/],
    ['outOfDate', 1, /^REJECTED EMULATED[\s\S]*component 8[\s\S]*current level needs 5/],
    ['debug', 1, /^REJECTED EMULATED[\s\S]*debug/i],
    ['nothing', 2, /^INCOMPLETE EMULATED[\s\S]*sgx\.expect\.measurement/],
  ] as const
  for (const [name, code, text] of codes) {
    it(`${name}: ${code}`, async () => {
      const ran = await runWithin(['verify', ...EXAMPLE[name]])
      assert.deepEqual([ran.code, ran.err], [code, ''])
      assert.match(ran.out, text)
    })
  }

  it('3 for what cannot be read, saying at which byte what was expected', async () => {
    const ran = await runWithin(['verify', file('cut.bin', example('tdx/quote.bin').subarray(0, 300)), '--offline'])
    assert.equal(ran.code, 3)
    assert.match(ran.err, /^sekisho: .*cut\.bin: truncated: \S+ at byte \d+: .*; expected .*\n$/)
    assert.equal(ran.out, '')
  })

  it('64 for wrong usage', async () => {
    for (const args of [['verify'], ['verify', 'a', 'b'], ['verify', 'a', '--colateral', 'b'], ['verfy'], []]) {
      assert.equal((await runWithin(args)).code, 64, args.join(' '))
    }
    for (const nothing of ['', ',']) {
      const { code, err } = await runWithin(['verify', file('q.bin', example('tdx/quote.bin')), '--waive', nothing])
      assert.equal(code, 64)
      assert.match(err, /^sekisho: --waive: expected the full id of a check/)
    }
  })
})

describe('sekisho verify: evidence from anywhere', () => {
  const quote = example('sgx/quote.bin')
  const forms: Readonly<Record<string, string | Uint8Array>> = {
    raw: quote,
    hexadecimal: hex(quote),
    base64: base64(quote),
    'KBS evidence': JSON.stringify({ quote: base64(quote) }),
  }
  let verdict: string
  before(async () => {
    verdict = (await runWithin(['verify', ...EXAMPLE.sgx, '--json'])).out
  })
  for (const [name, input] of Object.entries(forms)) {
    it(`${name} on standard input gives the same verdict, byte for byte`, async () => {
      const ran = await runWithin([...other(EXAMPLE.sgx, '-'), '--json'], { input })
      assert.deepEqual([ran.code, ran.out], [0, verdict])
    })
  }

  it('says which wrappers were taken off', async () => {
    assert.match((await runWithin(other(EXAMPLE.sgx, '-'), { input: hex(quote) })).out, /taken out of: hexadecimal/)
  })

  it('takes certificates and log out of an envelope', async () => {
    const [, , , ...rest] = EXAMPLE.snp
    const cert = (type: string, name: string): object => ({
      cert_type: type,
      data: [...example(`snp-genoa/certs/${name}.der`)],
    })
    const envelope = {
      outblob: base64(example('snp-genoa/report.bin')),
      auxblob: base64(example('snp-genoa/certificate-table.bin')),
    }
    const ran = await runWithin(['verify', '-', '--offline', ...rest], { input: JSON.stringify(envelope) })
    assert.equal(ran.code, 2)
    assert.match(ran.out, /OPEN snp\.crl\.present/)
    assert.doesNotMatch(ran.out, /OPEN snp\.chain/)
    const chain = {
      attestation_report: base64(example('snp-genoa/report.bin')),
      cert_chain: [cert('VCEK', 'vcek'), cert('ASK', 'ask'), cert('ARK', 'ark')],
    }
    assert.equal(
      (
        await runWithin(['verify', '-', '--offline', '--waive', 'snp.crl.present', ...rest], {
          input: JSON.stringify(chain),
        })
      ).code,
      0,
    )
    const log = { quote: base64(example('tdx/quote.bin')), cc_eventlog: base64(example('tdx/ccel.bin')) }
    const withLog = await runWithin(
      ['verify', '-', ...EXAMPLE.tdx.filter((one) => !/quote\.bin|ccel\.bin|--event-log/.test(one)), '--json'],
      { input: JSON.stringify(log) },
    )
    assert.equal(withLog.out, (await runWithin(['verify', ...EXAMPLE.tdx, '--json'])).out)
  })
})

describe('sekisho verify --json', () => {
  it('is exactly the library’s canonical verdict and a line end', async () => {
    const trustAnchors = await readTrustAnchors(join(ROOT, 'examples', 'example-root.json'), processAround())
    const collateral: Readonly<Record<string, string>> = JSON.parse(
      readFileSync(join(ROOT, 'examples', 'sgx', 'collateral.json'), 'utf8'),
    )
    const verdict = verifySgxSync(example('sgx/quote.bin'), {
      at: new Date('2026-06-15T12:00:00Z'),
      collateral,
      trustAnchors,
      expect: { allowEmulated: true },
    })
    assert.equal((await runWithin(['verify', ...EXAMPLE.nothing, '--json'])).out, `${canonicalJson(verdict)}\n`)
  })
})

describe('sekisho verify: what is expected', () => {
  const [, , , , , ...rest] = EXAMPLE.sgx
  const base = ['verify', 'examples/sgx/quote.bin', '--collateral', 'examples/sgx/collateral.json', ...rest]
  let measurement: string
  let reportData: string
  before(async () => {
    const claims = (await runWithin([...base, '--json'])).out
    measurement = String(member(claims, 'claims.launchMeasurement'))
    reportData = String(member(claims, 'claims.userData'))
  })

  it('flags alone', async () => {
    const flags = ['--measurement', measurement, '--nonce', reportData.slice(0, 64), '--allow-emulated']
    assert.equal((await runWithin([...base, ...flags])).code, 0)
    assert.equal((await runWithin([...base, ...flags, '--measurement', '00'.repeat(32)])).code, 0)
    assert.equal((await runWithin([...base, ...flags.slice(2), '--measurement', '00'.repeat(32)])).code, 1)
  })

  it('flags win over the file', async () => {
    assert.equal((await runWithin(['verify', ...EXAMPLE.sgx, '--measurement', '00'.repeat(32)])).code, 1)
  })

  it('YAML with unquoted digests of digits only stays text; JSON is read too; a TEE’s own members count', async () => {
    const yaml = `measurement: ${'1'.repeat(64)}\nsgx:\n  measurement: ${measurement}\ntdx:\n  rtmr0: ${'0'.repeat(96)}\nnonce: ${reportData.slice(0, 64)}\nallowEmulated: true\n`
    assert.equal((await runWithin([...base, '--expect', file('own.yaml', yaml)])).code, 0)
    const digits = await runWithin([
      ...base,
      '--json',
      '--expect',
      file('digits.yaml', `measurement: ${'1'.repeat(64)}\n`),
    ])
    assert.equal(digits.code, 1)
    assert.match(digits.out, new RegExp(`"expected":"${'1'.repeat(64)}"`))
    assert.equal(
      (
        await runWithin([
          ...base,
          '--expect',
          file('own.json', JSON.stringify({ measurement, nonce: reportData.slice(0, 64), allowEmulated: true })),
        ])
      ).code,
      0,
    )
  })

  it('what --as-expectations prints is accepted as it is', async () => {
    const skeleton = (await runWithin(['inspect', 'examples/sgx/quote.bin', '--as-expectations'])).out
    const ran = await runWithin([
      ...base,
      '--allow-emulated',
      '--report-data-is-fresh',
      '--expect',
      file('skeleton.yaml', skeleton),
    ])
    assert.deepEqual([ran.code, ran.err], [0, ''])
  })

  it('what was said is not offered again to be said: the rest is no value of the evidence', async () => {
    const first = await runWithin([...base, '--allow-emulated'])
    const [, block = ''] = first.out.split('pass it with `--expect FILE`:\n\n')
    assert.equal(first.code, 2)
    assert.match(block, /^ {4}measurement:/)
    const second = await runWithin([
      ...base,
      '--allow-emulated',
      '--expect',
      file('said.yaml', block.replace(/^ {4}/gm, '')),
    ])
    assert.equal(second.code, 2)
    assert.match(second.out, /sgx\.expect\.freshness: choose a nonce/)
    assert.doesNotMatch(second.out, /To say what you expect/)
  })

  it('that of a token which says nothing to expect is accepted, too', async () => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = { eat_profile: 'tag:github.com,2023:veraison/ear', iat: 1, submods: {} }
    const token = file('ear.jwt', `${part({ alg: 'ES256', typ: 'JWT' })}.${part(claims)}.${'A'.repeat(86)}`)
    const skeleton = (await runWithin(['inspect', token, '--as-expectations'])).out
    assert.match(skeleton, /\n\{\}\n$/)
    const ran = await runWithin(['verify', token, '--offline', '--expect', file('ear.yaml', skeleton)])
    assert.deepEqual([ran.code, ran.err], [2, ''])
  })

  const faults: readonly (readonly [name: string, args: readonly string[], message: RegExp])[] = [
    [
      'a misspelt member',
      ['--expect', file('misspelt.yaml', 'mesurement: 00\n')],
      /there is no field "mesurement"; known are/,
    ],
    ['a value of the wrong length', ['--measurement', '0011'], /expectations\.measurement: expected 32 bytes in hex/],
    ['an expectation that the TEE does not have', ['--rtmr0', '00'.repeat(48)], /there is no field "rtmr0"/],
    [
      'a check that does not exist',
      ['--waive', 'sgx.everything'],
      /there is no check sgx\.everything to waive; these can be waived/,
    ],
    ['a check that must not be waived', ['--waive', 'sgx.quote.signature'], /cannot be waived/],
    [
      'an exception for what none is made for',
      ['--accept-tcb', 'Revoked:INTEL-SA-00001:2027-01-01'],
      /expectations\.acceptTcb: expected .* with statuses of UpToDate, .*TDRelaunchAdvised/,
    ],
    ['a time', ['--at', 'yesterday'], /--at yesterday: expected a time such as/],
    [
      'a log of evidence that quotes none',
      ['--event-log', 'examples/tdx/ccel.bin'],
      /quotes no registers of an event log/,
    ],
    ['a second PCCS', ['--pccs', 'https://one', '--pccs', 'https://two'], /--pccs was given twice/],
    ['a day that is none', ['--at', '2026-02-30'], /expected a time/],
    ['YAML that is a list', ['--expect', file('list.yaml', '- 1\n')], /expected a list of members/],
  ]
  for (const [name, args, message] of faults) {
    it(`${name}: 64 and one sentence`, async () => {
      // An option of one value is given once: the case's own in the place of the example's.
      const at = args[0] === '--at' ? base.indexOf('--at') : -1
      const rest = at < 0 ? base : [...base.slice(0, at), ...base.slice(at + 2)]
      const ran = await runWithin([...rest, ...args])
      assert.deepEqual([ran.code, ran.out], [64, ''])
      assert.match(ran.err, message)
      assert.doesNotMatch(ran.err, /\n {4}at /)
    })
  }

  it('YAML that cannot be parsed: 3, with its line', async () => {
    const ran = await runWithin([...base, '--expect', file('broken.yaml', 'measurement: "00\nnonce: [\n')])
    assert.equal(ran.code, 3)
    assert.match(ran.err, /broken\.yaml: .* line \d/)
  })

  it('a waiver shows', async () => {
    const ran = await runWithin([
      'verify',
      ...EXAMPLE.nothing,
      '--waive',
      'sgx.expect.measurement,sgx.expect.report-data',
      '--waive',
      'sgx.expect.freshness',
    ])
    assert.equal(ran.code, 0)
    assert.match(ran.out, /waived by you: sgx\.expect\.measurement/)
    assert.match(ran.out, /OPEN sgx\.expect\.freshness waived by you/)
  })
})

describe('sekisho verify: roots', () => {
  it('without the example root, the chain is rejected', async () => {
    const args = EXAMPLE.sgx.filter((one) => one !== '--trust-anchor' && one !== 'examples/example-root.json')
    const ran = await runWithin(['verify', ...args])
    assert.equal(ran.code, 1)
    assert.doesNotMatch(ran.out, /EMULATED/)
  })

  it('a certificate as anchor is never a hardware vendor’s', async () => {
    const args = EXAMPLE.snp.map((one) =>
      one === 'examples/example-root.json' ? 'examples/snp-genoa/certs/ark.der' : one,
    )
    const ran = await runWithin(['verify', ...args])
    assert.equal(ran.code, 0)
    assert.match(ran.out, /^VERIFIED EMULATED/)
  })

  it('an anchor file cannot call itself genuine', async () => {
    const anchors: object[] = JSON.parse(readFileSync(join(ROOT, 'examples', 'example-root.json'), 'utf8'))
    const path = file(
      'anchors.json',
      JSON.stringify(anchors.map((one) => ({ ...one, emulated: false, vendor: 'Intel' }))),
    )
    assert.match(
      (await runWithin(['verify', ...EXAMPLE.sgx.map((one) => (one === 'examples/example-root.json' ? path : one))]))
        .out,
      /^VERIFIED EMULATED/,
    )
  })
})

describe('sekisho verify: when nothing can be fetched', () => {
  it('says so, and judges without', async () => {
    const ran = await runWithin([
      'verify',
      'examples/snp-genoa/report.bin',
      '--kds',
      'http://127.0.0.1:9',
      '--cache',
      join(folder, 'cache'),
      '--trust-anchor',
      'examples/example-root.json',
    ])
    assert.equal(ran.code, 2)
    assert.match(ran.err, /fetching .*127\.0\.0\.1:9/)
    assert.match(ran.err, /endorsements could not be had/)
    assert.match(ran.out, /^INCOMPLETE/)
  })

  it('--offline fetches nothing', async () => {
    const ran = await runWithin(['verify', 'examples/snp-genoa/report.bin', '--offline', '--kds', 'http://127.0.0.1:9'])
    assert.equal(ran.code, 2)
    assert.match(
      ran.err,
      /^sekisho: endorsements .* the cache has nothing of 127\.0\.0\.1:9 .*\n.* collateral fetch .*\n$/,
    )
  })
})
