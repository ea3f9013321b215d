import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from './measure.ts'
import type { Row } from './rows.ts'

const ROUNDS = 25

/**
 * Process start to verdict against an empty Node.js process, and the memory of a cold verification. The library is
 * measured as it is installed, from its packed package, and as this repository has it.
 */
export function processRows(root: string, vectors: string): readonly Row[] {
  if (process.env['NODE_EXTRA_CA_CERTS'] !== undefined)
    console.log('NODE_EXTRA_CA_CERTS is set: node -e 0 reads those certificates too, and looks slower than it is')
  const project = mkdtempSync(join(tmpdir(), 'sekisho-bench-'))
  try {
    return rowsOf(root, vectors, installed(root, project))
  } finally {
    rmSync(project, { recursive: true, force: true })
  }
}

/** Installs the packed library into a project, with the program that uses it. */
function installed(root: string, project: string): string {
  const must = (command: string, args: readonly string[], cwd: string): string => {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
    if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stderr}`)
    return stdout
  }
  const pack = [join(root, 'tools/dist/src/pack.js'), join(project, 'packed'), '@sekisho/evidence']
  const tarball = must(process.execPath, pack, root).trim()
  const consumer = join(project, 'consumer')
  mkdirSync(consumer)
  writeFileSync(join(consumer, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n')
  must('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', tarball], consumer)
  const program = join(consumer, 'once.js')
  copyFileSync(join(import.meta.dirname, 'once.js'), program)
  return program
}

function rowsOf(root: string, vectors: string, program: string): readonly Row[] {
  const folder = join(vectors, 'intel-tdx/dcapqvl-v4-uptodate')
  const library = [program, folder]
  const sources = [join(import.meta.dirname, 'once.js'), folder]
  const cli = [
    join(root, 'packages/cli/bin/sekisho.cjs'),
    'verify',
    join(folder, 'evidence.bin'),
    '--collateral',
    join(folder, 'collateral.json'),
    '--offline',
    '--at',
    '2025-07-04T00:00:00Z',
  ]
  const times = interleaved([['-e', '0'], library, sources, cli])
  const [empty = [], ours = [], modules = [], command = []] = times
  return [
    ratioRow('process start to verdict, library as installed', ours, empty, 1.4),
    { ...ratioRow('process start to verdict, library in this repository', modules, empty, 1.4), sense: 'reported' },
    ratioRow('process start to verdict, sekisho verify', command, empty, 2),
    memoryRow(library),
  ]
}

function interleaved(commands: readonly (readonly string[])[]): readonly (readonly number[])[] {
  const times: number[][] = commands.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, args] of commands.entries()) {
      const start = process.hrtime.bigint()
      const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' })
      if (status !== 0 && status !== 2) throw new Error(`${args.join(' ')} ended with ${status}`)
      times[i]?.push(Number(process.hrtime.bigint() - start) / 1e6)
    }
  }
  return times
}

function ratioRow(what: string, ours: readonly number[], empty: readonly number[], target: number): Row {
  return {
    what: `${what} / node -e 0`,
    ours: `${median(ours).toFixed(0)} ms`,
    against: `node -e 0 ${median(empty).toFixed(0)} ms`,
    ratio: median(ours.map((value, i) => value / (empty[i] as number))),
    target,
    sense: 'at-most',
  }
}

const MIB = 1024 * 1024

// Peak of the process less the peak of one that loads nothing: what the verification adds.
function memoryRow(library: readonly string[]): Row {
  const peak = (args: readonly string[]): number => {
    const script = 'process.on("exit", () => console.log(process.resourceUsage().maxRSS * 1024))'
    const { stdout } = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(script)}`, ...args],
      { encoding: 'utf8' },
    )
    return Number(stdout.trim().split('\n').at(-1))
  }
  const whole = peak(library)
  const empty = peak(['-e', '0'])
  return {
    what: 'peak memory of a cold verification, MiB above node -e 0',
    ours: `${(whole / MIB).toFixed(0)} MiB`,
    against: `node -e 0 ${(empty / MIB).toFixed(0)} MiB`,
    ratio: (whole - empty) / MIB,
    target: 48,
    sense: 'at-most',
  }
}
