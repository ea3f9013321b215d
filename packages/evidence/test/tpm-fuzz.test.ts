import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseAzureJson, parseHclReport, readRuntimeClaims, verifyAzureSync } from '../src/azure/index.ts'
import { EvidenceError } from '../src/core/errors.ts'
import {
  explainBootLog,
  parseAttest,
  parsePublic,
  parseSignature,
  parseTpmJson,
  readTpmChain,
  verifyTpmSync,
} from '../src/tpm/index.ts'
import { AT, azure, file, synthetic } from './tpm-kit.ts'
import { missing } from './vectors.ts'

const skip = missing('tpm') || missing('azure-vtpm') || missing('measured-boot')

/** The same numbers on each run: a finding can be repeated. */
function* numbers(seed: number): Generator<number, never, void> {
  let state = seed
  for (;;) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    yield state >>> 0
  }
}

function mutated(bytes: Uint8Array, random: Generator<number, never, void>): Uint8Array {
  const copy = new Uint8Array(
    bytes.subarray(0, random.next().value % 5 === 0 ? random.next().value % (bytes.length + 1) : bytes.length),
  )
  const edits = 1 + (random.next().value % 6)
  for (let i = 0; i < edits && copy.length > 0; i++) {
    const extremes = [0, 1, 0x7f, 0x80, 0xff, random.next().value & 0xff]
    copy[random.next().value % copy.length] = extremes[random.next().value % extremes.length] as number
  }
  return copy
}

function refusedOrRead(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void {
  try {
    read(bytes)
  } catch (error) {
    assert.ok(error instanceof EvidenceError, `${error instanceof Error ? error.stack : error}`)
  }
}

describe('hostile input of TPM and Azure', { skip }, () => {
  const runs = 20_000
  it(`${runs} mutated structures are read or refused by name`, () => {
    const random = numbers(0x5e1c150)
    const { evidence } = synthetic('two-banks')
    const hcl = azure('milan-json-v1').hclReport
    const subjects: readonly (readonly [Uint8Array, (bytes: Uint8Array) => unknown])[] = [
      [evidence.message, parseAttest],
      [evidence.signature, parseSignature],
      [evidence.akPublic ?? new Uint8Array(), parsePublic],
      [hcl, parseHclReport],
      [parseHclReport(hcl).claims, readRuntimeClaims],
      [file('azure-vtpm/milan-json-v1/evidence.json'), parseAzureJson],
      [
        new TextEncoder().encode(
          '{"tpm":{"message":"AAAA","signature":"AAAA","pcrs":{"sha1":{"0":"00"}},"certificates":["AA"]}}',
        ),
        parseTpmJson,
      ],
      [file('tpm/gce-cos85-nonce/certs/ak.der'), (bytes) => readTpmChain([bytes], [])],
    ]
    for (let i = 0; i < runs; i++) {
      const [bytes, read] = subjects[i % subjects.length] as (typeof subjects)[number]
      refusedOrRead(read, mutated(bytes, random))
    }
  })

  it('mutated logs are explained or refused, and never say that VBS is on', async () => {
    const random = numbers(0x7b3)
    const log = file('measured-boot/windows-vbs-hvci-on/event-log.bin')
    for (let i = 0; i < 300; i++) {
      try {
        const { banks } = await explainBootLog(mutated(log, random))
        for (const { windows } of banks) assert.notEqual(windows?.vbs.state, 'on')
      } catch (error) {
        assert.ok(error instanceof EvidenceError, `${error instanceof Error ? error.stack : error}`)
      }
    }
  })

  it('mutated evidence is never accepted for what it was not', () => {
    const random = numbers(0x1234)
    const { evidence, anchor } = synthetic('ecdsa-p256')
    const hardware = azure('milan-json-v1')
    for (let i = 0; i < 400; i++) {
      const message = mutated(evidence.message, random)
      refusedOrRead(() => {
        const { authenticity } = verifyTpmSync({ ...evidence, message }, { at: AT, trustAnchors: [anchor] })
        assert.equal(authenticity === 'proven', Buffer.compare(message, evidence.message) === 0)
      }, message)
      if (i % 10 !== 0) continue
      const hclReport = mutated(hardware.hclReport, random)
      refusedOrRead(() => verifyAzureSync({ ...hardware, hclReport }, { at: AT }), hclReport)
    }
  })
})
