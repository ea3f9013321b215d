import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { equalBytes } from '../src/core/bytes.ts'
import { EvidenceError } from '../src/core/errors.ts'
import {
  encodeSeExchange,
  encodeSeHeader,
  encodeSeRequest,
  ibmSeFields,
  parseHostKeyDocument,
  parseSeAddSecretRequest,
  parseSeExchange,
  parseSeHeader,
  parseSeRequest,
  seRequestJob,
} from '../src/ibm-se/index.ts'
import { document, flipped, judged, skip, vector } from './ibm-se-kit.ts'
import { settleOnTheWeb } from './settle-on-the-web.ts'
import { VECTORS } from './vectors.ts'

describe('IBM Secure Execution: bytes', { skip }, () => {
  const response = skip === false ? vector('attestation-valid', 'response.pvattest') : new Uint8Array(0)
  it('parsing and encoding give back the same bytes', () => {
    const exchange = parseSeExchange(response)
    assert.ok(equalBytes(encodeSeExchange(exchange), response))
    const request = exchange.entries.request.bytes ?? new Uint8Array(0)
    assert.ok(equalBytes(encodeSeRequest(parseSeRequest(request)), request))
    const header = vector('attestation-valid', 'se-header.bin')
    assert.ok(equalBytes(encodeSeHeader(parseSeHeader(header)), header))
  })
  it('no byte of a response can change, nor its end be missing', () => {
    for (let i = 0; i < response.length; i++) {
      // Reserved bytes of the container are nobody's.
      if (i >= 16 && i < 24) continue
      assert.notEqual(outcomeOf(flipped(response, i)), 'proven', `byte ${i}`)
    }
    for (let length = 0; length < response.length; length++)
      assert.throws(() => judged({ evidence: response.subarray(0, length) }), EvidenceError)
  })
  it('headers cut short or changed in what is measured are refused', () => {
    const header = vector('attestation-valid', 'se-header.bin')
    for (let length = 0; length < header.length; length++)
      assert.throws(() => parseSeHeader(header.subarray(0, length)), EvidenceError)
    for (let i = 0; i < header.length; i += 3)
      assert.notEqual(judged({ options: { header: flipped(header, i) } }).outcome, 'verified', `byte ${i}`)
  })
  it('parts of another exchange are refused', () => {
    for (const name of [
      'attestation-config-uid-changed',
      'attestation-user-data-changed',
      'attestation-other-image',
      'attestation-request-flags-changed',
    ]) {
      assert.notEqual(outcomeOf(vector(name, 'response.pvattest')), 'proven', name)
    }
    assert.equal(
      judged({ options: { header: vector('attestation-other-image', 'se-header.bin') } }).authenticity,
      'refuted',
    )
  })
  it('20,000 damaged inputs end in a value or an EvidenceError', () => {
    let seed = 1
    const next = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return seed % below
    }
    const samples = [
      response,
      vector('attestation-valid', 'se-header.bin'),
      vector('attestation-request-kat', 'arcb.bin'),
      vector('add-secret-request-kat', 'assoc_none_default_cuid_one.bin'),
      document('der.crt'),
      document('host.crt'),
    ]
    const decoders = [
      parseSeExchange,
      parseSeHeader,
      parseSeRequest,
      parseSeAddSecretRequest,
      parseHostKeyDocument,
      ibmSeFields,
    ]
    for (let i = 0; i < 20_000; i++) {
      const sample = samples[next(samples.length)] as Uint8Array
      const bytes = sample.slice(0, 1 + next(sample.length + 8))
      for (let n = next(6); n >= 0; n--) bytes[next(bytes.length)] = next(256)
      const decode = decoders[next(decoders.length)]
      try {
        decode?.(bytes)
      } catch (error) {
        assert.ok(error instanceof EvidenceError, String(error))
      }
    }
  })
  it('a browser opens requests as Node.js does', async () => {
    const request = parseSeRequest(parseSeExchange(response).entries.request.bytes ?? new Uint8Array(0))
    const right = seRequestJob(request, vector('attestation-valid', 'protection-key.bin'))
    const wrong = seRequestJob(request, new Uint8Array(32))
    await settleOnTheWeb([right, wrong])
    assert.ok(right.result instanceof Uint8Array && right.result.length === 80)
    assert.equal(wrong.result, false)
  })
  it('every file of every case is read as something or refused in words', () => {
    for (const name of readdirSync(join(VECTORS, 'ibm-se'))) {
      for (const file of readdirSync(join(VECTORS, 'ibm-se', name)).filter((one) =>
        /\.(bin|pvattest|pem|crt)$/.test(one),
      )) {
        try {
          ibmSeFields(vector(name, file))
        } catch (error) {
          assert.ok(error instanceof EvidenceError, `${name}/${file}: ${String(error)}`)
        }
      }
    }
  })
})

function outcomeOf(evidence: Uint8Array): string {
  try {
    return judged({ evidence }).authenticity
  } catch (error) {
    assert.ok(error instanceof EvidenceError, String(error))
    return 'unreadable'
  }
}
