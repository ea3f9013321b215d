import { allZero, equalBytes, toHex } from '../core/bytes.ts'
import type { Assumption, Claims, Note } from '../core/verdict.ts'
import { hex64, type SnpPlatformInfo, type SnpPolicy, type SnpSigningKey, unknownPlatformBits } from './bits.ts'
import { decodeTcb, type SnpTcb } from './products.ts'
import { type FirmwareVersion, VMPL_HOST } from './report.ts'
import type { SnpState } from './state.ts'

/** What an SNP report claims, beside what all evidence does. `tcb.components` is COMMITTED_TCB: the floor that the host cannot undo. */
export interface SnpClaims extends Claims {
  readonly tee: 'snp'
  readonly reportVersion: number
  readonly vmpl: number
  /** VMPL is all ones: the host asked for the report. */
  readonly hostRequested: boolean
  readonly signingKey: SnpSigningKey
  readonly maskChipKey: boolean
  readonly authorKeyEnabled: boolean
  readonly policy: SnpPolicy
  readonly platformInfo: SnpPlatformInfo
  readonly currentTcb: SnpTcb
  readonly reportedTcb: SnpTcb
  readonly committedTcb: SnpTcb
  readonly launchTcb: SnpTcb
  readonly currentFirmware: FirmwareVersion
  readonly committedFirmware: FirmwareVersion
  readonly launchMitigations?: string
  readonly currentMitigations?: string
  readonly familyId: string
  readonly imageId: string
  readonly idKeyDigest: string
  readonly authorKeyDigest: string
  readonly reportId: string
  readonly reportIdMigrationAgent: string
  readonly cloudProvider?: string
}

type Writable = { -readonly [K in keyof SnpClaims]: SnpClaims[K] }

/** Claims of a report; believable only as far as the verdict goes. */
export function snpClaims(state: SnpState): SnpClaims {
  const { report, hex, keyInfo, policy, platformInfo, product, layout, anchor } = state
  const extensions = state.extensions.value
  const committedTcb = decodeTcb(report.committedTcb, layout)
  // Optional members are set afterwards: spreading them in costs as much as all the rest.
  const claims: Writable = {
    tee: 'snp',
    vendor: 'amd',
    isolation: 'vm',
    hardware: anchor !== undefined && anchor.emulated !== true,
    debug: policy.debugAllowed,
    launchMeasurement: hex.measurement,
    runtimeMeasurements: {},
    svn: report.guestSvn,
    userData: hex.reportData,
    hostData: hex.hostData,
    tcb: { components: committedTcb },
    reportVersion: report.version,
    vmpl: report.vmpl,
    hostRequested: report.vmpl === VMPL_HOST,
    signingKey: keyInfo.signingKey,
    maskChipKey: keyInfo.maskChipKey,
    authorKeyEnabled: keyInfo.authorKeyEn,
    policy,
    platformInfo,
    currentTcb: decodeTcb(report.currentTcb, layout),
    reportedTcb: decodeTcb(report.reportedTcb, layout),
    committedTcb,
    launchTcb: decodeTcb(report.launchTcb, layout),
    currentFirmware: report.current,
    committedFirmware: report.committed,
    familyId: hex.familyId,
    imageId: hex.imageId,
    idKeyDigest: hex.idKeyDigest,
    authorKeyDigest: hex.authorKeyDigest,
    reportId: hex.reportId,
    reportIdMigrationAgent: hex.reportIdMa,
  }
  const id = allZero(report.chipId) ? extensions?.hwId : report.chipId
  if (product !== undefined) claims.product = product
  if (!allZero(report.idKeyDigest)) claims.signer = hex.idKeyDigest
  if (id !== undefined) claims.hardwareId = id === report.chipId ? hex.chipId : toHex(id)
  if (report.launchMitVector !== undefined) claims.launchMitigations = hex64(report.launchMitVector)
  if (report.currentMitVector !== undefined) claims.currentMitigations = hex64(report.currentMitVector)
  if (extensions?.cspId !== undefined) claims.cloudProvider = extensions.cspId
  return claims
}

/** What a verdict about this report relies on without evidence. */
export function snpAssumptions(state: SnpState): readonly Assumption[] {
  const { report, policy, platformInfo, product, role } = state
  const assumed: Assumption[] = [
    {
      id: 'vendor-key',
      statement: "AMD keeps its signing keys and the chip's seed secret",
      because: `the chain rests on ARK-${product ?? '?'}`,
    },
    {
      id: 'no-interposer',
      statement: 'nobody with the machine in hand reads or changes the memory bus',
      because: 'SEV-SNP does not protect the freshness of memory against hardware',
    },
  ]
  if (state.parts.crl.value === undefined) {
    assumed.push({
      id: 'not-revoked',
      statement: 'AMD has not revoked the ASK or ASVK',
      because: 'no revocation list was looked at',
    })
  }
  if (!platformInfo.ciphertextHidingDramEnabled) {
    assumed.push({
      id: 'ciphertext-side-channel',
      statement: 'the guest does not leak through changes of its ciphertext, which the host can read',
      because: 'ciphertext hiding is off in PLATFORM_INFO',
    })
  }
  if (policy.smtAllowed && platformInfo.smtEnabled) {
    assumed.push({
      id: 'smt-side-channel',
      statement: 'no sibling thread spies on the guest',
      because: 'the policy allows SMT, and it is on',
    })
  }
  if (!platformInfo.aliasCheckComplete) {
    assumed.push({
      id: 'memory-aliasing',
      statement: 'no memory module lies about its size (AMD-SB-3015)',
      because: 'ALIAS_CHECK_COMPLETE is clear in PLATFORM_INFO',
    })
  }
  if (policy.migrateMaAllowed) {
    assumed.push({
      id: 'migration-agent',
      statement: 'the migration agent keeps the guest secret',
      because: 'the policy allows a migration agent',
    })
  }
  if (report.vmpl !== 0 && report.vmpl !== VMPL_HOST) {
    assumed.push({
      id: 'paravisor',
      statement: 'the code at more privileged levels of the guest, which the measurement covers, is honest',
      because: `VMPL is ${report.vmpl}`,
    })
  }
  if (role === 'vlek') {
    assumed.push({
      id: 'cloud-provider',
      statement: 'the cloud provider loads its VLEK into genuine, well-kept machines only',
      because: 'a VLEK signed: no chip is named',
    })
  }
  return assumed
}

/** Facts that change no outcome. */
export function snpNotes(state: SnpState): readonly Note[] {
  const { report, keyInfo, role } = state
  const notes: Note[] = []
  const add = (id: string, text: string): void => {
    notes.push({ id: `snp.${id}`, text })
  }
  if (isProvisional(state))
    add('provisional-firmware', 'current firmware or TCB is above the committed one: the host can still roll back')
  if (!equalBytes(report.reportedTcb, report.committedTcb))
    add('reported-tcb', 'the host reports an older TCB than it has committed to')
  if (allZero(report.chipId))
    add(
      'chip-id',
      role === 'vlek' ? 'the chip id is zero, as providers that use a VLEK have it' : 'the chip id is masked',
    )
  if (keyInfo.maskChipKey) add('mask-chip-key', 'MASK_CHIP_KEY is set')
  const unknown = unknownPlatformBits(report.platformInfo)
  if (unknown !== 0n) add('platform-info', `PLATFORM_INFO has bits without a name: ${hex64(unknown)}`)
  if (report.version === 4) add('version-4', 'version 4 is not publicly described and was read like version 3')
  for (const name of ['reserved4c', 'reserved18b', 'reserved1eb', 'reserved1ef', 'reserved208'] as const) {
    if (!allZero(report[name])) add('reserved', `${name} is not zero; it is signed`)
  }
  if (!allZero(report.reserved330))
    add('unsigned-tail', 'bytes behind the signature are not zero; nobody signed them and nothing reads them')
  return notes
}

/** Whether the platform runs firmware that its owner has not committed to. */
export function isProvisional({ report }: Pick<SnpState, 'report'>): boolean {
  const { current, committed } = report
  const differs =
    current.major !== committed.major || current.minor !== committed.minor || current.build !== committed.build
  return differs || !equalBytes(report.currentTcb, report.committedTcb)
}
