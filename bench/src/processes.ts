import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { median } from './measure.ts'
import type { Row } from './rows.ts'

const ROUNDS = 25

/** Process start to verdict against an empty Node.js process, and the memory of a cold verification. */
export function processRows(root: string, vectors: string): readonly Row[] {
  const folder = join(vectors, 'intel-tdx/dcapqvl-v4-uptodate')
  const library = [join(import.meta.dirname, 'once.js'), folder]
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
  const times = interleaved([['-e', '0'], library, cli])
  const [empty, ours, command] = times as [readonly number[], readonly number[], readonly number[]]
  return [
    ratioRow('process start to verdict, library', ours, empty, 1.4),
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
