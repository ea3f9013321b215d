import {
  decodeTcb,
  parseCertificateTable,
  parseSnpReport,
  reportProduct,
  type SnpReport,
  type TableEntryKind,
  tcbLayout,
} from '@sekisho/evidence/snp'
import { TsmError } from './errors.ts'

/**
 * The `snp` evidence of the KBS protocol: the report as the structure of the Rust `sev` crate, with byte strings as
 * arrays of numbers, and the host's certificates.
 *
 * @param report 1184 bytes
 * @param table GHCB certificate table; empty when the host gives none
 * @throws EvidenceError when one cannot be read
 */
export function snpKbsEvidence(report: Uint8Array, table: Uint8Array): unknown {
  const parsed = parseSnpReport(report)
  const certificates = parseCertificateTable(table).flatMap(({ kind, data }) => {
    const type = kind === undefined ? undefined : CERTIFICATE_TYPES[kind]
    return type === undefined ? [] : [{ cert_type: type, data: Array.from(data) }]
  })
  return { attestation_report: structureOf(parsed), cert_chain: certificates.length === 0 ? null : certificates }
}

const CERTIFICATE_TYPES: Readonly<Partial<Record<TableEntryKind, string>>> = {
  vcek: 'VCEK',
  vlek: 'VLEK',
  ask: 'ASK',
  ark: 'ARK',
}

/** Members in the order of the report. @see AMD 56860, table 23 */
function structureOf(report: SnpReport): object {
  const layout = tcbLayout(reportProduct(report))
  const tcb = (raw: Uint8Array): object => decodeTcb(raw, layout)
  return {
    version: report.version,
    guest_svn: report.guestSvn,
    policy: plain(report.policy, 'policy'),
    family_id: Array.from(report.familyId),
    image_id: Array.from(report.imageId),
    vmpl: report.vmpl,
    sig_algo: report.signatureAlgo,
    current_tcb: tcb(report.currentTcb),
    plat_info: plain(report.platformInfo, 'plat_info'),
    key_info: report.keyInfo,
    report_data: Array.from(report.reportData),
    measurement: Array.from(report.measurement),
    host_data: Array.from(report.hostData),
    id_key_digest: Array.from(report.idKeyDigest),
    author_key_digest: Array.from(report.authorKeyDigest),
    report_id: Array.from(report.reportId),
    report_id_ma: Array.from(report.reportIdMa),
    reported_tcb: tcb(report.reportedTcb),
    ...(report.version < 3
      ? {}
      : { cpuid_fam_id: report.cpuidFamily, cpuid_mod_id: report.cpuidModel, cpuid_step: report.cpuidStepping }),
    chip_id: Array.from(report.chipId),
    committed_tcb: tcb(report.committedTcb),
    current: report.current,
    committed: report.committed,
    launch_tcb: tcb(report.launchTcb),
    ...(report.launchMitVector === undefined || report.currentMitVector === undefined
      ? {}
      : {
          launch_mit_vector: plain(report.launchMitVector, 'launch_mit_vector'),
          current_mit_vector: plain(report.currentMitVector, 'current_mit_vector'),
        }),
    signature: { r: Array.from(report.signatureR), s: Array.from(report.signatureS) },
  }
}

// JSON numbers are exact to 53 bits here, and a rounded one would be another report.
function plain(value: bigint, field: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new TsmError('unsupported', `${field} of the report is too large for JSON`)
  return Number(value)
}
