import assert from 'node:assert/strict'
import { copyFileSync, readFileSync } from 'node:fs'
import { before, describe, it } from 'node:test'
import { createWorld } from '@sekisho/emulator'
import { scratch } from '../process.ts'
import { ownerAt, sharedCheckpoint } from './shared.ts'

const home = scratch()
const { run, ok, path } = ownerAt(`${home}/none.json`, 'none', home)
const world = ['--world', `${home}/world.json`]

/** Fields of an SEV-SNP report. */
const [REPORT_DATA, REPORTED_TCB, CHIP_ID] = [0x50, 0x180, 0x1a0]

describe('emulated machines with faults', () => {
  before(async () => copyFileSync((await sharedCheckpoint()).world, `${home}/world.json`))

  async function report(...flags: readonly string[]): Promise<Buffer> {
    await ok([
      'emulate',
      'attest',
      'snp',
      '--product',
      'Genoa',
      '--report-data',
      'abcd',
      ...flags,
      ...world,
      '-o',
      path('r'),
    ])
    return readFileSync(path('r'))
  }

  it('have the TCB, the hidden chip id and the binding that the flags say', async () => {
    const sound = await report()
    assert.equal(sound.subarray(REPORT_DATA, REPORT_DATA + 2).toString('hex'), 'abcd')
    const old = await report('--tcb', 'microcode=3,snp=2')
    assert.deepEqual([old[REPORTED_TCB + 6], old[REPORTED_TCB + 7]], [2, 3])
    assert.equal(old[REPORTED_TCB], sound[REPORTED_TCB], 'other parts are the newest')
    const masked = await report('--masked-id')
    assert.ok(masked.subarray(CHIP_ID, CHIP_ID + 64).every((byte) => byte === 0))
    assert.ok(sound.subarray(CHIP_ID, CHIP_ID + 64).some((byte) => byte !== 0))
    const unbound = await report('--wrong-binding')
    assert.notEqual(unbound.subarray(REPORT_DATA, REPORT_DATA + 2).toString('hex'), 'abcd')
    const attested = ['attest', '--emulated', 'snp', '--product', 'Genoa', '--report-data', 'abcd', '--wrong-binding']
    await ok([...attested, ...world, '-o', path('a')])
    assert.notEqual(
      readFileSync(path('a'))
        .subarray(REPORT_DATA, REPORT_DATA + 2)
        .toString('hex'),
      'abcd',
    )
  })

  it('parts of a vendor are revoked, run out and are issued again, for whoever opens the world next', async () => {
    const text = (): string => readFileSync(`${home}/world.json`, 'utf8')
    const said = await ok(['emulate', 'revoke', 'amd/Genoa/ask', ...world])
    assert.match(said, /^EMULATED amd\/Genoa\/ask: revoked/)
    assert.match(text(), /"revokedParts":\s*\[\s*"Genoa\/ask"/)
    await ok(['emulate', 'expire', 'intel/tcb-info', ...world])
    assert.match(text(), /"intel\/tcb-info":/)
    await ok(['emulate', 'renew', 'intel/tcb-info', ...world])
    assert.doesNotMatch(text(), /"intel\/tcb-info":/)
    await ok(['emulate', 'revoke', 'amd/Milan/chip', ...world])
    await ok(['emulate', 'revoke', 'intel/pck', ...world])
    const { amd, intel } = JSON.parse(text())
    assert.equal(amd.revokedChips.length, 1)
    // A new world has one level, and the machine may be older than that.
    const played = createWorld({ saved: text() })
    const [old, newest] = [played.sgx({ tcb: { platform: -1 } }), played.tdx()]
    assert.deepEqual(
      intel.revokedPcks,
      [old, newest].map(({ ca, pckSerial }) => ({ ca, serial: pckSerial })),
    )
    await ok(['emulate', 'revoke', 'intel/platform-ca', ...world])
    for (const part of ['amd/Genoa/ask', 'amd/Milan/chip', 'intel/pck', 'intel/platform-ca'])
      assert.match(await ok(['emulate', 'renew', part, ...world]), /issued again/)
    const renewed = JSON.parse(text())
    assert.deepEqual(
      [renewed.amd.revokedParts, renewed.amd.revokedChips, renewed.intel.revokedPcks, renewed.intel.revokedParts],
      [[], [], [], []],
    )
  })

  it('what there is not is refused, and what there is listed', async () => {
    for (const [args, said] of [
      [['emulate', 'revoke', 'amd/Genoa/crl'], /expected one of .*amd\/Genoa\/ask/],
      [['emulate', 'expire', 'nobody'], /expected one of .*aws\/region/],
      [['emulate', 'attest', 'snp', '--tcb', 'nothing=1'], /tcb\.nothing: expected bootLoader, tee, snp, microcode/],
      [['emulate', 'attest', 'snp', '--tcb', 'snp'], /--tcb snp: expected parts with their levels/],
      [['emulate', 'attest', 'tdx', '--masked-id'], /maskedId: such an emulated machine has no choice of it/],
      [['attest', '--tpm', '/dev/tpmrm0', '--wrong-binding'], /--wrong-binding says nothing about a TPM/],
    ] as const) {
      const refused = await run([...args, ...(args[0] === 'emulate' ? world : [])])
      assert.equal(refused.code, 64, refused.err)
      assert.match(refused.err, said)
    }
  })
})
