import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { before, describe, it } from 'node:test'
import { createWorld, type World } from '@sekisho/emulator'
import { keptRsaKeys } from '@sekisho/emulator/kit'
import { recognise } from '@sekisho/evidence/recognise'
import { parseTpmJson } from '@sekisho/evidence/tpm'
import { type EmulatedPlatform, emulatedAttester } from '../src/index.ts'

const REPORT_DATA = new Uint8Array(createHash('sha384').update('nonce and key').digest())

describe('an emulated platform as an attester', () => {
  let world: World
  before(() => {
    world = createWorld({ products: ['Genoa'], rsaKey: keptRsaKeys() })
  })

  const platforms: readonly (readonly [string, () => EmulatedPlatform])[] = [
    ['snp', () => world.snp({ product: 'Genoa' })],
    ['tdx', () => world.tdx()],
    ['sgx', () => world.sgx()],
    ['nitro', () => world.nitro()],
    ['cca', () => world.cca()],
    ['tpm', () => world.tpm()],
  ]
  for (const [tee, platform] of platforms) {
    it(`gives evidence of ${tee} that is recognised, and binds the report data`, async () => {
      const attester = emulatedAttester(world, platform())
      const { evidence, tee: said } = await attester.attest({ reportData: REPORT_DATA })
      assert.equal(attester.tee, tee)
      assert.equal(said, tee)
      const file = recognise(evidence)
      assert.equal(file.tee, tee)
      const signed = tee === 'tpm' ? parseTpmJson(evidence).message : file.evidence
      assert.ok(Buffer.from(signed).includes(Buffer.from(REPORT_DATA)))
    })
  }

  it('gives the same evidence in the form of the KBS protocol', async () => {
    for (const platform of [world.snp({ product: 'Genoa' }), world.tdx(), world.sgx(), world.nitro()]) {
      const { evidence, kbs } = await emulatedAttester(world, platform).attest({ reportData: REPORT_DATA })
      const wire = recognise(new TextEncoder().encode(JSON.stringify(kbs)))
      assert.deepEqual(wire.evidence, recognise(evidence).evidence, platform.tee)
    }
    const cca = await emulatedAttester(world, world.cca()).attest({ reportData: REPORT_DATA })
    assert.deepEqual(cca.kbs, { token: Array.from(cca.evidence) })
    const tpm = await emulatedAttester(world, world.tpm()).attest({ reportData: REPORT_DATA })
    const { message } = parseTpmJson(tpm.evidence)
    assert.equal(JSON.parse(JSON.stringify(tpm.kbs)).tpm_quote.message, Buffer.from(message).toString('base64'))
    assert.equal(tpm.eventLog, undefined, 'the log is inside')
  })

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
