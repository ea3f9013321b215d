import { allZero, toHex } from '../core/bytes.ts'
import type { Field } from '../core/fields.ts'
import {
  flagsOf,
  hex64,
  keyInfoOf,
  PLATFORM_BITS,
  POLICY_BITS,
  unknownPlatformBits,
  unknownPolicyBits,
} from './bits.ts'
import { decodeTcb, type SnpProduct, tcbLayout } from './products.ts'
import {
  type FirmwareVersion,
  type ReportRow,
  reportProduct,
  type SnpReport,
  snpReportLayout,
  VMPL_HOST,
} from './report.ts'

const SOURCE = 'AMD 56860, ATTESTATION_REPORT'

/**
 * Every field of a report, in order of offset, with what it means.
 * @param known the product, for reports of version 2, which do not name it; by default their TCBs are read as Milan's
 */
export function snpFields(report: SnpReport, known?: SnpProduct): readonly Field[] {
  const product = reportProduct(report) ?? known
  const fields: Field[] = []
  for (const row of snpReportLayout(report.version)) {
    fields.push(...fieldsOf(row, report, product))
  }
  if (product !== undefined) fields.push({ path: 'report.product', value: product, meaning: 'product generation' })
  return fields
}

function fieldsOf(row: ReportRow, report: SnpReport, product: SnpProduct | undefined): readonly Field[] {
  const value = report[row.name]
  if (value === undefined) return []
  const path = `report.${row.name}`
  const place = { offset: row.offset, length: row.size, source: SOURCE }
  const meaning = MEANINGS[row.name]?.(report)
  const said = meaning === undefined ? {} : { meaning }
  if (typeof value === 'number') return [{ path, ...place, value, ...said }, ...parts(path, row, report)]
  if (typeof value === 'bigint') return [{ path, ...place, value: hex64(value), ...said }, ...parts(path, row, report)]
  if (value instanceof Uint8Array)
    return [{ path, ...place, value: toHex(value), ...said }, ...tcbParts(path, row, value, product)]
  return [{ path, ...place, value: versionText(value), ...said }]
}

function versionText({ major, minor, build }: FirmwareVersion): string {
  return `${major}.${minor}.${build}`
}

function parts(path: string, row: ReportRow, report: SnpReport): readonly Field[] {
  switch (row.name) {
    case 'policy': {
      const low = Number(report.policy & 0xffffn)
      return [
        { path: `${path}.abiMinor`, value: low & 0xff },
        { path: `${path}.abiMajor`, value: low >> 8 },
        ...flagFields(path, flagsOf(report.policy, POLICY_BITS)),
        ...unknown(path, unknownPolicyBits(report.policy)),
      ]
    }
    case 'platformInfo':
      return [
        ...flagFields(path, flagsOf(report.platformInfo, PLATFORM_BITS)),
        ...unknown(path, unknownPlatformBits(report.platformInfo)),
      ]
    case 'keyInfo': {
      const { signingKey, ...rest } = keyInfoOf(report.keyInfo)
      return [...flagFields(path, rest), { path: `${path}.signingKey`, value: signingKey }]
    }
    default:
      return []
  }
}

function flagFields(path: string, flags: Readonly<Record<string, boolean>>): readonly Field[] {
  return Object.entries(flags).map(([name, value]) => ({ path: `${path}.${name}`, value }))
}

function unknown(path: string, bits: bigint): readonly Field[] {
  return bits === 0n ? [] : [{ path: `${path}.unknownBits`, value: hex64(bits), meaning: 'bits without a name' }]
}

function tcbParts(path: string, row: ReportRow, raw: Uint8Array, product: SnpProduct | undefined): readonly Field[] {
  if (!row.name.endsWith('Tcb')) return []
  const layout = tcbLayout(product)
  return Object.entries(decodeTcb(raw, layout)).map(([part, value]) => {
    const at = layout.parts[part as keyof typeof layout.parts]
    return { path: `${path}.${part}`, ...(at === undefined ? {} : { offset: row.offset + at, length: 1 }), value }
  })
}

const zeroOr =
  (name: 'familyId' | 'imageId' | 'idKeyDigest' | 'authorKeyDigest', absent: string, present: string) =>
  (report: SnpReport): string =>
    allZero(report[name]) ? absent : present

const MEANINGS: Readonly<Partial<Record<keyof SnpReport, (report: SnpReport) => string>>> = {
  version: (report) => (report.version === 4 ? 'not publicly described; read like version 3' : 'version of the report'),
  guestSvn: () => 'security version of the guest, from its ID block',
  policy: () => 'what the launcher permits the host to do',
  familyId: zeroOr('familyId', 'no ID block', 'from the ID block'),
  imageId: zeroOr('imageId', 'no ID block', 'from the ID block'),
  vmpl: (report) =>
    report.vmpl === VMPL_HOST
      ? 'the host asked for this report'
      : 'privilege level inside the guest that asked; 0 is the highest',
  signatureAlgo: () => 'ECDSA P-384 with SHA-384',
  currentTcb: () => 'versions that run now',
  platformInfo: () => 'how the platform is set up',
  keyInfo: () => 'which key signed',
  reportData: () => 'chosen by the guest: nonce, key hash',
  measurement: () => 'launch digest',
  hostData: () => 'chosen by the host at launch; container services put a policy hash here',
  idKeyDigest: zeroOr('idKeyDigest', 'no ID block', 'SHA-384 of the ID key'),
  authorKeyDigest: zeroOr('authorKeyDigest', 'no author key', 'SHA-384 of the author key'),
  reportId: () => 'identity of this guest for as long as it runs',
  reportIdMa: (report) =>
    report.reportIdMa.every((byte) => byte === 0xff) ? 'no migration agent' : 'identity of the migration agent',
  reportedTcb: () => 'versions that the endorsement certificate is for',
  cpuidFamily: () => 'combined CPUID family',
  cpuidModel: () => 'combined CPUID model',
  chipId: (report) => (allZero(report.chipId) ? 'masked, or signed by a VLEK' : 'identity of the chip'),
  committedTcb: () => 'versions below which the platform cannot go any more',
  current: () => 'SEV firmware that runs now',
  committed: () => 'SEV firmware below which the platform cannot go any more',
  launchTcb: () => 'current versions when the guest was launched or imported',
  launchMitVector: () => 'mitigations in place at launch',
  currentMitVector: () => 'mitigations in place now',
  signatureR: () => 'little-endian',
  signatureS: () => 'little-endian',
  reserved330: () => 'not signed',
}
