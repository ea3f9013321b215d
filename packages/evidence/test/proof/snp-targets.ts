import { certificateTable, TABLE_GUIDS } from '@sekisho/emulator/kit'
import type { Claims, Verdict } from '../../src/core/verdict.ts'
import { prepareSnpCollateral, SnpCollateral, type SnpCollateralInput } from '../../src/snp/collateral.ts'
import type { SnpExpectations } from '../../src/snp/expectations.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { parseCrl } from '../../src/x509/crl.ts'
import { KnownChecks } from './known-checks.ts'
import { type Baseline, judgeSnp, type SnpSubject, type Tell } from './subjects.ts'
import { inRow, type Region, type Target, whole } from './target.ts'

/** Every part of an accepted SNP subject that can be damaged. */
export function snpTargets(subject: SnpSubject, base: Baseline<SnpExpectations>): readonly Target[] {
  const { evidence, collateral } = subject
  const prepared = prepareSnpCollateral(collateral)
  const checks = new KnownChecks()
  const tell: Tell = (story) => checks.tell(story)
  const judge: Judge = (bytes, parts) => judgeSnp(subject, bytes, parts, base, { tell })
  const judgeAfresh: Judge = (bytes, parts) => judgeSnp(subject, bytes, parts, base)
  judgeSnp(subject, evidence, prepared, base, { tell: (story) => checks.learn(story) })
  const target = (
    member: keyof SnpCollateralInput,
    regions: (bytes: Uint8Array) => readonly Region[],
    decode?: Target['decode'],
  ): readonly Target[] => {
    const bytes = collateral[member]
    if (bytes === undefined) return []
    return [
      {
        part: member,
        kind: `snp-${member}`,
        bytes,
        ...(member === 'idAuth' ? { cuts: ['snp.id-block.'] } : {}),
        regions: regions(bytes),
        ...(decode === undefined ? {} : { decode }),
        judge: (damaged) => judge(evidence, replacing(prepared, collateral, member, damaged)),
        judgeAfresh: (damaged) => judgeAfresh(evidence, { ...collateral, [member]: damaged }),
      },
    ]
  }
  const certificate =
    (name: string) =>
    (bytes: Uint8Array): readonly Region[] =>
      whole(bytes, 'certificate', [`snp.${name}.`, 'snp.chain.'])
  return [
    {
      part: 'report',
      kind: 'snp-report',
      bytes: evidence,
      regions: REPORT,
      judge: (damaged) => judge(damaged, prepared),
      judgeAfresh: (damaged) => judgeAfresh(damaged, collateral),
    },
    ...target('vcek', certificate('leaf'), der),
    ...target('vlek', certificate('leaf'), der),
    ...target('ask', certificate('intermediate'), der),
    ...target('asvk', certificate('intermediate'), der),
    ...target('ark', certificate('ark'), der),
    ...target('crl', (bytes) => whole(bytes, 'revocation list', ['snp.crl.']), parseCrl),
    ...target('idBlock', (bytes) => whole(bytes, 'ID block', ['snp.id-block.'])),
    ...target('idAuth', (bytes) => idAuthRegions(bytes)),
    tableTarget(subject, judge, judgeAfresh),
  ]
}

type Judge = (bytes: Uint8Array, parts: SnpCollateralInput | SnpCollateral) => Verdict<Claims>

/** The same certificates as a host delivers them, with nothing beside the table but the revocation list. */
function tableTarget({ evidence, collateral }: SnpSubject, judge: Judge, judgeAfresh: Judge): Target {
  const { vcek, vlek, ask, asvk, ark, ...rest } = collateral
  const parts = [
    [vcek === undefined ? 'vlek' : 'vcek', vcek ?? vlek],
    ['ask', vcek === undefined ? asvk : ask],
    ['ark', ark],
  ] as const
  const entries = parts.flatMap(([kind, data]) => (data === undefined ? [] : [{ guid: TABLE_GUIDS[kind], data }]))
  const header = 24 * (entries.length + 1)
  const used = entries.reduce((sum, { data }) => sum + data.length, header)
  // Hosts pad to whole pages; a little of that will do.
  const bytes = certificateTable(entries).slice(0, used + 32)
  const any = ['snp.leaf.', 'snp.intermediate.', 'snp.ark.', 'snp.chain.']
  const withTable = (damaged: Uint8Array): SnpCollateralInput => ({ ...rest, certificateTable: damaged })
  return {
    part: 'certificate table',
    kind: 'snp-table',
    oncePerFormat: true,
    bytes,
    regions: inRow(
      { name: 'header', length: header, checks: any },
      { name: 'certificates', length: used - header, checks: any, elsewhere: 'each is damaged as a target of its own' },
      { name: 'padding', length: bytes.length - used, checks: [], unsigned: 'no entry points there' },
    ),
    judge: (damaged) => judge(evidence, withTable(damaged)),
    judgeAfresh: (damaged) => judgeAfresh(evidence, withTable(damaged)),
  }
}

const der = (cut: Uint8Array): unknown => parseCertificate(cut)
const SIGNED = ['snp.report.signature']
const cut = ['report']

/** AMD 56860, ATTESTATION_REPORT. Bytes 0 to 0x29f are signed. */
const REPORT: readonly Region[] = inRow(
  { name: 'VERSION', length: 4, checks: SIGNED, errors: cut },
  { name: 'GUEST_SVN to IMAGE_ID', length: 0x2c, checks: SIGNED, errors: cut },
  { name: 'VMPL', length: 4, checks: SIGNED, errors: ['report'] },
  { name: 'SIGNATURE_ALGO', length: 4, checks: [], errors: ['report.signatureAlgo', 'report'] },
  { name: 'CURRENT_TCB and PLATFORM_INFO', length: 0x10, checks: SIGNED, errors: cut },
  { name: 'key information', length: 4, checks: [...SIGNED, 'snp.report.sign', 'snp.leaf.role'], errors: cut },
  { name: 'reserved to LAUNCH_TCB and mitigation vectors', length: 0x2a0 - 0x4c, checks: SIGNED, errors: cut },
  { name: 'R and S, 72 bytes each', length: 0x90, checks: SIGNED, errors: cut },
  {
    name: 'behind S',
    length: 0x4a0 - 0x330,
    checks: [],
    errors: cut,
    unsigned: 'neither signed nor part of the signature; a note shows it',
  },
)

/** AMD 56860, ID authentication information: what is not signature or key is neither signed nor used. */
function idAuthRegions(bytes: Uint8Array): readonly Region[] {
  const author = bytes[4] === 1
  const checks = ['snp.id-block.']
  const unused = 'reserved: outside of signatures and keys, and compared with nothing'
  const none = author ? {} : { unsigned: 'there is no author key: AUTHOR_KEY_ALGO is zero' }
  return inRow(
    { name: 'algorithms', length: 8, checks },
    { name: 'reserved', length: 0x38, checks, unsigned: unused },
    { name: 'ID block signature', length: 144, checks },
    { name: 'behind the ID block signature', length: 0x200 - 144, checks, unsigned: unused },
    { name: 'ID key', length: 1028, checks },
    { name: 'reserved', length: 0x680 - 0x240 - 1028, checks, unsigned: unused },
    { name: 'ID key signature', length: 144, checks, ...none },
    { name: 'behind the ID key signature', length: 0x200 - 144, checks, unsigned: unused },
    { name: 'author key', length: 1028, checks, ...none },
    { name: 'reserved', length: 0x1000 - 0x880 - 1028, checks, unsigned: unused },
  )
}

/** Prepared collateral with one member replaced: what did not change is not verified again. */
function replacing(
  base: SnpCollateral,
  input: SnpCollateralInput,
  member: keyof SnpCollateralInput,
  damaged: Uint8Array,
): SnpCollateral {
  const isIdBlock = member === 'idBlock' || member === 'idAuth'
  const { idBlock, idAuth } = input
  const pair = isIdBlock
    ? { ...(idBlock === undefined ? {} : { idBlock }), ...(idAuth === undefined ? {} : { idAuth }) }
    : {}
  const fresh = prepareSnpCollateral({ ...pair, [member]: damaged })
  const made: SnpCollateral = Object.create(SnpCollateral.prototype)
  const name = isIdBlock ? 'idBlock' : member
  Object.assign(made, base)
  for (const part of ['vcek', 'vlek', 'ask', 'asvk', 'ark', 'crl', 'idBlock'] as const) {
    if (part === name) Object.assign(made, { [part]: fresh[part] })
  }
  return made
}
