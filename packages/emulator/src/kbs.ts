import type { SnpAttested } from './amd/snp.ts'
import type { CcaAttested } from './arm/cca.ts'
import type { NitroAttested } from './aws/nitro.ts'
import type { SgxAttested } from './intel/sgx.ts'
import type { TdxAttested } from './intel/tdx.ts'
import type { TcbParts } from './kit/amd-products.ts'
import type { FirmwareVersion } from './kit/amd-report.ts'
import { fromHex } from './kit/bytes.ts'
import type { TpmAttested } from './tpm/tpm.ts'

/** The names of TEEs in the KBS protocol, for those that this package emulates. */
export type KbsTee = 'snp' | 'tdx' | 'sgx' | 'nitro' | 'cca' | 'tpm'

/** Evidence of any emulated platform. */
export type Attested = SnpAttested | TdxAttested | SgxAttested | NitroAttested | CcaAttested | TpmAttested

/**
 * The `primary_evidence` object of the KBS protocol for evidence of a platform.
 * @see Trustee KBS protocol, and the attesters of Confidential Containers
 */
export function kbsEvidence(tee: KbsTee, attested: Attested): unknown {
  if (tee !== attested.tee) throw new TypeError(`this is evidence of ${attested.tee}, not of ${tee}`)
  switch (attested.tee) {
    case 'snp':
      return snpEvidence(attested)
    case 'tdx':
      return { cc_eventlog: base64(attested.eventLog), quote: base64(attested.evidence) }
    case 'sgx':
      return { quote: base64(attested.evidence) }
    case 'tpm':
      return tpmEvidence(attested)
    case 'cca':
      return { token: Array.from(attested.evidence) }
    case 'nitro':
      // The protocol has no name for Nitro: this is the plainest object that holds a document.
      return { evidence: base64(attested.evidence) }
  }
}

/** Registers by position; `event_log` and `ak_certificates` are not the protocol's, and others pass over them. */
function tpmEvidence({ message, signature, akPublic, pcrs, eventLog, certificates }: TpmAttested): unknown {
  return {
    tpm_quote: {
      signature: base64(signature),
      message: base64(message),
      pcrs: Array.from({ length: 24 }, (_, index) => pcrs[String(index)]),
    },
    ak_public: base64(akPublic),
    event_log: base64(eventLog),
    ...(certificates.length === 0 ? {} : { ak_certificates: certificates.map(base64) }),
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

/** The report as a structure of the Rust `sev` crate: numbers, and byte strings as arrays of numbers. */
function snpEvidence({ evidence, product, fields, certificateTable }: SnpAttested): unknown {
  const bytes = (hex: string): number[] => Array.from(fromHex(hex))
  const tcb = (parts: TcbParts): object => ({
    ...(product === 'Turin' && fields.version >= 3 ? { fmc: parts.fmc ?? 0 } : {}),
    bootloader: parts.bootLoader,
    tee: parts.tee,
    snp: parts.snp,
    microcode: parts.microcode,
  })
  const firmware = ({ major, minor, build }: FirmwareVersion): object => ({ major, minor, build })
  const [family, model, stepping] = fields.cpuid
  return {
    attestation_report: {
      version: fields.version,
      guest_svn: fields.guestSvn,
      policy: Number(fields.policy),
      family_id: bytes(fields.familyId),
      image_id: bytes(fields.imageId),
      vmpl: fields.vmpl,
      sig_algo: fields.signatureAlgo,
      current_tcb: tcb(fields.currentTcb),
      plat_info: Number(fields.platformInfo),
      key_info: fields.keyInfo,
      report_data: bytes(fields.reportData),
      measurement: bytes(fields.measurement),
      host_data: bytes(fields.hostData),
      id_key_digest: bytes(fields.idKeyDigest),
      author_key_digest: bytes(fields.authorKeyDigest),
      report_id: Array.from(evidence.subarray(0x140, 0x160)),
      report_id_ma: bytes(fields.reportIdMa),
      reported_tcb: tcb(fields.reportedTcb),
      ...(fields.version >= 3 ? { cpuid_fam_id: family, cpuid_mod_id: model, cpuid_step: stepping } : {}),
      chip_id: bytes(fields.chipId),
      committed_tcb: tcb(fields.committedTcb),
      current: firmware(fields.current),
      committed: firmware(fields.committed),
      launch_tcb: tcb(fields.launchTcb),
      ...(fields.version >= 5
        ? { launch_mit_vector: Number(fields.launchMitVector), current_mit_vector: Number(fields.currentMitVector) }
        : {}),
      signature: { r: Array.from(evidence.subarray(0x2a0, 0x2e8)), s: Array.from(evidence.subarray(0x2e8, 0x330)) },
    },
    cert_chain: certificatesOf(certificateTable),
  }
}

const NAMES: Readonly<Record<string, string>> = {
  '63da758de6644564adc5f4b93be8accd': 'VCEK',
  a8074bc2a25a483eaae639c045a0b8a1: 'VLEK',
  '4ab7b379bbac4fe4a02f05aef327c782': 'ASK',
  c0b406a4a803495297433fb6014cd0ae: 'ARK',
}

function certificatesOf(table: Uint8Array): readonly object[] {
  const view = Buffer.from(table)
  const found: object[] = []
  for (let at = 0; ; at += 24) {
    const type = NAMES[view.toString('hex', at, at + 16)]
    if (type === undefined) return found
    const offset = view.readUInt32LE(at + 16)
    found.push({ cert_type: type, data: Array.from(view.subarray(offset, offset + view.readUInt32LE(at + 20))) })
  }
}
