import type { CompositeExpectations, CompositePart } from '@sekisho/evidence/composite'
import { isRecord } from '../options/record.ts'
import type { Expectations } from '../tee/door.ts'
import { doorOf } from '../tee/doors.ts'

/** Members about the whole; every other common member is about the machine. */
const WHOLE: readonly string[] = [
  'nonce',
  'reportData',
  'reportDataIsFresh',
  'runtimeData',
  'allowDebug',
  'allowEmulated',
  'parts',
]

/**
 * Expectations of composite evidence, out of the common members of a file and flags, and a file's objects by TEE.
 * The common members that are not about the whole are expected of its first part that is no device: where several
 * machines are in one input, each is named with `parts`.
 */
export function compositeExpectations(
  common: Expectations,
  tees: Readonly<Record<string, Expectations>> | undefined,
  parts: readonly CompositePart[],
): CompositeExpectations {
  const entries = Object.entries(common)
  const own = Object.fromEntries(entries.filter(([name]) => !WHOLE.includes(name)))
  const { parts: given, ...whole } = Object.fromEntries(entries.filter(([name]) => WHOLE.includes(name)))
  const machine = parts.find(({ device, recognised }) => !device && recognised.tee !== 'nvidia-gpu') ?? parts[0]
  const named: Readonly<Record<string, unknown>> = isRecord(given) ? given : {}
  const byPart: Record<string, unknown> = { ...tees, ...named }
  if (machine !== undefined && Object.keys(own).length > 0) {
    const forIt = named[machine.name]
    byPart[machine.name] = { ...own, ...tees?.[machine.recognised.tee], ...(isRecord(forIt) ? forIt : {}) }
  }
  // What is no object, the reader of expectations names.
  const all = given === undefined || isRecord(given) ? byPart : given
  return { ...whole, parts: all } as CompositeExpectations
}

/** What the parts would meet, by name, for a file to start from. What binds them to an exchange is not theirs to say. */
export async function skeletonOf(parts: readonly CompositePart[]): Promise<Expectations> {
  const found: Record<string, Expectations> = {}
  for (const { name, recognised } of parts) {
    const door = await doorOf(recognised.tee)
    const { reportData: _data, nonce: _nonce, ...own } = door.skeleton(recognised.evidence)
    found[name] = own
  }
  return { parts: found }
}
