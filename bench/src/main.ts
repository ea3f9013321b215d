/**
 * `npm run bench`: how close verification is to the signatures it cannot avoid, and how it compares
 * with named peers. Every figure is a ratio within one run on one machine; absolute times are shown
 * for orientation only. Needs the shared vectors (SEKISHO_VECTORS, default ../shared/vectors).
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { brokerLogRows } from './broker-log.ts'
import { processRows } from './processes.ts'
import { printRows, type Row } from './rows.ts'
import { synchronousRows } from './verification.ts'

const root = resolve(import.meta.dirname, '../../..')
const vectors = resolve(root, process.env['SEKISHO_VECTORS'] ?? '../shared/vectors')
if (!existsSync(join(vectors, 'intel-tdx'))) {
  console.error(
    `there are no vectors in ${vectors}: set SEKISHO_VECTORS to a folder laid out like them (npm run vectors fetches one)`,
  )
  process.exit(3)
}

console.log(`Node.js ${process.version}; ratio (target)  ours | against`)
printRows(await synchronousRows(vectors))
printRows(webCryptoRows())
printRows(processRows(root, vectors))
printRows(await brokerLogRows())

function webCryptoRows(): readonly Row[] {
  const args = ['--conditions=browser', join(import.meta.dirname, 'web.js'), vectors]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the WebCrypto benchmarks failed: ${stderr}`)
  const rows: readonly Row[] = JSON.parse(stdout)
  return rows
}
