/** One of the processes of `npm test`. */
import { setPriority } from 'node:os'
import { runPart } from './run.ts'

// Its workers have every core, and nothing in it waits: it takes what the others leave, and none of them ends alone.
setPriority(5)
await runPart('damage')
