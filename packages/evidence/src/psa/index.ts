export type { ComponentClaim, SoftwareComponent } from '../arm/components.ts'
export { readCorim } from '../arm/corim.ts'
export type {
  CorimContent,
  EndorsedKey,
  PlatformReference,
  RealmReference,
  ReferenceComponent,
} from '../arm/endorsed.ts'
export { type ArmEndorsementsInput, PreparedArmEndorsements, prepareArmEndorsements } from '../arm/endorsements.ts'
export { type LifecycleState, lifecycleState } from '../arm/lifecycle.ts'
export { type CorimTrust, verifyCorim, verifyCorimSync } from '../arm/signed-corim.ts'
export type { PsaClaims } from './claims.ts'
export { type PsaExpectations, readPsaExpectations } from './expectations.ts'
export { psaFields } from './fields.ts'
export { psaSkeleton } from './skeleton.ts'
export {
  encodePsaClaims,
  encodePsaToken,
  PSA_MAX_SIZE,
  PSA_PROFILES,
  type PsaProfile,
  type PsaToken,
  parsePsaToken,
} from './token.ts'
export { type PsaVerifyOptions, psaCheckIds, verifyPsa, verifyPsaSync } from './verify.ts'
