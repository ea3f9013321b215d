/** Names of EAR claims in JSON (attestation results specification, section 2). */
export interface EarNames {
  readonly profile: string
  readonly verifierId: string
  readonly rawEvidence: string
  readonly status: string
  readonly vector: string
  readonly policyIds: string
  readonly annotatedEvidence: string
}

/** Who writes or wrote which names: `trustee` as deployed since 2023, `draft` as draft-ietf-rats-ear-03 has them. */
export type EarDialect = 'trustee' | 'draft'

/** Names that each dialect writes. */
export const EAR_NAMES: Readonly<Record<EarDialect, EarNames>> = {
  trustee: {
    profile: 'tag:github.com,2024:confidential-containers/Trustee',
    verifierId: 'ear.verifier-id',
    rawEvidence: 'ear.raw-evidence',
    status: 'ear.status',
    vector: 'ear.trustworthiness-vector',
    policyIds: 'ear.appraisal-policy-id',
    annotatedEvidence: 'ear.veraison.annotated-evidence',
  },
  draft: {
    profile: 'tag:ietf.org,2026:rats/ear#03',
    verifierId: 'ear_verifier_id',
    rawEvidence: 'ear_raw_evidence',
    status: 'ear_status',
    vector: 'ear_trustworthiness_vector',
    policyIds: 'ear_appraisal_policy_ids',
    annotatedEvidence: 'ear_veraison_annotated_evidence',
  },
}

/** Profiles and the dialect that each goes with. */
export const EAR_PROFILES: Readonly<Record<string, EarDialect>> = {
  'tag:ietf.org,2026:rats/ear#04': 'draft',
  'tag:ietf.org,2026:rats/ear#03': 'draft',
  'tag:github.com,2023:veraison/ear': 'trustee',
  'tag:github.com,2024:confidential-containers/Trustee': 'trustee',
}
