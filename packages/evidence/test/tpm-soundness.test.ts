import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { explainBootLog, parseAttest, verifyTpmSync } from '../src/tpm/index.ts'
import { AT, anchorOf, check, file, json, judged, SYNTHETIC_NONCE, synthetic } from './tpm-kit.ts'
import { missing } from './vectors.ts'

const skip = missing('tpm') || missing('measured-boot')

describe('soundness of TPM quotes and logs', { skip }, () => {
  it('soundness 36: a made-up PCR beside the selection is not believed', () => {
    const verdict = judged('index-confusion')
    assert.equal(check(verdict, 'tpm.expect.selection').outcome, 'fail')
    assert.equal(check(verdict, 'tpm.pcr.digest').outcome, 'fail')
    assert.match(check(verdict, 'tpm.expect.selection').reason, /PCR 7/)
  })

  it('soundness 37: pcrDigest follows the hash of the signature, not the bank', () => {
    const verdict = judged('ecdsa-p384-sha384')
    assert.equal(check(verdict, 'tpm.pcr.digest').outcome, 'pass')
    assert.equal(verdict.claims.launchMeasurement.length, 96)
  })

  it('soundness 38: a key that may sign anything, leave its TPM or decrypt is no attestation key', () => {
    for (const name of ['ak-not-restricted', 'ak-not-fixed-tpm', 'ak-imported', 'ak-also-decrypts']) {
      const verdict = judged(name)
      assert.equal(check(verdict, 'tpm.quote.signature').outcome, 'pass', name)
      assert.equal(check(verdict, 'tpm.ak.attributes').outcome, 'fail', name)
      assert.equal(verdict.authenticity, 'refuted')
    }
  })

  it('a key that may be used with any scheme, with one that signs no quotes, or with SHA-1 is too weak', () => {
    const { evidence } = synthetic('ecdsa-p256')
    const area = evidence.akPublic ?? new Uint8Array()
    // Scheme and hash of the key stand at 12.
    const scheme = (...bytes: readonly number[]): string => {
      const akPublic = Uint8Array.from([...area.subarray(0, 12), ...bytes, ...area.subarray(16)])
      return check(verifyTpmSync({ ...evidence, akPublic }, { at: AT }), 'tpm.ak.strength').outcome
    }
    assert.equal(scheme(0, 0x18, 0, 0x0b), 'pass')
    for (const weak of [
      [0, 0x10],
      [0, 0x1b, 0, 0x0b],
      [0, 0x18, 0, 4],
    ])
      assert.equal(scheme(...weak), 'fail', String(weak))
    const sha1 = synthetic('sha1-signature').evidence
    for (const [expect, outcome] of [
      [{}, 'fail'],
      [{ allowSha1: true }, 'pass'],
    ] as const)
      assert.equal(check(verifyTpmSync(sha1, { at: AT, expect }), 'tpm.ak.strength').outcome, outcome)
    const short = synthetic('rsassa').evidence.akPublic ?? new Uint8Array()
    // 2048 bits stand before the exponent; half of the modulus is left.
    const at = short.length - 256 - 2 - 4 - 2
    const akPublic = Uint8Array.from([...short.subarray(0, at), 4, 0, 0, 0, 0, 0, 0, 128, ...short.subarray(-128)])
    assert.match(check(verifyTpmSync({ ...evidence, akPublic }, { at: AT }), 'tpm.ak.strength').reason, /1024 bits/)
  })

  it('a signature of another scheme than the key has is none of its TPM', () => {
    for (const [name, other] of [
      ['ecdsa-p256', [0, 0x18, 0, 0x0c]],
      ['rsassa', [0, 0x16, 0, 0x0b]],
      ['rsassa', [0, 0x14, 0, 0x0d]],
    ] as const) {
      const { evidence, anchor } = synthetic(name)
      const area = evidence.akPublic ?? new Uint8Array()
      const akPublic = Uint8Array.from([...area.subarray(0, 12), ...other, ...area.subarray(16)])
      const expect = { reportData: SYNTHETIC_NONCE, allowEmulated: true }
      const verdict = verifyTpmSync({ ...evidence, akPublic }, { at: AT, trustAnchors: [anchor], expect })
      assert.match(check(verdict, 'tpm.quote.signature').reason, /names another scheme/, name)
      assert.equal(verdict.authenticity, 'refuted')
    }
  })

  it('a PCR that is named and not quoted fails, and one that is named after a digest has to be the quoted one', () => {
    const named = judged('rsassa', { pcrs: { 15: ['00'.repeat(32)] } })
    assert.equal(check(named, 'tpm.expect.pcrs').outcome, 'fail')
    assert.match(check(named, 'tpm.expect.pcrs').reason, /PCR 15 is not in the quote/)
    const { evidence, anchor } = synthetic('wrong-selection')
    const measurement = [Buffer.from(parseAttest(evidence.message).quote?.pcrDigest ?? []).toString('hex')]
    // It is over 16 and 23.
    const expect = { measurement, requiredPcrs: [16, 17], allowEmulated: true }
    const verdict = verifyTpmSync(evidence, { at: AT, trustAnchors: [anchor], expect })
    assert.match(check(verdict, 'tpm.expect.base-pcrs').reason, /does not tell over which PCRs/)
  })

  it('soundness 39: short ECC integers are padded', () => {
    assert.equal(judged('ecdsa-short-integers').authenticity, 'proven')
    assert.equal(check(judged('ecdsa-zero'), 'tpm.quote.signature').outcome, 'fail')
  })

  it('soundness 40: event data that do not have their digest give no facts', async () => {
    for (const name of ['synthetic-vbs-data-not-hashed', 'synthetic-secure-boot-data-not-hashed']) {
      const { banks } = await explainBootLog(
        file(`measured-boot/${name}/event-log.bin`),
        json(`measured-boot/${name}/tpm-pcrs.json`),
      )
      const bank = banks.find((one) => one.bank === 'sha256')
      assert.deepEqual(bank?.replay?.differing, [])
      assert.equal(bank?.fault, 'event-digest')
      assert.notEqual(bank?.windows?.vbs.state, 'on')
      if (name.includes('secure-boot')) assert.equal(bank?.facts.secureBoot.enabled, undefined)
    }
  })

  it('soundness 41: events after the separator replay, and do not count', async () => {
    const name = 'synthetic-vbs-forged-after-separator'
    const { banks } = await explainBootLog(
      file(`measured-boot/${name}/event-log.bin`),
      json(`measured-boot/${name}/tpm-pcrs.json`),
    )
    assert.deepEqual(banks[0]?.replay?.differing, [])
    assert.equal(banks[0]?.fault, 'event-after-separator')
    assert.notEqual(banks[0]?.windows?.vbs.state, 'on')
    assert.deepEqual(banks[0]?.windows?.values['VsmLaunchType'], [0, 0])
  })

  it('soundness 42: banks are judged apart', async () => {
    const name = 'windows-server2022-wrong-sha1-log'
    const { banks } = await explainBootLog(
      file(`measured-boot/${name}/event-log.bin`),
      json(`measured-boot/${name}/tpm-pcrs.json`),
    )
    assert.deepEqual(banks.find((one) => one.bank === 'sha1')?.replay?.matching, [])
    assert.deepEqual(banks.find((one) => one.bank === 'sha256')?.replay?.differing, [])
  })

  it('soundness 43: startup locality, and the last log after a resume', async () => {
    const folder = 'measured-boot/windows-resume-logs'
    const values = json<Record<string, Record<string, string>>>(`${folder}/tpm-pcrs.json`)
    const last = await explainBootLog(file(`${folder}/event-log.bin`), values)
    assert.equal(last.measured.startupLocality, 3)
    assert.deepEqual(last.banks[0]?.replay?.differing, [])
    const first = await explainBootLog(file(`${folder}/event-log-0.bin`), values)
    const same = Buffer.compare(file(`${folder}/event-log-0.bin`), file(`${folder}/event-log.bin`)) === 0
    assert.equal((first.banks[0]?.replay?.differing.length ?? 0) > 0, !same)
  })

  it('soundness 44: DEP policy 0 is opt-in, not off', async () => {
    const { banks } = await explainBootLog(file('measured-boot/windows-vbs-hvci-on/event-log.bin'))
    assert.deepEqual(banks[0]?.windows?.values['DataExecutionPrevention'], [0, 0])
    assert.equal(banks[0]?.windows?.dep, 'opt-in')
  })

  it("soundness 55: the EK's critical alternative name is known, not ignored", () => {
    const folder = 'tpm/gce-cos85-nonce'
    const quote = {
      message: file(`${folder}/sha256-quote.msg`),
      signature: file(`${folder}/sha256-quote.sig`),
      akPublic: file(`${folder}/ak-public.tpmt`),
      pcrs: json<Record<string, Record<string, string>>>(`${folder}/pcrs.json`),
      eventLog: file(`${folder}/event-log.bin`),
      certificates: [
        file(`${folder}/certs/ak.der`),
        file(`${folder}/certs/intermediate.der`),
        file(`${folder}/certs/root.der`),
      ],
    }
    const verdict = verifyTpmSync(quote, {
      at: new Date('2022-06-01T00:00:00Z'),
      expect: { reportData: '9009', secureBoot: true },
    })
    assert.equal(verdict.authenticity, 'proven', verdict.summary)
    assert.equal(verdict.claims.tpm?.manufacturer, 'id:474F4F47')
    assert.equal(verdict.claims.instance?.instanceName, 'cos-test')
    assert.equal(check(verdict, 'tpm.log.replay').outcome, 'pass')
    assert.equal(verdict.claims.akHierarchy, 'endorsement')
    const late = verifyTpmSync(quote, { at: new Date('2052-01-01T00:00:00Z') })
    assert.equal(check(late, 'tpm.chain.not-after').outcome, 'fail')
    const strangers = verifyTpmSync(quote, {
      at: AT,
      trustAnchors: [anchorOf(file('tpm/synthetic/rsassa/ak-public.tpmt'))],
    })
    assert.equal(check(strangers, 'tpm.chain.pinned').outcome, 'fail')
    // In any order: the key is in the one certificate that is no authority's.
    for (const order of [
      [1, 0, 2],
      [2, 1, 0],
      [2, 0, 1],
    ]) {
      const certificates = order.map((i) => quote.certificates[i] ?? assert.fail())
      const turned = verifyTpmSync({ ...quote, certificates }, { at: new Date('2022-06-01T00:00:00Z') })
      assert.equal(turned.authenticity, 'proven', turned.summary)
    }
    const above = quote.certificates.slice(1)
    assert.equal(verifyTpmSync({ ...quote, certificates: above }, { at: AT }).authenticity, 'refuted')
    // A chain that stops below its root is neither trusted nor refuted.
    const [leaf] = quote.certificates ?? []
    assert.ok(leaf)
    const cut = verifyTpmSync({ ...quote, certificates: [leaf] }, { at: AT })
    assert.equal(check(cut, 'tpm.chain.pinned').outcome, 'unchecked')
    assert.match(check(cut, 'tpm.chain.pinned').reason, /the certificate of .* is not there/)
    assert.deepEqual([cut.authenticity, cut.outcome], ['unproven', 'incomplete'])
    const swapped = verifyTpmSync({ ...quote, akPublic: file('tpm/synthetic/rsassa/ak-public.tpmt') }, { at: AT })
    assert.equal(check(swapped, 'tpm.ak.trust').outcome, 'fail')
    const dropped = verifyTpmSync(
      { ...quote, eventLog: quote.eventLog.subarray(0, 900) },
      { at: AT, expect: { secureBoot: true } },
    )
    assert.equal(dropped.outcome === 'verified', false)
  })
})
