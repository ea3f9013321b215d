/** One of the processes of `npm test`. */
import { runPart } from './run.ts'

await runPart('around')
