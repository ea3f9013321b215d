import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { createWorld } from '@sekisho/emulator'
import { scratch } from '../process.ts'
import { until } from '../until.ts'
import { savedWorld } from '../world.ts'
import { asking, type Owner, ownerAt, ready, rows } from './shared.ts'
import { startUp, type Up } from './up.ts'

const home = scratch()

/** Puts the clock of a process forward by six minutes with every SIGUSR2: this test takes less than five. */
const CLOCK = `const Real = Date
let ahead = 0
process.on('SIGUSR2', () => { ahead += 360_000 })
globalThis.Date = class Date extends Real {
  constructor(...given) { if (given.length === 0) super(Real.now() + ahead); else super(...given) }
  static now() { return Real.now() + ahead }
}`

/** AMD's list ends in five minutes, and the world's file stays as it is: a change of that is looked at by itself. */
function endingSoon(saved: string): string {
  const world = createWorld({ saved, now: () => new Date(Date.now() + 300_000) })
  world.amd.expire({ product: 'Genoa', part: 'crl' })
  return world.save()
}

describe('sekisho up --recheck', () => {
  const [data, world] = [`${home}/data`, `${home}/data/world.json`]
  const owner: Owner = ownerAt(`${home}/profile.json`, 'default', home)
  let up: Up
  before(async () => {
    // With its keys made already, which takes seconds.
    mkdirSync(data)
    writeFileSync(world, endingSoon(await savedWorld()), { mode: 0o600 })
    const clock = `data:text/javascript,${encodeURIComponent(CLOCK)}`
    const env = { NODE_OPTIONS: `--import=${clock}` }
    up = await startUp(['--emulated', '--offline', '--recheck', '10', '--data', data], { env })
    await owner.ok(['login', '--data', data])
    await ready(owner, world, 'until the vendor objects', ['snp'])
  })
  after(() => up.stop())

  const leases = async (): Promise<readonly Record<string, unknown>[]> =>
    rows((await owner.json(['lease', 'list']))['leases'])

  it('a machine whose vendor vouches for it no more loses its lease when the minutes are over, although nobody asks about it', async () => {
    await owner.ok(asking(world))
    process.kill(up.pid, 'SIGUSR2')
    // The list has ended. Several passes of a running server, and not yet the ten minutes.
    await pause(2500)
    assert.deepEqual(
      (await leases()).map(({ state }) => state),
      ['live'],
    )
    process.kill(up.pid, 'SIGUSR2')
    await until('the lease is revoked', async () => (await leases())[0]?.['state'] === 'revoked', up.err)
    const [decision] = rows((await owner.json(['decision', 'list', '--outcome', 'revoked']))['decisions'])
    assert.equal(decision?.['reasonCode'], 'collateral-expired')
    const refused = await owner.run(asking(world))
    assert.equal(refused.code, 1, refused.err)
  })
})
