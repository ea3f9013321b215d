import type { Claims, Verdict } from '@sekisho/evidence'
import type { PolicyContext, PolicyVector, Tier, TrustVector } from '../model.ts'

/** What {@link contextOf} needs beside the verdict. */
export interface ContextParts {
  readonly status: Tier
  readonly vector: TrustVector
  readonly references: readonly string[]
  readonly at: Date
  readonly resource: string | undefined
}

/** What a policy sees of a verdict. */
export function contextOf(verdict: Verdict, parts: ContextParts): PolicyContext {
  const { claims, outcome, authenticity } = verdict
  const all = withParts(verdict)
  const { status, vector, references, at, resource } = parts
  return {
    tee: verdict.tee,
    vendor: claims.vendor,
    isolation: claims.isolation,
    hardware: claims.hardware && !isEmulated(verdict),
    emulated: isEmulated(verdict),
    debug: all.some((one) => one.claims.debug),
    measurement: claims.launchMeasurement,
    ...optional(claims),
    tcb: tcbOf(claims, all),
    registers: { ...claims.runtimeMeasurements },
    parts: distinct(all.slice(1).map((one) => one.tee)),
    verdict: { outcome, authenticity, waived: distinct(all.flatMap((one) => one.waived)) },
    references: [...references],
    status,
    vector: policyVector(vector),
    ...(resource === undefined ? {} : { resource }),
    now: at.toISOString(),
  }
}

/** A verdict and those on its parts, the whole first. */
function withParts(verdict: Verdict): readonly Verdict[] {
  return [verdict, ...(verdict.parts ?? []).flatMap((part) => withParts(part.verdict))]
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)]
}

/** True when the whole or any part rests on a root that is no hardware vendor's. */
export function isEmulated(verdict: Verdict): boolean {
  return verdict.emulated || (verdict.parts ?? []).some((part) => isEmulated(part.verdict))
}

/** The same context at another time: for deciding again on a recorded appraisal. */
export function contextAt(context: PolicyContext, at: Date): PolicyContext {
  return { ...context, now: at.toISOString() }
}

type Optional = Pick<PolicyContext, 'product' | 'signer' | 'svn' | 'userData' | 'hostData' | 'hardwareId'>

function optional({ product, signer, svn, userData, hostData, hardwareId }: Claims): Optional {
  return {
    ...(product === undefined ? {} : { product }),
    ...(signer === undefined ? {} : { signer }),
    ...(svn === undefined ? {} : { svn }),
    ...(userData === '' ? {} : { userData }),
    ...(hostData === undefined ? {} : { hostData }),
    ...(hardwareId === undefined ? {} : { hardwareId }),
  }
}

function tcbOf({ tcb }: Claims, all: readonly Verdict[]): PolicyContext['tcb'] {
  const { status, date, components } = tcb
  return {
    ...(status === undefined ? {} : { status }),
    ...(date === undefined ? {} : { date }),
    advisories: distinct(all.flatMap((one) => one.claims.tcb.advisories ?? [])),
    components: { ...components },
  }
}

function policyVector(vector: TrustVector): PolicyVector {
  const made: { -readonly [K in keyof PolicyVector]: PolicyVector[K] } = {}
  const set = (name: keyof PolicyVector, value: number | undefined): void => {
    if (value !== undefined) made[name] = value
  }
  set('instanceIdentity', vector['instance-identity'])
  set('configuration', vector.configuration)
  set('executables', vector.executables)
  set('fileSystem', vector['file-system'])
  set('hardware', vector.hardware)
  set('runtimeOpaque', vector['runtime-opaque'])
  set('storageOpaque', vector['storage-opaque'])
  set('sourcedData', vector['sourced-data'])
  return made
}
