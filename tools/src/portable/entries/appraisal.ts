/** Node.js and Bun: appraises the cases of the file that is named; the second file is Cedar's WebAssembly, for builds that do not find it. */
import { readFileSync } from 'node:fs'
import { loadPolicyEngine } from '@sekisho/appraisal'
import { runAppraisals } from '../appraisal.ts'
import type { PortableCase } from '../suite.ts'

const [file, wasm] = process.argv.slice(2)
if (file === undefined || wasm === undefined) throw new Error('expected a file of cases, and one of WebAssembly')
await loadPolicyEngine(readFileSync(wasm))
const cases: readonly PortableCase[] = JSON.parse(readFileSync(file, 'utf8'))
console.log(JSON.stringify(await runAppraisals(cases)))
