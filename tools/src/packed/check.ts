import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { useCheckpoint } from './checkpoint.ts'
import { installInto, type Packed, packForeign, packOurs } from './pack.ts'
import { mustRun, run } from './run.ts'

const CONSUMER = fileURLToPath(new URL('./consumer.js', import.meta.url))
const VERDICTS = fileURLToPath(new URL('./verdicts.js', import.meta.url))

/** Calls `use` with all packages packed in a folder that is removed afterwards. */
export async function withPacked<T>(
  root: string,
  use: (ours: readonly Packed[], folder: string) => Promise<T> | T,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-packed-'))
  try {
    return await use(await packOurs(root, folder), folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Metadata and types of one packed package: publint and are-the-types-wrong. Undefined when both are content. */
export function metadataFaults(root: string, { name, tarball }: Packed): string | undefined {
  const bin = (command: string): string => join(root, 'node_modules/.bin', command)
  const publint = run(bin('publint'), ['run', tarball, '--strict'], root)
  if (publint.status !== 0) return `${name}: publint\n${publint.stdout}${publint.stderr}`
  const attw = run(bin('attw'), [tarball, '--profile', 'esm-only', '--no-color'], root)
  return attw.status === 0 ? undefined : `${name}: are-the-types-wrong\n${attw.stdout}${attw.stderr}`
}

/** Example files and what the installed command line must say of them. */
const COMMANDS: readonly (readonly [exit: number, evidence: string, collateral: string, expect: string])[] = [
  [0, 'sgx/quote.bin', 'sgx/collateral.json', 'sgx/expect.yaml'],
  [0, 'tdx/quote.bin', 'tdx/collateral.json', 'tdx/expect.yaml'],
  [0, 'snp-genoa/report.bin', 'snp-genoa', 'snp-genoa/expect.yaml'],
  [1, 'tdx-debug/quote.bin', 'tdx-debug/collateral.json', 'tdx-debug/expect.yaml'],
  [2, 'sgx/quote.bin', 'sgx/collateral.json', 'expect-nothing.yaml'],
]
const AT = '2026-06-15T12:00:00Z'

/**
 * Installs the packed packages into an empty project and uses them there: the libraries by a small
 * program, the command line on the examples, the checkpoint by starting it and by its demonstration.
 * @returns one line for each thing that worked
 * @throws Error with the output of whatever did not
 */
export async function useInstalled(root: string, ours: readonly Packed[], folder: string): Promise<readonly string[]> {
  const project = join(folder, 'consumer')
  installInto(project, [...ours, ...packForeign(root, folder)])
  copyFileSync(CONSUMER, join(project, 'consumer.js'))
  const examples = join(root, 'examples')
  const lines = mustRun(process.execPath, ['consumer.js', examples], project).trim().split('\n')
  lines.push(startsFromBundles(project, examples))
  for (const [exit, evidence, collateral, expect] of COMMANDS) {
    const path = (name: string): string => join(examples, name)
    const args = ['verify', path(evidence), '--collateral', path(collateral), '--expect', path(expect)]
    args.push('--trust-anchor', path('example-root.json'), '--at', AT, '--offline')
    const ran = run(join(project, 'node_modules/.bin/sekisho'), args, project)
    if (ran.status !== exit)
      throw new Error(`sekisho ${args.join(' ')} ended with ${ran.status}, not ${exit}\n${ran.stdout}\n${ran.stderr}`)
    lines.push(`sekisho verify ${evidence}: exit code ${exit}`)
  }
  lines.push(...(await useCheckpoint(project)))
  if (existsSync(join(project, 'node_modules/@sekisho/testkit'))) throw new Error('the test kit was installed too')
  return lines
}

/**
 * In Node.js the installed evidence package is its bundles, for everybody else its modules; both say the same.
 *
 * @throws Error when the one or the other is loaded where it should not be, or a verdict differs
 */
function startsFromBundles(project: string, examples: string): string {
  copyFileSync(VERDICTS, join(project, 'verdicts.js'))
  const told = (conditions: readonly string[], place: string): readonly string[] => {
    const [found, ...verdicts] = mustRun(process.execPath, [...conditions, 'verdicts.js', examples], project)
      .trim()
      .split('\n')
    if (found?.endsWith(place) === true && verdicts.length > 0) return verdicts
    throw new Error(`with ${conditions.join(' ') || 'no conditions'} the package is ${found}, not ${place}`)
  }
  const bundled = told([], '/dist/node/tdx.js')
  const modules = told(['--conditions=browser'], '/dist/src/tdx/index.js')
  if (bundled.join('\n') !== modules.join('\n'))
    throw new Error(`bundles and modules differ:\n${bundled.join('\n')}\n${modules.join('\n')}`)
  return `bundles: loaded by Node.js, and ${bundled.length} verdicts are those of the modules`
}
