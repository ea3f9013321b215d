import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import type { Verdict } from '@sekisho/evidence'
import type { BootClaims } from '@sekisho/evidence/tpm'
import fc from 'fast-check'
import { columnsOf } from '../src/around.ts'
import { Paper } from '../src/render/paper.ts'
import { plain } from '../src/render/plain.ts'
import { addTable } from '../src/render/table.ts'
import { renderVerdict } from '../src/render/verdict.ts'
import { toYaml } from '../src/render/yaml.ts'
import { EXAMPLE, MAIN, ROOT } from './process.ts'
import { run, runWithin } from './run.ts'

const VERDICT: Verdict = {
  schema: 'urn:sekisho:verdict:v1',
  outcome: 'rejected',
  summary: 'the TCB is OutOfDate (and 1 more)',
  authenticity: 'proven',
  tee: 'tdx',
  format: 'TDX quote v4',
  at: '2026-06-15T12:00:00Z',
  evidence: { sha256: 'e'.repeat(64), length: 4656 },
  emulated: false,
  anchors: [{ id: 'intel-sgx-root', name: 'Intel SGX Root CA', vendor: 'Intel', spkiSha256: 'a0'.repeat(32) }],
  collateral: [
    { name: 'tcb-info', sha256: '1'.repeat(64), from: '2026-06-01T00:00:00Z', until: '2026-07-01T00:00:00Z' },
    { name: 'pck-crl', sha256: '2'.repeat(64), from: '2026-05-01T00:00:00Z', until: '2026-08-01T00:00:00Z' },
  ],
  claims: {
    tee: 'tdx',
    vendor: 'intel',
    product: '90c06f000000',
    isolation: 'vm',
    hardware: true,
    debug: false,
    launchMeasurement: 'ab'.repeat(48),
    runtimeMeasurements: { rtmr3: '00'.repeat(48) },
    userData: '00'.repeat(64),
    tcb: { status: 'OutOfDate', date: '2025-03-05T00:00:00Z', advisories: ['INTEL-SA-00001'], components: {} },
  },
  checks: [
    {
      id: 'tdx.quote',
      title: 'Quote signature',
      outcome: 'pass',
      checks: [
        {
          id: 'tdx.quote.signature',
          title: 'The quote is signed',
          phase: 'authenticity',
          source: 'DCAP, A.3',
          outcome: 'pass',
          reason: 'the signature verifies',
        },
      ],
    },
    {
      id: 'tdx.tcb',
      title: 'TCB',
      outcome: 'fail',
      checks: [
        {
          id: 'tdx.tcb.status',
          title: 'The TCB is up to date',
          phase: 'appraisal',
          source: 'PCS v4',
          outcome: 'fail',
          reason: 'the TCB is OutOfDate',
          expected: 'UpToDate',
          actual: 'OutOfDate',
          remedy: { action: 'component 8 is 3, the current level needs 5: BIOS update', by: 'platform-owner' },
        },
        {
          id: 'tdx.tcb.relaunch',
          title: 'No relaunch is due',
          phase: 'appraisal',
          source: 'PCS v4',
          outcome: 'unchecked',
          reason: 'not reached: tdx.tcb.status failed',
          blockedBy: 'tdx.tcb.status',
        },
        {
          id: 'tdx.crl.present',
          title: 'A CRL was given',
          phase: 'authenticity',
          source: 'PCS v4',
          outcome: 'unchecked',
          reason: 'no CRL',
          waived: true,
        },
      ],
    },
  ],
  assumed: [{ id: 'vendor-key', statement: 'Intel keeps its keys secret', because: 'every signature rests on them' }],
  waived: ['tdx.crl.present'],
  notes: [{ id: 'n', text: 'the padding is 16 bytes' }],
}

const ESCAPE = '\u001b'
const PLAIN = { colour: false, columns: undefined }
const view = {
  verdict: VERDICT,
  verbose: false,
  remarks: ['taken out of: base64 (6208 bytes)'],
  expectations: undefined,
}

describe('the width to wrap at', () => {
  it('holds what a table has behind its width, too: a row goes on in the middle', () => {
    const paper = new Paper({ colour: false, columns: 40 })
    const columns = ['at', 'of', 'why'].map((title) => ({ title, value: () => title.repeat(12) }))
    addTable(paper, 0, columns, [0])
    const lines = paper.toString().trimEnd().split('\n')
    assert.deepEqual(lines.slice(2), [
      `${'at'.repeat(12)}`,
      `${' '.repeat(16)}${'of'.repeat(12)}`,
      // What would stand over the edge there stands as far left as it takes.
      `${' '.repeat(4)}${'why'.repeat(12)}`,
    ])
  })

  it('breaks no digest that fits a line, whatever the indent; a longer one is left whole to the terminal', () => {
    const [digest, long] = ['ab'.repeat(32), 'ab'.repeat(48)]
    const paper = new Paper({ colour: false, columns: 80 }).line(20, 9, 'expected ', digest, ' or ', long, ' too')
    assert.deepEqual(paper.toString().split('\n'), [
      `${' '.repeat(20)}expected`,
      `${' '.repeat(16)}${digest}`,
      `${' '.repeat(29)}or`,
      `${' '.repeat(29)}${long}`,
      `${' '.repeat(29)}too`,
      '',
    ])
    const whole = new Paper({ colour: false, columns: undefined }).line(
      20,
      9,
      'expected ',
      digest,
      ' or ',
      long,
      ' too',
    )
    assert.equal(whole.toString(), `${' '.repeat(20)}expected ${digest} or ${long} too\n`)
  })

  it('is what the terminal has, within reason; one that says 0 was never told its size', () => {
    assert.deepEqual([undefined, 0, 20, 66, 300].map(columnsOf), [80, 80, 40, 66, 120])
  })
})

describe('a verdict for people', () => {
  it('says nothing of the dates of endorsements that have none', () => {
    const ark = { name: 'ark', sha256: '1'.repeat(64) }
    const text = renderVerdict({ ...view, verdict: { ...VERDICT, collateral: [ark] } }, PLAIN)
    assert.match(text, /\n {2}endorsements {3}ark\n {2}product/)
  })
  it('says of endorsements that are never valid together that they are not', () => {
    const of = (name: string, from: string, until: string) => ({ name, sha256: '1'.repeat(64), from, until })
    const collateral = [
      of('rim', '2024-01-01T00:00:00Z', '2025-08-22T00:00:00Z'),
      of('ocsp', '2025-10-24T00:00:00Z', '2026-01-01T00:00:00Z'),
    ]
    assert.match(
      renderVerdict({ ...view, verdict: { ...VERDICT, collateral } }, PLAIN),
      / {17}never valid together: one from 2025-10-24T00:00:00Z \(ocsp\), one until 2025-08-22T00:00:00Z \(rim\)\n/,
    )
  })
  it('names nothing that the evidence has not', () => {
    const { product: _product, ...claims } = VERDICT.claims
    const none = { ...claims, vendor: 'google', launchMeasurement: '', userData: '' }
    const text = renderVerdict({ ...view, verdict: { ...VERDICT, claims: none } }, PLAIN)
    assert.match(text, /\n {2}product {8}Google, product not told\n/)
    assert.doesNotMatch(text, /\n {2}(measurement|report data)\b/)
  })
  it('reads from the word to the tree', () => {
    assert.equal(
      renderVerdict(view, PLAIN),
      `REJECTED  TDX quote v4, judged at 2026-06-15T12:00:00Z
the TCB is OutOfDate (and 1 more).

What would make it pass
  FAIL tdx.tcb.status: component 8 is 3, the current level needs 5: BIOS update (whoever runs the machine)

Who vouches for what
  anchor         Intel SGX Root CA of Intel (intel-sgx-root, key a0a0a0a0a0a0a0a0…)
  endorsements   tcb-info, pck-crl
                 together valid from 2026-06-01T00:00:00Z (tcb-info) until 2026-07-01T00:00:00Z (tcb-info)
  product        Intel 90c06f000000
  TCB            OutOfDate; level of 2025-03-05T00:00:00Z; advisories INTEL-SA-00001
  measurement    ${'ab'.repeat(48)}
  rtmr3          all zero (48 bytes)
  report data    all zero (64 bytes)
  evidence       4656 bytes, SHA-256 ${'e'.repeat(64)}

Checks
  pass Quote signature  1 passed
  FAIL TCB  1 failed, 1 waived, 1 not reached
       FAIL tdx.tcb.status: the TCB is OutOfDate
            expected UpToDate
            found    OutOfDate
       OPEN tdx.crl.present waived by you: no CRL

Relied on without evidence
  - Intel keeps its keys secret (every signature rests on them)

Notes
  - taken out of: base64 (6208 bytes)
  - the padding is 16 bytes
`,
    )
  })

  it('verbose shows every check with its source, and each endorsement', () => {
    const text = renderVerdict({ ...view, verbose: true }, PLAIN)
    assert.match(text, /pass tdx\.quote\.signature: the signature verifies\n {12}The quote is signed; DCAP, A\.3\n/)
    assert.match(text, /OPEN tdx\.tcb\.relaunch: not reached/)
    assert.match(text, /endorsement +tcb-info valid 2026-06-01T00:00:00Z to 2026-07-01T00:00:00Z, SHA-256 1{64}/)
  })

  it('an unproven verdict says that nobody vouches', () => {
    const text = renderVerdict({ ...view, verdict: { ...VERDICT, authenticity: 'unproven', anchors: [] } }, PLAIN)
    assert.match(text, /these claims are unproven: nobody vouches for them/)
    assert.match(text, /anchor +none: no chain to a trusted root/)
  })

  it('EMULATED stands in the first line', () => {
    assert.match(renderVerdict({ ...view, verdict: { ...VERDICT, emulated: true } }, PLAIN), /^REJECTED EMULATED /)
  })

  it('an event log is told in words: what counts, secure boot, programs, texts and Windows', () => {
    const found = { state: 'on', because: 'it was measured' } as const
    const boot: BootClaims = {
      bank: 'sha256',
      provenPcrs: [0, 4, 7],
      startupLocality: 0,
      secureBoot: true,
      secureBootKeys: { PK: { certificates: ['"maker"'], hashes: 0 }, dbx: { certificates: [], hashes: 3 } },
      programs: [{ pcr: 4, digest: 'ab'.repeat(32), claimedPath: '"loader.efi"' }],
      texts: Array.from({ length: 20 }, (_, at) => ({ pcr: 8, kind: 'grub-command', text: `"line ${at}"` })),
      files: [
        { pcr: 9, digest: 'cd'.repeat(32), claimedName: '"/vmlinuz"' },
        { pcr: 9, digest: 'ef'.repeat(32), claimedOther: true },
      ],
      leftFirmware: false,
      windows: {
        values: {},
        pcrs: {},
        vbs: found,
        hvci: { state: 'off', because: 'it is 0' },
        bootDebugging: found,
        kernelDebugging: found,
        testSigning: found,
        codeIntegrity: found,
        safeMode: found,
        bitlocker: ['cached key'],
        elam: found,
        vsmKeys: {},
      },
    }
    const claims = { ...VERDICT.claims, boot }
    const text = renderVerdict({ ...view, verdict: { ...VERDICT, claims } }, PLAIN)
    for (const line of [
      /What the event log says\n {2}counts +what was measured into PCR 0, 4, 7, which are quoted and replay \(sha256\)/,
      /Secure Boot +on\n +PK +"maker"\n +dbx +3 hashes/,
      /PCR 4 (ab){32}, says it is "loader\.efi" \(not measured\)/,
      /files +PCR 9 (cd){32}, says it is "\/vmlinuz" \(not measured\)\n +PCR 9 (ef){32}, which the log calls something else/,
      /"line 15"\n +and 4 more, which --json shows/,
      /HVCI +off: it is 0/,
      /BitLocker +cached key\n +the log ends before the firmware was left/,
    ])
      assert.match(text, line)
    // As a checkpoint kept it before files were claimed.
    const { files: _, ...before } = boot
    const stored = { ...VERDICT.claims, boot: before }
    const kept = renderVerdict({ ...view, verdict: { ...VERDICT, claims: stored } }, PLAIN)
    assert.ok(kept.includes('loader.efi') && !kept.includes('PCR 9'))
    const open = { ...VERDICT, claims, authenticity: 'unproven' } as const
    assert.match(renderVerdict({ ...view, verdict: open }, PLAIN), /the quote that it rests on is unproven/)
    const parts = [{ name: 'vtpm', verdict: { ...VERDICT, claims } }]
    assert.match(renderVerdict({ ...view, verdict: { ...VERDICT, parts } }, PLAIN), /What the event log says/)
  })

  it('what is missing can be copied', () => {
    const text = renderVerdict(
      {
        ...view,
        expectations: toYaml({ measurement: ['ab'], minTcb: { snp: 3 }, acceptTcb: [{ name: 'x', statuses: ['A'] }] }),
      },
      PLAIN,
    )
    assert.match(
      text,
      / {4}measurement:\n {4} {2}- "ab"\n {4}minTcb:\n {4} {2}snp: 3\n {4}acceptTcb:\n {4} {2}- name: "x"\n {4} {4}statuses:\n {4} {6}- "A"\n$/,
    )
  })

  it('wraps at the width, but never inside a word', () => {
    const lines = renderVerdict(view, { colour: false, columns: 60 }).split('\n')
    assert.deepEqual(
      lines.filter((line) => line.length > 60 && /\S \S/.test(line.trim().replace(/^\S+ +(?=\S+$)/, ''))),
      [],
    )
    assert.ok(lines.some((line) => line.includes('ab'.repeat(48))))
  })

  it('colours add nothing that the words do not say', () => {
    const coloured = renderVerdict(view, { colour: true, columns: undefined })
    const [first = '', ...others] = coloured.split(ESCAPE)
    assert.equal([first, ...others.map((part) => part.replace(/^\[\d+m/, ''))].join(''), renderVerdict(view, PLAIN))
    assert.ok(coloured.startsWith(`${ESCAPE}[31mREJECTED${ESCAPE}[0m`))
  })
})

describe('nothing from evidence commands the terminal', () => {
  const evil = '\u001b]0;owned\u0007\u001b[2J\r\n\u202egnp.exe\u200b\u009b31m\u2028x'

  it('every string of a verdict is escaped', () => {
    const poison = (value: unknown): unknown => {
      if (typeof value === 'string') return value.includes('-') || value.length < 12 ? value : `${value}${evil}`
      if (Array.isArray(value)) return value.map(poison)
      if (typeof value === 'object' && value !== null)
        return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, poison(member)]))
      return value
    }
    const poisoned = poison(VERDICT)
    assertVerdict(poisoned)
    for (const verbose of [false, true]) {
      const text = renderVerdict({ verdict: poisoned, verbose, remarks: [evil], expectations: evil }, PLAIN)
      assert.match(text, /\\u\{1b\}/)
      assert.deepEqual(unsafe(text), [])
    }
  })

  it('any text', () => {
    // One of them for both: to make it takes longer than to try it.
    const any = fc.string({ unit: 'binary', maxLength: 60 })
    fc.assert(fc.property(any, (text) => unsafe(plain(text)).length === 0))
    fc.assert(fc.property(any, (text) => unsafe(new Paper(PLAIN).line(0, 0, text).toString()).length === 0))
  })

  it('names of files and members in messages', async () => {
    const ran = await runWithin(['verify', '\u001b[31mx'])
    assert.equal(ran.err, 'sekisho: \\u{1b}[31mx: no such file\n')
    const json = await runWithin(['inspect', '-'], { input: JSON.stringify({ [evil]: 1 }) })
    assert.deepEqual([json.code, unsafe(json.err)], [3, []])
  })
})

function assertVerdict(value: unknown): asserts value is Verdict {
  assert.ok(typeof value === 'object' && value !== null && 'checks' in value)
}

/** Characters of a text that a terminal may act on, other than line ends. */
function unsafe(text: string): readonly string[] {
  return [...text].filter(
    (character) =>
      character !== '\n' && /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069\u200b-\u200f\ufeff]/u.test(character),
  )
}

describe('terminals', () => {
  // `script` of util-linux runs a command on a terminal of its own.
  const onTerminal = (env: Readonly<Record<string, string>>): string | undefined => {
    const line = [process.execPath, MAIN, 'verify', ...EXAMPLE.outOfDate].map((part) => `'${part}'`).join(' ')
    const { NO_COLOR: _, ...rest } = process.env
    const ran = spawnSync('script', ['-qec', line, '/dev/null'], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...rest, TERM: 'xterm', ...env },
    })
    return ran.error === undefined && /REJECTED/.test(ran.stdout) ? ran.stdout : undefined
  }

  it('colours on a terminal', (t) => {
    const shown = onTerminal({})
    if (shown === undefined) return t.skip('needs `script` of util-linux')
    assert.ok(shown.includes(`${ESCAPE}[31mREJECTED`))
  })

  it('none with NO_COLOR, nor with TERM=dumb', (t) => {
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      const shown = onTerminal(env)
      if (shown === undefined) return t.skip('needs `script` of util-linux')
      assert.ok(!shown.includes('\u001b['))
    }
  })

  it('none when the output is a pipe', async () =>
    assert.ok(!(await run(['verify', ...EXAMPLE.outOfDate])).out.includes('\u001b')))
})
