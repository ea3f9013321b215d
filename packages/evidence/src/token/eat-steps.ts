import { compareOneOf } from '../core/compare.ts'
import { fail, mend, notApplicable, pass, unchecked } from '../core/engine.ts'
import { textOf } from '../core/json.ts'
import type { Finding } from '../core/verdict.ts'
import { isEnvelope, unmetClaims } from './expected-claims.ts'
import type { TokenState } from './state.ts'
import { quoted } from './statement-model.ts'

const ALLOWED = 'debugging is on, or not said to be off, and you allowed it with `allowDebug`'
const SWITCH_OFF = mend(
  'attest with debugging disabled, and say so with `dbgstat`; for tests only, pass `allowDebug`',
  'workload-owner',
)

/** Whether the device says that nobody can debug it: what it does not say may be anything. */
export function eatDebug({ statement, expect }: TokenState): Finding {
  if (!statement.debug)
    return pass('the token says that debugging is off', { expected: 'debug off', actual: 'debug off' })
  const details = { expected: 'debug off', actual: 'debug on' }
  return expect.allowDebug === true
    ? pass(ALLOWED, details)
    : fail('debugging is on, or the token does not say that it is off', SWITCH_OFF, details)
}

/** The same of its submodules: none inherits what is said above it. @see RFC 9711, sections 4.2.9 and 4.2.18 */
export function submoduleDebug({ statement: { eat }, expect }: TokenState): Finding {
  if (eat === undefined || eat.submodules.length === 0) return notApplicable('the token has no submodules of this kind')
  const { debuggable, silent } = eat
  const open = listed([...debuggable, ...silent])
  if (open === '') return pass('each submodule says that debugging is off', { actual: `${eat.submodules.length}` })
  if (expect.allowDebug === true) return pass(ALLOWED, { actual: open })
  if (debuggable.length > 0)
    return fail(`debugging is on in a submodule: ${listed(debuggable)}`, SWITCH_OFF, { actual: listed(debuggable) })
  return unchecked(
    'a submodule does not say that debugging is off, and what is said above it does not count for it',
    mend('have each submodule say so with `dbgstat`; if it has nothing to debug, waive this check', 'workload-owner'),
    { actual: open },
  )
}

/** Whether the measurements that somebody compared for the device were good. @see RFC 9711, section 4.2.17 */
export function results({ statement: { eat } }: TokenState): Finding {
  if (eat === undefined || eat.results === 0) return notApplicable('the token tells no results of measurements')
  const { failed, unmade } = eat
  if (failed.length > 0)
    return fail(`a measurement is not the one that was expected: ${failed.slice(0, 4).join(', ')}`, MEND_RESULTS, {
      actual: failed.slice(0, 8).join(', '),
    })
  if (unmade.length > 0)
    return unchecked(`a measurement was not compared, or not found: ${unmade.slice(0, 4).join(', ')}`, MEND_RESULTS, {
      actual: unmade.slice(0, 8).join(', '),
    })
  return pass('all results of measurements are good', { actual: `${eat.results}` })
}

const MEND_RESULTS = mend('run the software that the measurements are expected of', 'workload-owner')

/** Whether every submodule is a claims set of this token. Tokens inside of it are other issuers' words. */
export function submodulesOpen(closed: readonly string[]): Finding {
  if (closed.length === 0) return notApplicable('no submodule is a token of its own, or elsewhere')
  return unchecked(
    `a submodule is a token of its own, or a digest of claims that are elsewhere: ${listed(closed)}`,
    mend('verify what it says by itself, or waive this check if you do not rely on it'),
    { actual: listed(closed) },
  )
}

/** Which profile may speak: it says what the claims mean. @see RFC 9711, sections 4.3.2 and 6 */
export function profile({ expect, service, token }: TokenState): Finding {
  if (expect.profiles === undefined && service !== 'eat') return notApplicable('nothing was expected of it')
  const found = textOf(token.claims, 'eat_profile') ?? 'not said'
  // Longer than any that can be expected: it must not be shortened to one.
  const actual = found.length > 1024 ? `${found.slice(0, 1024)}…` : found
  return compareOneOf({ what: 'the profile', actual, option: 'profiles' }, expect.profiles)
}

/** Which device may speak. */
export function ueid({ expect, statement }: TokenState): Finding {
  if (expect.ueids === undefined) return notApplicable('any device will do')
  return compareOneOf({ what: 'the device', actual: statement.eat?.ueid ?? 'not said', option: 'ueids' }, expect.ueids)
}

/** Whether claims are as they should be. Profile and nonce alone tell nothing of what was attested. */
export function claims({ expect, service, token }: TokenState): Finding {
  const names = Object.keys(expect.claims ?? {})
  const other = unmetClaims(token.claims, expect.claims ?? {})
  // Values may be secrets, and are not told.
  const details = { expected: listed(names) }
  if (other.length > 0)
    return fail(
      `claims are not what you expect, or not there: ${listed(other)}`,
      mend('have the device attest what `claims` says, or look at the token with `sekisho inspect`', 'workload-owner'),
      { ...details, actual: listed(names.filter((name) => !other.includes(name))) || 'none' },
    )
  if (service === 'eat' && expect.ueids === undefined && names.every(isEnvelope))
    return unchecked(
      'nobody said what the token has to say of the device and its software',
      mend('say what you rely on with `claims`, or which devices you accept with `ueids`'),
    )
  return names.length === 0
    ? notApplicable('nothing was expected of single claims')
    : pass('all claims that you named are as you expect', details)
}

function listed(names: readonly string[]): string {
  return names.slice(0, 8).map(quoted).join(', ')
}
