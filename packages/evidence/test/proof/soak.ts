/**
 * `npm run soak -- [INPUTS]`: the proofs at full length. Every bit of every byte of every accepted
 * vector, and so many fuzzed inputs for each decoder (default a million), each run with another seed
 * unless SEKISHO_SEED names one. Takes hours.
 */

import { openSubject, planDamage } from './damage-plan.ts'
import { runErrands } from './damage-pool.ts'
import { DECODERS } from './decoders.ts'
import { ENVELOPE_DECODERS } from './envelope-decoders.ts'
import { fuzz } from './fuzz.ts'
import { madeSubjects } from './made-subjects.ts'
import { intelCases, MISSING, snpCases } from './vector-subjects.ts'

const inputs = Number(process.argv[2] ?? 1_000_000)
const seed = Number(process.env['SEKISHO_SEED'] ?? Date.now() % 0xffffffff)
let failures = 0

function say(text: string, problems: readonly string[]): void {
  failures += problems.length
  console.log(`${new Date().toISOString()} ${problems.length === 0 ? 'ok  ' : 'FAIL'} ${text}`)
  for (const problem of problems) console.log(`  ${problem}`)
}

if (!Number.isSafeInteger(inputs) || inputs < 0) throw new TypeError(`${process.argv[2]}: expected a number of inputs`)
console.log(`seed ${seed}: SEKISHO_SEED=${seed} gives the same mutations again`)
for (const decoder of [...DECODERS, ...ENVELOPE_DECODERS]) {
  const { problems, read, slowest } = fuzz(decoder, seed, inputs)
  say(`fuzz ${decoder.name}: ${inputs} inputs, ${read} read, slowest ${slowest.toFixed(1)} ms`, problems)
}

if (process.argv[3] !== 'fuzz-only') {
  if (MISSING.length > 0) console.log(`skipped: vectors in ${MISSING.join(', ')}; set SEKISHO_VECTORS`)
  const subjects = [...madeSubjects(), ...(MISSING.length > 0 ? [] : [...intelCases(true), ...snpCases()])]
  const errands = planDamage(subjects, subjects.map(openSubject), true)
  await runErrands(subjects, errands, ({ errand, part, damage }) =>
    say(
      `damage ${subjects[errand.subject]?.name}, ${part}: ${damage.flips} flips, ${damage.truncations} truncations`,
      damage.problems,
    ),
  )
}
console.log(failures === 0 ? 'every proof holds' : `${failures} problems`)
process.exitCode = failures === 0 ? 0 : 1
