import { processAround } from './around.ts'
import { run } from './run.ts'

// A reader that has seen enough (`sekisho … | head`) is no fault of ours.
process.stdout.on('error', (error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit(0)
  throw error
})

// No top-level await: the bundled program is a CommonJS file, which starts sooner.
void run(process.argv.slice(2), processAround()).then((exitCode) => {
  process.exitCode = exitCode
})
