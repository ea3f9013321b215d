import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { before, describe, it } from 'node:test'
import { createWorld, type World } from '@sekisho/emulator'
import { recognise } from '@sekisho/evidence/recognise'
import { type EmulatedPlatform, emulatedAttester } from '../src/index.ts'

const REPORT_DATA = new Uint8Array(createHash('sha384').update('nonce and key').digest())

describe('an emulated platform as an attester', () => {
  let world: World
  before(() => {
    world = createWorld({ products: ['Genoa'] })
  })

  const platforms: readonly (readonly [string, () => EmulatedPlatform])[] = [
    ['snp', () => world.snp({ product: 'Genoa' })],
    ['tdx', () => world.tdx()],
    ['sgx', () => world.sgx()],
  ]
  for (const [tee, platform] of platforms) {
    it(`gives evidence of ${tee} in both forms, with the report data followed by zeros`, async () => {
      const attester = emulatedAttester(world, platform())
      const { evidence, kbs, tee: said } = await attester.attest({ reportData: REPORT_DATA })
      assert.equal(attester.tee, tee)
      assert.equal(said, tee)
      const file = recognise(evidence)
      const wire = recognise(new TextEncoder().encode(JSON.stringify(kbs)))
      assert.equal(file.tee, tee)
      assert.equal(wire.tee, tee)
      assert.deepEqual(wire.evidence, file.evidence)
      const field = Buffer.concat([REPORT_DATA, new Uint8Array(16)])
      assert.ok(Buffer.from(file.evidence).includes(field))
    })
  }

  it('brings the certificates of SEV-SNP along, and the log of TDX', async () => {
    const snp = await emulatedAttester(world, world.snp({ product: 'Genoa' })).attest({ reportData: REPORT_DATA })
    const table = recognise(snp.evidence).companions.find(({ kind }) => kind === 'certificate-table')
    assert.ok(table)
    const tdx = await emulatedAttester(world, world.tdx()).attest({ reportData: REPORT_DATA })
    assert.ok((tdx.eventLog?.length ?? 0) > 0)
  })

  it('says which roots a verifier would have to trust, and that they are emulated', async () => {
    const { anchors } = emulatedAttester(world, world.sgx())
    assert.ok(anchors.length > 0)
    for (const anchor of anchors) assert.equal(anchor.emulated, true)
  })

  it('refuses report data of no bytes, or too many', async () => {
    const attester = emulatedAttester(world, world.sgx())
    for (const size of [0, 65]) await assert.rejects(attester.attest({ reportData: new Uint8Array(size) }), TypeError)
  })
})
