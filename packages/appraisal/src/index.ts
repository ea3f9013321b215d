export type { CedarSource } from './cedar/cedar.ts'
export { loadPolicyEngine } from './cedar/load.ts'
export { AMD_PRODUCTS, VENDORS } from './claims/names.ts'
export { CEDAR_SCHEMA } from './claims/schema.ts'
export { CLAIMS, type ClaimRow, type ClaimType } from './claims/table.ts'
export { type EarOptions, earClaims, earPayload } from './ear/claims.ts'
export type { EarClaims, EarSubmodule } from './ear/model.ts'
export type { EarDialect } from './ear/names.ts'
export { EarError } from './ear/payload.ts'
export { type EarKey, type ReadEarOptions, readEar } from './ear/read.ts'
export { type Signer, signEar } from './ear/sign.ts'
export { lintPolicies } from './lint/lint.ts'
export type { LintCode, LintFinding } from './lint/model.ts'
export type {
  Appraisal,
  PolicyContext,
  PolicyVector,
  Provenance,
  ReferenceSet,
  Tier,
  TrustCategory,
  TrustVector,
} from './model.ts'
export { type CompiledPolicies, compilePolicies } from './policy/compile.ts'
export type { PolicyDecision, PolicyReason, PolicyRequest } from './policy/decide.ts'
export { PolicyError, type PolicyProblem } from './policy/error.ts'
export type { UnmetPermit } from './policy/explain.ts'
export { chooseReference, type MetValues, type ReferenceChoice, unmetValues } from './references/choose.ts'
export { type ImportOptions, importReferences, passedOver } from './references/import.ts'
export { readReferenceSet } from './references/read.ts'
export { type ReferenceUse, type ReferenceWarning, referenceWarnings } from './references/warnings.ts'
export { type ChangedDecision, type DryRunReport, dryRun, type RecordedAppraisal } from './replay/dry-run.ts'
export {
  type CasePlatform,
  type PlatformPlay,
  type PlayedPlatform,
  playCases,
  readPolicyCases,
  type WrittenCase,
} from './replay/read-cases.ts'
export { type PolicyCase, type PolicyCaseResult, type PolicyTestReport, testPolicies } from './replay/test-policies.ts'
export { STARTER_POLICIES, type StarterPolicy } from './starters/starters.ts'
export { type AppraiseOptions, appraise } from './vector/appraise.ts'
export { contextAt } from './vector/context.ts'
export { TRUST_CATEGORIES, tierOf, worstTier } from './vector/tiers.ts'
