import { fail, notApplicable, pass, REPLACE_EVIDENCE, type Step, unchecked } from '../core/engine.ts'
import type { Finding, Remedy } from '../core/verdict.ts'
import { type Chain, sameRoot, type Window } from './certificates.ts'
import { type Part, valueOf } from './part.ts'
import type { DcapState } from './state.ts'

export const PCK_PROFILE = 'Intel SGX PCK Certificate and CRL Profile Specification'
export const QVL = 'Intel TDX DCAP Quote Generation Library and Quote Verification Library'

/** What mends a part of the collateral that is missing, damaged or old. */
export function refetch(what: string): Remedy {
  return { action: `fetch ${what} for this platform again, from Intel's PCS or a PCCS`, by: 'relying-party' }
}

/** One of the chains, and how the steps speak of it. */
export interface ChainPlace {
  /** Start of the ids, e.g. `tdx.pck`. */
  readonly id: string
  /** In words. */
  readonly what: string
  readonly chain: (state: DcapState) => Part<Chain>
  readonly remedy: Remedy
  /** The step without which there is no chain to look at. */
  readonly present?: string
  /** True when evidence can do without it, as nothing rests on it then. */
  readonly optional?: true
}

/** Form, signatures, root and validity of one chain. */
export function chainSteps(place: ChainPlace): readonly Step<DcapState>[] {
  const { id, what, remedy, chain } = place
  const step = (
    name: string,
    title: string,
    needs: readonly string[],
    check: (state: DcapState, chain: Chain) => Finding,
  ): Step<DcapState> => ({
    id: `${id}.${name}`,
    title,
    phase: 'authenticity',
    source: `${PCK_PROFILE}, section 1.3`,
    needs,
    check(state) {
      const part = chain(state)
      if (part.state === 'absent')
        return place.optional === true
          ? notApplicable(`no ${what} was given, and nothing rests on it`)
          : unchecked(`no ${what} was given`, remedy)
      if (part.state === 'broken') return fail(`the ${what} cannot be read: ${part.reason}`, remedy)
      return check(state, part.value)
    },
  })
  return [
    step(
      'certificates',
      `The ${what} has the certificates of its profile`,
      place.present === undefined ? [] : [place.present],
      (_state, { fault }) =>
        fault === undefined
          ? pass('every certificate has the name, issuer, key and uses of its profile')
          : fail(`the ${what} is malformed: ${fault}`, remedy),
    ),
    step(
      'chain',
      `Each certificate of the ${what} is signed by the next`,
      [`${id}.certificates`],
      (_state, { signatures }) => {
        const bad = signatures.findIndex((job) => job?.result !== true)
        return bad < 0
          ? pass('all signatures verify')
          : fail(`in the ${what} the signature of certificate ${bad + 1} does not verify`, remedy)
      },
    ),
    step('root', `The ${what} ends at a trusted root key`, [`${id}.certificates`], (state, found) =>
      rootFinding(state, found, what),
    ),
    step(
      'validity',
      `All certificates of the ${what} are valid at the time of the verification`,
      [`${id}.certificates`],
      (state, { window }) => withinFinding(state, window, `the ${what}`, remedy),
    ),
  ]
}

function rootFinding(state: DcapState, chain: Chain, what: string): Finding {
  const anchor = state.anchorOf(chain)
  if (anchor === undefined) return fail(`the ${what} ends at a root that you do not trust`, REPLACE_EVIDENCE)
  const platform = valueOf(state.pck)
  if (platform !== undefined && !sameRoot(platform, chain))
    return fail(`the ${what} ends at another root than the platform's own chain`, REPLACE_EVIDENCE)
  return pass(`it ends at the key of ${anchor.name}`, { anchor: anchor.id })
}

/** Whether the time of the verification is within a window, both ends included. */
export function withinFinding(state: DcapState, window: Window, what: string, remedy: Remedy): Finding {
  const begun = begunFinding(state, window, what)
  return begun.outcome === 'pass' ? currentFinding(state, window, what, remedy) : begun
}

/** Whether a window has begun. */
export function begunFinding(state: DcapState, window: Window, what: string): Finding {
  const details = { expected: `at or after ${window.fromText}`, actual: state.atText }
  if (state.at >= window.from) return pass('it has begun', details)
  return fail(
    `${what} is not yet valid: it begins at ${window.fromText}`,
    { action: `judge at a time from ${window.fromText} on, or check the clock`, by: 'relying-party' },
    details,
  )
}

/** Whether a window has not ended. */
export function currentFinding(state: DcapState, window: Window, what: string, remedy: Remedy): Finding {
  const details = { expected: `until ${window.untilText}`, actual: state.atText }
  return state.at <= window.until
    ? pass('it has not ended', details)
    : fail(`${what} ended at ${window.untilText}`, remedy, details)
}
