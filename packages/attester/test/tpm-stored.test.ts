import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { parseTpmJson, verifyTpmSync } from '@sekisho/evidence/tpm'
import { getRandom, openTpm, type TpmChannel, type TpmDevice, TpmError, tpmAttester } from '../src/index.ts'
import { password } from '../src/tpm/command.ts'
import { createPrimary } from '../src/tpm/keys.ts'
import { join, NOTHING, sized, uint } from '../src/tpm/marshal.ts'
import { akTemplate, EK_TEMPLATES } from '../src/tpm/templates.ts'
import { failure } from './failure.ts'
import { asDevice, ptyMissing, type Swtpm, startSwtpm, swtpmMissing } from './swtpm.ts'

const REPORT_DATA = new Uint8Array(createHash('sha384').update('nonce and key').digest())
const OWNER = 0x40000001
/** TPMA_NV: owner and index may write and read with their passwords, and no dictionary attack is counted. */
const NV_ATTRIBUTES = 0x02060006

/** TPM2_EvictControl: makes a key persistent. */
async function persist(channel: TpmChannel, handle: number, persistent: number): Promise<void> {
  const handles = [OWNER, handle]
  const parameters = uint(persistent, 4)
  await channel.execute({ name: 'TPM2_EvictControl', code: 0x120, handles, authorizations: [password()], parameters })
}

/** TPM2_NV_DefineSpace and TPM2_NV_Write. */
async function store(channel: TpmChannel, index: number, data: Uint8Array, attributes = NV_ATTRIBUTES): Promise<void> {
  const area = join(uint(index, 4), uint(0x000b, 2), uint(attributes, 4), NOTHING, uint(data.length, 2))
  const authorizations = [password()]
  const define = { name: 'TPM2_NV_DefineSpace', code: 0x12a, handles: [OWNER], authorizations }
  await channel.execute({ ...define, parameters: join(NOTHING, sized(area)) })
  for (let at = 0; at < data.length; at += 1024) {
    const parameters = join(sized(data.slice(at, at + 1024)), uint(at, 2))
    await channel.execute({ name: 'TPM2_NV_Write', code: 0x137, handles: [OWNER, index], authorizations, parameters })
  }
}

describe('keys and certificates that are stored in a TPM', { skip: swtpmMissing }, () => {
  let swtpm: Swtpm
  let tpm: TpmDevice
  before(async () => {
    swtpm = await startSwtpm('sha256')
    tpm = await openTpm({ socket: swtpm.socket })
  })
  after(async () => {
    await tpm?.close()
    await swtpm?.stop()
  })

  it('may be a persistent attestation key, with its certificate in NV', async () => {
    const [issuer = new Uint8Array(0)] = swtpm.authorities
    await tpm.use(async (channel) => {
      const { handle } = await createPrimary(channel, 'owner', akTemplate('ecc-p256'))
      await persist(channel, handle, 0x81010002)
      // Filler behind the certificate is not taken for a part of it.
      await store(channel, 0x01c101d0, join(issuer, new Uint8Array(300).fill(0xff)))
    })
    const attester = await tpmAttester({ device: tpm, ak: { handle: 0x81010002, certificateIndex: 0x01c101d0 } })
    const { evidence, kbs } = await attester.attest({ reportData: REPORT_DATA })
    assert.deepEqual(parseTpmJson(evidence).certificates, [issuer])
    assert.deepEqual(JSON.parse(JSON.stringify(kbs)).ak_certificates, [Buffer.from(issuer).toString('base64')])
    const verdict = verifyTpmSync(evidence, { at: new Date(), trustAnchors: [swtpm.anchor] })
    const checks = verdict.checks.flatMap((group) => group.checks)
    assert.equal(checks.find(({ id }) => id === 'tpm.quote.signature')?.outcome, 'pass')
    assert.equal(checks.find(({ id }) => id === 'tpm.chain.constraints')?.outcome, 'fail', 'a CA is no attestation key')
  })

  it('may be the template of an attestation key', async () => {
    const template = akTemplate('rsa-2048', Uint8Array.of(7))
    await tpm.use((channel) => store(channel, 0x01c10001, template))
    const attester = await tpmAttester({ device: tpm, ak: { templateIndex: 0x01c10001 } })
    const { evidence } = await attester.attest({ reportData: REPORT_DATA })
    const made = await tpm.use((channel) => createPrimary(channel, 'endorsement', template))
    assert.deepEqual(parseTpmJson(evidence).akPublic, made.area.bytes)
    const none = tpmAttester({ device: tpm, ak: { templateIndex: 0x01c1000f } })
    assert.equal((await failure(none, TpmError)).code, 'unsupported')
  })

  it('may be the chain of the endorsement key, cut across indices', async () => {
    const chain = join(...swtpm.authorities)
    const middle = 700
    await tpm.use(async (channel) => {
      await store(channel, 0x01c00100, chain.slice(0, middle))
      await store(channel, 0x01c00101, join(chain.slice(middle), new Uint8Array(20)))
    })
    const attester = await tpmAttester({ device: tpm })
    const { ekCertificates } = await attester.enrolmentRequest()
    assert.deepEqual(ekCertificates.slice(1), swtpm.authorities)
  })

  it('that cannot be used do not hide those that can', async () => {
    await tpm.use((channel) => store(channel, 0x01c00014, new Uint8Array(100).fill(0xff)))
    const { ekCertificates } = await (await tpmAttester({ device: tpm })).enrolmentRequest()
    assert.equal(ekCertificates[0]?.[0], 0x30)
  })

  it('are found by the certificates that the caller has, and by no others', async () => {
    const own = await tpmAttester({ device: tpm })
    const { ekCertificates, ekPublic } = await own.enrolmentRequest()
    const given = await tpmAttester({ device: tpm, ek: { certificates: ekCertificates } })
    assert.deepEqual((await given.enrolmentRequest()).ekPublic, ekPublic)
    const foreign = await tpmAttester({ device: tpm, ek: { type: 'ecc', certificates: swtpm.authorities } })
    assert.equal((await failure(foreign.enrolmentRequest(), TpmError)).code, 'unsupported')
  })

  it('may not be read when only a password that nobody knows opens them', async () => {
    const policyOnly = 0x00080002
    await tpm.use((channel) => store(channel, 0x01c10003, Uint8Array.of(1), policyOnly))
    const attester = tpmAttester({ device: tpm, ak: { templateIndex: 0x01c10003 } })
    assert.match((await failure(attester, TpmError)).message, /may not be read without a password/)
  })
})

describe('the default templates of endorsement keys', { skip: swtpmMissing }, () => {
  let swtpm: Swtpm
  let tpm: TpmDevice
  before(async () => {
    swtpm = await startSwtpm('sha256')
    tpm = await openTpm({ socket: swtpm.socket })
  })
  after(async () => {
    await tpm?.close()
    await swtpm?.stop()
  })

  for (const { id, area } of EK_TEMPLATES)
    it(`${id} is one that a TPM makes a key of`, async () => {
      const key = await tpm.use((channel) => createPrimary(channel, 'endorsement', area))
      assert.equal(key.area.symmetric?.algorithm, 6)
    })
})

describe('a TPM behind a path', { skip: swtpmMissing || ptyMissing }, () => {
  let swtpm: Swtpm
  let device: Awaited<ReturnType<typeof asDevice>>
  before(async () => {
    swtpm = await startSwtpm('sha256')
  })
  beforeEach(async () => {
    device = await asDevice(swtpm.socket)
  })
  afterEach(() => device?.stop())
  after(() => swtpm?.stop())

  it('is given up when it does not answer, although its file cannot be closed', async () => {
    const path = `${swtpm.folder}/silent.sock`
    const server = createServer((socket) => socket.resume()).listen(path)
    await once(server, 'listening')
    const silent = await asDevice(path)
    const tpm = await openTpm(silent.path, { timeoutMs: 50 })
    try {
      const random = (): Promise<unknown> => tpm.use((channel) => getRandom(channel, 8))
      assert.equal((await failure(random(), TpmError)).code, 'timeout')
      assert.equal((await failure(random(), TpmError)).code, 'closed')
      await tpm.close()
    } finally {
      await silent.stop()
      server.close()
    }
  })

  it('is enrolled and quotes as one behind a socket', async () => {
    const attester = await tpmAttester({ device: device.path })
    const { evidence } = await attester.attest({ reportData: REPORT_DATA })
    const verdict = verifyTpmSync(evidence, { at: new Date(), trustAnchors: [swtpm.anchor] })
    assert.equal(verdict.claims.userData, Buffer.from(REPORT_DATA).toString('hex'))
    assert.equal((await attester.enrolmentRequest()).ekCertificates.length, 1)
    await attester.close()
  })
})
