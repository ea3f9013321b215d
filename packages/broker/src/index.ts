export {
  type Access,
  AccessError,
  assertAccess,
  type Grant,
  mayAccess,
  readGrant,
  SCOPES,
  type Scope,
} from './access/access.ts'
export {
  createRecoveryLink,
  createSetupLink,
  endSetupSession,
  type LinkKeeper,
  redeemSetupLink,
  type SetupLink,
} from './access/setup-link.ts'
export {
  type AccessTokens,
  accessTokens,
  type CreatedToken,
  type NewToken,
  type TokenSummary,
} from './access/tokens.ts'
export type {
  Acting,
  Advisory,
  BrokerAdmin,
  PolicyVersion,
  Reappraised,
  StoredReference,
} from './checkpoint/admin-model.ts'
export { openBroker } from './checkpoint/broker.ts'
export { noteIssuer } from './checkpoint/issuer.ts'
export {
  type AffectedLease,
  type AttestOutcome,
  type AttestRequest,
  type Broker,
  BrokerError,
  type BrokerEvent,
  type Cause,
  type Challenge,
  type DecisionFilter,
  type Explained,
  type Forecast,
  type ForecastRequest,
  type GrantedLease,
  type LeaseState,
  type Protocol,
  type Rechecked,
  type Refusal,
  type Refusals,
  type ReleaseOutcome,
  type ReleaseRequest,
  type RenewOutcome,
  type RenewRequest,
  type RuntimeData,
} from './checkpoint/model.ts'
export type { BrokerLimits, BrokerOptions, Kept, Retention } from './checkpoint/options.ts'
export type {
  KeptBytes,
  RecordedEvidence,
  RecordedPiece,
  Reverified,
  ReverifiedStep,
  ReverifiedStepName,
} from './checkpoint/recorded-model.ts'
export { type RefusalCode, reasonsOf } from './checkpoint/refusal.ts'
export type { KeySet, ResultKey, ResultKeyAdmin, ResultKeyChange } from './checkpoint/result-key-model.ts'
export type { EnrolmentRequest } from './enrolment/activation.ts'
export {
  type Credential,
  eccSeed,
  makeCredential,
  type Protection,
  protectCredential,
} from './enrolment/credential.ts'
export { enrolledKeys } from './enrolment/enrolled-keys.ts'
export { joinTpmRoots, readTpmRoots, type TpmMakers, type TpmRoots } from './enrolment/makers.ts'
export type {
  ActivationOutcome,
  EnrolledKey,
  EnrolmentOutcome,
  EnrolmentRefused,
  TpmKeys,
} from './enrolment/model.ts'
export { encryptToTeeKey, type FlattenedJwe } from './jwe/encrypt.ts'
export { JweError, type JweErrorCode, readTeeKey, type TeeKey, teeKeyThumbprint } from './jwe/tee-key.ts'
export { encodeEntry, type LogEntry, readEntry } from './log/entry.ts'
export { exportLog, folderReader, type LogReader, logFiles, logReader, urlReader } from './log/files.ts'
export { type InclusionProof, type Log, type LogOptions, logOrigin, openLog, type Receipt } from './log/log.ts'
export { makeReceipt, type ReceiptVerdict, verifyReceipt } from './log/receipt.ts'
export { formatLogPath, type LogPath, parseLogPath } from './log/tiles.ts'
export { type LogVerdict, type VerifyLogOptions, verifyLogExport } from './log/verify-log.ts'
export { isNamespace, isResource } from './names.ts'
export { type DatabaseLocation, type DatabaseOptions, openDatabase } from './storage/database.ts'
export { DatabaseBusyError, StorageError, type StorageErrorCode } from './storage/errors.ts'
export type { Database, NoticeListener, Row, Sql, SqlValue } from './storage/sql.ts'
export { UNIT_LIMITS, type UnitLimits } from './storage/units.ts'
export { VaultError, type VaultErrorCode } from './vault/errors.ts'
export { generateKeyMaterial, KEY_TYPES, type KeyMaterial, type KeyType } from './vault/key-material.ts'
export type { Metadata } from './vault/limits.ts'
export type { MasterKey } from './vault/master-key.ts'
export { type MasterKeySource, masterKeyFrom } from './vault/master-key-from.ts'
export { type ServerKeys, serverKeys } from './vault/server-keys.ts'
export {
  type NewKey,
  type NewKeyMaterial,
  type NewSecret,
  type OpenedSecret,
  openVault,
  type RotationReport,
  type SecretDescription,
  type SecretSummary,
  type Vault,
  type VaultOptions,
} from './vault/vault.ts'
export type {
  EndorsementFiles,
  Expectations,
  Judged,
  JudgeRequest,
  KeptCollateral,
  OpenedVerifier,
  Received,
  SecureExecution,
  Verifier,
  VerifierOptions,
} from './verifier/model.ts'
export { openVerifier } from './verifier/open.ts'
