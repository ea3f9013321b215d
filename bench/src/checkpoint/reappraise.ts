import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { networkSource } from '@sekisho/collateral'
import { createWorld, kbsEvidence, type SnpPlatform } from '@sekisho/emulator'
import { generateKey } from '@sekisho/emulator/kit'
import type { Row } from '../rows.ts'
import { onStage } from './handshake.ts'
import { furnish, type OpenCheckpoint, openCheckpoint, RESOURCE } from './open.ts'

const LEASES = 10_000
const MACHINES = 20
const ATTESTATIONS = 1000
const TARGET_MS = 5000

/**
 * A policy change while 10,000 leases live, of 1,000 attestations on 20 machines: half pass the new policy, half lose
 * their leases, each with its decision, its leaf in the log and its event.
 */
export async function reappraiseRows(): Promise<readonly Row[]> {
  return onStage(async ({ folder, worldFile, services }) => {
    const world = createWorld({ saved: readFileSync(worldFile, 'utf8') })
    const source = networkSource({ amd: { baseUrl: services }, nvidia: false, trustAnchors: world.anchors })
    const checkpoint = await openCheckpoint({ folder: join(folder, 'leases') }, world, source)
    const machines = Array.from({ length: MACHINES }, (_, i) => world.snp({ chip: `machine-${i}` }))
    await furnish(checkpoint, kbsEvidence('snp', (machines[0] as SnpPlatform).attest(new Uint8Array(64))))
    const ids = await grantAll(checkpoint, machines)
    const keep = ids.slice(0, MACHINES / 2).map((id) => `"${id}"`)
    const text = `permit (principal, action, resource) when { context has hardwareId && [${keep.join(', ')}].contains(context.hardwareId) };`
    const start = performance.now()
    const change = await checkpoint.broker.admin.setPolicy('default', text, { actor: 'bench', at: new Date() })
    const live = await liveLeases(checkpoint)
    const millis = performance.now() - start
    await checkpoint.db.close()
    return [
      {
        what: `a policy change with ${LEASES} live leases until the last is revoked, ms`,
        ours: `${change.revoked} revoked, ${live} stay`,
        against: `${TARGET_MS} ms`,
        ratio: millis,
        target: TARGET_MS,
        sense: 'at-most',
      },
    ]
  })
}

async function liveLeases({ db }: OpenCheckpoint): Promise<number> {
  const [row] = await db.all<{ live: number }>("SELECT COUNT(*) AS live FROM leases WHERE state = 'live'")
  return row?.live ?? 0
}

/** @returns the machines' hardware ids, as policies see them */
async function grantAll({ broker, db }: OpenCheckpoint, machines: readonly SnpPlatform[]): Promise<readonly string[]> {
  const { x = '', y = '' } = generateKey('P-256').publicKey.export({ format: 'jwk' })
  const key = { alg: 'ECDH-ES+A256KW', crv: 'P-256', kty: 'EC', x, y }
  for (let i = 0; i < ATTESTATIONS; i++) {
    const at = new Date()
    const { session, nonce } = await broker.challenge({ namespace: 'default', protocol: 'kbs', tee: 'snp', at })
    const bound = JSON.stringify({ 'additional-evidence': '', nonce, 'tee-pubkey': key })
    const reportData = Buffer.alloc(64)
    createHash('sha384').update(bound).digest().copy(reportData)
    const evidence = kbsEvidence('snp', (machines[i % machines.length] as SnpPlatform).attest(reportData))
    const { refusal } = await broker.attest({ session, evidence, runtimeData: { nonce, 'tee-pubkey': key }, at })
    if (refusal !== undefined) throw new Error(`not attested: ${refusal.code}`)
    const releases = Array.from({ length: LEASES / ATTESTATIONS }, () =>
      broker.release({ by: { session }, namespace: 'default', resource: RESOURCE, at }),
    )
    for (const { refused } of await Promise.all(releases)) if (refused !== undefined) throw new Error(refused.code)
  }
  const rows = await db.all<{ hardware_id: string }>('SELECT DISTINCT hardware_id FROM appraisals ORDER BY hardware_id')
  return rows.map((row) => row.hardware_id)
}
