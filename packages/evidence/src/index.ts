export { allZero, Reader, toHex } from './core/bytes.ts'
export { canonicalJson } from './core/canonical.ts'
export { Crc32 } from './core/crc32.ts'
export { EvidenceError, type EvidenceErrorCode, type EvidenceErrorPlace } from './core/errors.ts'
export { type Json, type JsonObject, memberOf, parseStrict } from './core/json.ts'
export { exceedsJson, JSON_BOUND, type JsonBound } from './core/json-bound.ts'
export { createMemory, type Memory } from './core/memory.ts'
export type { Skeleton } from './core/skeleton.ts'
export {
  type Assumption,
  type Check,
  type CheckGroup,
  type Claims,
  type CollateralPart,
  type Finding,
  type Note,
  type Outcome,
  type Party,
  type Phase,
  type Remedy,
  type TcbClaim,
  TEES,
  type Tee,
  type TrustAnchor,
  type Verdict,
  type VerdictOutcome,
  type VerdictPart,
} from './core/verdict.ts'
