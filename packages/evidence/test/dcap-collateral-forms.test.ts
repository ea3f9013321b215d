import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeSgx } from '@sekisho/emulator/kit'
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
const isCrl = (name: string): boolean => name === 'root_ca_crl' || name === 'pck_crl'

describe('DCAP collateral in other forms', () => {
  const forms: Readonly<Record<string, unknown>> = {
    'as it is, with members that are no collateral': { ...PLAIN, version: 3, tee_type: 0, note: [1, 'x'] },
    'no chain of the platform, as an empty text or null': {
      ...PLAIN,
      pck_certificate_chain: '',
      pckCertificateChain: null,
    },
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
    'CRLs as base64 of hexadecimal': map((text, name) => (isCrl(name) ? base64(text) : text)),
  }
  for (const [name, form] of Object.entries(forms))
    it(name, () => {
      const found = dcapCollateralOf(JSON.parse(JSON.stringify(form)))
      assert.deepEqual(found, PLAIN)
      const verdict = verifySgxSync(MADE.evidence, { at: MADE.at, collateral: found, trustAnchors: [MADE.anchor] })
      assert.equal(verdict.authenticity, 'proven', verdict.summary)
    })

  it('what is no collateral, and members that are none', () => {
    for (const value of [undefined, null, 1, 'x', [], {}, { collateral: 'x' }, { tcb_info: 5 }, { constructor: 'x' }])
      assert.equal(dcapCollateralOf(value), undefined)
    assert.deepEqual(dcapCollateralOf({ tcb_info: 'x', pck_crl: [1, 300], root_ca_crl: [0.5] }), { tcb_info: 'x' })
    const twice = dcapCollateralOf({
      tcb_info: `{"tcbInfo":{},"signature":"${'ab'.repeat(64)}"}`,
      tcb_info_signature: '00',
    })
    assert.deepEqual(twice, { tcb_info: '{}', tcb_info_signature: '00' })
  })
})
