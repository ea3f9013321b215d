import { processAround } from './around.ts'
import { run } from './run.ts'

// A reader that has seen enough (`sekisho … | head`) is no fault of ours.
process.stdout.on('error', (error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await run(process.argv.slice(2), processAround())
