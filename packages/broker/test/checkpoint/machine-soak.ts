import { runModel } from './machine-run.ts'

// node dist/test/checkpoint/machine-soak.js [steps] [seed]: a million steps unless said.
const [steps = '1000000', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2)
const start = performance.now()
const report = await runModel(Number(steps), Number(seed), ({ steps: done, secrets }) => {
  process.stdout.write(`${done} steps, ${secrets} secrets, ${Math.round((performance.now() - start) / 1000)} s\n`)
})
process.stdout.write(
  `${JSON.stringify({ seed: Number(seed), ...report, seconds: Math.round((performance.now() - start) / 1000) })}\n`,
)
