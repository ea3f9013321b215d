export { createDigester, settle } from '#crypto'
export type { DigestAlgorithm, Digester, Job, KeyKind, PublicKey, SignatureJob } from './jobs.ts'
