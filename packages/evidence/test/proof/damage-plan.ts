import { createHash } from 'node:crypto'
import type { Claims, Verdict } from '../../src/core/verdict.ts'
import type { Depth } from './damage.ts'
import { intelTargets } from './intel-targets.ts'
import { snpTargets } from './snp-targets.ts'
import { intelBaseline, type Subject, snpBaseline } from './subjects.ts'
import type { Target } from './target.ts'

/** A subject with everything that can be damaged of it. */
export interface Opened {
  readonly undamaged: Verdict<Claims>
  readonly targets: readonly Target[]
}

/** Verifies a subject undamaged, and takes it apart. */
export function openSubject(subject: Subject): Opened {
  if (subject.tee === 'snp') {
    const base = snpBaseline(subject)
    return { undamaged: base.verdict, targets: snpTargets(subject, base) }
  }
  const base = intelBaseline(subject)
  return { undamaged: base.verdict, targets: intelTargets(subject, base) }
}

/** One target for a worker. */
export interface Errand {
  /** Number of the subject, and of its target. */
  readonly subject: number
  readonly target: number
  readonly depth: Depth
  /** Rough cost, for doing the long ones first. */
  readonly weight: number
}

/**
 * Every target of every subject, those with the same bytes once.
 *
 * Generated cases are signed anew by one generator, so that hundreds of their parts differ in nothing
 * but random numbers. In CI the first of each layout is damaged at every byte like genuine evidence;
 * of each further one every {@link CLONE_STRIDE}th byte is, each time another set. So it is with genuine
 * endorsements, of which three together are damaged at every byte: two dozen TCB infos and revocation lists
 * differ in their numbers alone. A soak takes all.
 */
export function planDamage(subjects: readonly Subject[], opened: readonly Opened[], soak: boolean): readonly Errand[] {
  const seen = new Set<string>()
  const layouts = new Map<string, number>()
  const errands = subjects.flatMap((subject, number) =>
    (opened[number]?.targets ?? []).flatMap((target, i): readonly Errand[] => {
      const once = target.oncePerFormat === true && !soak
      const key = once
        ? `${target.kind}:${opened[number]?.undamaged.format}`
        : `${target.kind}:${createHash('sha256').update(target.bytes).digest('hex')}`
      if (seen.has(key)) return []
      seen.add(key)
      const layout = `${target.kind}:${opened[number]?.undamaged.format}`
      const isMade = isGenerated(subject)
      const sort = `${isMade ? 'made' : 'genuine'} ${layout}`
      const clone = isMade || !EVIDENCE.includes(target.kind) ? (layouts.get(sort) ?? 0) : 0
      layouts.set(sort, clone + 1)
      const stride = soak || clone === 0 ? 1 : isMade ? CLONE_STRIDE : ENDORSEMENT_STRIDE
      const depth: Depth = { bits: soak ? 8 : 1, stride, start: clone }
      const weight = (target.bytes.length / depth.stride) * (subject.tee === 'snp' ? 3 : 1)
      return [{ subject: number, target: i, depth, weight }]
    }),
  )
  return errands.sort((a, b) => b.weight - a.weight)
}

const CLONE_STRIDE = 11
const ENDORSEMENT_STRIDE = 3
/** Kinds of targets that are evidence itself. */
const EVIDENCE: readonly string[] = ['quote', 'snp-report']

function isGenerated({ name }: Subject): boolean {
  return (name.startsWith('intel-generated/') && !name.includes('/real-')) || name.includes('/synthetic/')
}
