import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { createWorld } from '@sekisho/emulator'
import { scratch } from '../process.ts'
import { savedWorld } from '../world.ts'
import { asking, know, ownerAt, ready, rows } from './shared.ts'
import { startUp } from './up.ts'

it('advisory affected marks FORECAST what only the early channel knows of', async () => {
  const home = scratch()
  const data = join(home, 'data')
  const file = join(data, 'world.json')
  const announced = createWorld({ saved: await savedWorld() })
  announced.intel.publishTcb({ advisories: ['INTEL-SA-55555'], channel: 'early' })
  mkdirSync(data, { mode: 0o700 })
  writeFileSync(file, announced.save(), { mode: 0o600 })
  const owner = ownerAt(join(home, 'profile.json'), 'default', home)
  const up = await startUp(['--emulated', '--offline', '--data', data])
  // It has not taken over what was announced.
  const machine = ['--tcb', 'platform=0']
  try {
    await owner.ok(['login', '--data', data])
    await ready(owner, file, 'kept', [])
    await know(owner, file, 'tdx', machine)
    await owner.ok([...asking(file, 'tdx'), ...machine])
    await owner.ok(asking(file, 'tdx'))
    const leases = rows((await owner.json(['lease', 'list']))['leases'])
    assert.equal(leases.length, 2)
    const [affected, ...others] = rows((await owner.json(['advisory', 'affected', 'INTEL-SA-55555']))['affected'])
    assert.deepEqual([affected?.['forecast'], others], [true, []], 'not the one that took it over')
    const table = await owner.ok(['advisory', 'affected', 'INTEL-SA-55555'])
    assert.match(table, /^LEASE +RESOURCE .*\n\S+ EMULATED FORECAST +demo\/db\/password +tdx +\S/)
    assert.ok(table.includes(String(affected?.['lease'])))
  } finally {
    await up.stop()
  }
})
