/** Node.js and Bun: reads the cases from the file that is named, prints the results. */
import { readFileSync } from 'node:fs'
import { type PortableCase, runSuite } from '../suite.ts'

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('expected a file of cases')
const cases: readonly PortableCase[] = JSON.parse(readFileSync(file, 'utf8'))
console.log(JSON.stringify(await runSuite(cases)))
