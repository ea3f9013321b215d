import { fail, mend, notApplicable, pass, unchecked } from './engine.ts'
import type { CommonExpectations } from './options.ts'
import type { Finding, TrustAnchor } from './verdict.ts'

/** What is compared with an expectation: its name, the value found, and the option that would pin it. */
export interface Compared {
  /** In words, e.g. `the launch measurement (MRTD)`. */
  readonly what: string
  /** Lower-case hex, or text. */
  readonly actual: string
  /** Name of the expectation, as in the expectations object. */
  readonly option: string
}

/**
 * Compares a value with the ones the caller accepts.
 *
 * @param accepted undefined when the caller did not say
 * @param absent true when the evidence leaves the value empty, so that not comparing it hides nothing
 */
export function compareOneOf(compared: Compared, accepted: readonly string[] | undefined, absent = false): Finding {
  const { what, actual, option } = compared
  if (accepted === undefined) {
    if (absent) return notApplicable(`${what} is empty, and nothing was expected of it`)
    return unchecked(
      `genuine or not, ${what} was compared with nothing`,
      mend(`if ${actual} is what you expect, say so with \`${option}\``),
      { actual },
    )
  }
  const expected = accepted.length === 1 ? (accepted[0] as string) : `one of ${accepted.join(', ')}`
  if (accepted.includes(actual)) return pass(`${what} is one you accept`, { expected, actual })
  return fail(
    `${what} is none that you accept`,
    mend(
      `run a workload or platform whose value is ${expected}, or accept ${actual} with \`${option}\``,
      'workload-owner',
    ),
    { expected, actual },
  )
}

/** The report data in full, as the expectations ask for it; undefined when they do not say. 128 hex digits. */
export function expectedReportData(expect: CommonExpectations): string | undefined {
  if (expect.reportData !== undefined) return expect.reportData.padEnd(128, '0')
  return expect.nonce?.padEnd(128, '0')
}

/** Whether all 64 bytes of user data are what the caller expects. `actual` is lower-case hex. */
export function userDataFinding(actual: string, expect: CommonExpectations): Finding {
  const expected = expectedReportData(expect)
  const found = compareOneOf(
    { what: 'the report data', actual, option: expect.nonce === undefined ? 'reportData' : 'nonce' },
    expected === undefined ? undefined : [expected],
  )
  if (found.outcome !== 'fail') return found
  // To accept what was found is no good advice: of another exchange, whoever replays it knows the value.
  return {
    ...found,
    remedy: mend(`have the attester put ${expected} into the report data and send new evidence`, 'workload-owner'),
  }
}

/**
 * Whether the evidence answers this exchange. It does when its report data begins with a nonce of the
 * caller's, or equals a value that the caller says was derived from one.
 */
export function freshnessFinding(actual: string, expect: CommonExpectations): Finding {
  if (expect.nonce !== undefined) {
    const details = { expected: `report data that begins with ${expect.nonce}`, actual }
    if (actual.startsWith(expect.nonce)) return pass('the report data begins with your nonce', details)
    return fail(
      'the report data does not begin with your nonce: this evidence was made for another exchange, or replayed',
      mend(
        `have the attester put the nonce ${expect.nonce} first into the report data and send new evidence`,
        'workload-owner',
      ),
      details,
    )
  }
  if (expect.reportDataIsFresh === true && expect.reportData !== undefined) {
    const expected = expect.reportData.padEnd(128, '0')
    if (actual === expected)
      return pass('the report data is the value you derived for this exchange', { expected, actual })
    return fail(
      'the report data is not the value you derived for this exchange',
      mend('have the attester send new evidence for this exchange', 'workload-owner'),
      { expected, actual },
    )
  }
  return unchecked(
    'nothing shows when this evidence was made: it may be a replay',
    mend(
      'choose a nonce, have the attester put it first into the report data, and pass it as `nonce`; or pass `reportData` with `reportDataIsFresh`',
    ),
  )
}

/** Of a hardware report that stands in other evidence, for {@link freshnessFinding}. */
export const FRESH_ELSEWHERE: Finding = notApplicable(
  'it is made once a boot: that it is of now is for the evidence around it to show',
)

/** Debug mode: rejected unless the caller allows it. */
export function debugFinding(debug: boolean, where: string, expect: CommonExpectations): Finding {
  const details = { expected: 'debug off', actual: debug ? 'debug on' : 'debug off' }
  if (!debug) return pass('the host cannot read or change the memory through a debug interface', details)
  if (expect.allowDebug === true) return pass('debug mode is on, and you allowed it with `allowDebug`', details)
  return fail(
    `debug mode is on (${where}): the host can read and change everything inside`,
    mend('launch the workload without debug mode; for tests only, pass `allowDebug`', 'workload-owner'),
    details,
  )
}

/** An anchor that is no hardware vendor's: rejected unless the caller allows it. */
export function hardwareFinding(anchor: TrustAnchor, expect: CommonExpectations): Finding {
  const details = {
    expected: 'a root of a hardware vendor',
    actual: `${anchor.name} (${anchor.vendor})`,
    anchor: anchor.id,
  }
  if (anchor.emulated !== true) return pass(`the chain ends at ${anchor.name}, a hardware vendor's root`, details)
  if (expect.allowEmulated === true) {
    return pass('EMULATED: no hardware vouches for this, and you allowed it with `allowEmulated`', details)
  }
  return fail(
    "EMULATED: the chain ends at a root that is no hardware vendor's, so that anybody may have made this",
    mend('run the workload on real hardware; for examples and tests only, pass `allowEmulated`'),
    details,
  )
}

/** A register that the running guest can write, beside the ones below it. */
export interface Register {
  readonly name: string
  readonly actual: string
  readonly accepted: readonly string[] | undefined
}

/**
 * The rule for registers that a guest extends: whoever controls what was launched can put any value
 * there, so a match has no weight until everything below is pinned and matches.
 *
 * @param below the registers and measurements under it, lowest first
 */
export function registerFinding(register: Register, below: readonly Register[], absent = false): Finding {
  const finding = compareOneOf(
    { what: register.name, actual: register.actual, option: register.name },
    register.accepted,
    absent,
  )
  if (finding.outcome !== 'pass') return finding
  const free = below.filter((one) => one.accepted === undefined).map((one) => one.name)
  if (free.length > 0) {
    return unchecked(
      `${register.name} equals your value, which has no weight: the guest writes it, and ${free.join(', ')} below it may be anything`,
      mend(`pin ${free.join(', ')} as well`),
      { expected: (register.accepted ?? []).join(', '), actual: register.actual },
    )
  }
  return finding
}
