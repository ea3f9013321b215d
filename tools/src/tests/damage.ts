/** One of the processes of `npm test`. */
import { setPriority } from 'node:os'
import { runPart } from './run.ts'

// Its workers have every core, and nothing in it waits: it takes what all others leave.
setPriority(10)
await runPart('damage')
