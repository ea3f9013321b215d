import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { utf8 } from '@sekisho/emulator/kit'
import { ibmSeFields, parseSeExchange, verifyIbmSeSync } from '../src/ibm-se/index.ts'
import { recognise } from '../src/recognise/index.ts'
import { parseTpmJson, verifyTpmSync } from '../src/tpm/index.ts'
import { azure, file, SYNTHETIC_NONCE, synthetic, AT as TPM_AT } from './tpm-kit.ts'
import { missing, VECTORS } from './vectors.ts'

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value))
/** As it stands in an attestation of the KBS protocol. */
const attestation = (evidence: object): Uint8Array =>
  json({
    'runtime-data': { nonce: 'AA==', 'tee-pubkey': {} },
    'tee-evidence': { primary_evidence: evidence, additional_evidence: '' },
  })

describe('tpm evidence of the KBS protocol', { skip: missing('tpm') }, () => {
  if (missing('tpm') !== false) return
  const { evidence, anchor } = synthetic('rsassa')
  const sha256 = evidence.pcrs?.['sha256'] ?? {}
  const quote = { message: base64(evidence.message), signature: base64(evidence.signature) }
  const ak = evidence.akPublic ?? new Uint8Array()

  it('is the same evidence, alone or in an attestation, with its members spelt in each way', () => {
    for (const akPublic of [base64(ak), `-----BEGIN PUBLIC KEY-----\n${base64(ak)}\n-----END PUBLIC KEY-----\n`]) {
      const kbs = { tpm_quote: { ...quote, pcrs: evidence.pcrs }, ak_public: akPublic }
      const newer = { ...kbs, report_data: base64(new Uint8Array(64)) }
      for (const input of [json(kbs), attestation(kbs), json(newer), attestation(newer)]) {
        const found = recognise(input)
        assert.deepEqual([found.tee, parseTpmJson(found.evidence)], ['tpm', { ...evidence, certificates: [] }])
      }
    }
    const verdict = verifyTpmSync(
      recognise(attestation({ tpm_quote: { ...quote, pcrs: evidence.pcrs }, ak_public: base64(ak) })).evidence,
      {
        at: TPM_AT,
        expect: { nonce: SYNTHETIC_NONCE, allowEmulated: true },
        trustAnchors: [anchor],
      },
    )
    assert.notEqual(verdict.authenticity, 'refuted', verdict.summary)
  })

  it('has registers by position, in hex or base64', () => {
    const list = Array.from({ length: 24 }, (_, i) => sha256[String(i)] ?? '00'.repeat(32))
    const lists = [list, list.map((one) => Buffer.from(one, 'hex').toString('base64'))]
    for (const pcrs of lists) {
      const found = parseTpmJson(recognise(json({ tpm_quote: { ...quote, pcrs }, ak_public: base64(ak) })).evidence)
      assert.deepEqual(Object.values(found.pcrs?.['sha256'] ?? {}), list)
    }
  })

  it('is taken with members that nobody knows, and says so', () => {
    const found = recognise(json({ tpm_quote: quote, ak_public: base64(ak), firmware: 'x' }))
    assert.deepEqual(found.unused, ['what lies around it: "firmware"'])
    assert.deepEqual(parseTpmJson(found.evidence).akPublic, ak)
  })
})

describe('Azure evidence inside of an attestation', { skip: missing('azure-vtpm') }, () => {
  it('keeps its vTPM quote', () => {
    const [name = ''] = readdirSync(join(VECTORS, 'azure-vtpm'))
      .filter((one) => /snp/.test(one))
      .sort()
    const parts = azure(name)
    const url = (bytes: Uint8Array): string => base64(bytes).replaceAll('+', '-').replaceAll('/', '_')
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
    const evidence = {
      version: 1,
      hcl_report: url(parts.hclReport),
      vcek: url(parts.vcek ?? new Uint8Array()),
      tpm_quote: {
        message: hex(parts.quote?.message ?? new Uint8Array()),
        signature: hex(parts.quote?.signature ?? new Uint8Array()),
        pcrs: Array.from({ length: 24 }, (_, i) => parts.quote?.pcrs?.['sha256']?.[String(i)] ?? '00'.repeat(32)),
      },
    }
    assert.equal(recognise(attestation(evidence)).tee, 'azure-vtpm')
  })
})

describe('se evidence of the KBS protocol', { skip: missing('ibm-se') }, () => {
  const of = (name: string): Uint8Array => file(`ibm-se/attestation-valid/${name}`)
  const answer = (): Readonly<Record<string, unknown>> => {
    const { entries } = parseSeExchange(of('response.pvattest'))
    return {
      measurement: base64(entries.measurement.bytes ?? new Uint8Array()),
      additional_data: base64(entries.additional.bytes ?? new Uint8Array()),
      user_data: base64(entries.userData.bytes ?? new Uint8Array()),
      cuid: base64(entries.configUid.bytes ?? new Uint8Array()),
      encr_measurement_key: 'AA==',
      encr_request_nonce: 'AA==',
      image_hdr_tags: { pld: 'AA==', ald: 'AA==', tld: 'AA==', tag: 'AA==' },
    }
  }
  const judged = (value: object, request: Uint8Array | undefined) => {
    const found = recognise(attestation(value))
    assert.equal(found.tee, 'ibm-se')
    const documents = ['ibm.crt', 'inter_ca.crt', 'root_ca.crt', 'root_ca.crl', 'inter_ca.crl', 'ibm.crl', 'host.crt']
    return verifyIbmSeSync(found.evidence, {
      at: new Date('2025-01-01T00:00:00Z'),
      files: documents.map((one) => file(`ibm-se/host-key-documents/files/${one}`)),
      header: of('se-header.bin'),
      protectionKey: of('protection-key.bin'),
      trustAnchors: [
        {
          id: 'test-root',
          name: 'root of the published test chain',
          vendor: 'test',
          spkiSha256: '8667c3d5906739da1488a60611b631e74aa28e8e36baa49802e5669aaa661d7c',
          emulated: true,
        },
      ],
      expect: {
        measurement: [createHash('sha256').update(of('se-header.bin')).digest('hex')],
        nonce: 'f5fb9f55e6b28f1f69d7a48452fd9857',
        reportData: '70726f6f6620666f7220746573746572',
        allowEmulated: true,
      },
      ...(request === undefined ? {} : { request }),
    })
  }

  it('is verified with the request that the verifier kept, in its container or bare', () => {
    const bare = parseSeExchange(of('request.pvattest')).entries.request.bytes
    for (const request of [of('request.pvattest'), bare]) {
      const verdict = judged(answer(), request)
      assert.equal(verdict.outcome, 'verified', verdict.summary)
      assert.equal(verdict.format, 'Secure Execution attestation response')
    }
  })

  it('is rejected when a member was changed, and unreadable without the request', () => {
    for (const [name, value] of [
      ['measurement', base64(new Uint8Array(64))],
      ['user_data', 'AAAA'],
      ['cuid', base64(new Uint8Array(16))],
    ] as const)
      assert.equal(judged({ ...answer(), [name]: value }, of('request.pvattest')).outcome, 'rejected', name)
    assert.throws(() => judged(answer(), undefined), { code: 'unsupported-kind' })
    assert.throws(() => judged({ ...answer(), cuid: 'AA==' }, of('request.pvattest')), { code: 'malformed' })
    assert.throws(() => judged({ ...answer(), measurement: 7 }, of('request.pvattest')), { code: 'malformed' })
    assert.throws(() => judged({ ...answer(), measurement: '' }, of('request.pvattest')), { code: 'truncated' })
  })

  it('is decoded member by member', () => {
    const fields = ibmSeFields(json(answer()))
    assert.deepEqual(
      fields.map(({ path }) => path),
      ['answer.measurement', 'answer.additional', 'answer.userData', 'answer.configUid'],
    )
  })
})
