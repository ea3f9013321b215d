/** `npm run soak -- collateral [INPUTS]`: fuzzing at full length (default a million), with another seed unless SEKISHO_SEED names one. */
import { fuzz, READERS } from './fuzz.ts'

const inputs = Number(process.argv[2] ?? 1_000_000)
const seed = Number(process.env['SEKISHO_SEED'] ?? Date.now() % 0xffffffff)
if (!Number.isSafeInteger(inputs) || inputs < 0) throw new TypeError(`${process.argv[2]}: expected a number of inputs`)
for (const reader of READERS) {
  const { problems, read, slowest } = fuzz(reader, seed, inputs)
  console.log(`${reader.name}, seed ${seed}: ${inputs} inputs, ${read} read, slowest ${slowest.toFixed(1)} ms`)
  for (const problem of problems) console.log(`  ${problem}`)
  if (problems.length > 0) process.exitCode = 1
}
