/** `npm run soak -- machine [STEPS [SEED]]`: the state machine of release against its model, a million steps unless said. */
import { runModel } from './machine-run.ts'

const [steps = '1000000', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2)
for (const one of [steps, seed])
  if (!/^\d{1,12}$/.test(one)) throw new TypeError(`${one}: expected a number of steps, then a seed`)
const start = performance.now()
const report = await runModel(Number(steps), Number(seed), ({ steps: done, secrets }) => {
  process.stdout.write(`${done} steps, ${secrets} secrets, ${Math.round((performance.now() - start) / 1000)} s\n`)
})
process.stdout.write(
  `${JSON.stringify({ seed: Number(seed), ...report, seconds: Math.round((performance.now() - start) / 1000) })}\n`,
)
