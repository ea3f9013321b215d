import { canonicalJson } from '../core/canonical.ts'
import {
  fail,
  mend,
  notApplicable,
  pass,
  REPLACE_EVIDENCE,
  type Step,
  type StepGroup,
  unchecked,
} from '../core/engine.ts'
import type { Finding, Phase, Remedy, Verdict } from '../core/verdict.ts'
import { type Binding, boundValue, holds, holdsNonce } from './binding.ts'
import type { CompositeExpectations, CompositePart } from './model.ts'
import { type Wrapping, wrapperFinding } from './wrapper.ts'

/** A part with its own verdict. */
export interface JudgedPart {
  readonly part: CompositePart
  readonly verdict: Verdict
  /** True when the caller said for this part alone what it must hold. */
  readonly boundByCaller: boolean
}

/** Everything that the checks of the whole read. */
export interface CompositeState {
  readonly parts: readonly JudgedPart[]
  readonly binding: Binding
  /** Signatures around the parts. */
  readonly wrapping: Wrapping
  readonly expect: CompositeExpectations
  /** Whether the exchange is shown to be the verifier's own; undefined when it did not say. */
  readonly fresh: boolean | undefined
}

const COMPOSITE = 'RFC 9334, section 3.3 (composite devices)'
const BINDING = 'composite.binding'
const WRAPPER = 'draft-ietf-rats-msg-wrap, section 4'
const KBS = 'Confidential Containers KBS protocol, composite evidence'

function step(
  id: string,
  title: string,
  phase: Phase,
  source: string,
  check: (state: CompositeState) => Finding,
): Step<CompositeState> {
  return { id: `composite.${id}`, title, phase, source, check }
}

/** The checks of composite evidence beside those of its parts. */
export const COMPOSITE_STEPS: readonly StepGroup<CompositeState>[] = [
  {
    id: 'composite.parts',
    title: 'The parts as one',
    steps: [
      step('genuine', 'Every part is genuine', 'authenticity', COMPOSITE, genuine),
      step('distinct', 'No part is there twice', 'authenticity', COMPOSITE, distinct),
      step('binding', 'All parts are bound to one exchange', 'authenticity', KBS, bound),
      { ...step('freshness', 'The exchange is yours', 'appraisal', KBS, freshness), needs: [BINDING], waivable: true },
      {
        ...step('wrapper', 'The wrapper is signed by whom you trust', 'appraisal', WRAPPER, ({ wrapping }) =>
          wrapperFinding(wrapping),
        ),
        waivable: true,
      },
      step('accepted', 'Every part is as you expect', 'appraisal', COMPOSITE, accepted),
    ],
  },
]

const SEE_PARTS: Remedy = mend("see the checks of these parts' own verdicts")

function genuine({ parts }: CompositeState): Finding {
  const bad = parts.filter(({ verdict }) => verdict.authenticity === 'refuted')
  const open = parts.filter(({ verdict }) => verdict.authenticity === 'unproven')
  if (bad.length > 0) return fail(`refuted: ${said(bad)}`, SEE_PARTS)
  return open.length > 0
    ? unchecked(`not proven: ${said(open)}`, SEE_PARTS)
    : pass(`all ${parts.length} are`, { expected: 'proven' })
}

function accepted({ parts }: CompositeState): Finding {
  const bad = parts.filter(({ verdict }) => verdict.outcome === 'rejected')
  const open = parts.filter(({ verdict }) => verdict.outcome === 'incomplete')
  if (bad.length > 0) return fail(`rejected: ${said(bad)}`, SEE_PARTS)
  return open.length > 0
    ? unchecked(`incomplete: ${said(open)}`, SEE_PARTS)
    : pass(`all ${parts.length} are verified`, { expected: 'verified' })
}

function said(parts: readonly JudgedPart[]): string {
  const names = parts.map(({ part }) => part.name).join(', ')
  const [first] = parts
  if (first === undefined) return names
  // How many more checks failed there would read as how many failed here.
  return `${names}; ${first.part.name}: ${first.verdict.summary.replace(/ \(and \d{1,6} more\)$/, '')}`
}

function distinct({ parts }: CompositeState): Finding {
  const digests = parts.map(({ verdict }) => verdict.evidence.sha256)
  const twice = parts.find((_, i) => digests.indexOf(digests[i] ?? '') !== i)
  if (twice !== undefined)
    return fail(`${twice.part.name} is evidence that was shown already under another name`, SEND_ONCE)
  // Whoever has one piece can make others of it, with bytes that nobody signed or in another form of the signature.
  const said = parts.map(({ verdict }) => `${verdict.tee} ${canonicalJson(verdict.claims)}`)
  const alike = parts.find((_, i) => said.indexOf(said[i] ?? '') !== i)
  if (alike === undefined) return pass('each is another piece of evidence')
  return fail(`${alike.part.name} says word for word what another part says: nothing tells the two apart`, SEND_ONCE)
}

const SEND_ONCE: Remedy = mend('send each piece of evidence once', 'workload-owner')

const SAY: Remedy = mend(
  'choose a nonce, have every part made with it, and pass it as `nonce`; where parts hold a digest, give what it is of as `runtimeData`',
)

function bound({ parts, binding, expect }: CompositeState): Finding {
  const [only] = parts
  if (only !== undefined && parts.length === 1 && binding.kind === 'none')
    return notApplicable('there is one part only')
  const others = parts.filter(({ boundByCaller }) => !boundByCaller)
  if (others.length === 0) return pass('you said of each part what it must hold')
  if (binding.kind === 'none') return sameData(parts)
  const loose = others.find((one) => !isBound(one, binding))
  if (loose !== undefined) {
    return fail(`${loose.part.name} holds something else: it was made for another exchange`, REPLACE_EVIDENCE, {
      expected: boundValue(binding, loose.part) ?? '',
      actual: loose.verdict.claims.userData,
    })
  }
  return (
    expectedDigest(parts, binding, expect) ??
    pass(`all parts hold ${WHAT[binding.kind]}`, { actual: others[0]?.verdict.claims.userData ?? '' })
  )
}

const WHAT: Readonly<Record<Binding['kind'], string>> = {
  'runtime-data': 'the digest of the same runtime data',
  nonce: 'your nonce',
  'report-data': 'the report data you expect',
  none: 'the same',
}

function isBound({ part, verdict: { claims } }: JudgedPart, binding: Binding): boolean {
  const value = boundValue(binding, part)
  if (value === undefined) return false
  return [claims.userData, ...noncesOf(claims)].some((one) => holds(one.toLowerCase(), value, binding.kind))
}

// Documents and tokens have a field of its own for the nonce.
function noncesOf(claims: object): readonly string[] {
  const found: unknown[] = []
  if ('nonce' in claims) found.push(claims.nonce)
  if ('nonces' in claims && Array.isArray(claims.nonces)) found.push(...claims.nonces)
  return found.filter((one) => typeof one === 'string')
}

// Nobody said what ties them together. Where all hold the same, that does.
function sameData(parts: readonly JudgedPart[]): Finding {
  const values = parts.map(({ verdict }) => verdict.claims.userData.replace(/(00)+$/, ''))
  const [first = ''] = values
  if (first.length >= 32 && values.every((one) => one === first))
    return pass('all parts hold the same data', { actual: first })
  return unchecked('nothing shows that the parts were made for one exchange: they hold different data', SAY, {
    actual: parts.map(({ part, verdict }) => `${part.name}: ${verdict.claims.userData}`).join('; '),
  })
}

/** Whether the report data that the caller expects are the digest for the machine's own evidence. */
function expectedDigest(
  parts: readonly JudgedPart[],
  binding: Binding,
  { reportData }: CompositeExpectations,
): Finding | undefined {
  if (binding.kind !== 'runtime-data' || reportData === undefined) return undefined
  const machine = parts.find(({ part }) => !part.device)
  const actual = machine === undefined ? undefined : boundValue(binding, machine.part)
  if (actual !== undefined && holds(actual.padEnd(128, '0'), reportData, 'report-data')) return undefined
  return fail('the runtime data are not those that you expect', REPLACE_EVIDENCE, {
    expected: reportData,
    actual: actual ?? 'no evidence of a machine',
  })
}

function freshness({ binding, expect, fresh, parts }: CompositeState): Finding {
  if (fresh === true) return pass('the parts were made for your exchange')
  if (fresh === false && binding.kind === 'runtime-data') {
    const actual = String(binding.runtimeData['nonce'] ?? 'none').slice(0, 128)
    return fail(
      'the nonce in the runtime data is not yours: the parts were made for another exchange, or replayed',
      mend('have the attester send new evidence for your nonce', 'workload-owner'),
      { expected: expect.nonce ?? '', actual },
    )
  }
  if (parts.every(({ boundByCaller }) => boundByCaller)) return notApplicable('you said of each part what it must hold')
  return unchecked(
    'nothing shows when the parts were made: they may be a replay',
    mend('choose a nonce, have it put into the runtime data or into every part, and pass it as `nonce`'),
  )
}

/** Whether the exchange is the verifier's own, as far as it said; see {@link CompositeState.fresh}. */
export function freshnessOf(
  parts: readonly CompositePart[],
  binding: Binding,
  expect: CompositeExpectations,
): boolean | undefined {
  const { nonce, reportData, reportDataIsFresh } = expect
  if (binding.kind === 'nonce') return true
  if (binding.kind !== 'runtime-data')
    return binding.kind === 'report-data' && reportDataIsFresh === true ? true : undefined
  if (nonce !== undefined) return holdsNonce(binding.runtimeData, nonce)
  if (reportDataIsFresh !== true) return undefined
  if (binding.given) return true
  const machine = parts.find(({ device }) => !device)
  const digest = machine === undefined ? undefined : boundValue(binding, machine)
  if (reportData === undefined || digest === undefined) return undefined
  return holds(digest.padEnd(128, '0'), reportData, 'report-data') ? true : undefined
}
