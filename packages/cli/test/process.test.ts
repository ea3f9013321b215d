import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { makeFirmware } from '@sekisho/emulator/kit'
import { EXAMPLE, ROOT, scratch } from './process.ts'
import { type RunOptions, run, runWithin } from './run.ts'

const folder = scratch()
const firmware = join(folder, 'OVMF.fd')
const cases = join(folder, 'cases')
const bundle = join(folder, 'bundle.json')
writeFileSync(firmware, makeFirmware())
mkdirSync(join(cases, 'alien'), { recursive: true })
writeFileSync(join(cases, 'alien', 'case.json'), JSON.stringify({ tee: 'toaster', expect: { verdict: 'valid' } }))
const quote = readFileSync(join(ROOT, 'examples', 'tdx', 'quote.bin'))

/** One line for each command that needs no checkpoint, with each exit code among them. */
const LINES: readonly (readonly [code: number, args: readonly string[], options?: RunOptions])[] = [
  [0, ['--help']],
  [64, []],
  [64, ['verfy']],
  [3, ['inspect', 'no-such-file']],
  [0, ['inspect', '-', '--json'], { input: quote }],
  [0, ['verify', ...EXAMPLE.tdx, '--verbose']],
  [1, ['verify', ...EXAMPLE.outOfDate]],
  [2, ['verify', ...EXAMPLE.nothing, '--json']],
  [1, ['diff', 'examples/tdx/quote.bin', 'examples/tdx-debug/quote.bin']],
  [0, ['measure', firmware, '--vcpus', '1', '--cpu', 'EPYC']],
  [2, ['conformance', cases]],
  [0, ['collateral', 'pack', 'examples/tdx/collateral.json', '-o', bundle]],
  [0, ['collateral', 'show', bundle, '--at', '2026-06-15']],
  [0, ['support']],
  [0, ['completion', 'bash']],
  [0, ['examples']],
]

describe('a process of its own', () => {
  for (const [code, args, options] of LINES)
    it(`sekisho ${args.join(' ').replaceAll(folder, 'FOLDER')}: answers what a run within this process does`, async () => {
      const ran = await run(args, options)
      assert.equal(ran.code, code, ran.err)
      assert.ok(ran.out + ran.err !== '')
      assert.deepEqual(await runWithin(args, options), ran)
    })

  for (const [npm, called] of [
    ['exec', '`npx sekisho verify`'],
    ['test', '`sekisho verify`'],
  ] as const)
    it(`names itself as whoever began it with npm ${npm} can call it again`, async () => {
      const { out } = await run(['inspect', 'examples/tdx/quote.bin'], { env: { npm_command: npm } })
      assert.ok(out.includes(called), out.slice(0, 300))
    })
})
