import type { CompanionKind } from './model.ts'

/** One JSON form in which evidence travels. */
export interface Envelope {
  readonly name: string
  /** Members that must be there, each by one of its spellings; the first holds the evidence. */
  readonly members: readonly (readonly string[])[]
  /** Further members that are worth keeping. */
  readonly companions?: Readonly<Record<string, CompanionKind>>
  /** A member with evidence that stands on its own: JSON text of an object by kind. */
  readonly beside?: string
  /** Members whose content proves nothing here, although their owners may think so. */
  readonly unused?: Readonly<Record<string, string>>
}

const VTPM = {
  tpm_quote: 'the vTPM quote: only the hardware evidence is looked at',
  quote: 'the vTPM quote: only the hardware evidence is looked at',
}

/**
 * The most particular form first: an object is taken for the first form whose members it has.
 *
 * Sources: Trustee KBS protocol (`tee-evidence`), its attestation service (`verification_requests`)
 * and attesters; az-snp-vtpm and az-tdx-vtpm; dstack guest agent; configfs-tsm; Azure's attestation
 * service and sidecar; Google's attestation service; Constellation; Tinfoil.
 */
export const ENVELOPES: readonly Envelope[] = [
  {
    name: 'KBS attestation',
    members: [['tee-evidence']],
    companions: { 'runtime-data': 'runtime-data', 'init-data': 'init-data' },
  },
  {
    name: 'KBS evidence',
    members: [['primary_evidence']],
    beside: 'additional_evidence',
    companions: { additional_evidence: 'additional-evidence' },
  },
  { name: 'request to an attestation service', members: [['verification_requests']] },
  {
    name: "answer of NVIDIA's verifier",
    members: [['detached_eat']],
    unused: { claims: 'the claims beside the tokens, which nobody signed' },
  },
  {
    name: "quote for Google's attestation service",
    members: [
      ['tdQuote', 'td_quote'],
      ['ccelData', 'ccel_data'],
    ],
    companions: { ccelData: 'event-log', ccel_data: 'event-log' },
    unused: {
      canonicalEventLog: 'the canonical event log',
      canonical_event_log: 'the canonical event log',
      ccelAcpiTable: 'the ACPI table of the event log',
      ccel_acpi_table: 'the ACPI table of the event log',
    },
  },
  {
    name: 'az-tdx-vtpm evidence',
    members: [['td_quote', 'tdQuote'], ['hcl_report']],
    companions: { hcl_report: 'runtime-data' },
    unused: VTPM,
  },
  { name: 'TD quote', members: [['td_quote', 'tdQuote']], unused: VTPM },
  {
    name: 'az-snp-vtpm evidence',
    members: [['hcl_report'], ['tpm_quote']],
    companions: { vcek: 'certificates' },
    unused: VTPM,
  },
  {
    name: 'az-snp-vtpm evidence without quote',
    members: [['hcl_report', 'hclReport'], ['vcek']],
    companions: { vcek: 'certificates' },
  },
  {
    name: 'az-snp-vtpm evidence',
    members: [['report'], ['quote'], ['vcek']],
    companions: { vcek: 'certificates' },
    unused: VTPM,
  },
  {
    name: 'attestation bundle',
    members: [['enclaveAttestationReport']],
    companions: { vcek: 'certificates' },
    unused: {
      enclaveCert: 'the certificate of the server: whether the evidence names its key',
      sigstoreBundle: 'who signed the release',
      digest: 'the digest of the release',
    },
  },
  {
    name: 'SEV-SNP evidence',
    members: [['attestation_report', 'attestationReport', 'AttestationReport', 'snp_report', 'SnpReport']],
    companions: {
      ReportSigner: 'certificates',
      CertChain: 'certificates',
      cert_chain: 'certificates',
      certs: 'certificates',
      VcekCertChain: 'certificates',
      cert_table: 'certificate-table',
      runtime_data: 'runtime-data',
    },
  },
  {
    name: 'configfs-tsm entry',
    members: [['outblob', 'OutBlob', 'out_blob']],
    companions: {
      auxblob: 'certificate-table',
      AuxBlob: 'certificate-table',
      aux_blob: 'certificate-table',
      inblob: 'report-data',
      InBlob: 'report-data',
    },
  },
  {
    name: 'quote',
    members: [['quote', 'sgx_quote', 'tdx_quote', 'intel_quote', 'Quote']],
    companions: {
      cc_eventlog: 'event-log',
      event_log: 'event-log',
      eventlog: 'event-log',
      mb_measurement_list: 'event-log',
      report_data: 'report-data',
      nonce: 'nonce',
      runtimeData: 'runtime-data',
      runtime_data: 'runtime-data',
      collateral: 'endorsements',
      endorsements: 'endorsements',
    },
    unused: { vm_config: 'the machine configuration', attestation: 'the attestation member' },
  },
  { name: 'token', members: [['token', 'cca_token', 'jwt']] },
  {
    name: 'Nitro attestation document',
    members: [
      ['attestation_document', 'attestationDocument', 'AttestationDocument', 'attestation_doc', 'attestationDoc'],
    ],
    companions: { nonce: 'nonce' },
  },
  {
    name: 'evidence',
    members: [['evidence', 'attestation', 'hardware_evidence']],
    companions: {
      endorsements: 'endorsements',
      platformCertificates: 'endorsements',
      runtime_data: 'runtime-data',
      runtimeData: 'runtime-data',
      nonce: 'nonce',
      event_log: 'event-log',
    },
  },
  {
    name: 'quote of a node',
    members: [['raw'], ['format']],
    companions: { endorsements: 'endorsements' },
  },
  { name: 'attestation of a predicate', members: [['body'], ['format']] },
  {
    name: 'report',
    members: [['report']],
    companions: {
      nonce: 'nonce',
      runtimeData: 'runtime-data',
      runtime_data: 'runtime-data',
      certificates: 'certificates',
      certs: 'certificates',
      cert_chain: 'certificates',
      vcek: 'certificates',
      auxBlob: 'certificate-table',
      aux_blob: 'certificate-table',
      auxblob: 'certificate-table',
    },
  },
]
