export type { ComponentClaim, SoftwareComponent } from '../arm/components.ts'
export { readCorim } from '../arm/corim.ts'
export {
  type CorimContent,
  type EndorsedKey,
  isEmulatedImplementation,
  type PlatformReference,
  type RealmReference,
  type ReferenceComponent,
} from '../arm/endorsed.ts'
export { type ArmEndorsementsInput, PreparedArmEndorsements, prepareArmEndorsements } from '../arm/endorsements.ts'
export { type LifecycleState, lifecycleState } from '../arm/lifecycle.ts'
export { type CorimTrust, verifyCorim, verifyCorimSync } from '../arm/signed-corim.ts'
export type { CcaClaims } from './claims.ts'
export { type CcaExpectations, readCcaExpectations } from './expectations.ts'
export { ccaFields } from './fields.ts'
export {
  encodePlatformClaims,
  PLATFORM_PROFILES,
  type PlatformClaims,
  type PlatformProfile,
  readPlatformClaims,
} from './platform.ts'
export { encodeRealmClaims, REALM_PROFILE, type RealmClaims, type RealmKeyFormat, readRealmClaims } from './realm.ts'
export { ccaSkeleton } from './skeleton.ts'
export { CCA_MAX_SIZE, CCA_TAGS, type CcaToken, encodeCcaToken, type KeyAttestation, parseCcaToken } from './token.ts'
export { type CcaVerifyOptions, ccaCheckIds, verifyCca, verifyCcaSync } from './verify.ts'
