/** `npm run soak -- [INPUTS]`: fuzzing at full length (default a million), with another seed unless SEKISHO_SEED names one. */
import { fuzz } from './fuzz.ts'

const inputs = Number(process.argv[2] ?? 1_000_000)
const seed = Number(process.env['SEKISHO_SEED'] ?? Date.now() % 0xffffffff)
if (!Number.isSafeInteger(inputs) || inputs < 0) throw new TypeError(`${process.argv[2]}: expected a number of inputs`)
const { problems, read, slowest } = await fuzz(seed, inputs)
console.log(`enclave images, seed ${seed}: ${inputs} inputs, ${read} read, slowest ${slowest.toFixed(1)} ms`)
for (const problem of problems) console.log(`  ${problem}`)
process.exitCode = problems.length === 0 ? 0 : 1
