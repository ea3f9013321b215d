export { allZero, toHex } from './core/bytes.ts'
export { canonicalJson } from './core/canonical.ts'
export { EvidenceError, type EvidenceErrorCode, type EvidenceErrorPlace } from './core/errors.ts'
export { type Json, type JsonObject, memberOf, parseStrict } from './core/json.ts'
export { createMemory, type Memory } from './core/memory.ts'
export type { Skeleton } from './core/skeleton.ts'
export type {
  Assumption,
  Check,
  CheckGroup,
  Claims,
  CollateralPart,
  Finding,
  Note,
  Outcome,
  Party,
  Phase,
  Remedy,
  TcbClaim,
  Tee,
  TrustAnchor,
  Verdict,
  VerdictOutcome,
  VerdictPart,
} from './core/verdict.ts'
