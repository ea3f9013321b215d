import { QUOTE_V4 } from './google-tdx.ts'
import type { ProtoField, ProtoSchema } from './protobuf.ts'

/** A message by the numbers, names and kinds of its fields. */
function schema(
  fields: readonly (readonly [number, string, ProtoField['kind']])[],
  unread: readonly string[] = [],
): ProtoSchema {
  return { fields: Object.fromEntries(fields.map(([number, name, kind]) => [number, { name, kind }])), unread }
}

/** That it is there is all that is said of it. */
const UNREAD: ProtoSchema = { fields: {}, unread: 'any' }

/** `sevsnp.Report`. @see go-sev-guest, sevsnp.proto */
export const SNP_REPORT: ProtoSchema = schema([
  [1, 'version', 'number'],
  [2, 'guest_svn', 'number'],
  [3, 'policy', 'number'],
  [4, 'family_id', 'bytes'],
  [5, 'image_id', 'bytes'],
  [6, 'vmpl', 'number'],
  [7, 'signature_algo', 'number'],
  [8, 'current_tcb', 'number'],
  [9, 'platform_info', 'number'],
  [10, 'signer_info', 'number'],
  [11, 'report_data', 'bytes'],
  [12, 'measurement', 'bytes'],
  [13, 'host_data', 'bytes'],
  [14, 'id_key_digest', 'bytes'],
  [15, 'author_key_digest', 'bytes'],
  [16, 'report_id', 'bytes'],
  [17, 'report_id_ma', 'bytes'],
  [18, 'reported_tcb', 'number'],
  [19, 'chip_id', 'bytes'],
  [20, 'committed_tcb', 'number'],
  [21, 'current_build', 'number'],
  [22, 'current_minor', 'number'],
  [23, 'current_major', 'number'],
  [24, 'committed_build', 'number'],
  [25, 'committed_minor', 'number'],
  [26, 'committed_major', 'number'],
  [27, 'launch_tcb', 'number'],
  [28, 'signature', 'bytes'],
  [29, 'cpuid1eax_fms', 'number'],
  [30, 'launch_mit_vector', 'number'],
  [31, 'current_mit_vector', 'number'],
])

const CERTIFICATES: ProtoSchema = schema(
  [
    [1, 'vcek_cert', 'bytes'],
    [2, 'ask_cert', 'bytes'],
    [3, 'ark_cert', 'bytes'],
    [6, 'vlek_cert', 'bytes'],
  ],
  ['firmware_cert', 'extras'],
)

/** `sevsnp.Attestation`: a report field by field, with certificates. @see go-sev-guest, sevsnp.proto */
export const SNP_ATTESTATION: ProtoSchema = schema(
  [
    [1, 'report', SNP_REPORT],
    [2, 'certificate_chain', CERTIFICATES],
  ],
  ['product'],
)

/** Numbers of the TPM's hash algorithms, by the names that text has. */
const HASHES: Readonly<Record<string, number>> = { SHA1: 0x04, SHA256: 0x0b, SHA384: 0x0c, SHA512: 0x0d }

const PCRS: ProtoSchema = {
  fields: {
    1: { name: 'hash', kind: 'number', words: HASHES },
    2: {
      name: 'pcrs',
      map: true,
      kind: schema([
        [1, 'key', 'number'],
        [2, 'value', 'bytes'],
      ]),
    },
  },
}

const QUOTE: ProtoSchema = schema([
  [1, 'quote', 'bytes'],
  [2, 'raw_sig', 'bytes'],
  [3, 'pcrs', PCRS],
])

/** `attest.Attestation`: a TPM's quotes of each bank with what they need, and the evidence of the machine. @see go-tpm-tools, attest.proto */
export const TPM_ATTESTATION: ProtoSchema = schema([
  [1, 'ak_pub', 'bytes'],
  [2, 'quotes', QUOTE],
  [3, 'event_log', 'bytes'],
  [4, 'instance_info', UNREAD],
  [5, 'canonical_event_log', 'bytes'],
  [6, 'ak_cert', 'bytes'],
  [7, 'intermediate_certs', 'bytes'],
  [8, 'sev_snp_attestation', SNP_ATTESTATION],
  [9, 'tdx_attestation', QUOTE_V4],
])
