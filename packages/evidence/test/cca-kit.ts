import assert from 'node:assert/strict'
import { cborBytes, cborInteger, cborMap, cborTag } from '../src/cbor/encode.ts'
import {
  type ArmEndorsementsInput,
  type CcaClaims,
  type CcaExpectations,
  type CcaToken,
  verifyCcaSync,
} from '../src/cca/index.ts'
import { toHex } from '../src/core/bytes.ts'
import type { Check, TrustAnchor, Verdict } from '../src/core/verdict.ts'
import { AT, type CcaChange, CHALLENGE, coseKey, endorsements, filled, makeCca, RIM, STRANGER } from './arm-kit.ts'

export const GOOD: CcaExpectations = { measurement: [toHex(RIM)], nonce: toHex(CHALLENGE) }

export interface Asked extends CcaChange {
  readonly expect?: CcaExpectations
  readonly endorsements?: ArmEndorsementsInput
  readonly trustAnchors?: readonly TrustAnchor[]
  readonly waive?: readonly string[]
}

export function judged(asked: Asked = {}, evidence: Uint8Array = makeCca(asked)): Verdict<CcaClaims> {
  return verifyCcaSync(evidence, {
    at: AT,
    expect: { ...GOOD, ...asked.expect },
    endorsements: asked.endorsements ?? endorsements(),
    ...(asked.trustAnchors === undefined ? {} : { trustAnchors: asked.trustAnchors }),
    ...(asked.waive === undefined ? {} : { waive: asked.waive }),
  })
}

export function check(verdict: Verdict, id: string): Check {
  const found = verdict.checks.flatMap((group) => group.checks).find((one) => one.id === id)
  assert.ok(found, `there is no check ${id}`)
  return found
}

export const other: TrustAnchor = { id: 'other', name: 'other', vendor: 'test', spkiSha256: '00'.repeat(32) }
export const rems = (index: number): readonly Uint8Array[] => [0, 1, 2, 3].map((i) => filled(32, i === index ? 7 : 0))
export const attested: NonNullable<CcaToken['keyAttestation']> = {
  raw: cborTag(
    601,
    cborMap([
      [cborInteger(10), cborBytes(filled(8, 1))],
      [cborInteger(8), cborMap([[cborInteger(1), coseKey(STRANGER)]])],
    ]),
  ),
  nonce: filled(8, 1),
  key: { kind: 'P-384', bytes: new Uint8Array(96) },
}
export const jwkOffCurve = (): ArmEndorsementsInput => {
  const [key] = JSON.parse(endorsements().keys ?? '') as [{ readonly pkey: { readonly x: string } }]
  return { keys: JSON.stringify({ ...key.pkey, y: key.pkey.x }) }
}
export const anchored = (): TrustAnchor => {
  const [anchor] = judged().anchors
  assert.ok(anchor)
  return { ...anchor, emulated: true }
}

/** For every check a change that makes it fail. */
export const FAILING: Readonly<Record<string, () => Asked>> = {
  'cca.endorsements.well-formed': () => ({ endorsements: { keys: '{' } }),
  'cca.key.valid': () => ({ endorsements: jwkOffCurve() }),
  'cca.key.trusted': () => ({ trustAnchors: [other] }),
  'cca.platform.signature': () => ({ platformSigner: STRANGER }),
  'cca.realm.binding': () => ({ platform: { challenge: filled(64, 9) } }),
  'cca.realm.signature': () => ({ realmSigner: STRANGER }),
  'cca.key-attestation': () => ({ token: { keyAttestation: attested }, expect: { nonce: '01'.repeat(8) } }),
  'cca.hardware': () => ({ trustAnchors: [anchored()] }),
  'cca.lifecycle': () => ({ platform: { lifecycle: 0x4000 } }),
  'cca.reference.components': () => ({ endorsements: endorsements({ measurement: 'ff'.repeat(32) }) }),
  'cca.reference.configuration': () => ({ endorsements: endorsements({ configuration: '0103' }) }),
  'cca.expect.product': () => ({ expect: { products: ['22'.repeat(32)] } }),
  'cca.expect.hardware-id': () => ({ expect: { hardwareIds: ['01'.repeat(33)] } }),
  'cca.expect.measurement': () => ({ expect: { measurement: ['22'.repeat(32)] } }),
  'cca.expect.rem0': () => ({ realm: { extensibleMeasurements: rems(0) }, expect: { rem0: ['22'.repeat(32)] } }),
  'cca.expect.rem1': () => ({ realm: { extensibleMeasurements: rems(1) }, expect: { rem1: ['22'.repeat(32)] } }),
  'cca.expect.rem2': () => ({ realm: { extensibleMeasurements: rems(2) }, expect: { rem2: ['22'.repeat(32)] } }),
  'cca.expect.rem3': () => ({ realm: { extensibleMeasurements: rems(3) }, expect: { rem3: ['22'.repeat(32)] } }),
  'cca.expect.host-data': () => ({ expect: { hostData: ['22'.repeat(64)] } }),
  'cca.expect.report-data': () => ({ expect: { reportData: '22' } }),
  'cca.expect.freshness': () => ({ expect: { nonce: '22'.repeat(32) } }),
}
/** A key that is missing is a gap, never a refusal. */
export const NEVER_FAIL: readonly string[] = ['cca.key.present']
