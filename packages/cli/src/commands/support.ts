import { canonicalJson } from '@sekisho/evidence'
import type { Around } from '../around.ts'
import { EXIT } from '../exit.ts'
import { Paper } from '../render/paper.ts'

interface Row {
  readonly what: string
  readonly forms: string
}

const EVIDENCE: readonly Row[] = [
  {
    what: 'Intel SGX',
    forms:
      'quote version 3 (15 published ones of real processors, two of them damaged on purpose), 4 and 5 with body type 1 (structure only: generated); certification data 5, and 1 to 4 with the PCK chain beside',
  },
  {
    what: 'Intel TDX',
    forms:
      'quote version 4 (17 real ones) and 5 (6 real ones with TD report 1.5; TD report 1.0 structure only: generated); event log CCEL (1 real one) or JSON (2)',
  },
  {
    what: 'AMD SEV-SNP',
    forms:
      'report version 2 (6 real ones), 3 (8) and 5 (4), version 4 is read like 3 (structure only: generated); Milan (12), Genoa (5), Turin (1); VCEK and VLEK (1 real one)',
  },
  {
    what: 'AWS Nitro',
    forms:
      'attestation document of enclaves (12 real ones) and NitroTPM (structure only); COSE_Sign1 tagged or not; messages of the security module and answers of the key service (decoded by the library; 2 real answers)',
  },
  {
    what: 'Arm CCA',
    forms:
      'token tag 399 and 907, profiles 2023 and before, Parsec key attestation; structure only: 7 published tokens of reference software, none of a real device',
  },
  {
    what: 'Arm PSA',
    forms: 'profiles 1 and 2; structure only: 2 published tokens of Trusted Firmware-M, none of a real device',
  },
  {
    what: 'NVIDIA',
    forms:
      'GPUs of Hopper (16 real devices) and Blackwell (3), NVSwitch LS10 (5), alone and as a node; SPDM 1.1 report; manifests (XML) and OCSP answers, fetched or given',
  },
  {
    what: 'AMD SEV, SEV-ES',
    forms:
      'platform certificates (Naples and Milan chains of real machines; roots of Genoa and Turin; no Rome), launch measurement and session (published and generated), attestation report (structure only: generated)',
  },
  {
    what: 'IBM SE',
    forms:
      'host key documents (2 real ones, published test chain), Secure Execution header version 1, pvattest exchange (one real z16 request; responses structure only: generated), add-secret requests are decoded by the library only',
  },
  {
    what: 'TPM 2.0',
    forms:
      'quotes with RSASSA, RSAPSS, ECDSA over SHA-1 to SHA-512 banks (6 of real and software TPMs, 29 generated); AK certificate (Google), EK certificate with credential activation; 35 published event logs, Windows (VBS, HVCI) among them; credentials for activation are made and checked by a checkpoint and by `@sekisho/broker`',
  },
  {
    what: 'Azure CVM',
    forms:
      'HCL report with SEV-SNP report (6 real ones) or TD quote (2), and the quote of the vTPM, or the HCL report alone; JSON versions 0, 1 and 2 (version 2: structure only)',
  },
  {
    what: 'Tokens',
    forms:
      'JWT of Azure Attestation (with the quote that its key has), Google Confidential Space (OIDC and PKI), Intel Trust Authority, NVIDIA (also as bundle), Confidential Containers, and EAR in both dialects, with the key set of the issuer (13 published ones verified, 4 of them EAR under a published test key; TDX claims of Azure and Intel: structure only); EAR as CWT (structure only: made keys; claims published); certificates in the key or the token, with revocation lists that are given (made ones); any other EAT with a profile, as JWT and CWT (structure only: made tokens, none of a real device)',
  },
  {
    what: 'IAS reports',
    forms:
      'archived reports of Intel SGX with EPID, versions 3 and 4, in RA-TLS certificates, in three parts or as JSON (2 real ones); certificates judged at the time of the report; a revocation list counts where one is given',
  },
]

const WRAPPERS: readonly Row[] = [
  {
    what: 'text',
    forms:
      'hexadecimal, base64, base64url, PEM; lists of numbers and strings as C, Go, Java, JavaScript, Python, Rust and Solidity write and print them, dumps of xxd, hexdump and od, data URLs, lines of settings and YAML, answers over HTTP with their headers, what tpm2_quote prints; one piece of evidence in a log, a command, Markdown, XML or other text',
  },
  {
    what: 'JSON',
    forms:
      'KBS evidence and attestations, az-snp-vtpm, az-tdx-vtpm, dstack, configfs-tsm (outblob, auxblob), quotes of CCF nodes, requests to Intel Trust Authority and to Google’s attestation service and Azure’s attestation of guests, bundles of Tinfoil, InstanceInfo of Constellation, Keylime, go-attestation, NVIDIA’s evidence of before 2025, QEMU’s answer about a launch of SEV, the SEV-SNP report field by field; evidence under any other name is looked for, and what is passed over is named',
  },
  {
    what: 'CMW',
    forms:
      'conceptual message wrappers in JSON and CBOR: records, tags, collections (all published samples); in certificates, JWS and COSE_Sign1, whose signatures are checked with the keys that are given; several pieces of evidence are one verdict with parts',
  },
  {
    what: 'binary',
    forms:
      'gzip, text in UTF-16, MSG_REPORT_RSP, report with certificate table, Open Enclave headers; attestations of dstack; CBOR, MessagePack and Protocol Buffers of other owners, calls of contracts, the buffer in which a TD gets its quote, bytes behind their length; certificates of attested TLS (CCC, Gramine, Open Enclave, dstack, Privasys, Contrast, Constellation), whose own key is not compared with the evidence; Parsec key attestation of a TPM',
  },
  {
    what: 'protobuf',
    forms:
      'attestations of go-tpm-tools and go-sev-guest and quotes of go-tdx-guest (version 4 and 5), in the wire, the text and the JSON format (made from real evidence)',
  },
]

const IMAGES: readonly Row[] = [
  {
    what: 'firmware',
    forms:
      'OVMF for SEV-SNP (QEMU, EC2, GCE, COCONUT-SVSM), SEV-ES and SEV, with the hashes of kernel, initial ramdisk and command line (held against published digests, two of real guests); TDVF for TDX (no published MRTD to hold it against)',
  },
  { what: 'AWS Nitro', forms: 'enclave image files version 2 to 4 (4 made ones; PCR rules on real documents)' },
]

const COLLATERAL: readonly Row[] = [
  {
    what: 'Intel',
    forms:
      'DCAP collateral.json, also with other names, as lists of numbers, in base64, in the encoding of URLs or as whole answers, parsed or not; PCK chain in PEM; fetched from PCS or a PCCS (v4)',
  },
  {
    what: 'AMD',
    forms: 'certificates and CRL in DER or PEM, certificate table, ID block; fetched from the key service',
  },
  {
    what: 'NVIDIA',
    forms:
      'manifests (XML, or the service’s answer around one), OCSP answers in DER, certificate chain of the device in PEM; manifests and answers fetched from the service for manifests and the OCSP responder',
  },
  {
    what: 'IBM',
    forms: 'host key documents, the signing certificate and its authorities, revocation lists, in DER or PEM',
  },
  {
    what: 'TPM',
    forms:
      'roots of TPM makers with the certificates below them, in PEM, for an enrolment; what an enrolment found, as JSON; certificates of the AK come with its quote',
  },
  {
    what: 'Arm',
    forms:
      'verification keys as JWK, reference values in JSON, CoRIM of Arm’s profiles, unsigned or signed with a key that is given (made ones)',
  },
  {
    what: 'tokens',
    forms:
      'JSON Web Key Set (may name its issuer and hold revocation lists), COSE_KeySet or COSE_Key of the issuer; revocation lists',
  },
  { what: 'any', forms: 'endorsement bundle' },
]

const REFERENCES: readonly Row[] = [
  { what: 'any', forms: 'sets in JSON or YAML, what `sekisho measure` prints, evidence of a workload that you know' },
  {
    what: 'AMD SEV-SNP',
    forms: 'CoRIM of the profile tag:amd.com,2024:snp-corim-profile, as its second draft numbers fields (made ones)',
  },
  {
    what: 'Intel SGX, TDX',
    forms:
      'CoRIM of the profile 2.16.840.1.113741.1.16.1; of TDs with their class, which it does not assign (made ones)',
  },
  { what: 'Arm CCA, PSA', forms: 'CoRIM of Arm’s profiles (made ones)' },
]

/** Prints which evidence, wrappers and collateral this version reads, and which images it measures. */
export function supportCommand(options: { readonly json?: true }, around: Around): number {
  if (options.json === true) {
    around.out(
      `${canonicalJson({ evidence: EVIDENCE, wrappers: WRAPPERS, collateral: COLLATERAL, references: REFERENCES, images: IMAGES })}\n`,
    )
    return EXIT.ok
  }
  const paper = new Paper(around)
  for (const [title, rows] of [
    ['Evidence', EVIDENCE],
    ['Wrappers, up to four around each other', WRAPPERS],
    ['Endorsements', COLLATERAL],
    ['Reference values', REFERENCES],
    ['Images, measured before they run', IMAGES],
  ] as const) {
    paper.heading(title)
    for (const row of rows) paper.entry(2, 13, row.what, row.forms)
  }
  around.out(paper.toString())
  return EXIT.ok
}
