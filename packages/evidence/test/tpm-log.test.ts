import assert from 'node:assert/strict'
import { createHash, sign } from 'node:crypto'
import { describe, it } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import type { TrustAnchor, Verdict } from '../src/core/verdict.ts'
import {
  encodeAttest,
  encodeSignature,
  explainBootLog,
  type PcrValues,
  type TpmClaims,
  type TpmExpectations,
  verifyTpmSync,
} from '../src/tpm/index.ts'
import { AT, check, file, json } from './tpm-kit.ts'
import { missing } from './vectors.ts'

const skip = missing('measured-boot')
const { publicKey, privateKey } = generateKey('P-256')
const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
const anchor: TrustAnchor = {
  id: 'made',
  name: 'a key made here',
  vendor: 'test',
  spkiSha256: createHash('sha256').update(spki).digest('hex'),
  emulated: true,
}
const ALL = Array.from({ length: 24 }, (_, i) => i)

/** A quote over the PCRs of a case, signed by a key made here, with the case's log. */
function quoted(
  name: string,
  expect: TpmExpectations = {},
  pcrs: readonly number[] = ALL,
  log: Uint8Array = file(`measured-boot/${name}/event-log.bin`),
): Verdict<TpmClaims> {
  const values = json<Record<string, Record<string, string>>>(`measured-boot/${name}/tpm-pcrs.json`)
  const all: PcrValues = {
    sha256: Object.fromEntries(pcrs.map((i) => [String(i), values['sha256']?.[String(i)] ?? '00'.repeat(32)])),
  }
  const digest = createHash('sha256')
  for (const i of pcrs) digest.update(Buffer.from(all['sha256']?.[String(i)] ?? '', 'hex'))
  const message = encodeAttest({
    magic: 0xff544347,
    type: 0x8018,
    qualifiedSigner: new Uint8Array(34),
    extraData: new TextEncoder().encode('nonce-0123456789'),
    clockInfo: { clock: 1n, resetCount: 1, restartCount: 0, safe: true },
    firmwareVersion: 1n,
    attested: new Uint8Array(0),
    quote: { selections: [{ bank: 'sha256', pcrs, size: 3 }], pcrDigest: new Uint8Array(digest.digest()) },
  })
  const raw = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' })
  const signature = encodeSignature({
    scheme: 'ecdsa',
    hash: 'sha256',
    numbers: [new Uint8Array(raw.subarray(0, 32)), new Uint8Array(raw.subarray(32))],
  })
  return verifyTpmSync(
    { message, signature, akPublic: spki, pcrs: all, eventLog: log },
    { at: AT, trustAnchors: [anchor], expect: { allowEmulated: true, ...expect } },
  )
}

function refused(verdict: Verdict, id: string): void {
  const found = check(verdict, id)
  assert.equal(found.outcome, 'fail', `${id}: ${found.reason}`)
  assert.ok((found.remedy?.action.length ?? 0) > 10)
  assert.equal(verdict.outcome, 'rejected')
}

describe('event log below a quote', { skip }, () => {
  it('gives claims of PCRs that replay and are quoted', () => {
    const { claims, authenticity } = quoted('windows-vbs-hvci-on')
    assert.equal(authenticity, 'proven')
    assert.deepEqual(claims.boot?.windows?.values['VsmLaunchType'], [1, 1])
    assert.equal(claims.boot?.windows?.bootDebugging.state, 'off')
    assert.equal(claims.boot?.secureBoot, false)
    // Secure boot is off there: anything may have measured that VBS is on.
    assert.equal(claims.boot?.windows?.vbs.state, 'unproven')
    assert.ok(claims.boot?.provenPcrs.includes(12))
  })

  it('of Windows assume that its boot manager wrote them, unless what booted is pinned', () => {
    const assumes = (name: string, expect: TpmExpectations = {}): boolean =>
      quoted(name, expect).assumed.some(({ id }) => id === 'windows-loader')
    const { claims } = quoted('windows-vbs-off')
    assert.ok(assumes('windows-vbs-off'))
    assert.ok(assumes('windows-vbs-off', { pcrs: { 7: [claims.pcrs['7'] ?? ''] } }))
    assert.ok(!assumes('windows-vbs-off', { pcrs: { 4: [claims.pcrs['4'] ?? ''] } }))
    assert.ok(!assumes('windows-vbs-off', { measurement: [claims.launchMeasurement] }))
    assert.ok(!assumes('gce-ubuntu2404-snp'))
  })

  it('says that VBS is on where everything that it takes was measured', async () => {
    for (const name of ['windows-tpm12-vbs-on', 'option-rom']) {
      const { banks } = await explainBootLog(file(`measured-boot/${name}/event-log.bin`))
      assert.equal(banks[0]?.windows?.vbs.state, 'on', banks[0]?.windows?.vbs.because)
      // The policy of code integrity by the hypervisor is not in these logs: absent is not proven.
      assert.equal(banks[0]?.windows?.hvci.state, 'unproven')
      assert.deepEqual(banks[0]?.windows?.bitlocker, ['TPM', 'cached key'])
    }
  })

  it('gives none of PCRs that are not quoted', () => {
    const { claims } = quoted('windows-vbs-hvci-on', {}, [0, 1, 2, 3, 4, 5, 6, 7])
    assert.equal(claims.boot?.windows, undefined)
    assert.equal(claims.boot?.secureBoot, false)
    const without = quoted('windows-vbs-hvci-on', { secureBoot: true, vbs: true }, [12, 13])
    assert.equal(without.claims.boot?.secureBoot, undefined)
    assert.equal(check(without, 'tpm.expect.secure-boot').outcome, 'unchecked')
    assert.equal(check(without, 'tpm.expect.vbs').outcome, 'unchecked')
  })

  it('is refused for each forgery by a check of its own', () => {
    refused(quoted('synthetic-duplicate-separator'), 'tpm.log.separators')
    refused(quoted('synthetic-vbs-forged-after-separator'), 'tpm.log.after-separator')
    refused(quoted('synthetic-vbs-data-not-hashed'), 'tpm.log.event-digests')
    refused(quoted('synthetic-secure-boot-data-not-hashed'), 'tpm.log.event-digests')
    for (const name of ['synthetic-event-dropped', 'synthetic-event-order', 'synthetic-event-type-no-action'])
      refused(quoted(name), 'tpm.log.replay')
    refused(quoted('linux-thinkpad-bad-pcr0'), 'tpm.log.replay')
    refused(quoted('linux-thinkpad-good', {}, ALL, file('measured-boot/bogus/event-log.bin')), 'tpm.log.well-formed')
  })

  it('answers expectations of secure boot and Windows', () => {
    const good = quoted('linux-thinkpad-good', { secureBoot: true })
    assert.equal(check(good, 'tpm.expect.secure-boot').outcome, 'pass')
    refused(quoted('linux-thinkpad-good', { secureBoot: false }), 'tpm.expect.secure-boot')
    refused(quoted('windows-vbs-off', { vbs: true }), 'tpm.expect.vbs')
    refused(quoted('windows-vbs-off', { hvci: true }), 'tpm.expect.hvci')
    assert.equal(check(quoted('windows-vbs-off', { noDebugging: true }), 'tpm.expect.no-debugging').outcome, 'pass')
    assert.equal(check(quoted('windows-vbs-off', { elam: true }), 'tpm.expect.elam').outcome, 'pass')
    refused(quoted('windows-vbs-off', { elam: false }), 'tpm.expect.elam')
  })

  it('answers the other expectations of a quote', () => {
    const name = 'linux-thinkpad-good'
    refused(quoted(name, { firmwareVersions: ['0000000000000002'] }), 'tpm.expect.firmware')
    refused(quoted(name, { resetCounts: [2] }), 'tpm.expect.resets')
    refused(quoted(name, { measurement: ['00'.repeat(32)] }), 'tpm.expect.measurement')
    refused(quoted(name, { pcrs: { '7': ['00'.repeat(32)] } }), 'tpm.expect.pcrs')
    refused(quoted(name, { nonce: '00'.repeat(16) }), 'tpm.expect.freshness')
    refused(quoted(name, { requiredPcrs: [7] }, [0, 1]), 'tpm.expect.selection')
    assert.equal(check(quoted(name), 'tpm.expect.open-pcrs').outcome, 'unchecked')
  })
})
