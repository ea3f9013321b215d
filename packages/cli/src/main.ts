import { processAround } from './around.ts'
import { EXIT } from './exit.ts'
import { run } from './run.ts'

process.stdout.on('error', (error) => {
  // A reader that has seen enough (`sekisho … | head`) is no fault of ours, and no reason to report another
  // verdict: the exit code stays the command's own.
  if ('code' in error && error.code === 'EPIPE') return
  process.stderr.write(`sekisho: standard output cannot be written: ${error.message}\n`)
  process.exit(EXIT.internal)
})
process.stderr.on('error', () => {
  // Nobody is left to be told; the exit code still says what was found.
})

// No top-level await: the bundled program is a CommonJS file, which starts sooner.
void run(process.argv.slice(2), processAround()).then((exitCode) => {
  process.exitCode = exitCode
})
