/** One cold verification, as a program would do it: `node once.js FOLDER` with a case folder of a TDX quote. */
import { readFileSync } from 'node:fs'
import { verifyTdx } from '@sekisho/evidence/tdx'

const folder = process.argv[2] ?? ''
const verdict = await verifyTdx(readFileSync(`${folder}/evidence.bin`), {
  collateral: JSON.parse(readFileSync(`${folder}/collateral.json`, 'utf8')),
  at: new Date('2025-07-04T00:00:00Z'),
})
if (verdict.authenticity !== 'proven') throw new Error(verdict.summary)
