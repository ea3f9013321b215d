import type { Tee } from '@sekisho/evidence'
import type { Expectations } from './door.ts'
import { doorOf } from './doors.ts'

/** Members of a skeleton that belong to one exchange and never to a reference value. */
const OF_ONE_EXCHANGE: readonly string[] = ['reportData', 'nonce', 'reportDataIsFresh']

/** What evidence measures, as values of a reference set: what it would be known by the next time. */
export async function referenceValues(tee: Tee, evidence: Uint8Array): Promise<Expectations> {
  const skeleton = (await doorOf(tee)).skeleton(evidence)
  return Object.fromEntries(Object.entries(skeleton).filter(([member]) => !OF_ONE_EXCHANGE.includes(member)))
}
