import type { SnpCollateralInput } from '../../src/snp/collateral.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import type { SnpSubject } from './subjects.ts'

/** What a swap makes of evidence and collateral, and the checks, one of which must object. */
export interface SnpSwapped {
  readonly evidence?: Uint8Array
  readonly collateral?: SnpCollateralInput
  readonly checks: readonly string[]
}

export type SnpSwap = (a: SnpSubject, b: SnpSubject) => SnpSwapped | undefined

const differ = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && Buffer.compare(a, b) !== 0
// A VCEK is reissued for the same key, and then either vouches for the report.
const otherKey = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && differ(parseCertificate(a).spki, parseCertificate(b).spki)
const sameTrust = (a: SnpSubject, b: SnpSubject): boolean => JSON.stringify(a.anchors) === JSON.stringify(b.anchors)
const sameArk = (a: SnpSubject, b: SnpSubject): boolean => !differ(a.collateral.ark, b.collateral.ark)

function members(a: SnpSubject, b: SnpSubject, ...names: readonly (keyof SnpCollateralInput)[]): SnpCollateralInput {
  const { vcek: _, vlek: __, ...rest } = a.collateral
  const leaf = names.includes('vcek') || names.includes('vlek') ? rest : a.collateral
  return {
    ...leaf,
    ...Object.fromEntries(
      names.flatMap((name) => (b.collateral[name] === undefined ? [] : [[name, b.collateral[name]]])),
    ),
  }
}

/** Everything that is swapped between two SNP reports. */
export const SNP_SWAPS: Readonly<Record<string, SnpSwap>> = {
  "another report's VCEK": ({ collateral, ...a }, b) =>
    otherKey(collateral.vcek, b.collateral.vcek)
      ? { collateral: members({ ...a, collateral }, b, 'vcek', 'ask', 'ark'), checks: ['snp.report.signature'] }
      : undefined,
  "another report's VLEK": (a, b) =>
    otherKey(a.collateral.vlek, b.collateral.vlek)
      ? { collateral: members(a, b, 'vlek', 'asvk', 'ark'), checks: ['snp.report.signature'] }
      : undefined,
  'a VLEK with its chain for a VCEK': (a, b) =>
    a.collateral.vcek !== undefined && b.collateral.vlek !== undefined
      ? { collateral: { ...withoutChain(a), ...pick(b, 'vlek', 'asvk', 'ark') }, checks: ['snp.leaf.role'] }
      : undefined,
  'a VCEK with its chain for a VLEK': (a, b) =>
    a.collateral.vlek !== undefined && b.collateral.vcek !== undefined
      ? { collateral: { ...withoutChain(a), ...pick(b, 'vcek', 'ask', 'ark') }, checks: ['snp.leaf.role'] }
      : undefined,
  'an ASVK for the ASK': (a, b) =>
    a.collateral.vcek !== undefined && b.collateral.asvk !== undefined
      ? { collateral: { ...a.collateral, ask: b.collateral.asvk }, checks: ['snp.chain.names'] }
      : undefined,
  "another product's ASK": (a, b) =>
    !sameArk(a, b) && differ(a.collateral.ask, b.collateral.ask)
      ? { collateral: members(a, b, 'ask'), checks: ['snp.chain.names', 'snp.intermediate.signature'] }
      : undefined,
  "another product's ARK": (a, b) =>
    sameArk(a, b)
      ? undefined
      : { collateral: members(a, b, 'ark'), checks: ['snp.chain.names', 'snp.intermediate.signature'] },
  "another root's whole chain": (a, b) =>
    sameTrust(a, b)
      ? undefined
      : {
          collateral: { ...withoutChain(a), ...pick(b, 'vcek', 'vlek', 'ask', 'asvk', 'ark') },
          checks: ['snp.ark.pinned', 'snp.leaf.role'],
        },
  "another product's CRL": (a, b) =>
    sameArk(a, b) || b.collateral.crl === undefined
      ? undefined
      : { collateral: members(a, b, 'crl'), checks: ['snp.crl.issuer', 'snp.crl.signature'] },
  "another guest's ID block": (a, b) =>
    b.collateral.idBlock !== undefined && differ(a.evidence.subarray(0xe0, 0x110), b.evidence.subarray(0xe0, 0x110))
      ? { collateral: members(a, b, 'idBlock', 'idAuth'), checks: ['snp.id-block.'] }
      : undefined,
  "another ID block's authentication": (a, b) =>
    differ(a.collateral.idAuth, b.collateral.idAuth)
      ? { collateral: members(a, b, 'idAuth'), checks: ['snp.id-block.'] }
      : undefined,
  "another report's signature": (a, b) =>
    differ(a.evidence.subarray(0, 0x2a0), b.evidence.subarray(0, 0x2a0))
      ? {
          evidence: joined(a.evidence.subarray(0, 0x2a0), b.evidence.subarray(0x2a0)),
          checks: ['snp.report.signature'],
        }
      : undefined,
}

function withoutChain({ collateral }: SnpSubject): SnpCollateralInput {
  const { vcek: _, vlek: __, ask: ___, asvk: ____, ark: _____, ...rest } = collateral
  return rest
}

function pick({ collateral }: SnpSubject, ...names: readonly (keyof SnpCollateralInput)[]): SnpCollateralInput {
  return Object.fromEntries(names.flatMap((name) => (collateral[name] === undefined ? [] : [[name, collateral[name]]])))
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([a, b]))
}
