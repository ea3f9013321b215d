import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

/** The project's folder: the commands run there, as a reader of the README would run them. */
export const ROOT: string = fileURLToPath(new URL('../../../../', import.meta.url))

/** The program, not bundled: for tests of the process itself. */
export const MAIN: string = join(ROOT, 'packages', 'cli', 'dist', 'src', 'main.js')

/** What its users start: the bundled program where it is current, which takes a third of the time, else {@link MAIN}. */
export const BIN: string = join(ROOT, 'packages', 'cli', 'bin', 'sekisho.cjs')

/** A folder for one test file, removed after it. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-cli-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const AT: readonly string[] = ['--trust-anchor', 'examples/example-root.json', '--at', '2026-06-15T12:00:00Z']

/** Arguments that verify the examples. */
export const EXAMPLE: Readonly<Record<'tdx' | 'sgx' | 'snp' | 'outOfDate' | 'debug' | 'nothing', readonly string[]>> = {
  tdx: [
    'examples/tdx/quote.bin',
    '--collateral',
    'examples/tdx/collateral.json',
    '--event-log',
    'examples/tdx/ccel.bin',
    '--expect',
    'examples/tdx/expect.yaml',
    ...AT,
  ],
  sgx: [
    'examples/sgx/quote.bin',
    '--collateral',
    'examples/sgx/collateral.json',
    '--expect',
    'examples/sgx/expect.yaml',
    ...AT,
  ],
  snp: [
    'examples/snp-genoa/report.bin',
    '--collateral',
    'examples/snp-genoa',
    '--expect',
    'examples/snp-genoa/expect.yaml',
    ...AT,
  ],
  outOfDate: [
    'examples/tdx-out-of-date/quote.bin',
    '--collateral',
    'examples/tdx-out-of-date/collateral.json',
    '--expect',
    'examples/tdx-out-of-date/expect.yaml',
    ...AT,
  ],
  debug: [
    'examples/tdx-debug/quote.bin',
    '--collateral',
    'examples/tdx-debug/collateral.json',
    '--expect',
    'examples/tdx-debug/expect.yaml',
    ...AT,
  ],
  nothing: [
    'examples/sgx/quote.bin',
    '--collateral',
    'examples/sgx/collateral.json',
    '--expect',
    'examples/expect-nothing.yaml',
    ...AT,
  ],
}
