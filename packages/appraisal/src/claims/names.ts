/**
 * Whose platforms are told apart: `vendor` of claims, as evidence names it. `tpm`: a TPM under a root that the operator named;
 * `sekisho`: an emulated TPM.
 */
export const VENDORS: readonly string[] = [
  'amd',
  'arm',
  'aws',
  'google',
  'ibm',
  'intel',
  'microsoft',
  'nvidia',
  'sekisho',
  'tpm',
  'verifier',
  'unknown',
]

/** Products of AMD that evidence can name. Rome's root has to be named by who verifies. */
export const AMD_PRODUCTS: readonly string[] = ['Naples', 'Rome', 'Milan', 'Genoa', 'Turin']
