import assert from 'node:assert/strict'
import { createHash, sign } from 'node:crypto'
import { describe, it } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import { type AzureEvidence, type AzureVerifyOptions, verifyAzure, verifyAzureSync } from '../src/azure/index.ts'
import { canonicalJson } from '../src/core/canonical.ts'
import { spanOf } from '../src/core/kept.ts'
import { createMemory } from '../src/core/memory.ts'
import type { TrustAnchor, Verdict } from '../src/core/verdict.ts'
import { prepareSnpCollateral } from '../src/snp/index.ts'
import {
  encodeAttest,
  encodeSignature,
  type TpmEvidence,
  type TpmVerifyOptions,
  verifyTpm,
  verifyTpmSync,
} from '../src/tpm/index.ts'
import { AT, file, json } from './tpm-kit.ts'
import { missing } from './vectors.ts'

describe('a kept verdict about a TPM', () => {
  const { publicKey, privateKey } = generateKey('P-256')
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
  const anchor: TrustAnchor = {
    id: 'made',
    name: 'a key made here',
    vendor: 'test',
    spkiSha256: createHash('sha256').update(spki).digest('hex'),
    emulated: true,
  }
  const VALUES = Array.from({ length: 8 }, (_, i) => createHash('sha256').update(String(i)).digest('hex'))

  interface Changes {
    readonly nonce?: string
    readonly clock?: bigint
    readonly resets?: number
    readonly safe?: boolean
    readonly firmware?: bigint
    readonly signer?: number
    readonly values?: readonly string[]
  }

  function quoted({
    nonce = 'nonce-0',
    clock = 1n,
    resets = 1,
    safe = true,
    firmware = 1n,
    signer = 0,
    values = VALUES,
  }: Changes): TpmEvidence {
    const digest = createHash('sha256')
    for (const value of values) digest.update(Buffer.from(value, 'hex'))
    const message = encodeAttest({
      magic: 0xff544347,
      type: 0x8018,
      qualifiedSigner: new Uint8Array(34).fill(signer),
      extraData: new TextEncoder().encode(nonce),
      clockInfo: { clock, resetCount: resets, restartCount: resets, safe },
      firmwareVersion: firmware,
      attested: new Uint8Array(0),
      quote: {
        selections: [{ bank: 'sha256', pcrs: values.map((_, i) => i), size: 3 }],
        pcrDigest: new Uint8Array(digest.digest()),
      },
    })
    const raw = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    const numbers = [new Uint8Array(raw.subarray(0, 32)), new Uint8Array(raw.subarray(32))]
    const signature = encodeSignature({ scheme: 'ecdsa', hash: 'sha256', numbers })
    return { message, signature, akPublic: spki, pcrs: { sha256: Object.fromEntries(values.entries()) } }
  }

  const options = (expect: TpmVerifyOptions['expect'] = {}): TpmVerifyOptions => ({
    at: AT,
    trustAnchors: [anchor],
    expect: { allowEmulated: true, ...expect },
  })
  const isKept = ({ claims }: Verdict): boolean => Object.isFrozen(claims.runtimeMeasurements)
  const hex = (text: string): string => Buffer.from(text).toString('hex')

  it('follows nonce, clock and counters from quote to quote, and nothing else', async () => {
    const others = [...VALUES.slice(1), '00'.repeat(32)]
    const cases: readonly (readonly [kept: boolean, change: Changes, expect?: TpmVerifyOptions['expect']])[] = [
      [true, { nonce: 'nonce-1' }],
      [true, { nonce: 'nonce-2', clock: 77n, resets: 3 }],
      [true, { nonce: 'nonce-1' }, { nonce: hex('nonce-12') }],
      [true, { nonce: 'nonce-12' }, { nonce: hex('nonce-12') }],
      [true, { nonce: 'nonce-1', resets: 4 }, { resetCounts: [4] }],
      [true, { nonce: 'nonce-1', resets: 5 }, { resetCounts: [4] }],
      [false, { safe: false }],
      [false, { firmware: 2n }],
      [false, { signer: 1 }],
      [false, { values: others }],
      [false, { values: VALUES.slice(0, 7) }],
      [false, {}, { requiredPcrs: [1] }],
      [false, {}, { measurement: ['00'.repeat(32)] }],
    ]
    for (const [kept, change, expect] of cases) {
      const memory = createMemory()
      assert.equal(isKept(verifyTpmSync(quoted({}), { ...options(), memory })), false)
      const evidence = quoted(change)
      const cold = verifyTpmSync(evidence, options(expect))
      const warm = verifyTpmSync(evidence, { ...options(expect), memory })
      assert.equal(isKept(warm), kept, JSON.stringify([change.nonce, expect]))
      assert.equal(canonicalJson(warm), canonicalJson(cold))
      assert.equal(canonicalJson(await verifyTpm(evidence, { ...options(expect), memory })), canonicalJson(cold))
    }
  })

  it('is not that of a quote which the key did not sign, or of PCR values that are not the quoted ones', () => {
    const memory = createMemory()
    verifyTpmSync(quoted({}), { ...options(), memory })
    const replayed = { ...quoted({ nonce: 'nonce-1' }), signature: quoted({ nonce: 'nonce-2' }).signature }
    const renamed = { ...quoted({}), pcrs: quoted({ values: [...VALUES.slice(1), '00'.repeat(32)] }).pcrs ?? {} }
    for (const evidence of [replayed, renamed]) {
      const verdict = verifyTpmSync(evidence, { ...options(), memory })
      assert.equal(verdict.authenticity, 'refuted')
      assert.equal(canonicalJson(verdict), canonicalJson(verifyTpmSync(evidence, options())))
    }
    assert.equal(isKept(verifyTpmSync(quoted({ nonce: 'nonce-3' }), { ...options(), memory })), true)
  })

  it('stays what it was when two verifications of one TPM run at once', async () => {
    const memory = createMemory()
    const asked = [
      [quoted({ nonce: 'nonce-1' }), options()],
      [quoted({ nonce: 'nonce-2', firmware: 2n }), options()],
      [quoted({ nonce: 'nonce-3' }), options({ nonce: hex('nonce-3 ') })],
      [quoted({ nonce: 'nonce-4', safe: false }), options({ requireSafeClock: true })],
    ] as const
    const cold = asked.map(([evidence, how]) => canonicalJson(verifyTpmSync(evidence, how)))
    for (let round = 0; round < 4; round++) {
      const warm = await Promise.all(asked.map(([evidence, how]) => verifyTpm(evidence, { ...how, memory })))
      assert.deepEqual(warm.map(canonicalJson), cold)
    }
  })

  it('cannot be changed by who was given it, or through the evidence', () => {
    const memory = createMemory()
    const evidence = quoted({})
    const expected = canonicalJson(verifyTpmSync(evidence, options()))
    const first = verifyTpmSync(evidence, { ...options(), memory })
    Object.assign(first.claims.runtimeMeasurements, { PCR0: 'another' })
    Object.assign(first.checks[0] ?? {}, { outcome: 'fail' })
    const again = verifyTpmSync(evidence, { ...options(), memory })
    assert.equal(canonicalJson(again), expected)
    assert.throws(() => Object.assign(again.claims.runtimeMeasurements, { PCR0: 'another' }), TypeError)
    assert.throws(() => Object.assign(again.checks[0]?.checks[0] ?? {}, { outcome: 'fail' }), TypeError)
    evidence.message.fill(0)
    Object.assign(evidence.pcrs?.['sha256'] ?? {}, { 0: '00'.repeat(32) })
    assert.equal(canonicalJson(verifyTpmSync(quoted({}), { ...options(), memory })).length, expected.length)
    assert.equal(isKept(verifyTpmSync(quoted({}), { ...options(), memory })), true)
  })
})

describe('the span of a kept verdict', () => {
  const [from, until] = ['2025-01-01T00:00:00Z', '2026-01-01T00:00:00Z']
  const part = { name: 'part', sha256: '', from, until }
  const at = (text: string, ms = 0): number => Date.parse(text) + ms

  it('leaves out the second that a date was rounded down to, and what has no dates', () => {
    const later = { ...part, from: '2025-06-01T00:00:00Z' }
    const sooner = { ...part, until: '2025-09-01T00:00:00Z' }
    assert.deepEqual(spanOf([part, later, sooner], at('2025-07-01T00:00:00Z')), {
      from: at(later.from, 999),
      until: at(sooner.until),
    })
    assert.equal(spanOf([part], at(from, 998)), undefined)
    assert.ok(spanOf([part], at(from, 999)) && spanOf([part], at(until)))
    assert.equal(spanOf([part], at(until, 1)), undefined)
    assert.equal(spanOf([part, { name: 'part', sha256: '', from }], at(from, 999)), undefined)
    assert.equal(spanOf([{ name: 'part', sha256: '', until }, part], at(from, 999)), undefined)
    assert.ok(spanOf([], 0))
  })
})

describe('a kept verdict about an Azure VM', { skip: missing('azure-vtpm') }, () => {
  it('is renewed by time and quote, on any runtime', async () => {
    const name = 'azure-vtpm/milan-json-v1'
    const [vcek, ask, ark] = ['vcek', 'ask', 'ark'].map((one) => file(`${name}/certs/${one}.der`)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ]
    const evidence: AzureEvidence = {
      hclReport: file(`${name}/hcl-report.bin`),
      quote: {
        message: file(`${name}/tpm-quote.msg`),
        signature: file(`${name}/tpm-quote.sig`),
        pcrs: json(`${name}/pcrs.json`),
      },
      vcek,
    }
    const memory = createMemory()
    const options: AzureVerifyOptions = {
      at: AT,
      collateral: { snp: prepareSnpCollateral({ ask, ark, vcek }) },
      waive: ['snp.crl.present'],
    }
    const parts = ({ parts = [] }: Verdict): readonly boolean[] =>
      parts.map(({ verdict }) => Object.isFrozen(verdict.claims.runtimeMeasurements))
    assert.deepEqual(parts(verifyAzureSync(evidence, { ...options, memory })), [false, false])
    for (const days of [1, 2, 3]) {
      const at = new Date(AT.getTime() + days * 86_400_000)
      const cold = verifyAzureSync(evidence, { ...options, at })
      const warm = verifyAzureSync(evidence, { ...options, at, memory })
      assert.deepEqual(parts(warm), [true, true])
      assert.equal(canonicalJson(warm), canonicalJson(cold))
      assert.equal(canonicalJson(await verifyAzure(evidence, { ...options, at, memory })), canonicalJson(cold))
    }
    const twin = { ...options, collateral: { snp: prepareSnpCollateral({ ask, ark, vcek }) } }
    assert.deepEqual(parts(verifyAzureSync(evidence, { ...twin, memory })), [false, true])
  })
})
