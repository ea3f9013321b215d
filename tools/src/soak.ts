/** `npm run soak -- [INPUTS] [fuzz-only]`: the proofs of the packages at full length, one after the other. Takes hours. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './files.ts'

const PROOFS = ['measurement/dist/test/soak.js', 'evidence/dist/test/proof/soak.js'] as const

for (const proof of PROOFS) {
  const program = join(ROOT, 'packages', proof)
  const { status } = spawnSync(process.execPath, [program, ...process.argv.slice(2)], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
