/** One of the two processes of `npm test`. */
import { runHalf } from './run.ts'

await runHalf('evidence')
