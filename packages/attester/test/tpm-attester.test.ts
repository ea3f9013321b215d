import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Check, Verdict } from '@sekisho/evidence'
import { recognise } from '@sekisho/evidence/recognise'
import { parseTpmJson, type TpmActivation, type TpmExpectations, verifyTpmSync } from '@sekisho/evidence/tpm'
import {
  DEFAULT_PCRS,
  extendPcr,
  openTpm,
  type TpmAttester,
  type TpmAttesterOptions,
  type TpmDevice,
  TpmError,
  tpmAttester,
} from '../src/index.ts'
import { refused } from '../src/tpm/command.ts'
import { decodeResponseCode } from '../src/tpm/response-code.ts'
import { failure } from './failure.ts'
import { type Swtpm, startSwtpm, swtpmMissing } from './swtpm.ts'

const REPORT_DATA = new Uint8Array(createHash('sha384').update('nonce and key').digest())

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function check(verdict: Verdict, id: string): Check {
  const found = verdict.checks.flatMap((group) => group.checks).find((one) => one.id === id)
  assert.ok(found, `there is no check ${id}`)
  return found
}

function failed(verdict: Verdict): readonly string[] {
  return verdict.checks
    .flatMap((group) => group.checks)
    .filter((one) => one.outcome === 'fail')
    .map((one) => one.id)
}

describe('evidence of a TPM', { skip: swtpmMissing }, () => {
  let swtpm: Swtpm
  let other: Swtpm
  let attester: TpmAttester
  let activation: TpmActivation
  let expect: TpmExpectations

  const open = (options: Partial<TpmAttesterOptions> = {}): Promise<TpmAttester> =>
    tpmAttester({ device: attester?.tpm ?? { socket: swtpm.socket }, ...options })

  /** What a verifier keeps of an enrolment; that it is activated is tested where verifiers are. */
  const enrol = async (machine: TpmAttester, maker: Swtpm): Promise<TpmActivation> => {
    const { ekCertificates } = await machine.enrolmentRequest()
    return { akName: machine.akName, ekCertificates: [...ekCertificates, ...maker.authorities] }
  }

  const verify = (evidence: Uint8Array, options: { activation?: TpmActivation; expect?: TpmExpectations } = {}) =>
    verifyTpmSync(evidence, { at: new Date(), trustAnchors: [swtpm.anchor], activation, expect, ...options })

  before(async () => {
    swtpm = await startSwtpm()
    other = await startSwtpm('sha256')
    attester = await tpmAttester({ device: { socket: swtpm.socket } })
    activation = await enrol(attester, swtpm)
    const { evidence } = await attester.attest({ reportData: REPORT_DATA })
    const values = parseTpmJson(evidence).pcrs?.['sha256'] ?? {}
    expect = {
      pcrs: Object.fromEntries(DEFAULT_PCRS.map((index) => [String(index), [values[String(index)] ?? '']])),
      reportData: hex(REPORT_DATA),
      reportDataIsFresh: true,
      allowEmulated: true,
    }
  })
  after(async () => {
    await attester?.close()
    await swtpm?.stop()
    await other?.stop()
  })

  it('is verified under the CA of its maker, with the PCRs and the nonce that were expected', async () => {
    const { evidence, tee } = await attester.attest({ reportData: REPORT_DATA })
    const verdict = verify(evidence)
    assert.equal(tee, 'tpm')
    assert.deepEqual(failed(verdict), [])
    assert.equal(verdict.authenticity, 'proven')
    assert.equal(verdict.outcome, 'verified')
    assert.equal(verdict.claims.selection, `sha256:${DEFAULT_PCRS.join(',')}`)
    assert.equal(verdict.claims.userData, hex(REPORT_DATA))
    assert.equal(verdict.claims.akName, attester.akName)
    assert.equal(verdict.claims.akHierarchy, 'endorsement')
    assert.equal(recognise(evidence).tee, 'tpm')
  })

  it('says what a TPM cannot promise', async () => {
    const { evidence } = await attester.attest({ reportData: REPORT_DATA })
    const { assumed, claims } = verify(evidence)
    const ids = assumed.map(({ id }) => id)
    for (const id of ['after-boot', 'physical-attack', 'no-revocation', 'activation'])
      assert.ok(ids.includes(id), `${id} is not assumed`)
    assert.equal(claims.isolation, 'none')
  })

  it('of another nonce is refused for its report data', async () => {
    const { evidence } = await attester.attest({ reportData: new Uint8Array(randomBytes(48)) })
    const verdict = verify(evidence)
    assert.equal(verdict.outcome, 'rejected')
    assert.deepEqual(failed(verdict), ['tpm.expect.report-data', 'tpm.expect.freshness'])
  })

  it('of a machine with an extended PCR is refused for that PCR', async () => {
    const demo = await open({ pcrs: [...DEFAULT_PCRS, 23] })
    await demo.tpm.use((channel) => extendPcr(channel, 23, { sha256: new Uint8Array(32).fill(9) }))
    const { evidence } = await demo.attest({ reportData: REPORT_DATA })
    const zero = { ...expect.pcrs, 23: ['00'.repeat(32)] }
    const verdict = verify(evidence, { expect: { ...expect, pcrs: zero } })
    assert.equal(verdict.authenticity, 'proven')
    assert.deepEqual(failed(verdict), ['tpm.expect.pcrs'])
    assert.match(check(verdict, 'tpm.expect.pcrs').reason, /23/)
  })

  it('of another attestation key than the enrolled one is refused for who vouches for it', async () => {
    const { evidence } = await (await open({ ak: { label: 'another' } })).attest({ reportData: REPORT_DATA })
    const verdict = verify(evidence)
    assert.equal(verdict.authenticity, 'refuted')
    assert.deepEqual(failed(verdict), ['tpm.ak.trust'])
  })

  it('of a machine with another endorsement chain is refused for its root', async () => {
    const stranger = await tpmAttester({ device: { socket: other.socket } })
    try {
      const strange = await enrol(stranger, other)
      const { evidence } = await stranger.attest({ reportData: REPORT_DATA })
      const verdict = verify(evidence, { activation: strange })
      assert.equal(verdict.outcome, 'rejected')
      assert.ok(failed(verdict).includes('tpm.chain.pinned'))
      assert.ok(failed(verify(evidence)).includes('tpm.ak.trust'), 'with the enrolment of the other machine')
    } finally {
      await stranger.close()
    }
  })

  it('with a PCR value changed on the way is refused for its digest', async () => {
    const { evidence } = await attester.attest({ reportData: REPORT_DATA })
    const json = JSON.parse(Buffer.from(evidence).toString('utf8'))
    json.tpm.pcrs.sha256['7'] = '11'.repeat(32)
    const verdict = verify(new TextEncoder().encode(JSON.stringify(json)))
    assert.ok(failed(verdict).includes('tpm.pcr.digest'))
  })

  it('can be by an RSA key, in another bank and in the owner hierarchy', async () => {
    const rsa = await open({ ak: { kind: 'rsa-2048', hierarchy: 'owner' }, bank: 'sha384', pcrs: [0, 23] })
    const own = await enrol(rsa, swtpm)
    const { evidence } = await rsa.attest({ reportData: REPORT_DATA })
    const { pcrs: _, ...rest } = expect
    const verdict = verify(evidence, { activation: own, expect: { ...rest, bank: 'sha384', requiredPcrs: [0, 23] } })
    assert.deepEqual(failed(verdict), [])
    assert.equal(verdict.claims.akHierarchy, 'owner')
    assert.equal(verdict.claims.selection, 'sha384:0,23')
  })

  it('has all 24 PCRs and its public area in the form of the KBS protocol', async () => {
    const { kbs, evidence } = await attester.attest({ reportData: REPORT_DATA })
    const { tpm_quote: quote, ak_public: akPublic } = JSON.parse(JSON.stringify(kbs))
    const own = parseTpmJson(evidence)
    assert.equal(quote.message, Buffer.from(own.message).toString('base64'))
    assert.equal(quote.signature, Buffer.from(own.signature).toString('base64'))
    assert.equal(akPublic, Buffer.from(attester.akPublic).toString('base64'))
    assert.equal(quote.pcrs.length, 24)
    for (const [index, value] of quote.pcrs.entries()) assert.equal(value, own.pcrs?.['sha256']?.[String(index)])
  })

  it('carries the event log that it is given', async () => {
    const file = join(swtpm.folder, 'log')
    await writeFile(file, Buffer.alloc(100_000, 1))
    const { evidence, kbs } = await (await open({ eventLog: file })).attest({ reportData: REPORT_DATA })
    assert.deepEqual(parseTpmJson(evidence).eventLog, new Uint8Array(100_000).fill(1))
    assert.equal(JSON.parse(JSON.stringify(kbs)).event_log, Buffer.alloc(100_000, 1).toString('base64'))
    const absent = await open({ eventLog: join(swtpm.folder, 'nothing') })
    assert.equal((await failure(absent.attest({ reportData: REPORT_DATA }), TpmError)).code, 'unreachable')
  })

  it('is given for several callers at once', async () => {
    const all = await Promise.all(
      [1, 2, 3, 4].map((byte) => attester.attest({ reportData: new Uint8Array(48).fill(byte) })),
    )
    for (const [i, { evidence }] of all.entries()) {
      const reportData = hex(new Uint8Array(48).fill(i + 1))
      assert.equal(verify(evidence, { expect: { ...expect, reportData } }).outcome, 'verified')
    }
  })

  it('refuses report data, PCRs and banks that cannot be', async () => {
    await assert.rejects(attester.attest({ reportData: new Uint8Array(65) }), TypeError)
    await assert.rejects(attester.attest({ reportData: new Uint8Array(0) }), TypeError)
    await assert.rejects(open({ pcrs: [24] }), TypeError)
    await assert.rejects(open({ pcrs: [] }), TypeError)
    assert.equal((await failure(open({ bank: 'sha512' }), TpmError)).code, 'unsupported')
  })

  it('says so when the TPM takes no report data of this length', async () => {
    const device: TpmDevice = {
      name: 'a TPM with SHA-256 only',
      close: async () => undefined,
      use: (work) =>
        attester.tpm.use((channel) =>
          work({
            execute: (command) =>
              command.name === 'TPM2_Quote'
                ? Promise.reject(refused(command, decodeResponseCode(0x1d5)))
                : channel.execute(command),
          }),
        ),
    }
    const error = await failure((await tpmAttester({ device })).attest({ reportData: REPORT_DATA }), TpmError)
    assert.equal(error.code, 'unsupported')
    assert.match(error.message, /48 bytes of report data/)
  })
})

describe('the attestation key of a TPM that is switched off and on', { skip: swtpmMissing }, () => {
  let swtpm: Swtpm
  let folder: string
  before(async () => {
    swtpm = await startSwtpm('sha256')
    folder = join(await mkdtemp(join(tmpdir(), 'sekisho-ak-')), 'keys')
  })
  after(async () => {
    await swtpm?.stop()
    await rm(join(folder, '..'), { recursive: true, force: true })
  })

  const open = (): Promise<TpmAttester> => tpmAttester({ device: { socket: swtpm.socket }, ak: { folder } })

  it('is kept in a file that only its owner reads, is loaded from it, and is the same after a reset', async () => {
    const first = await open()
    await first.close()
    const [file = ''] = await readdir(folder)
    const path = join(folder, file)
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.equal((await stat(folder)).mode & 0o777, 0o700)
    const text = await readFile(path, 'utf8')

    const second = await open()
    await second.attest({ reportData: REPORT_DATA })
    await second.close()
    assert.equal(second.akName, first.akName)
    assert.equal(await readFile(path, 'utf8'), text, 'the key was made again')

    await swtpm.restart()
    const third = await open()
    await third.attest({ reportData: REPORT_DATA })
    await third.close()
    assert.equal(third.akName, first.akName)
    assert.notEqual(await readFile(path, 'utf8'), text, 'the context of before the reset was kept')
  })

  it('is made again when the file is damaged, or has the context of another key', async () => {
    const [file = ''] = await readdir(folder)
    const path = join(folder, file)
    const kept = JSON.parse(await readFile(path, 'utf8'))
    const flipped = Buffer.from(kept.context, 'base64').map((byte, i) => (i === 60 ? byte ^ 1 : byte))
    for (const damage of [
      '',
      '{',
      '{"name":1}',
      JSON.stringify({ ...kept, context: Buffer.from(flipped).toString('base64') }),
    ]) {
      await writeFile(path, damage)
      const again = await open()
      assert.equal(again.akName, kept.name)
      await again.close()
    }
  })

  it('is made again when the TPM was reset beneath an open attester', async () => {
    let current = await openTpm({ socket: swtpm.socket })
    const device: TpmDevice = { name: 'a TPM', use: (work) => current.use(work), close: () => current.close() }
    const attester = await tpmAttester({ device })
    await attester.attest({ reportData: REPORT_DATA })
    await current.close()
    assert.equal((await failure(attester.attest({ reportData: REPORT_DATA }), TpmError)).code, 'closed')
    await swtpm.restart()
    current = await openTpm({ socket: swtpm.socket })
    const { evidence } = await attester.attest({ reportData: REPORT_DATA })
    assert.deepEqual(parseTpmJson(evidence).akPublic, attester.akPublic)
    await current.close()
  })
})
