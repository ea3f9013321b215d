import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { generateKey, makeSgx, pemChain } from '@sekisho/emulator/kit'
import type { Check } from '../src/core/verdict.ts'
import { dcapCollateralOf } from '../src/recognise/index.ts'
import { verifySgxSync } from '../src/sgx/index.ts'

const MADE = makeSgx()
const PLAIN: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(MADE.collateral).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
)
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const map = (change: (text: string, name: string) => unknown, from = PLAIN): Record<string, unknown> =>
  Object.fromEntries(Object.entries(from).map(([name, text]) => [name, change(text, name)]))

/** As the service answers, with the signature inside of the document. */
function answers(): Record<string, string> {
  const { tcb_info: info, tcb_info_signature: one, qe_identity: qe, qe_identity_signature: two, ...rest } = PLAIN
  return {
    ...rest,
    tcb_info: `{"tcbInfo":${info},"signature":"${one}"}`,
    qe_identity: `{"enclaveIdentity":${qe},"signature":"${two}"}`,
  }
}

const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
const isSignature = (name: string): boolean => name.endsWith('signature')
const isChain = (name: string): boolean => name.endsWith('chain')
const bytes = (digits: string): Buffer => Buffer.from(digits, 'hex')
const blocks = (pem: string): readonly string[] => pem.match(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----\n?/g) ?? []

/** As parsers of JSON leave the answers of the service. */
function parsedAnswers(): Record<string, unknown> {
  const all = answers()
  return { ...all, tcb_info: JSON.parse(all['tcb_info'] ?? ''), qe_identity: JSON.parse(all['qe_identity'] ?? '') }
}

const isCrl = (name: string): boolean => name === 'root_ca_crl' || name === 'pck_crl'

describe('DCAP collateral in other forms', () => {
  const forms: Readonly<Record<string, unknown>> = {
    'as it is, with members that are no collateral': { ...PLAIN, version: 3, tee_type: 0, note: [1, 'x'] },
    'no chain of the platform, as an empty text or null': {
      ...PLAIN,
      pck_certificate_chain: '',
      pckCertificateChain: null,
    },
    'a list with one platform, documents with their signatures as text': (() => {
      const { tcb_info: tcbInfo, tcb_info_issuer_chain: tcbInfoIssuerChain, ...rest } = answers()
      const others = Object.entries(rest).map(([name, text]) => [camel(name), text])
      return { ...Object.fromEntries(others), platforms: [{ fmspc: '00606a000000', tcbInfo, tcbInfoIssuerChain }] }
    })(),
    'one chain for both documents, under the name of Automata': (() => {
      const { tcb_info_issuer_chain: chain, qe_identity_issuer_chain: _, ...rest } = parsedAnswers()
      return { ...rest, tcb_info_and_qe_identity_issuer_chain: chain }
    })(),
    'names that say that they are raw and signed': Object.fromEntries(
      Object.entries(answers()).map(([name, text]) => [
        camel(/^(?:tcb_info|qe_identity)$/.test(name) ? `raw_signed_${name}` : `raw_${name}`),
        text,
      ]),
    ),
    'a CRL by the kind of its authority': (() => {
      const { pck_crl: crl, root_ca_crl: root, ...rest } = PLAIN
      return { ...rest, pck_platform_crl: crl, root_crl: root }
    })(),
    'inside of an answer': { quote_collateral: PLAIN, quote: { verified: true } },
    'names in camel case': Object.fromEntries(Object.entries(PLAIN).map(([name, text]) => [camel(name), text])),
    'whole answers of the service': answers(),
    'base64 of texts': map((text, name) => (isCrl(name) || name.endsWith('signature') ? text : base64(text))),
    'lists of numbers with a zero behind, CRLs as DER, from characters with a sign': {
      major_version: 3,
      ...map((text, name) => {
        const bytes = isCrl(name) ? Buffer.from(text, 'hex') : Buffer.from([...utf8(text), 0])
        return [...bytes].map((byte) => (byte > 127 ? byte - 256 : byte))
      }, answers()),
    },
    'signatures in base64': map((text, name) => (isSignature(name) ? bytes(text).toString('base64') : text)),
    'signatures and CRLs as lists of numbers': map((text, name) =>
      isSignature(name) || isCrl(name) ? [...bytes(text)] : text,
    ),
    'hexadecimal with its prefix': map((text, name) => (isSignature(name) || isCrl(name) ? `0x${text}` : text)),
    'chains as the headers of the service have them': map((text, name) =>
      isChain(name) ? encodeURIComponent(text) : text,
    ),
    'chains as a form writes them': map((text, name) =>
      isChain(name) ? encodeURIComponent(text).replaceAll('%20', '+') : text,
    ),
    'answers that were parsed': parsedAnswers(),
    'documents that were parsed': map((text, name) =>
      name === 'tcb_info' || name === 'qe_identity' ? JSON.parse(text) : text,
    ),
    'inside of a result': { result: { collateral: PLAIN } },
    'names with capitals, and of headers': Object.fromEntries(
      Object.entries(PLAIN).map(([name, text]) => [
        isChain(name) ? `SGX-${name.replaceAll('_', '-').toUpperCase()}` : camel(`_${name}`),
        text,
      ]),
    ),
    'CRLs as base64 of hexadecimal': map((text, name) => (isCrl(name) ? base64(text) : text)),
  }
  for (const [name, form] of Object.entries(forms))
    it(name, () => {
      const found = dcapCollateralOf(JSON.parse(JSON.stringify(form)))
      assert.deepEqual(found, PLAIN)
      const verdict = verifySgxSync(MADE.evidence, { at: MADE.at, collateral: found, trustAnchors: [MADE.anchor] })
      assert.equal(verdict.authenticity, 'proven', verdict.summary)
    })

  it('a chain as a list of certificates, and one chain for both documents', () => {
    const lists = dcapCollateralOf(map((text, name) => (isChain(name) ? blocks(text) : text)))
    const { tcb_info, tcb_info_signature, qe_identity, qe_identity_signature, ...rest } = PLAIN
    const { tcb_info_issuer_chain: certs, qe_identity_issuer_chain: _, ...others } = rest
    const oasis = dcapCollateralOf({
      ...others,
      tcb_info: { tcb_info: JSON.parse(tcb_info ?? ''), signature: tcb_info_signature },
      qe_identity: { enclave_identity: JSON.parse(qe_identity ?? ''), signature: qe_identity_signature },
      certs,
    })
    for (const collateral of [lists, oasis]) {
      assert.ok(collateral)
      const verdict = verifySgxSync(MADE.evidence, { at: MADE.at, collateral, trustAnchors: [MADE.anchor] })
      assert.equal(verdict.authenticity, 'proven', verdict.summary)
    }
  })

  it('an answer of the service as it stands', () => {
    const { tcb_info: info, tcb_info_signature: one, qe_identity: qe, qe_identity_signature: two } = PLAIN
    const [tcb, identity] = [answers()['tcb_info'], answers()['qe_identity']].map((text) => JSON.parse(text ?? ''))
    assert.deepEqual(dcapCollateralOf(tcb), { tcb_info: info, tcb_info_signature: one })
    assert.deepEqual(dcapCollateralOf(identity), { qe_identity: qe, qe_identity_signature: two })
    assert.deepEqual(dcapCollateralOf({ tcbInfo: 'a', enclaveIdentity: 'b', signature: 'c' }), {
      tcb_info: 'a',
      qe_identity: 'b',
    })
  })

  // With time that grew with the square of the zeros this took half an hour.
  it('a million zeros with something behind them are no end of a text', () => {
    const found = dcapCollateralOf({ tcb_info: [0x7b, ...new Uint8Array(1_000_000), 1], pck_crl_issuer_chain: 'a' })
    assert.deepEqual(found, { tcb_info: `{${'\0'.repeat(1_000_000)}\u0001`, pck_crl_issuer_chain: 'a' })
  })

  it('a changed document or signature is refused in every form', () => {
    const changed = (text: string): string => text.replace(/"version":(\d)/, '"version" :$1')
    const forms = [
      map((text, name) => (name === 'tcb_info' ? changed(text) : text)),
      map((text, name) => (name === 'tcb_info_signature' ? [...bytes(text)].map((byte) => byte ^ 1) : text)),
      map((text, name) => (name === 'tcb_info' ? { ...JSON.parse(text), extra: 1 } : text)),
    ]
    for (const form of forms) {
      const collateral = dcapCollateralOf(form)
      assert.ok(collateral)
      const verdict = verifySgxSync(MADE.evidence, { at: MADE.at, collateral, trustAnchors: [MADE.anchor] })
      assert.equal(verdict.outcome, 'rejected')
    }
  })

  it("a CRL in DER ends where Intel's library puts a zero behind it, and with nothing else behind it", () => {
    const hex = PLAIN['root_ca_crl'] ?? ''
    const judged = (root_ca_crl: string | Uint8Array): string =>
      verifySgxSync(MADE.evidence, {
        at: MADE.at,
        collateral: { ...MADE.collateral, root_ca_crl },
        trustAnchors: [MADE.anchor],
        expect: MADE.expectations,
      }).outcome
    for (const form of [bytes(`${hex}00`), `${hex}00`, bytes(`${hex}00`).toString('base64')])
      assert.equal(judged(form), 'verified')
    for (const form of [bytes(`${hex}01`), bytes(`${hex}0000`), `${hex}0000`, bytes(hex.slice(0, -2)), '3000', '30'])
      assert.equal(judged(form), 'rejected')
  })

  it('the PCK chain of another TCB of the platform asks for the right one, and calls nobody hostile', () => {
    const judged = (made: typeof MADE, collateral: object): Check | undefined =>
      verifySgxSync(made.evidence, { at: made.at, collateral, trustAnchors: [made.anchor] })
        .checks.flatMap(({ checks }) => checks)
        .find(({ id }) => id === 'sgx.qe.report-signature')
    const { platform, root } = MADE.authority
    const another = pemChain(makeSgx().pck.der, platform.der, root.der)
    const beside = judged(MADE, { ...MADE.collateral, pck_certificate_chain: another })
    assert.equal(beside?.outcome, 'fail')
    assert.match(beside?.remedy?.action ?? '', /chain for the CPUSVN and PCESVN of this quote/)
    const forged = makeSgx({ quote: { qeReportSigner: generateKey('P-256') } })
    assert.match(judged(forged, forged.collateral)?.remedy?.action ?? '', /hostile/)
  })

  it('what is no collateral, and members that are none', () => {
    for (const value of [
      undefined,
      null,
      1,
      'x',
      [],
      {},
      { collateral: 'x' },
      { tcb_info: 5 },
      { data: { data: { data: { data: { data: PLAIN } } } } },
      { signature: 'x' },
      { data: { quote: 'AwAC', collateral: PLAIN } },
      { constructor: 'x' },
    ])
      assert.equal(dcapCollateralOf(value), undefined)
    assert.deepEqual(dcapCollateralOf({ tcb_info: 'x', pck_crl: [1, 300], root_ca_crl: [0.5] }), { tcb_info: 'x' })
    const both = { tcb_info: 'x', pck_platform_crl: 'aa', pckProcessorCrl: 'bb' }
    assert.deepEqual(dcapCollateralOf(both), { tcb_info: 'x' })
    const two = { platforms: [{ tcbInfo: 'x' }, { tcbInfo: 'y' }], qeIdentity: 'z' }
    assert.deepEqual(dcapCollateralOf(two), { qe_identity: 'z' })
    const twice = dcapCollateralOf({
      tcb_info: `{"tcbInfo":{},"signature":"${'ab'.repeat(64)}"}`,
      tcb_info_signature: '00',
    })
    assert.deepEqual(twice, { tcb_info: '{}', tcb_info_signature: '00' })
  })
})
