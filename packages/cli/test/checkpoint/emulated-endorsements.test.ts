import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync } from 'node:fs'
import { test } from 'node:test'
import { CollateralError, type CollateralSource } from '@sekisho/collateral'
import { toHex } from '@sekisho/evidence'
import { endorsementsBeside, playedEndorsements } from '../../src/checkpoint/played-endorsements.ts'
import { serveWorld } from '../../src/checkpoint/served-world.ts'
import { scratch } from '../process.ts'
import { run } from '../run.ts'
import { until } from '../until.ts'
import { WORLD_AT, worldAtRest } from '../world.ts'
import { asking, ownerAt, ready, rows, sharedCheckpoint } from './shared.ts'
import { startUp } from './up.ts'

const TCB = { bootloader: 1, tee: 0, snp: 20, microcode: 200 }

test('no vendor is asked about an emulated platform: not when its endorsements are expired or gone, nor while its service is out of reach', async () => {
  const world = await worldAtRest()
  const served = await serveWorld(async () => world, 0)
  const services = { url: served.url, anchors: world.anchors, worldNow: async () => world }
  const asked: string[] = []
  const vendor = (what: string): Promise<never> => {
    asked.push(what)
    return Promise.reject(new CollateralError('not-found', 'not of ours'))
  }
  const real: CollateralSource = {
    intel: () => vendor('intel'),
    pck: () => vendor('pck'),
    amd: () => vendor('amd'),
    nvidia: { rim: () => vendor('rim'), ocsp: () => vendor('ocsp') },
  }
  const now = (): Date => WORLD_AT
  const source = endorsementsBeside(playedEndorsements(services, now), services, real)
  const [genoa, tdx] = [world.snp({ product: 'Genoa' }), world.tdx()]
  const chipId = genoa.chipId
  const amd = { product: 'Genoa', tcb: TCB, vlek: false, chipId }
  const intel = { tee: 'tdx', fmspc: tdx.fmspc, ca: tdx.ca } as const
  try {
    world.amd.expire({ product: 'Genoa', part: 'crl' })
    world.intel.expire('tcb-info')
    assert.ok((await source.amd(amd)).window.to < WORLD_AT.getTime(), 'what has run out is given')
    const given = await source.intel(intel)
    assert.ok(given.window.to < WORLD_AT.getTime())
    assert.ok(given.collateral['root_ca_crl'] !== '', 'with the others as they are')
    world.amd.revoke({ chip: chipId })
    await assert.rejects(source.amd(amd), { code: 'not-found' })
    assert.deepEqual(asked, [])
    // Others are none of its platforms.
    const strange = toHex(new Uint8Array(64).fill(7))
    await assert.rejects(source.amd({ ...amd, chipId: strange }))
    await assert.rejects(source.intel({ ...intel, fmspc: '0123456789ab' }))
    const ids = { encryptedPpid: '07'.repeat(384), cpuSvn: '07'.repeat(16), pceSvn: 7, pceId: '0000' }
    await assert.rejects(source.pck(ids))
    await assert.rejects(
      source.nvidia?.rim({ kind: 'driver', id: 'some', version: '1' }) ?? Promise.resolve(),
      CollateralError,
    )
    assert.deepEqual(asked, ['amd', 'intel', 'pck', 'rim'])
  } finally {
    await served.close()
  }
  await assert.rejects(source.intel(intel), { code: 'unreachable' })
  assert.equal(asked.length, 4)
})

test('what a world lets run out is refused as expired, and what it revokes ends leases at once; no vendor is asked', async () => {
  const home = scratch()
  const [data, profile] = [`${home}/data`, `${home}/profile.json`]
  const world = `${data}/world.json`
  mkdirSync(data)
  copyFileSync((await sharedCheckpoint()).world, world)
  // The vendors' hosts would be asked through this proxy, and nobody is there.
  const env = { HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '' }
  const up = await startUp(['--emulated', '--data', data, '--cache', `${home}/cache`], { env })
  try {
    await run(['login', '--data', data], { env: { SEKISHO_PROFILE: profile } })
    const owner = ownerAt(profile, 'default', home)
    await ready(owner, world, 'a secret', ['tdx', 'snp'])
    const refused = async (kind: string): Promise<string> => {
      const { code, out, err } = await owner.run(asking(world, kind))
      assert.notEqual(code, 0, out)
      const [decision] = /dec_\w+/.exec(err) ?? []
      return owner.ok(['decision', 'show', decision ?? ''])
    }
    await owner.ok(['emulate', 'expire', 'intel/tcb-info', '--world', world])
    const tdx = await refused('tdx')
    assert.match(tdx, /collateral-expired/)
    assert.match(tdx, /tdx\.tcb-info\.current: the TCB info ended at/)
    assert.doesNotMatch(tdx, /no root CA CRL|no PCK CRL|no QE identity/i)
    await owner.ok(['emulate', 'expire', 'amd/Genoa/crl', '--world', world])
    const snp = await refused('snp')
    assert.match(snp, /collateral-expired/)
    assert.match(snp, /snp\.crl\.not-after: the revocation list is stale/)
    await owner.ok(['emulate', 'renew', 'intel/tcb-info', '--world', world])
    // What was held is forgotten at the next look at the world.
    const isReleased = async (): Promise<boolean> => (await owner.run(asking(world, 'tdx'))).code === 0
    await until('released by what was renewed', isReleased)
    const leases = async (state: string) =>
      rows((await owner.json(['lease', 'list']))['leases']).filter((one) => one['state'] === state)
    assert.equal((await leases('live')).length, 1)
    await owner.ok(['emulate', 'revoke', 'intel/platform-ca', '--world', world])
    await until('no lease is live', async () => (await leases('live')).length === 0)
    assert.equal((await leases('revoked')).at(0)?.['endedReason'], 'reappraisal: collateral')
    assert.match(await refused('tdx'), /certificate-revoked/)
    await owner.ok(['emulate', 'renew', 'intel/platform-ca', '--world', world])
    await until('released under the CA that is issued again', isReleased)
    assert.doesNotMatch(up.err(), /intel\.com|amd\.com/)
  } finally {
    await up.stop()
  }
})
