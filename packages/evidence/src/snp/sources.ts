/** SEV-SNP firmware ABI: the report, the guest policy, TCB_VERSION, ID block. */
export const ABI: string = 'AMD 56860, ATTESTATION_REPORT'
/** The certificates of the key distribution service, and their extensions. */
export const CERTIFICATES: string = 'AMD 57230, certificates'
/** Certification paths and revocation lists. */
export const PATH: string = 'RFC 5280, section 6'
