import { TEES, type Tee } from '@sekisho/evidence'

/** TEEs that references are kept for: all but archived reports of EPID enclaves, on which nothing is released. */
export type ReferenceTee = Exclude<Tee, 'sgx-epid'>

/** The same, as a list. */
export const REFERENCE_TEES: readonly ReferenceTee[] = TEES.filter((tee) => tee !== 'sgx-epid')

/** Members that belong to one exchange: only the verifier that holds it may set them, and no reference set has them. */
export const EXCHANGE_MEMBERS: readonly string[] = [
  'nonce',
  'reportData',
  'reportDataIsFresh',
  'tikIsFresh',
  'requestIsFresh',
  'ocspNonces',
  'publicKey',
]
