import { equalBytes } from '../../core/bytes.ts'
import { opaqueBytes } from '../opaque.ts'
import type { NvidiaReport } from '../report.ts'
import type { GoldenMeasurement, NvidiaRim } from './manifest.ts'

/** Which manifest a golden value is from. */
export type GoldenSource = 'driver' | 'vbios'

/** One golden value that the report does not meet. */
export interface Mismatch {
  /** As manifests count, from 0 on. */
  readonly index: number
  readonly source: GoldenSource
}

/** A report's measurements beside those of its manifests. */
export interface MeasurementComparison {
  /** How many golden values are active. */
  readonly active: number
  /** All that do not match, by index. */
  readonly mismatches: readonly Mismatch[]
  /** Indexes that are active in both manifests: then the manifests are wrong. */
  readonly conflicts: readonly number[]
  /** Indexes that were left out, because the unit they measure is switched off. */
  readonly skipped: readonly number[]
}

/** Golden value of the NVDEC0 unit. */
const NVDEC0 = 35
const DISABLED = 0x55

/**
 * Compares a report with the manifests that there are. Index i of a manifest is block i + 1 of the report.
 * A block matches when it equals any of the alternatives, in length too.
 *
 * @see NVIDIA attestation, measurement comparison
 */
export function compareMeasurements(
  report: NvidiaReport,
  driver: NvidiaRim | undefined,
  vbios: NvidiaRim | undefined,
): MeasurementComparison {
  const golden = new Map<number, { readonly source: GoldenSource; readonly one: GoldenMeasurement }>()
  const conflicts: number[] = []
  for (const [source, rim] of [
    ['driver', driver],
    ['vbios', vbios],
  ] as const) {
    for (const one of rim?.measurements ?? []) {
      if (!one.active) continue
      if (golden.has(one.index)) conflicts.push(one.index)
      else golden.set(one.index, { source, one })
    }
  }
  const nvdec0 = opaqueBytes(report.response.opaque, 'NVDEC0_STATUS')
  const isOff = nvdec0?.length === 1 && nvdec0[0] === DISABLED
  const mismatches: Mismatch[] = []
  const skipped: number[] = []
  for (const [index, { source, one }] of golden) {
    if (index === NVDEC0 && isOff) skipped.push(index)
    else if (!matches(report, one)) mismatches.push({ index, source })
  }
  const byIndex = (a: Mismatch, b: Mismatch): number => a.index - b.index
  return {
    active: golden.size,
    mismatches: mismatches.sort(byIndex),
    conflicts: conflicts.sort((a, b) => a - b),
    skipped,
  }
}

function matches({ response }: NvidiaReport, { index, alternatives }: GoldenMeasurement): boolean {
  const block = response.blocks[index]
  return block !== undefined && alternatives.some((golden) => equalBytes(golden, block.value))
}
