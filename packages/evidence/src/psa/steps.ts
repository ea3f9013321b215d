import { hardwareStep, keyNeeds, keySteps } from '../arm/key-steps.ts'
import { lifecycleState } from '../arm/lifecycle.ts'
import { componentsFinding, namesOf, platformsFor } from '../arm/reference.ts'
import { algorithmName } from '../arm/signature.ts'
import { digestHex } from '../core/assemble.ts'
import { toHex } from '../core/bytes.ts'
import { compareOneOf, freshnessFinding, userDataFinding } from '../core/compare.ts'
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
import type { Finding, Phase } from '../core/verdict.ts'
import type { PsaState } from './state.ts'

const PSA = 'RFC 9783, section 4'

function signature({ token, signature, endorsed }: PsaState): Finding {
  const details = {
    actual: algorithmName(token.cose),
    expected: `a signature with the ${endorsed?.key.kind ?? ''} key of the device`,
  }
  if (signature?.result === true) return pass("the token verifies with the device's key", details)
  return fail(
    "the token does not verify with the device's key: it is forged, was changed, or is of another device",
    REPLACE_EVIDENCE,
    details,
  )
}

function instance({ endorsed, point, instanceId }: PsaState): Finding {
  if (endorsed === undefined || point === undefined) return notApplicable('there is no key')
  const expected = `01${digestHex(point)}`
  if (instanceId === expected)
    return pass("the instance id is the digest of the device's key", { expected, actual: instanceId })
  if (endorsed.instanceId === instanceId)
    return pass('the endorsement says that the key is of this instance', {
      expected: endorsed.instanceId,
      actual: instanceId,
    })
  return unchecked(
    "the instance id is not the digest of the device's key, and the endorsement names no instance",
    mend(`pass the key with the instance it is of (\`instance-id\`), if that is ${instanceId}`),
    { expected, actual: instanceId },
  )
}

function lifecycle({ token, expect }: PsaState): Finding {
  const state = lifecycleState(token.lifecycle)
  const details = {
    expected: 'secured (3000 to 30ff)',
    actual: `${state} (${token.lifecycle.toString(16).padStart(4, '0')})`,
  }
  if (state === 'secured') return pass('the device is in its secured state', details)
  const debug = state === 'non-rot-debug'
  if (debug && expect.allowDebug === true)
    return pass('parts outside of the root of trust are being debugged, and you allowed it with `allowDebug`', details)
  return fail(
    `the device is in the state ${state}: it does not protect what it runs`,
    mend(
      debug
        ? 'end debugging and restart; for tests only, pass `allowDebug`'
        : 'use a device that its owner has brought into the secured state',
      'platform-owner',
    ),
    details,
  )
}

function software({ token, endorsements, implementationId, instanceId, expect }: PsaState): Finding {
  const { components } = token
  const accepted = expect.measurement
  if (components.length === 0)
    return fail(
      'the device measures none of its software',
      mend('use a device whose boot measures what it loads', 'platform-owner'),
    )
  if (accepted === undefined)
    return componentsFinding(components, platformsFor(endorsements, implementationId, instanceId), implementationId)
  const strange = components.find(({ measurement }) => !accepted.includes(toHex(measurement)))
  if (strange === undefined)
    return pass(`all ${components.length} components have measurements that you accept`, namesOf(components))
  return fail(
    `a component has a measurement that you do not accept: ${JSON.stringify((strange.type ?? 'without a name').slice(0, 64))}`,
    mend('update the software, or accept the measurement with `measurement`', 'platform-owner'),
    { actual: toHex(strange.measurement), expected: `one of ${accepted.slice(0, 8).join(', ')}` },
  )
}

function oneOf(
  what: string,
  option: 'products' | 'hardwareIds' | 'clientIds',
  actual: (state: PsaState) => string,
): (state: PsaState) => Finding {
  return (state) => {
    const accepted = state.expect[option]?.map(String)
    return accepted === undefined
      ? notApplicable(`any ${what} will do`)
      : compareOneOf({ what: `the ${what}`, actual: actual(state), option }, accepted)
  }
}

function step(
  id: string,
  title: string,
  phase: Phase,
  check: (state: PsaState) => Finding,
  needs: readonly string[] = [],
): Step<PsaState> {
  return { id: `psa.${id}`, title, phase, source: PSA, needs, check }
}

function waivable(id: string, title: string, check: (state: PsaState) => Finding): Step<PsaState> {
  return { ...step(id, title, 'appraisal', check), waivable: true }
}

const padded = ({ nonce }: PsaState): string => nonce.padEnd(128, '0')

/** The key, the token's signature, then what the relying party wants. */
export const STEPS: readonly StepGroup<PsaState>[] = [
  { id: 'psa.key', title: 'Verification key', steps: keySteps('psa', PSA) },
  {
    id: 'psa.token',
    title: 'Token',
    steps: [step('signature', 'The token is signed by the device', 'authenticity', signature, keyNeeds('psa'))],
  },
  {
    id: 'psa.appraisal',
    title: 'Expectations',
    steps: [
      hardwareStep('psa', PSA),
      step('lifecycle', 'The device is secured', 'appraisal', lifecycle),
      waivable('instance-id', 'The instance is that of the key', instance),
      waivable('expect.measurement', 'The software of the device is accepted', software),
      waivable('expect.report-data', 'The nonce claim is as expected', (state) =>
        userDataFinding(padded(state), state.expect),
      ),
      waivable('expect.freshness', 'The token was made for this exchange', (state) =>
        freshnessFinding(padded(state), state.expect),
      ),
      step(
        'expect.product',
        'The implementation is an accepted one',
        'appraisal',
        oneOf('implementation', 'products', (state) => state.implementationId),
      ),
      step(
        'expect.hardware-id',
        'The device is an accepted one',
        'appraisal',
        oneOf('instance', 'hardwareIds', (state) => state.instanceId),
      ),
      step(
        'expect.client-id',
        'The caller is an accepted one',
        'appraisal',
        oneOf('client id', 'clientIds', (state) => String(state.token.clientId)),
      ),
    ],
  },
]
