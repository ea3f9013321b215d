/**
 * `npm run bench [-- NAME… [--soak]]`: how close verification and release are to the signatures they cannot avoid, and
 * how verification compares with named peers. Figures are ratios within one run on one machine, or times where the goal
 * is one. Needs the shared vectors (SEKISHO_VECTORS, default ../shared/vectors). With names, only those parts; `--soak`
 * watches the memory over 100,000 releases instead of 10,000.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { brokerLogRows } from './broker-log.ts'
import { earRows } from './checkpoint/ear.ts'
import { handshakeRows } from './checkpoint/handshake.ts'
import { memoryRows } from './checkpoint/memory.ts'
import { policyRows } from './checkpoint/policy.ts'
import { reappraiseRows } from './checkpoint/reappraise.ts'
import { startRows } from './checkpoint/start.ts'
import { twoServerRows } from './checkpoint/two-servers.ts'
import { furtherRows } from './further.ts'
import { nitroPeerRows } from './nitro.ts'
import { pageRows } from './page.ts'
import { processRows } from './processes.ts'
import { printRows, type Row } from './rows.ts'
import { synchronousRows } from './verification.ts'

const root = resolve(import.meta.dirname, '../../..')
const vectors = resolve(root, process.env['SEKISHO_VECTORS'] ?? '../shared/vectors')
const asked = process.argv.slice(2)
const releases = asked.includes('--soak') ? 100_000 : 10_000

const PARTS: Readonly<Record<string, () => readonly Row[] | Promise<readonly Row[]>>> = {
  verification: () => synchronousRows(vectors),
  web: webCryptoRows,
  further: () => furtherRows(vectors),
  nitro: () => nitroPeerRows(vectors),
  process: () => processRows(root, vectors),
  handshake: handshakeRows,
  log: brokerLogRows,
  policy: policyRows,
  reappraise: reappraiseRows,
  ear: () => earRows(vectors),
  start: () => startRows(root),
  memory: () => memoryRows(releases),
  page: () => pageRows(root),
  postgres: () => twoServerRows(root),
}

const names = asked.filter((name) => name !== '--soak')
const stranger = names.find((name) => !Object.hasOwn(PARTS, name))
if (stranger !== undefined) {
  console.error(`there is no part ${stranger}; there are ${Object.keys(PARTS).join(', ')}, and --soak`)
  process.exit(64)
}
if (!existsSync(join(vectors, 'intel-tdx'))) {
  console.error(
    `there are no vectors in ${vectors}: set SEKISHO_VECTORS to a folder laid out like them (npm run vectors fetches one)`,
  )
  process.exit(3)
}

console.log(`Node.js ${process.version}; ratio (target)  ours | against`)
for (const [name, measure] of Object.entries(PARTS)) {
  if (names.length > 0 && !names.includes(name)) continue
  const rows = await measure()
  if (rows.length > 0) printRows(rows)
}

function webCryptoRows(): readonly Row[] {
  const args = ['--conditions=browser', join(import.meta.dirname, 'web.js'), vectors]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the WebCrypto benchmarks failed: ${stderr}`)
  const rows: readonly Row[] = JSON.parse(stdout)
  return rows
}
