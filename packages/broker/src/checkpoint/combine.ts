import type { Verdict, VerdictPart } from '@sekisho/evidence'

/** The verdict on a workload with further devices: never better than the worst of its parts. */
export function combine(primary: Verdict, parts: readonly VerdictPart[]): Verdict {
  if (parts.length === 0) return primary
  const all = [primary, ...parts.map(({ verdict }) => verdict)]
  const has = <K extends 'outcome' | 'authenticity'>(name: K, value: Verdict[K]): boolean =>
    all.some((one) => one[name] === value)
  const worst = parts.find(({ verdict }) => verdict.outcome !== 'verified')
  return {
    ...primary,
    outcome: has('outcome', 'rejected') ? 'rejected' : has('outcome', 'incomplete') ? 'incomplete' : 'verified',
    authenticity: has('authenticity', 'refuted') ? 'refuted' : has('authenticity', 'unproven') ? 'unproven' : 'proven',
    summary:
      worst === undefined || primary.outcome === 'rejected'
        ? primary.summary
        : `${worst.name}: ${worst.verdict.summary}`,
    emulated: all.some(({ emulated }) => emulated),
    waived: [...new Set(all.flatMap(({ waived }) => waived))],
    parts: [...(primary.parts ?? []), ...parts],
  }
}
