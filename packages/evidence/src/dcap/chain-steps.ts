import { toHex } from '../core/bytes.ts'
import { atOrAfter, untilText } from '../core/chain-values.ts'
import { fail, mend, notApplicable, pass, REPLACE_EVIDENCE, type Step, unchecked } from '../core/engine.ts'
import { isoTime } from '../core/time.ts'
import type { Finding, Remedy } from '../core/verdict.ts'
import { CHAIN_FORMS, type Chain, sameRoot } from './certificates.ts'
import { type Part, valueOf } from './part.ts'
import type { DcapState } from './state.ts'
import { authentic, finding, PCK_PROFILE } from './steps.ts'

/** What mends a part of the collateral that is missing, damaged or old. */
export function refetch(what: string): Remedy {
  return mend(`fetch the ${what} for this platform again, from Intel's PCS or a PCCS`)
}

/** Whether a part was given and can be read. */
export function givenFinding(part: Part<unknown>, what: string): Finding {
  if (part.state === 'present') return pass()
  return part.state === 'absent'
    ? unchecked(`no ${what} was given`, mend(`fetch the ${what} for this platform, from Intel's PCS or a PCCS`))
    : fail(`the ${what} cannot be read: ${part.reason}`, refetch(what))
}

/** Ids of the checks of a chain's form. */
export function formOf(id: string): readonly string[] {
  return CHAIN_FORMS.map((name) => `${id}.${name}`)
}

/**
 * Form, signatures, root and validity of one chain.
 *
 * @param id start of the ids, e.g. `pck`
 * @param what the chain in words
 * @param present the step without which there is no chain to look at; absent when evidence can do
 *   without the chain, as nothing rests on it then
 */
export function chainSteps(
  id: string,
  what: string,
  chain: (state: DcapState) => Part<Chain>,
  present?: string,
): readonly Step<DcapState>[] {
  const form = formOf(id)
  const step = (
    name: string,
    check: (chain: Chain, state: DcapState) => Finding,
    needs: readonly string[] = form,
  ): Step<DcapState> =>
    authentic(`${id}.${name}`, PCK_PROFILE, needs, (state) => {
      const part = chain(state)
      if (part.state === 'present') return check(part.value, state)
      return part.state === 'absent' && present === undefined
        ? notApplicable(`no ${what} was given, and nothing rests on it`)
        : givenFinding(part, what)
    })
  return [
    ...CHAIN_FORMS.map((name, i) =>
      step(
        name,
        ({ faults, forms }) => {
          const fault = faults[name]
          return fault === undefined
            ? pass(undefined, forms[name])
            : fail(`the ${what} is malformed: ${fault}`, refetch(what), forms[name])
        },
        i > 0 ? form.slice(0, 1) : present === undefined ? [] : [present],
      ),
    ),
    step('chain', ({ signatures }) => {
      const bad = signatures.findIndex((job) => job?.result !== true)
      return finding(
        bad < 0,
        () => `in the ${what} the signature of certificate ${bad + 1} does not verify`,
        () => refetch(what),
      )
    }),
    step('root', (found, state) => rootFinding(state, found, what)),
    step('validity', ({ window }, state) => {
      const { from, until } = window
      const begun = begunFinding(state, from, what)
      if (begun.outcome !== 'pass') return begun
      const current = currentFinding(state, until, what)
      return current.outcome === 'pass'
        ? pass(undefined, { expected: `${begun.expected}, ${current.expected}` })
        : current
    }),
  ]
}

const UNTRUSTED = mend(
  "use evidence under Intel's root; to accept an example or test root, name it as an emulated trust anchor",
)

function rootFinding(state: DcapState, chain: Chain, what: string): Finding {
  const anchor = state.anchorOf(chain)
  const actual = anchor?.spkiSha256 ?? keyId(chain)
  if (anchor === undefined) return fail(`the ${what} ends at a root that you do not trust`, UNTRUSTED, { actual })
  const platform = valueOf(state.pck)
  if (platform !== undefined && !sameRoot(platform, chain))
    return fail(`the ${what} ends at another root than the platform's own chain`, REPLACE_EVIDENCE, {
      expected: keyId(platform),
      actual,
    })
  return pass(`it ends at the key of ${anchor.name}`, { actual, anchor: anchor.id })
}

// SHA-256 of the root's key, by which anchors are named.
function keyId({ root }: Chain): string {
  return toHex(root.spkiDigest.result ?? new Uint8Array(0))
}

/** Whether a span of time has begun. */
export function begunFinding({ at }: DcapState, from: number, what: string): Finding {
  const expected = atOrAfter(from)
  // What holds says nothing of the time of judging: such a verdict is kept for other times.
  if (at >= from) return pass(undefined, { expected })
  const text = isoTime(from)
  return fail(
    `the ${what} is not yet valid: it begins at ${text}`,
    mend(`judge at a time from ${text} on, or check the clock`),
    { expected, actual: isoTime(at) },
  )
}

/** Whether a span of time has not ended. A list that never says when it ends is never current. */
export function currentFinding({ at }: DcapState, until: number | undefined, what: string): Finding {
  if (until === undefined)
    return fail(`the ${what} does not say until when it is current`, refetch(what), { expected: 'nextUpdate' })
  const expected = untilText(until)
  if (at <= until) return pass(undefined, { expected })
  return fail(`the ${what} ended at ${isoTime(until)}`, refetch(what), { expected, actual: isoTime(at) })
}
