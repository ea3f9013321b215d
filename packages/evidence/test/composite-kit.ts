import { digest, fromHex, keyUsage, type MadeSnp, makeSnp, namedKey, toHex, utf8 } from '@sekisho/emulator/kit'
import { type CompositeOptions, type PartDoor, verifyComposite } from '../src/composite/index.ts'
import { canonicalJson } from '../src/core/canonical.ts'
import type { Verdict } from '../src/core/verdict.ts'
import { splitNvidiaEvidence, verifyNvidia, verifyNvidiaNode } from '../src/nvidia/index.ts'
import { verifySnp } from '../src/snp/index.ts'
import {
  AT,
  DEVICE_ANCHOR,
  deviceChain,
  FWID,
  goodCollateral,
  hexTlv,
  makeOcsp,
  makeReport,
  pem,
  RIM_ANCHOR,
  seq,
  tlv,
} from './nvidia-kit.ts'

/** Serial number of the second device's identity. */
const SECOND_IDENTITY = '4100000000000000b1'

export { AT } from './nvidia-kit.ts'

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

/** The verifier's nonce, hex, and the runtime data that a KBS client makes of it. */
export const NONCE: string = '5a'.repeat(32)
export const RUNTIME_DATA: Readonly<Record<string, unknown>> = {
  nonce: base64(fromHex(NONCE)),
  'tee-pubkey': { kty: 'EC', crv: 'P-256', alg: 'ECDH-ES+A256KW', x: 'eA', y: 'eQ' },
}

export function bindingDigest(runtimeData: object): Uint8Array {
  return digest('sha384', utf8(canonicalJson(runtimeData)))
}

/** A GPU as its JSON has it; the second has a key and a chain of its own. */
export function gpu(nonce: string, which: 'first' | 'second' = 'first'): { evidence: string; certificate: string } {
  const flag = { FEATURE_FLAG: Uint8Array.of(1, 0) }
  if (which === 'first')
    return { evidence: base64(makeReport({ nonce, opaque: flag })), certificate: base64(pem(...deviceChain())) }
  const signer = namedKey('nvidia second device', 'P-384')
  const value = seq(tlv(0x02, Uint8Array.of(1)), signer.spki, seq(hexTlv(0x06, '608648016503040202'), tlv(0x04, FWID)))
  const extensions = [keyUsage('digitalSignature'), { oid: '2.23.133.5.4.1', value }]
  const chain = deviceChain({
    0: { subjectKey: signer, serial: 0x4100000000000000afn, extensions },
    1: { serial: BigInt(`0x${SECOND_IDENTITY}`) },
  })
  return { evidence: base64(makeReport({ nonce, opaque: flag, signer })), certificate: base64(pem(...chain)) }
}

/** What of a composite differs from a good one. */
export interface Changes {
  readonly runtimeData?: Readonly<Record<string, unknown>>
  /** What the machine binds, when it is not the runtime data sent. */
  readonly bound?: object
  /** Nonce of the second GPU. */
  readonly secondNonce?: string
  readonly devices?: readonly object[]
  /** Edits the devices' text after the machine has bound it. */
  readonly edit?: (additional: string) => string
}

/** Evidence of an SNP guest with two GPUs, as a KBS client sends it. */
export function attestation(changes: Changes = {}): { readonly evidence: Uint8Array; readonly snp: MadeSnp } {
  const { runtimeData = RUNTIME_DATA } = changes
  const nonce = toHex(bindingDigest(runtimeData).subarray(0, 32))
  const devices = changes.devices ?? [gpu(nonce), gpu(changes.secondNonce ?? nonce, 'second')]
  const additional = JSON.stringify({ nvidia: { device_evidence_list: devices } })
  const bound = changes.bound ?? { ...runtimeData, 'additional-evidence': additional }
  const snp = makeSnp({ nonce: bindingDigest(bound), at: AT })
  const message = {
    'runtime-data': runtimeData,
    'tee-evidence': {
      primary_evidence: { attestation_report: base64(snp.evidence) },
      additional_evidence: changes.edit?.(additional) ?? additional,
    },
  }
  return { evidence: utf8(JSON.stringify(message)), snp }
}

/** The doors of the two TEEs, with the collateral of made evidence. */
export function doorFor(snp: MadeSnp): PartDoor {
  return async ({ part, at, expect, waive }) => {
    const { tee, evidence } = part.recognised
    if (tee === 'snp')
      return verifySnp(evidence, { at, expect, waive, collateral: snp.collateral, trustAnchors: [snp.anchor] })
    if (tee !== 'nvidia-gpu') throw new Error(`no door for ${tee}`)
    const { certificateChain: _chain, ocsp = [], ...manifests } = goodCollateral()
    const collateral = { ...manifests, ocsp: [...ocsp, makeOcsp('device', 1, { serial: SECOND_IDENTITY })] }
    const options = { at, expect, waive, collateral, trustAnchors: [DEVICE_ANCHOR, RIM_ANCHOR] }
    return splitNvidiaEvidence(evidence).length === 1
      ? verifyNvidia(evidence, options)
      : verifyNvidiaNode([{ evidence }], options)
  }
}

/** What is expected of the made parts; all is right unless `changes` say otherwise. */
export function wishes(snp: MadeSnp): NonNullable<CompositeOptions['expect']> {
  const { measurement, minTcb } = snp.expectations
  return {
    nonce: NONCE,
    allowEmulated: true,
    parts: {
      snp: { measurement, minTcb },
      'nvidia-gpu': { minDriverVersion: '570.86', minVbiosVersion: '96.00.AF' },
    },
  }
}

/** Judges made composite evidence. */
export function judge(changes: Changes = {}, options: Partial<CompositeOptions> = {}): Promise<Verdict> {
  const { evidence, snp } = attestation(changes)
  return verifyComposite(evidence, { at: AT, door: doorFor(snp), expect: wishes(snp), ...options })
}
