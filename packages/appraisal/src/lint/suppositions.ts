import { OTHER, type Supposed, type Supposition } from './truth.ts'

function supposition(claims: Readonly<Record<string, Supposed>>): Supposition {
  return new Map(Object.entries(claims))
}

/** A workload in debug mode, as it is appraised. */
export const IN_DEBUG_MODE: Supposition = supposition({
  debug: true,
  status: 'contraindicated',
  'vector.configuration': 96,
  'vector.runtimeOpaque': 96,
})

/** Evidence that no hardware vouches for, as it is appraised. */
export const EMULATED: Supposition = supposition({
  emulated: true,
  hardware: false,
  status: 'contraindicated',
  'vector.hardware': 97,
})

/** Of a workload that nobody approved. Host data is none of that: the host gives it to whatever it starts. */
const NEVER_APPROVED: readonly (readonly [string, Supposed])[] = [
  ['measurement', OTHER],
  ['signer', OTHER],
  ['references', []],
  ['status', 'warning'],
  ['vector.executables', 33],
  ...registers('rtmr', 0, 3),
  ...registers('REM', 0, 3),
]

/**
 * A workload that nobody approved, on genuine hardware. Firmware that nobody approved fills the PCRs above its own at
 * will (PCR 1 to 7 of a TPM), and an enclave's PCR 3 and 4 say whose it is, not what it runs.
 */
export const UNKNOWN_WORKLOADS: readonly Supposition[] = [
  new Map([...NEVER_APPROVED, ...registers('PCR', 0, 31)]),
  ...['tpm', 'azure-vtpm'].map(
    (tee) => new Map([...NEVER_APPROVED, ['tee', tee], ...registers('PCR', 0, 0), ...registers('PCR', 8, 31)]),
  ),
  new Map([...NEVER_APPROVED, ['tee', 'nitro'], ...registers('PCR', 0, 2), ...registers('PCR', 5, 31)]),
]

/** Evidence that proves nothing, of a workload that nobody approved: whatever is no matter of that, its maker may claim. */
export const UNATTESTED: Supposition = new Map<string, Supposed>([
  ...NEVER_APPROVED,
  ...registers('PCR', 0, 31),
  ['hostData', OTHER],
  ['verdict.outcome', 'rejected'],
  ['verdict.authenticity', 'refuted'],
  ['hardware', false],
  ['status', 'contraindicated'],
  ['vector.hardware', 99],
  ['vector.executables', 99],
])

/** One register of those that a guest can write, and what stands below it. */
export interface GuestRegister {
  readonly name: string
  /** Each of these must be pinned on its own; of a list, one. */
  readonly below: readonly (readonly string[])[]
}

const FIRMWARE_PCRS: readonly string[] = Array.from({ length: 8 }, (_, i) => `registers.PCR${i}`)

/** Registers that whoever controls the launched code can fill at will (soundness, line 2). */
export const GUEST_REGISTERS: readonly GuestRegister[] = [
  ...[0, 1, 2, 3].map((i) => ({
    name: `rtmr${i}`,
    below: [['measurement'], ...Array.from({ length: i }, (_, j) => [`registers.rtmr${j}`])],
  })),
  ...[0, 1, 2, 3].map((i) => ({ name: `REM${i}`, below: [['measurement']] })),
  ...Array.from({ length: 24 }, (_, i) => ({ name: `PCR${i + 8}`, below: [['measurement', ...FIRMWARE_PCRS]] })),
]

/** Evidence in which some of the claims below a register are none that anybody approved. */
export function withFree(claims: readonly string[]): Supposition {
  return new Map<string, Supposed>([
    ...claims.map((claim): [string, Supposed] => [claim, OTHER]),
    ['signer', OTHER],
    ['references', []],
    ['status', 'warning'],
    ['vector.executables', 33],
    ['vector.configuration', 36],
  ])
}

const END_OF_TIME = Date.UTC(9999, 11, 31)

/** Intel's words for a TCB that is not up to date. */
export const OLD_STATUSES: readonly string[] = [
  ...['OutOfDate', 'OutOfDateConfigurationNeeded', 'SWHardeningNeeded', 'ConfigurationNeeded'],
  ...['ConfigurationAndSWHardeningNeeded', 'TDRelaunchAdvised', 'TDRelaunchAdvisedConfigurationNeeded', 'Revoked'],
]

const STATUSES_TO_TRY: readonly Supposed[] = [...OLD_STATUSES, OTHER]

/** A platform with such a TCB, or one by a word that nobody thought of, in a far future. */
export const OLD_TCB_FOR_EVER: readonly Supposition[] = STATUSES_TO_TRY.map((status) =>
  supposition({ 'tcb.status': status, 'vector.hardware': 32, status: 'warning', now: END_OF_TIME }),
)

function registers(prefix: string, from: number, to: number): readonly [string, Supposed][] {
  return Array.from({ length: to - from + 1 }, (_, i) => [`registers.${prefix}${from + i}`, OTHER])
}
