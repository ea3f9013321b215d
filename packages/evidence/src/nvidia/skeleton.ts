import { toHex } from '../core/bytes.ts'
import type { Skeleton } from '../core/skeleton.ts'
import { deviceFacts } from './device.ts'
import type { NvidiaReport } from './report.ts'

/** Expectations that the reports of a node's devices would meet: the versions of all, and their one nonce. */
export function nvidiaSkeleton(reports: readonly NvidiaReport[]): Skeleton {
  const versionsOf = (kind: 'driver' | 'vbios'): readonly string[] =>
    [...new Set(reports.flatMap((one) => deviceFacts(one).versions[kind] ?? []))].sort()
  const driverVersions = versionsOf('driver')
  const vbiosVersions = versionsOf('vbios')
  return {
    nonce: toHex(reports[0]?.request.nonce ?? new Uint8Array()),
    ...(driverVersions.length === 0 ? {} : { driverVersions }),
    ...(vbiosVersions.length === 0 ? {} : { vbiosVersions }),
  }
}
