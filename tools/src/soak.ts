/**
 * `npm run soak -- [PART [ARGUMENT…] | INPUTS | fuzz-only]`: the proofs of the packages at full length, one after the other.
 * Takes hours. A part takes arguments of its own; INPUTS says how often the decoders are fuzzed, and `fuzz-only` behind it,
 * or alone, that nothing else is done.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './files.ts'

/** Programs in `packages`, by the part that they are. */
const PARTS: Readonly<Record<string, string>> = {
  measurement: 'measurement/dist/test/soak.js',
  evidence: 'evidence/dist/test/proof/soak.js',
  collateral: 'collateral/dist/test/soak.js',
  machine: 'broker/dist/test/checkpoint/machine-soak.js',
  storage: 'broker/dist/test/storage/soak.js',
}
const FUZZERS: readonly string[] = ['measurement', 'evidence', 'collateral']
const INPUTS = '1000000'

function run(part: string, args: readonly string[]): void {
  const program = join(ROOT, 'packages', PARTS[part] ?? '')
  const { status } = spawnSync(process.execPath, [program, ...args], { stdio: 'inherit' })
  console.log(`${part}: ${status === 0 ? 'done' : 'FAILED'}`)
  if (status !== 0) process.exitCode = 1
}

const [first = INPUTS, ...others] = process.argv.slice(2)
const fuzzing = first === 'fuzz-only' ? [INPUTS, first, ...others] : [first, ...others]
if (Object.hasOwn(PARTS, first)) run(first, others)
else if (/^\d+$/.test(fuzzing[0] ?? '') && (fuzzing[1] ?? 'fuzz-only') === 'fuzz-only' && fuzzing.length <= 2) {
  for (const part of Object.keys(PARTS)) {
    if (FUZZERS.includes(part)) run(part, fuzzing)
    else if (fuzzing[1] === undefined) run(part, [])
  }
} else {
  console.error(`expected a number of inputs, fuzz-only, or a part: ${Object.keys(PARTS).join(', ')}`)
  process.exitCode = 1
}
