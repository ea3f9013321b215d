import { settle } from '#crypto'
import { assembleVerdict, distinctBy } from '../core/assemble.ts'
import { judge, stepIds } from '../core/engine.ts'
import { EvidenceError, refuse } from '../core/errors.ts'
import { copyOfEvidence } from '../core/input.ts'
import { evaluationTime } from '../core/time.ts'
import type { Assumption, Claims, CollateralPart, TrustAnchor, Verdict } from '../core/verdict.ts'
import { type DigestJob, sha256 } from '../crypto/jobs.ts'
import { type Binding, bindingOf, boundExpectations, boundValue } from './binding.ts'
import { readCompositeExpectations } from './expectations.ts'
import {
  CHECK_PREFIXES,
  type CompositeExpectations,
  type CompositeOptions,
  type CompositePart,
  type PartExpectations,
  WITHOUT_DEBUG,
} from './model.ts'
import { compositeParts } from './parts.ts'
import { COMPOSITE_STEPS, type CompositeState, freshnessOf, type JudgedPart } from './steps.ts'
import { planWrappers } from './wrapper.ts'

/** Ids of the checks of the whole; those of the parts are the parts' own. */
export function compositeCheckIds(which: 'all' | 'waivable' = 'all'): readonly string[] {
  return stepIds<CompositeState>(COMPOSITE_STEPS, which)
}

/**
 * Verifies every piece of evidence in one input: the messages of a CMW collection, or a KBS attestation with the
 * evidence of devices beside the machine's. Each part is judged by its own TEE's verifier, in order and not at
 * once, and must be bound to the same exchange. The verdict has one part for each and is never better than the
 * worst of them; its claims are those of the first part that is no device.
 *
 * @param evidence as {@link recogniseParts} reads it
 * @throws EvidenceError when a part cannot be read; its field begins with the part's name
 * @throws TypeError for options that make no sense
 */
export async function verifyComposite(evidence: Uint8Array, options: CompositeOptions): Promise<Verdict> {
  const at = evaluationTime(options.at)
  const expect = readCompositeExpectations(options.expect)
  const data = copyOfEvidence(evidence)
  const parts = compositeParts(data)
  assertParts(parts, expect)
  const waive = waiversOf(parts, options.waive ?? [])
  const binding = bindingOf(parts, expect)
  const whole = sha256(data)
  const wrapping = planWrappers(parts, options.wrapperKeys, at)
  const signatures = wrapping.wrappers.map(({ job }) => job).filter((job) => job !== undefined)
  await settle([whole, ...signatures, ...(binding.kind === 'runtime-data' ? binding.digests.values() : [])])
  const fresh = freshnessOf(parts, binding, expect)
  const judged: JudgedPart[] = []
  for (const part of parts) {
    const own = { ...expect.parts?.[part.recognised.tee], ...expect.parts?.[part.name] }
    const wishes = expectationsOf(part, expect, own, binding, fresh)
    const verdict = await named(part.name, () =>
      options.door({ part, at: new Date(at), expect: wishes, waive: waive.of(part) }),
    )
    judged.push({ part, verdict, boundByCaller: isBound(own) })
  }
  return conclude({ parts: judged, binding, wrapping, expect, fresh }, waive.whole, whole, at)
}

/** A name that no part has would pass for an expectation that holds. */
function assertParts(parts: readonly CompositePart[], expect: CompositeExpectations): void {
  const names = parts.map(({ name }) => name)
  for (const name of Object.keys(expect.parts ?? {})) {
    if (Object.hasOwn(CHECK_PREFIXES, name) || names.includes(name)) continue
    throw new TypeError(`expectations.parts: there is no part ${JSON.stringify(name)}; known are ${names.join(', ')}`)
  }
}

interface Waivers {
  readonly whole: readonly string[]
  of(part: CompositePart): readonly string[]
}

function waiversOf(parts: readonly CompositePart[], waive: readonly string[]): Waivers {
  const belongs = (id: string, { recognised }: CompositePart): boolean =>
    CHECK_PREFIXES[recognised.tee].some((prefix) => id.startsWith(`${prefix}.`))
  // What belongs to no part is for the whole, which knows what can be waived.
  const whole = waive.filter((id) => !parts.some((part) => belongs(id, part)))
  return { whole, of: (part) => waive.filter((id) => belongs(id, part)) }
}

function isBound(own: PartExpectations): boolean {
  return own['reportData'] !== undefined || own['nonce'] !== undefined
}

function expectationsOf(
  part: CompositePart,
  { allowDebug, allowEmulated }: CompositeExpectations,
  own: PartExpectations,
  binding: Binding,
  fresh: boolean | undefined,
): PartExpectations {
  const value = isBound(own) ? undefined : boundValue(binding, part)
  return {
    ...(allowDebug === true && !WITHOUT_DEBUG.includes(part.recognised.tee) ? { allowDebug } : {}),
    ...(allowEmulated === true ? { allowEmulated } : {}),
    ...(value === undefined ? {} : wishFor(part, value, binding, fresh)),
    ...own,
  }
}

function wishFor(part: CompositePart, value: string, binding: Binding, fresh: boolean | undefined): PartExpectations {
  const { tee } = part.recognised
  // A nonce is compared by each verifier as its format has it; only some formats fix its length.
  if (binding.kind === 'nonce' && !['nvidia-gpu', 'sev', 'sgx-epid'].includes(tee)) return { nonce: value }
  return boundExpectations(part, value, fresh === true ? 'fresh' : 'known')
}

async function named(name: string, verify: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await verify()
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    const { code, field, offset, expected, message } = error
    const found = message.slice(`${field} at byte ${offset}: `.length, -`; expected ${expected}`.length)
    throw refuse(`${name}.${field}`, found, expected, offset, code)
  }
}

function conclude(state: CompositeState, waive: readonly string[], evidence: DigestJob, at: number): Verdict {
  const { parts } = state
  const judgement = judge<CompositeState>(COMPOSITE_STEPS, state, waive)
  const verdicts = parts.map(({ verdict }) => verdict)
  const anchors = distinctBy(
    verdicts.flatMap((one) => one.anchors),
    ({ spkiSha256 }: TrustAnchor) => spkiSha256,
  )
  const verdict = assembleVerdict(judgement, {
    format: `${parts.length === 1 ? 'one piece' : `${parts.length} pieces`} of evidence: ${verdicts.map(({ format }) => format).join(' + ')}`,
    at,
    evidence,
    anchor: anchors.find(({ emulated }) => emulated === true) ?? anchors[0],
    collateral: parts.flatMap(collateralOf),
    claims: claimsOf(parts),
    assumed: assumedOf(verdicts),
    notes: [{ id: 'composite.claims', text: `the claims are those of the part ${leadOf(parts).part.name}` }],
    parts: parts.map(({ part, verdict: own }) => ({ name: part.name, verdict: own })),
  })
  return { ...verdict, anchors }
}

/** The machine, where there is one among the parts. */
function leadOf(parts: readonly JudgedPart[]): JudgedPart {
  const lead = parts.find(({ part }) => !part.device && part.recognised.tee !== 'nvidia-gpu') ?? parts[0]
  if (lead === undefined) throw new Error('a whole without parts')
  return lead
}

function claimsOf(parts: readonly JudgedPart[]): Claims {
  const all = parts.map(({ verdict }) => verdict.claims)
  return {
    ...leadOf(parts).verdict.claims,
    hardware: all.every(({ hardware }) => hardware),
    debug: all.some(({ debug }) => debug),
  }
}

/** The collateral of one part, by names that tell the parts apart. */
function collateralOf({ part, verdict }: JudgedPart): readonly CollateralPart[] {
  return verdict.collateral.map((one) => ({ ...one, name: `${part.name}-${one.name}` }))
}

const ONE_MACHINE: Assumption = {
  id: 'composite.one-machine',
  statement: 'the parts are of one machine',
  because: 'their binding shows that they were made for one exchange; none of them names the others as its hardware',
}

function assumedOf(verdicts: readonly Verdict[]): readonly Assumption[] {
  const all = verdicts.flatMap(({ assumed }) => assumed)
  return distinctBy(verdicts.length > 1 ? [...all, ONE_MACHINE] : all, ({ id }: Assumption) => id)
}
