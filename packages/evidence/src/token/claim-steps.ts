import { compareOneOf, debugFinding, hardwareFinding, registerFinding } from '../core/compare.ts'
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
import { memberOf, textOf, textsOf } from '../core/json.ts'
import type { Finding, Phase } from '../core/verdict.ts'
import { bindingFinding } from './binding.ts'
import { eatDebug, results, submoduleDebug } from './eat-steps.ts'
import { SERVICE_STEPS } from './expect-steps.ts'
import { itaPolicies } from './ita.ts'
import type { TokenState } from './state.ts'
import {
  submoduleClaims,
  submoduleDigests,
  submoduleObjections,
  submoduleSignatures,
  submodulesPresent,
} from './submodules.ts'
import { begun, expiry, NEW_TOKEN } from './times.ts'

const EAR = 'draft-ietf-rats-ear, section 3; RFC 9711, section 4'

function issuer({ token, issuer }: TokenState): Finding {
  const actual = textOf(token.claims, 'iss')
  const details = { actual: quoted(actual), ...(issuer === undefined ? {} : { expected: quoted(issuer) }) }
  if (issuer !== undefined)
    return actual === issuer
      ? pass('the issuer is the one whose keys you trust', details)
      : fail('the issuer is another one than that whose keys you trust', REPLACE_EVIDENCE, details)
  if (memberOf(token.claims, 'iss') === undefined) return notApplicable('the token names no issuer, and nor did you')
  return unchecked(
    'your keys were not said to be those of this issuer',
    mend(`if they are, say so with \`issuer\`: ${quoted(actual)}`),
    details,
  )
}

function mandatory({ statement }: TokenState): Finding {
  return statement.missing === undefined
    ? pass('the claims that this service always makes are there')
    : fail(`the token lacks ${statement.missing}: a good signature over nothing`, REPLACE_EVIDENCE)
}

function consistent({ statement, service }: TokenState): Finding {
  if (service !== 'ear' && service !== 'eat') return notApplicable('the token is no attestation result (EAR)')
  const { faults = [] } = statement
  return faults.length === 0
    ? pass('the claims keep the rules of their profile')
    : fail(`the claims break their profile: ${faults.slice(0, 4).join('; ')}`, REPLACE_EVIDENCE)
}

function isolation({ statement, service }: TokenState): Finding {
  if (service === 'ear') return notApplicable('the verifier judges that, in its appraisal')
  if (service === 'eat') return notApplicable('the token is about a device, and shows no TEE')
  const details = { actual: quoted(statement.attested) }
  return statement.isolation === 'none'
    ? fail(
        'the token is about no confidential machine',
        mend('run the workload in a confidential machine', 'workload-owner'),
        details,
      )
    : pass('the service has seen evidence of a TEE', details)
}

function hardware({ anchor, expect, service }: TokenState): Finding {
  if (service === 'eat' && anchor !== undefined && anchor.emulated !== true)
    return notApplicable('the key is one that you trust, and no hardware vendor vouches for it')
  if (anchor === undefined) return notApplicable('no key is trusted')
  if (anchor.emulated === true) return hardwareFinding(anchor, expect)
  return pass('the key is that of a service that you trust, and no test key', {
    expected: 'no test key',
    actual: `${anchor.name} (${anchor.vendor})`,
    anchor: anchor.id,
  })
}

function debug(state: TokenState): Finding {
  const { statement, service, expect } = state
  if (service === 'eat') return eatDebug(state)
  if (service === 'ear' || service === 'nras') return notApplicable('the service judges that itself')
  return debugFinding(statement.debug, 'says the service, or it does not say that it is off', expect)
}

// The memory is safe from the host; whoever debugs the system inside reads it all the same.
function guestDebug({ statement, expect }: TokenState): Finding {
  const { guest } = statement
  if (guest === undefined) return notApplicable('the service says nothing of the system that booted')
  const actual = guest.debuggable.join(', ')
  if (guest.debuggable.length === 0)
    return pass('nothing by which the system can be debugged is on', { actual: 'none' })
  if (expect.allowDebug === true)
    return pass('the system can be debugged, and you allowed it with `allowDebug`', { actual })
  return fail(
    `the system that booted can be debugged, or runs drivers of anybody: ${actual}`,
    mend('start it without debugging and test signing; for tests only, pass `allowDebug`', 'workload-owner'),
    { actual },
  )
}

// What Google's and Microsoft's services call a TD: of one, both tell the status.
const TELLS_STATUS: readonly string[] = ['GCP_INTEL_TDX', 'tdxvm']

function tcb({ statement, expect, service }: TokenState): Finding {
  const { tcbStatus } = statement
  const accepted = expect.tcbStatuses ?? ['UpToDate']
  if (tcbStatus === undefined)
    return service === 'ita' || TELLS_STATUS.includes(statement.attested)
      ? unchecked(
          'the service does not tell the state of the platform',
          mend('ask for a token that does', 'workload-owner'),
        )
      : notApplicable('this service gives no status')
  const details = { expected: accepted.join(', '), actual: quoted(tcbStatus) }
  if (tcbStatus === 'Revoked')
    return fail(
      'the platform is revoked: what it signs counts for nothing, and no expectation can accept it',
      mend('attest on a platform that is not revoked', 'platform-owner'),
      details,
    )
  return accepted.includes(tcbStatus)
    ? pass('the status of the platform is one that you accept', details)
    : fail(
        'the status of the platform is none that you accept',
        mend('update the platform, or accept the status with `tcbStatuses`', 'platform-owner'),
        details,
      )
}

function judgement({ statement, expect, token }: TokenState): Finding {
  const { policies } = expect
  const matched = itaPolicies(token.claims, 'matched').map((one) => textOf(one, 'id'))
  // Tokens of other services tell of none, and meet none.
  if (policies?.every((id) => matched.includes(id)) === false)
    return fail('a policy that you named has not matched', mend('mend what the policy asks for', 'workload-owner'), {
      expected: policies.join(', '),
      actual: quoted(matched.join(', ')),
    })
  // Policies that are named say which of them count, and speak for nothing else.
  const unmatched = policies === undefined ? (statement.unmatched ?? []) : []
  const objections = [...unmatched, ...statement.objections, ...submoduleObjections(token)]
  if (objections.length > 0)
    return fail(
      `the token itself says: ${objections.slice(0, 4).join('; ')}`,
      mend('mend what the service found, or name the policies that must match with `policies`', 'workload-owner'),
    )
  return pass(policies === undefined ? 'the service has no objection' : 'all policies that you named have matched')
}

function audience({ token, expect }: TokenState): Finding {
  const found = textsOf(memberOf(token.claims, 'aud'))
  const actual = found.slice(0, 4).map(quoted).join(', ')
  const wanted = expect.audience
  if (wanted === undefined)
    return memberOf(token.claims, 'aud') === undefined
      ? notApplicable('the token is made for nobody in particular')
      : unchecked(
          'the token was made for somebody, and you did not say who you are',
          mend('name yourself with `audience`'),
          { actual },
        )
  const details = { expected: wanted.map(quoted).join(', '), actual }
  return found.some((one) => wanted.includes(one))
    ? pass('the token was made for you', details)
    : fail(
        'the token was made for somebody else',
        mend('ask for a token with your audience', 'workload-owner'),
        details,
      )
}

function freshness({ statement, expect }: TokenState): Finding {
  const { nonces } = statement
  const actual = nonces.slice(0, 4).map(quoted).join(', ')
  if (expect.nonce === undefined)
    return unchecked(
      'nothing shows that the token was made for this exchange',
      mend('choose a nonce, have it put into the token, and pass it as `nonce`'),
      { actual },
    )
  const details = { expected: quoted(expect.nonce), actual }
  return nonces.includes(expect.nonce)
    ? pass('the token has your nonce', details)
    : fail('the token does not have your nonce: it was made for another exchange', NEW_TOKEN, details)
}

function compared(
  what: string,
  option: 'measurement' | 'signer' | 'reportData' | 'hostData',
  actual: (state: TokenState) => string,
  optional = false,
): (state: TokenState) => Finding {
  return (state) => {
    const found = actual(state)
    const wanted = state.expect[option]
    const empty = /^0*$/.test(found)
    if (wanted === undefined && (optional || empty)) return notApplicable(`nothing was expected of ${what}`)
    const padded = typeof wanted === 'string' ? [wanted.padEnd(found.length, '0')] : wanted
    return compareOneOf({ what, actual: found, option }, padded, empty)
  }
}

// The rule of all registers that a guest extends: those below must be pinned too.
function rtmr(index: 0 | 1 | 2 | 3): Step<TokenState> {
  return waivable(`expect.rtmr${index}`, `RTMR${index} is as expected`, ({ statement, expect }) => {
    const all = [expect.rtmr0, expect.rtmr1, expect.rtmr2, expect.rtmr3]
    const registers = all.map((accepted, i) => ({ name: `rtmr${i}`, actual: statement.rtmrs?.[i] ?? '', accepted }))
    const launch = { name: 'measurement', actual: statement.measurement, accepted: expect.measurement }
    const one = registers[index]
    if (one === undefined) return notApplicable('there is no such register')
    const below = registers.slice(0, index).filter(({ actual }) => /[^0]/.test(actual))
    return registerFinding(one, [launch, ...below], /^0*$/.test(one.actual))
  })
}

function step(
  id: string,
  title: string,
  phase: Phase,
  source: string,
  check: (state: TokenState) => Finding,
): Step<TokenState> {
  return { id: `token.${id}`, title, phase, source, needs: phase === 'authenticity' ? ['token.signature'] : [], check }
}

function waivable(id: string, title: string, check: (state: TokenState) => Finding): Step<TokenState> {
  return { ...step(id, title, 'appraisal', APPRAISAL, check), waivable: true }
}

const JWT = 'RFC 7519, section 4.1'
const APPRAISAL = "documentation of the service's claims"

/** What the token says, once it is known who said it. */
export const CLAIM_STEPS: readonly StepGroup<TokenState>[] = [
  {
    id: 'token.claims',
    title: 'Claims',
    steps: [
      step('issuer', 'The issuer is the one that the keys are of', 'authenticity', `${JWT}.1`, issuer),
      step('mandatory', 'The claims of this service are there', 'authenticity', APPRAISAL, mandatory),
      step(
        'submodules.digest',
        'Each token beside it is one that it names',
        'authenticity',
        'RFC 9711, section 5',
        submoduleDigests,
      ),
      step(
        'submodules.signature',
        'Each token beside it is signed',
        'authenticity',
        'RFC 7515, section 5.2',
        submoduleSignatures,
      ),
      step(
        'submodules.claims',
        'Each token beside it is of the same issuer and exchange, and in date',
        'authenticity',
        'RFC 9711, section 5',
        submoduleClaims,
      ),
      step('profile', 'The claims keep the rules of their profile', 'authenticity', EAR, consistent),
      step('time.end', 'The token has not expired', 'authenticity', `${JWT}.4`, expiry),
      step('time.start', 'The token is valid already', 'authenticity', `${JWT}.5`, begun),
    ],
  },
  {
    id: 'token.appraisal',
    title: 'Expectations',
    steps: [
      step('hardware', 'The anchor is no test key', 'appraisal', APPRAISAL, hardware),
      step('isolation', 'The token is about a confidential machine', 'appraisal', APPRAISAL, isolation),
      step('debug', 'Debugging is off', 'appraisal', APPRAISAL, debug),
      step('debug.guest', 'Debugging of the system inside is off', 'appraisal', APPRAISAL, guestDebug),
      step('tcb', 'The platform is up to date', 'appraisal', APPRAISAL, tcb),
      step('judgement', 'The service itself has no objection', 'appraisal', APPRAISAL, judgement),
      step('binding', 'The nonce is bound to the report', 'appraisal', APPRAISAL, bindingFinding),
      waivable('submodules.debug', 'Debugging of each submodule is off', submoduleDebug),
      waivable('results', 'The results of measurements are good', results),
      waivable('submodules', 'The tokens of all devices are there', submodulesPresent),
      waivable('expect.audience', 'The token was made for you', audience),
      waivable('expect.freshness', 'The token was made for this exchange', freshness),
      waivable(
        'expect.measurement',
        'The measurement is accepted',
        compared('the measurement', 'measurement', ({ statement }) => statement.measurement),
      ),
      rtmr(0),
      rtmr(1),
      rtmr(2),
      rtmr(3),
      waivable(
        'expect.signer',
        'The signer is accepted',
        compared('the signer', 'signer', ({ statement }) => statement.signer ?? '', true),
      ),
      waivable(
        'expect.report-data',
        'The user data is accepted',
        compared('the report data', 'reportData', ({ statement }) => statement.reportData),
      ),
      waivable(
        'expect.host-data',
        'The host data is accepted',
        compared('the host data', 'hostData', ({ statement }) => statement.hostData ?? ''),
      ),
      ...SERVICE_STEPS,
    ],
  },
]

function quoted(text: string | undefined): string {
  return JSON.stringify((text ?? '').slice(0, 128))
}
