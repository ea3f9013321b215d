import { hardwareStep } from '../arm/key-steps.ts'
import { lifecycleState } from '../arm/lifecycle.ts'
import { componentsFinding, configurationFinding, platformsFor } from '../arm/reference.ts'
import { toHex } from '../core/bytes.ts'
import { compareOneOf, freshnessFinding, type Register, registerFinding, userDataFinding } from '../core/compare.ts'
import { fail, mend, notApplicable, pass, type Step, type StepGroup } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import type { CcaState } from './state.ts'

const RMM = 'Arm DEN0137 (RMM), section A7.2'
const LIFECYCLE = 'RFC 9783, section 4.3.1'
const ENDORSEMENTS = 'draft-ydb-rats-cca-endorsements'

function lifecycle({ token, expect }: CcaState): Finding {
  const { lifecycle } = token.platform.claims
  const state = lifecycleState(lifecycle)
  const details = {
    expected: 'secured (3000 to 30ff)',
    actual: `${state} (${lifecycle.toString(16).padStart(4, '0')})`,
  }
  if (state === 'secured') return pass('the platform is in its secured state', details)
  const debug = state === 'non-rot-debug'
  if (debug && expect.allowDebug === true)
    return pass("parts outside of CCA's own platform are being debugged, and you allowed it with `allowDebug`", details)
  return fail(
    `the platform is in the state ${state}: it does not protect realms${debug ? " from parts outside of CCA's own platform" : ''}`,
    mend(
      debug
        ? 'end debugging and restart; for tests only, pass `allowDebug`'
        : 'use a platform that its owner has brought into the secured state',
      'platform-owner',
    ),
    details,
  )
}

type Reference = CcaState['endorsements']['realms'][number]

function realmsFor({ endorsements, instanceId }: CcaState): readonly Reference[] {
  return endorsements.realms.filter((realm) => (realm.instanceId ?? instanceId) === instanceId)
}

/**
 * Values of the reference realms that have this initial measurement. Where one of them fits the realm as a whole, its
 * values count alone: values of several references do not add up to a further one.
 */
function referenced(state: CcaState, value: (realm: Reference) => string | undefined): readonly string[] | undefined {
  const candidates = realmsFor(state).filter((realm) => realm.initialMeasurement === state.rim)
  const whole = candidates.filter((realm) => fits(realm, state))
  const [nearest] = candidates
  const used = whole.length > 0 ? whole : nearest === undefined ? [] : [nearest]
  const values = used.map(value)
  const known = values.filter((one): one is string => one !== undefined)
  return known.length > 0 && known.length === values.length ? known : undefined
}

// What the relying party names itself is not asked of a reference.
function fits({ extensibleMeasurements, personalizationValue }: Reference, { rems, rpv, expect }: CcaState): boolean {
  const named = [expect.rem0, expect.rem1, expect.rem2, expect.rem3]
  return (
    extensibleMeasurements.every((one, i) => one === undefined || named[i] !== undefined || one === rems[i]) &&
    (expect.hostData !== undefined || (personalizationValue ?? rpv) === rpv)
  )
}

function acceptedRims(state: CcaState): readonly string[] | undefined {
  if (state.expect.measurement !== undefined) return state.expect.measurement
  const known = realmsFor(state)
  return known.length === 0 ? undefined : known.map((realm) => realm.initialMeasurement)
}

function measurement(state: CcaState): Finding {
  return compareOneOf(
    { what: 'the initial measurement of the realm (RIM)', actual: state.rim, option: 'measurement' },
    acceptedRims(state),
  )
}

function rem(index: 0 | 1 | 2 | 3): Step<CcaState> {
  return waivable(
    step(`expect.rem${index}`, `REM${index} is as expected`, RMM, (state) => {
      const actual = state.rems[index] ?? ''
      const accepted = state.expect[`rem${index}`] ?? referenced(state, (realm) => realm.extensibleMeasurements[index])
      const below: Register = { name: 'measurement', actual: state.rim, accepted: acceptedRims(state) }
      return registerFinding({ name: `rem${index}`, actual, accepted }, [below], /^0*$/.test(actual))
    }),
  )
}

function personalization(state: CcaState): Finding {
  const accepted = state.expect.hostData ?? referenced(state, (realm) => realm.personalizationValue)
  return compareOneOf(
    { what: 'the personalization value', actual: state.rpv, option: 'hostData' },
    accepted,
    /^0*$/.test(state.rpv),
  )
}

// With a key attestation the nonce is inside of that, and the challenge is its digest.
function freshness({ token, challenge, expect }: CcaState): Finding {
  if (token.keyAttestation === undefined || expect.nonce === undefined) return freshnessFinding(challenge, expect)
  return compareOneOf(
    { what: 'the nonce of the key attestation', actual: toHex(token.keyAttestation.nonce), option: 'nonce' },
    [expect.nonce],
  )
}

function reportData({ token, challenge, expect }: CcaState): Finding {
  if (token.keyAttestation !== undefined && expect.reportData === undefined)
    return notApplicable('the challenge is the digest of the key attestation, and is checked against it')
  return userDataFinding(challenge, expect)
}

function oneOf(
  what: string,
  option: 'products' | 'hardwareIds',
  actual: (state: CcaState) => string,
): (state: CcaState) => Finding {
  return (state) =>
    state.expect[option] === undefined
      ? notApplicable(`any ${what} will do`)
      : compareOneOf({ what: `the ${what}`, actual: actual(state), option }, state.expect[option])
}

function step(id: string, title: string, source: string, check: (state: CcaState) => Finding): Step<CcaState> {
  return { id: `cca.${id}`, title, phase: 'appraisal', source, check }
}

function waivable(one: Step<CcaState>): Step<CcaState> {
  return { ...one, waivable: true }
}

/** What the relying party wants of the platform and the realm: two appraisals of their own. */
export const APPRAISAL_STEPS: readonly StepGroup<CcaState>[] = [
  {
    id: 'cca.platform-appraisal',
    title: 'Platform',
    steps: [
      hardwareStep('cca', RMM),
      step('lifecycle', 'The platform is secured', LIFECYCLE, lifecycle),
      waivable(
        step(
          'reference.components',
          'The firmware of the platform is known',
          ENDORSEMENTS,
          ({ token, endorsements, implementationId, instanceId }) =>
            componentsFinding(
              token.platform.claims.components,
              platformsFor(endorsements, implementationId, instanceId),
              implementationId,
            ),
        ),
      ),
      step(
        'reference.configuration',
        'The configuration of the platform is known',
        ENDORSEMENTS,
        ({ token, endorsements, implementationId, instanceId }) =>
          configurationFinding(
            token.platform.claims.configuration,
            token.platform.claims.components,
            platformsFor(endorsements, implementationId, instanceId),
          ),
      ),
      step(
        'expect.product',
        'The implementation is an accepted one',
        RMM,
        oneOf('implementation', 'products', (state) => state.implementationId),
      ),
      step(
        'expect.hardware-id',
        'The device is an accepted one',
        RMM,
        oneOf('instance', 'hardwareIds', (state) => state.instanceId),
      ),
    ],
  },
  {
    id: 'cca.realm-appraisal',
    title: 'Realm',
    steps: [
      waivable(step('expect.measurement', 'The realm was started from accepted code', RMM, measurement)),
      rem(0),
      rem(1),
      rem(2),
      rem(3),
      waivable(step('expect.host-data', 'The personalization value is as expected', RMM, personalization)),
      waivable(step('expect.report-data', 'The challenge is as expected', RMM, reportData)),
      waivable(step('expect.freshness', 'The token was made for this exchange', RMM, freshness)),
    ],
  },
]
