import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { before, describe, it } from 'node:test'
import { createWorld, type TpmPlatform } from '@sekisho/emulator'
import {
  distinguishedName,
  generateKey,
  issueCertificate,
  type KeyPair,
  keptRsaKeys,
  rawPoint,
} from '@sekisho/emulator/kit'
import { parseTpmJson } from '@sekisho/evidence/tpm'
import { type TpmAttesterOptions, TpmError, tpmAttester } from '../src/index.ts'
import type { TpmCommand } from '../src/tpm/command.ts'
import { join, NOTHING, sized, uint } from '../src/tpm/marshal.ts'
import { encodeSelection } from '../src/tpm/pcr.ts'
import { EK_TEMPLATES } from '../src/tpm/templates.ts'
import { failure } from './failure.ts'
import { type Script, type ScriptedTpm, scriptedTpm } from './scripted-tpm.ts'

const REPORT_DATA = new Uint8Array(createHash('sha256').update('nonce and key').digest())
const AK = 0x81010002
const PCRS = [0, 1, 2, 3, 4, 5, 6, 7]
const NO_BYTES = new Uint8Array(0)

function named(area: Uint8Array): Uint8Array {
  return join(uint(0x000b, 2), createHash('sha256').update(area).digest())
}

/** TPM2_GetCapability: active PCRs of the SHA-256 bank, handles by the octet they begin with, no properties. */
function capabilities(pcrs: readonly number[], handles: Readonly<Record<number, readonly number[]>> = {}): Script {
  return {
    TPM2_GetCapability: ({ parameters = NOTHING }) => {
      const asked = Buffer.from(parameters)
      const capability = asked.readUInt32BE(0)
      const start = join(uint(0, 1), uint(capability, 4))
      if (capability === 5) return join(start, encodeSelection([{ bank: 'sha256', pcrs }]))
      const found = capability === 1 ? (handles[asked.readUInt8(4)] ?? []) : []
      return join(start, uint(found.length, 4), ...found.map((handle) => uint(handle, 4)))
    },
  }
}

describe('a quote of a TPM', () => {
  let machine: TpmPlatform
  before(() => {
    machine = createWorld({ products: ['Genoa'], rsaKey: keptRsaKeys() }).tpm({ pcrs: PCRS })
  })

  /** A TPM with the emulated machine's key; `onQuote` is told how often it was asked before it signs. */
  function quoting(onQuote: (turn: number) => void = () => undefined, active: readonly number[] = PCRS): ScriptedTpm {
    let turn = 0
    return scriptedTpm({
      ...capabilities(active),
      TPM2_ReadPublic: () => {
        const { akPublic } = machine.attest(REPORT_DATA)
        return join(sized(akPublic), sized(named(akPublic)), NOTHING)
      },
      TPM2_PCR_Read: () => {
        const digests = PCRS.map((index) => sized(Buffer.from(machine.pcrs[index] ?? '', 'hex')))
        return join(uint(1, 4), encodeSelection([{ bank: 'sha256', pcrs: PCRS }]), uint(PCRS.length, 4), ...digests)
      },
      TPM2_Quote: () => {
        onQuote(++turn)
        const { message, signature } = machine.attest(REPORT_DATA)
        return join(sized(message), signature)
      },
    })
  }
  const attest = async ({ tpm }: ScriptedTpm, options: Partial<TpmAttesterOptions> = {}) => {
    const attester = await tpmAttester({ device: tpm, ak: { handle: AK }, pcrs: PCRS, ...options })
    return attester.attest({ reportData: REPORT_DATA })
  }

  it('comes with the values of the registers that it is over, in both forms', async () => {
    const { evidence, kbs, eventLog } = await attest(quoting())
    assert.equal(eventLog, undefined)
    const { pcrs } = parseTpmJson(evidence)
    assert.deepEqual(pcrs?.['sha256'], Object.fromEntries(PCRS.map((index) => [String(index), machine.pcrs[index]])))
    const { tpm_quote, ...others } = JSON.parse(JSON.stringify(kbs))
    assert.equal(tpm_quote.pcrs.length, 24)
    assert.deepEqual(tpm_quote.pcrs.slice(0, 8), machine.pcrs.slice(0, 8))
    assert.equal(tpm_quote.pcrs[8], '00'.repeat(32), 'what was not read')
    assert.deepEqual(Object.keys(others), ['ak_public'], 'no log and no certificate where there are none')
  })

  it('is made anew when a register was extended after it had been read', async () => {
    const scripted = quoting((turn) => turn === 1 && machine.extend(7, 'late'))
    const { evidence } = await attest(scripted)
    assert.equal(parseTpmJson(evidence).pcrs?.['sha256']?.['7'], machine.pcrs[7])
    assert.equal(scripted.commands.filter(({ name }) => name === 'TPM2_Quote').length, 2)
  })

  it('is not made for ever when the registers never stand still', async () => {
    const busy = attest(quoting((turn) => machine.extend(7, String(turn))))
    assert.equal((await failure(busy, TpmError)).code, 'mismatch')
  })

  it('is refused over no register, one that is none, one that is not active, or in a bank that is not', async () => {
    await assert.rejects(attest(quoting(), { pcrs: [] }), TypeError)
    await assert.rejects(attest(quoting(), { pcrs: [24] }), TypeError)
    const missing = await failure(attest(quoting(undefined, [0, 1, 2, 3, 4, 5])), TpmError)
    assert.match(missing.message, /PCR 6, 7 of the sha256 bank are not active/)
    const bank = await failure(attest(quoting(), { bank: 'sha384' }), TpmError)
    assert.match(bank.message, /the sha384 bank is not active in this TPM; active are sha256/)
    const none = await failure(attest(quoting(undefined, []), { bank: 'sha384' }), TpmError)
    assert.match(none.message, /active are none/)
  })

  it('is no quote when the TPM signed something else, and says what its report data may be when they are too long', async () => {
    const { tpm } = quoting()
    const other = (answer: Uint8Array | number): ScriptedTpm => {
      const mixed = scriptedTpm({ TPM2_Quote: () => answer })
      const use: typeof tpm.use = (work) =>
        tpm.use((channel) =>
          mixed.tpm.use((odd) =>
            work({ execute: (command) => (command.name === 'TPM2_Quote' ? odd : channel).execute(command) }),
          ),
        )
      return { commands: [], tpm: { ...tpm, use } }
    }
    const { message, signature } = machine.attest(REPORT_DATA)
    const certifying = Uint8Array.from(message).fill(0x17, 5, 6)
    for (const answer of [join(sized(certifying), signature), join(sized(message.slice(0, 20)), signature)])
      assert.equal((await failure(attest(other(answer)), TpmError)).code, 'response')
    const long = await failure(attest(other(0x1d5)), TpmError)
    assert.equal(long.code, 'unsupported')
    assert.match(long.message, /does not quote with 32 bytes of report data/)
    assert.equal((await failure(attest(other(0x921)), TpmError)).code, 'refused')
  })
})

describe('the endorsement key of a TPM', () => {
  const L2 = EK_TEMPLATES.find(({ id }) => id === 'L-2')
  const NV = L2?.certificateIndex ?? 0
  let own: KeyPair
  let foreign: KeyPair
  before(() => {
    own = generateKey('P-256')
    foreign = generateKey('P-256')
  })

  /** The template with a point in place of zeros. */
  function publicArea(key: KeyPair): Uint8Array {
    const point = rawPoint(key)
    const template = L2?.area ?? NO_BYTES
    return join(template.slice(0, -68), sized(point.slice(0, 32)), sized(point.slice(32)))
  }

  function certificateOf(subjectKey: KeyPair): Uint8Array {
    const name = distinguishedName(['CN', 'Example of an endorsement key'])
    return issueCertificate({
      subject: name,
      issuer: name,
      serial: 1,
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2046-01-01T00:00:00Z'),
      subjectKey,
      issuerKey: subjectKey,
      algorithm: 'ecdsa-p256-sha256',
    })
  }

  /** A TPM whose endorsement key is `own`, with this in the NV index of its certificate. */
  function endorsed(stored: Uint8Array | undefined, persistent: readonly number[] = []): ScriptedTpm {
    return scriptedTpm({
      ...capabilities(PCRS, { 0x01: stored === undefined ? [] : [NV], 0x81: persistent }),
      TPM2_ReadPublic: () => join(sized(publicArea(own)), sized(named(publicArea(own))), NOTHING),
      TPM2_CreatePrimary: () => {
        const ticket = join(NOTHING, NOTHING, uint(0, 2), uint(0, 4), NOTHING)
        return {
          handle: 0x80000001,
          parameters: join(sized(publicArea(own)), ticket, sized(named(publicArea(own)))),
        }
      },
      TPM2_FlushContext: () => new Uint8Array(0),
      TPM2_NV_ReadPublic: () => {
        const size = uint(stored?.length ?? 0, 2)
        const area = join(uint(NV, 4), uint(0x000b, 2), uint((1 << 29) | (1 << 17), 4), NOTHING, size)
        return join(sized(area), NOTHING)
      },
      TPM2_NV_Read: ({ parameters = NOTHING }) => {
        const asked = Buffer.from(parameters)
        const from = asked.readUInt16BE(2)
        return sized((stored ?? NOTHING).slice(from, from + asked.readUInt16BE(0)))
      },
      TPM2_StartAuthSession: () => ({ handle: 0x03000000, parameters: sized(new Uint8Array(16)) }),
      TPM2_PolicySecret: () => join(NOTHING, uint(0, 2), uint(0, 4), NOTHING),
      TPM2_ActivateCredential: () => sized(Uint8Array.of(7)),
    })
  }
  const enrolment = async ({ tpm }: ScriptedTpm, ek: TpmAttesterOptions['ek'] = {}) =>
    (await tpmAttester({ device: tpm, ak: { handle: AK }, pcrs: PCRS, ek })).enrolmentRequest()
  const told = ({ commands }: ScriptedTpm, name: string): readonly TpmCommand[] =>
    commands.filter((command) => command.name === name)

  it('is the one that its certificate is for; filler behind the certificate is not sent', async () => {
    const certificate = certificateOf(own)
    const { ekPublic, ekCertificates } = await enrolment(endorsed(join(certificate, new Uint8Array(64).fill(0xff))))
    assert.deepEqual(ekPublic, publicArea(own))
    assert.deepEqual(ekCertificates, [certificate])
  })

  it('is not made where it is persistent already', async () => {
    const scripted = endorsed(certificateOf(own), [0x81010001])
    assert.deepEqual((await enrolment(scripted)).ekPublic, publicArea(own))
    assert.deepEqual(told(scripted, 'TPM2_CreatePrimary'), [])
  })

  it('is none where the certificate is of another key, and what was made for nothing is freed', async () => {
    for (const [scripted, ek] of [
      [endorsed(certificateOf(foreign)), {}],
      [endorsed(undefined), { certificates: [certificateOf(foreign)] }],
    ] as const) {
      assert.equal((await failure(enrolment(scripted, ek), TpmError)).code, 'unsupported')
      assert.ok(told(scripted, 'TPM2_CreatePrimary').length > 0)
      assert.equal(told(scripted, 'TPM2_FlushContext').length, told(scripted, 'TPM2_CreatePrimary').length)
    }
  })

  it('says what is wrong with a certificate that is none, and has none where none is stored', async () => {
    const { code, message } = await failure(enrolment(endorsed(new Uint8Array(64).fill(0xff))), TpmError)
    assert.equal(code, 'response')
    assert.match(message, /NV index 0x01c0000a holds no certificate/)
    assert.deepEqual((await enrolment(endorsed(undefined))).ekCertificates, [])
  })

  it('activates credentials under its policy, with the password of the hierarchy, and only those that are some', async () => {
    const scripted = endorsed(certificateOf(own))
    const ek = { endorsementPassword: Uint8Array.of(0xaa) }
    const attester = await tpmAttester({ device: scripted.tpm, ak: { handle: AK }, pcrs: PCRS, ek })
    const [good, cut] = [sized(Uint8Array.of(1, 2, 3)), Uint8Array.of(0, 9, 1, 2)]
    const secret = await attester.activate({ credentialBlob: good, encryptedSecret: good })
    assert.deepEqual(secret, Uint8Array.of(7))
    const [policy] = told(scripted, 'TPM2_PolicySecret')
    assert.deepEqual(policy?.handles, [0x4000000b, 0x03000000])
    assert.deepEqual(policy?.authorizations, [{ session: 0x40000009, password: Uint8Array.of(0xaa) }])
    const [activation] = told(scripted, 'TPM2_ActivateCredential')
    assert.equal(activation?.authorizations?.[1]?.session, 0x03000000)
    for (const bad of [cut, NOTHING, sized(new Uint8Array(1023))]) {
      await assert.rejects(attester.activate({ credentialBlob: bad, encryptedSecret: good }), TypeError)
      await assert.rejects(attester.activate({ credentialBlob: good, encryptedSecret: bad }), TypeError)
    }
    assert.equal(told(scripted, 'TPM2_ActivateCredential').length, 1)
  })
})
