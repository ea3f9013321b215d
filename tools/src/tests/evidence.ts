/** One of the processes of `npm test`. */
import { setPriority } from 'node:os'
import { runPart } from './run.ts'

// It computes all the time. What mostly waits goes before it: otherwise that is alone at the end, with a core idle.
setPriority(5)
await runPart('evidence')
