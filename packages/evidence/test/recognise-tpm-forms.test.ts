import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cborBytes, cborMap, cborText } from '../src/cbor/encode.ts'
import { EvidenceError } from '../src/core/errors.ts'
import { recognise } from '../src/recognise/index.ts'
import { pcrsOfTools } from '../src/recognise/tpm-others.ts'
import { ATTEST, encodeAttest, encodeSignature, parseTpmJson, TPM_GENERATED } from '../src/tpm/index.ts'

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value)
const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

function fault(input: Uint8Array): EvidenceError {
  try {
    recognise(input)
  } catch (error) {
    assert.ok(error instanceof EvidenceError, String(error))
    return error
  }
  return assert.fail('this should not have been recognised')
}

describe('recognise: quotes of a TPM in forms of other projects', () => {
  const message = encodeAttest({
    magic: TPM_GENERATED,
    type: ATTEST.quote,
    qualifiedSigner: Uint8Array.of(0, 0x0b, ...new Uint8Array(32)),
    extraData: utf8('nonce'),
    clockInfo: { clock: 1n, resetCount: 1, restartCount: 1, safe: true },
    firmwareVersion: 1n,
    attested: new Uint8Array(0),
    quote: { selections: [{ bank: 'sha256', pcrs: [7, 8], size: 3 }], pcrDigest: new Uint8Array(32) },
  })
  const signature = encodeSignature({ scheme: 'rsassa', hash: 'sha256', numbers: [new Uint8Array(256).fill(9)] })
  const pcrs = { '7': '07'.repeat(32), '8': '08'.repeat(32) }

  /** As tpm2-tools write them. */
  function blob(change: (bytes: Buffer) => void = () => undefined): Uint8Array {
    const bytes = Buffer.alloc(132 + 4 + 532)
    bytes.writeUInt32LE(1, 0)
    bytes.writeUInt16LE(0x0b, 4)
    bytes[6] = 3
    bytes[7] = 0x80
    bytes[8] = 0x01
    bytes.writeUInt32LE(1, 132)
    bytes.writeUInt32LE(2, 136)
    for (const [i, value] of Object.values(pcrs).entries()) {
      bytes.writeUInt16LE(32, 140 + 66 * i)
      bytes.write(value, 142 + 66 * i, 'hex')
    }
    change(bytes)
    return new Uint8Array(bytes)
  }

  const line = (values = base64(blob())): string => `r${base64(message)}:${base64(signature)}:${values}`

  it('of Keylime, bare and in the answer of its agent', () => {
    for (const input of [
      utf8(line()),
      json({ quote: line() }),
      json({ code: 200, status: 'Success', results: { quote: line(), hash_alg: 'sha256', pubkey: 'x' } }),
      json({ type: 'tpm', data: { tpm_quote: line(), nonce: 'x' } }),
    ]) {
      const found = recognise(input)
      assert.equal(found.tee, 'tpm')
      const evidence = parseTpmJson(found.evidence)
      assert.deepEqual([hex(evidence.message), hex(evidence.signature)], [hex(message), hex(signature)])
      assert.deepEqual(evidence.pcrs, { sha256: pcrs })
    }
    assert.equal(parseTpmJson(recognise(utf8(line(''))).evidence).pcrs, undefined)
  })

  it('PCR values that are none are refused', () => {
    for (const change of [
      (bytes: Buffer) => bytes.writeUInt32LE(17, 0),
      (bytes: Buffer) => bytes.writeUInt16LE(0x99, 4),
      (bytes: Buffer) => bytes.writeUInt8(5, 6),
      (bytes: Buffer) => bytes.writeUInt8(0x81, 7),
      (bytes: Buffer) => bytes.writeUInt8(0x00, 7),
      (bytes: Buffer) => bytes.writeUInt32LE(0xffffffff, 132),
    ])
      assert.throws(() => pcrsOfTools(blob((bytes) => void change(bytes))), EvidenceError)
    assert.throws(() => pcrsOfTools(blob().subarray(0, 600)), EvidenceError)
    assert.throws(() => pcrsOfTools(Uint8Array.of(...blob(), 0)), EvidenceError)
  })

  it('of go-attestation: the best bank, its values, the key and the log', () => {
    const weak = encodeAttest({
      magic: TPM_GENERATED,
      type: ATTEST.quote,
      qualifiedSigner: Uint8Array.of(0, 0x0b, ...new Uint8Array(32)),
      extraData: utf8('nonce'),
      clockInfo: { clock: 1n, resetCount: 1, restartCount: 1, safe: true },
      firmwareVersion: 1n,
      attested: new Uint8Array(0),
      quote: { selections: [{ bank: 'sha1', pcrs: [7], size: 3 }], pcrDigest: new Uint8Array(32) },
    })
    const value = (Index: number, DigestAlg: number, size: number): object => ({
      Index,
      DigestAlg,
      Digest: base64(new Uint8Array(size).fill(Index)),
    })
    const form = {
      TPMVersion: 2,
      Public: base64(Uint8Array.of(1, 2, 3)),
      Quotes: [weak, message].map((one) => ({ Version: 2, Quote: base64(one), Signature: base64(signature) })),
      PCRs: [value(7, 3, 20), value(7, 5, 32), value(8, 5, 32)],
      EventLog: base64(utf8('log')),
    }
    const found = recognise(json(form))
    assert.deepEqual([found.tee, found.unused], ['tpm', ['the quotes of other banks: sha1']])
    const evidence = parseTpmJson(found.evidence)
    assert.equal(hex(evidence.message), hex(message))
    assert.deepEqual(evidence.pcrs, { sha256: pcrs })
    assert.deepEqual(
      [hex(evidence.akPublic ?? message), hex(evidence.eventLog ?? message)],
      ['010203', hex(utf8('log'))],
    )
    assert.equal(recognise(json({ params: form })).tee, 'tpm')
  })

  it('of Parsec: the platform’s quote, and not a token of CCA', () => {
    const key = cborMap([
      [cborText('tpmVer'), cborText('2.0')],
      [cborText('sig'), cborBytes(signature)],
    ])
    const platform = cborMap([
      [cborText('tpmVer'), cborText('2.0')],
      [cborText('sig'), cborBytes(signature)],
      [cborText('attestInfo'), cborBytes(message)],
    ])
    const found = recognise(
      cborMap([
        [cborText('kat'), key],
        [cborText('pat'), platform],
      ]),
    )
    assert.equal(found.tee, 'tpm')
    assert.match(found.unused.join(), /the attestation of the key/)
    assert.equal(hex(parseTpmJson(found.evidence).message), hex(message))
    const cca = cborMap([
      [cborText('kat'), cborBytes(signature)],
      [cborText('pat'), cborBytes(message)],
    ])
    assert.equal(recognise(cca).tee, 'cca')
  })

  it('says what a statement in a TPM2B_ATTEST and a log alone are', () => {
    assert.match(fault(Uint8Array.of(0, message.length, ...message)).message, /TPM2B_ATTEST/)
    const log = Buffer.alloc(64)
    log.write('Spec ID Event03', 32)
    assert.match(fault(new Uint8Array(log)).message, /a measured-boot log/)
  })

  it('as tpm2_quote prints it', () => {
    const digits = hex(signature.subarray(6))
    const values = Object.entries(pcrs).map(([pcr, value]) => `    ${pcr.padEnd(2)}: 0x${value.toUpperCase()}\n`)
    const printed = (alg: string, sig: string, head = 'quoted'): Uint8Array =>
      utf8(
        `${head}: ${hex(message)}\nsignature:\n  alg: ${alg}\n  sig: ${sig}\npcrs:\n  sha256:\n${values.join('')}calcDigest: 00\n`,
      )
    const found = parseTpmJson(recognise(printed('rsassa', digits)).evidence)
    assert.deepEqual([hex(found.message), hex(found.signature)], [hex(message), hex(signature)])
    assert.deepEqual(found.pcrs, { sha256: pcrs })
    const pss = encodeSignature({ scheme: 'rsapss', hash: 'sha256', numbers: [signature.subarray(6)] })
    assert.equal(hex(parseTpmJson(recognise(printed('rsapss', digits)).evidence).signature), hex(pss))
    for (const bad of [printed('rsassa', ''), printed('rsassa', 'zz'), printed('rsassa', digits, 'quote')]) fault(bad)
  })

  it('what a TPM or a tool says without a quote is named', () => {
    const named: readonly (readonly [Uint8Array, RegExp])[] = [
      [signature, /a TPM's signature without the quote/],
      [blob(), /values of PCRs, which prove nothing alone/],
      [utf8(`10 ${'ab'.repeat(20)} ima-ng sha256:${'cd'.repeat(32)} /init\n`), /measurements of IMA/],
      [utf8('---\nversion: 1\nevents:\n- EventNum: 0\n  PCRIndex: 0\n'), /log that was printed/],
      [utf8('magic: ff544347\ntype: 8018\n'), /statement that was printed/],
      [json([{ recnum: 0, pcr: 10, digests: [] }, {}]), /an event of a measured-boot log/],
      [json([{ recnum: 0, pcr: 10, digests: [] }]), /an event of a measured-boot log/],
      [json({ sig_scheme: {}, attest: {} }), /field by field/],
    ]
    for (const [input, expected] of named) assert.match(fault(input).message, expected)
    const certify = new Uint8Array(message)
    certify[5] = 0x17
    assert.match(fault(certify).message, /another kind \(certify\)/)
    assert.match(fault(message).message, /quote without signature/)
  })
})
