import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Check, TrustAnchor, Verdict } from '../src/core/verdict.ts'
import {
  type IbmSeClaims,
  type IbmSeExpectations,
  type IbmSeVerifyOptions,
  verifyIbmSeSync,
} from '../src/ibm-se/index.ts'
import { missing, VECTORS } from './vectors.ts'

export const skip: string | false = missing('ibm-se')
export const AT: Date = new Date('2025-01-01T00:00:00Z')

export function vector(...path: readonly string[]): Uint8Array {
  return new Uint8Array(readFileSync(join(VECTORS, 'ibm-se', ...path)))
}

export function document(name: string): Uint8Array {
  return vector('host-key-documents', 'files', name)
}

/** The published test chain, whose root is nobody's in production. */
export const ANCHOR: TrustAnchor = {
  id: 'test-root',
  name: 'root of the published test chain',
  vendor: 'test',
  spkiSha256: '8667c3d5906739da1488a60611b631e74aa28e8e36baa49802e5669aaa661d7c',
  emulated: true,
}
export const CHAIN: readonly string[] = [
  'ibm.crt',
  'inter_ca.crt',
  'root_ca.crt',
  'root_ca.crl',
  'inter_ca.crl',
  'ibm.crl',
]
export const NONCE = 'f5fb9f55e6b28f1f69d7a48452fd9857'
export const USER_DATA = '70726f6f6620666f7220746573746572'

export interface Asked {
  readonly evidence?: Uint8Array
  readonly files?: readonly string[]
  readonly without?: string
  readonly expect?: IbmSeExpectations
  readonly options?: Partial<IbmSeVerifyOptions>
  readonly withoutKey?: true
}

export function good(): IbmSeExpectations {
  const measurement = [createHash('sha256').update(vector('attestation-valid', 'se-header.bin')).digest('hex')]
  return { measurement, nonce: NONCE, reportData: USER_DATA, allowEmulated: true }
}

export function optionsOf({ files = CHAIN, without, expect, options, withoutKey }: Asked): IbmSeVerifyOptions {
  return {
    at: AT,
    files: [...files.filter((name) => name !== without).map(document), document('host.crt')],
    header: vector('attestation-valid', 'se-header.bin'),
    ...(withoutKey === true ? {} : { protectionKey: vector('attestation-valid', 'protection-key.bin') }),
    trustAnchors: [ANCHOR],
    expect: { ...good(), ...expect },
    ...options,
  }
}

export function judged(asked: Asked = {}): Verdict<IbmSeClaims> {
  return verifyIbmSeSync(asked.evidence ?? vector('attestation-valid', 'response.pvattest'), optionsOf(asked))
}

export function check(verdict: Verdict, id: string): Check {
  const found = verdict.checks.flatMap((group) => group.checks).find((one) => one.id === id)
  assert.ok(found, `there is no check ${id}`)
  return found
}

export function swap(from: string, to: string): readonly string[] {
  return CHAIN.map((name) => (name === from ? to : name))
}

export function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice()
  copy[at] = (copy[at] as number) ^ (1 << (at % 8))
  return copy
}

/** For checks that can fail or stay open, a change that makes them. */
export const FAULTS: Readonly<Record<string, () => Asked>> = {
  'ibm-se.files.well-formed': () => ({
    options: { files: [...CHAIN.map(document), document('host.crt'), Uint8Array.of(0x30, 3, 1)] },
  }),
  'ibm-se.hkd.present': () => ({ options: { files: CHAIN.map(document) } }),
  'ibm-se.signing-key.present': () => ({ without: 'ibm.crt' }),
  'ibm-se.signing-key.single': () => ({ files: [...CHAIN, 'ibm_rev.crt'] }),
  'ibm-se.chain.complete': () => ({ without: 'inter_ca.crt' }),
  'ibm-se.root.pinned': () => ({ options: { trustAnchors: [] } }),
  'ibm-se.chain.not-before': () => ({ options: { at: new Date('2024-03-20T00:00:00Z') } }),
  'ibm-se.chain.not-after': () => ({ files: swap('ibm.crt', 'ibm_expired.crt') }),
  'ibm-se.chain.crl': () => ({ without: 'root_ca.crl' }),
  'ibm-se.chain.crl-current': () => ({ files: swap('inter_ca.crl', 'inter_ca.invalid_date.crl') }),
  'ibm-se.chain.not-revoked': () => ({ files: swap('ibm.crt', 'ibm_rev.crt') }),
  'ibm-se.hkd.akid': () => ({ evidence: document('fake_host.crt') }),
  'ibm-se.hkd.signature': () => ({ evidence: document('host_sigflip.der') }),
  'ibm-se.hkd.not-before': () => ({ options: { at: new Date('2024-03-21T14:52:38Z') } }),
  'ibm-se.hkd.not-after': () => ({ evidence: document('host_crt_expired.crt') }),
  'ibm-se.hkd.crl': () => ({ without: 'ibm.crl' }),
  'ibm-se.hkd.not-revoked': () => ({ evidence: document('host_rev.crt') }),
  'ibm-se.request.key': () => ({ evidence: vector('attestation-valid', 'request.pvattest'), withoutKey: true }),
  'ibm-se.request.tag': () => ({ options: { protectionKey: new Uint8Array(32) } }),
  'ibm-se.response': () => ({ evidence: vector('attestation-valid', 'request.pvattest') }),
  'ibm-se.header': () => ({ options: { header: new Uint8Array(100) } }),
  'ibm-se.additional': () => ({ evidence: vector('attestation-request-flags-changed', 'response.pvattest') }),
  'ibm-se.measurement': () => ({ evidence: flipped(vector('attestation-valid', 'response.pvattest'), 0x250) }),
  'ibm-se.attestation-key': () => ({ evidence: flipped(vector('attestation-valid', 'response.pvattest'), 0x230) }),
  'ibm-se.image-key': () => ({ evidence: flipped(vector('attestation-valid', 'response.pvattest'), 0x210) }),
  'ibm-se.hardware': () => ({ expect: { allowEmulated: false } }),
  'ibm-se.guest': () => ({ evidence: document('host.crt') }),
  'ibm-se.expect.measurement': () => ({ expect: { measurement: ['00'.repeat(32)] } }),
  'ibm-se.expect.user-data': () => ({ expect: { reportData: '00' } }),
  'ibm-se.expect.freshness': () => ({ expect: { nonce: '00'.repeat(16) } }),
  'ibm-se.expect.configuration': () => ({ expect: { configurations: ['00'.repeat(16)] } }),
  'ibm-se.expect.secret-store': () => ({ expect: { secretStores: ['00'.repeat(64)] } }),
  'ibm-se.expect.hardware-id': () => ({ expect: { hardwareIds: ['00'.repeat(32)] } }),
}
/** Shown with made certificates below: the published ones do not have these faults. */
export const NOT_SHOWN: readonly string[] = [
  'ibm-se.chain.constraints',
  'ibm-se.chain.strength',
  'ibm-se.chain.signature',
  'ibm-se.hkd.strength',
]
