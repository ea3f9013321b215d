import type { PlatformPlay } from '@sekisho/appraisal'

/** A kind of platform that is emulated here. */
export interface EmulatedKind {
  /** As the KBS protocol names it. */
  readonly tee: string
  /** Generations that can be chosen, where there are several. */
  readonly products?: readonly string[]
}

/** Which machine is to attest. What is left out is as it should be. */
export interface EmulatedMachine {
  readonly tee: string
  readonly product?: string
  /** Launched so that its host may look into it. */
  readonly debug?: boolean
  /** Launch measurement, hex. */
  readonly measurement?: string
  /** Name of the chip: the same name is the same chip. */
  readonly chip?: string
}

/** Evidence of an emulated machine, and what would be expected of the very workload that runs on it. */
export interface EmulatedEvidence {
  readonly tee: string
  /** The `primary_evidence` object of the KBS protocol. */
  readonly evidence: Readonly<Record<string, unknown>>
  /** Members of that TEE's expectations (docs/expectations.md): what a set of reference values holds. */
  readonly reference: Readonly<Record<string, unknown>>
}

/**
 * Emulated machines that sign for whoever may ask: for trying the checkpoint out, never in production. Whoever starts the
 * server makes them; the server knows no emulator.
 */
export interface EmulatedPlatforms {
  readonly kinds: readonly EmulatedKind[]
  /** Their roots, as `sekisho emulate anchors` prints them. */
  readonly anchors: readonly object[]
  /**
   * Has a machine sign.
   *
   * @param reportData at most 64 bytes
   * @throws TypeError naming what is wrong, for a machine that there is none of
   */
  attest(machine: EmulatedMachine, reportData: Uint8Array): Promise<EmulatedEvidence>
  /** What policies would see of one of them, as if it were hardware: for test cases. No evidence leaves. */
  readonly play: PlatformPlay
}
