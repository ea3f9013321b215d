import { type ComponentClaim, componentClaims } from '../arm/components.ts'
import { type LifecycleState, lifecycleState } from '../arm/lifecycle.ts'
import { toHex } from '../core/bytes.ts'
import type { Assumption, Claims, Note } from '../core/verdict.ts'
import type { PsaState } from './state.ts'
import { isInForm } from './token.ts'

/**
 * What a PSA token claims, beside what all evidence does. `launchMeasurement` is the measurements of all
 * components in a row; `product` is the implementation id, `hardwareId` the instance id.
 */
export interface PsaClaims extends Claims {
  readonly tee: 'psa'
  readonly profile: string
  readonly implementationId: string
  readonly instanceId: string
  readonly clientId: number
  readonly lifecycle: number
  readonly lifecycleState: LifecycleState
  readonly bootSeed?: string
  readonly certificationReference?: string
  /** Where the attester says a verifier may be found: never followed. */
  readonly verificationService?: string
  readonly components: readonly ComponentClaim[]
}

/** Claims of a token; believable only as far as the verdict goes. */
export function psaClaims(state: PsaState): PsaClaims {
  const { token, anchor, implementationId, instanceId, nonce } = state
  const lifecycle = lifecycleState(token.lifecycle)
  return {
    tee: 'psa',
    vendor: 'arm',
    product: implementationId,
    isolation: 'process',
    hardware: anchor !== undefined && anchor.emulated !== true,
    debug: lifecycle !== 'secured',
    launchMeasurement: token.components.map(({ measurement }) => toHex(measurement)).join(''),
    runtimeMeasurements: {},
    userData: nonce,
    hardwareId: instanceId,
    tcb: { components: {} },
    profile: token.profile,
    implementationId,
    instanceId,
    clientId: token.clientId,
    lifecycle: token.lifecycle,
    lifecycleState: lifecycle,
    ...(token.bootSeed === undefined ? {} : { bootSeed: toHex(token.bootSeed) }),
    ...(token.certificationReference === undefined ? {} : { certificationReference: token.certificationReference }),
    ...(token.verificationService === undefined ? {} : { verificationService: token.verificationService }),
    components: componentClaims(token.components),
  }
}

/** What a verdict about this token relies on without evidence. */
export function psaAssumptions({ token }: PsaState): readonly Assumption[] {
  const assumed: Assumption[] = [
    {
      id: 'endorser',
      statement:
        'whoever gave you the key of the device and its reference values speaks for its maker, and the maker keeps its keys secret',
      because: 'Arm has no root of its own: the key was endorsed by you',
    },
  ]
  if (token.clientId < 0) {
    assumed.push({
      id: 'non-secure-caller',
      statement: 'the code outside of the secure world that asked for this token is honest',
      because: `the client id is ${token.clientId}`,
    })
  }
  return assumed
}

/** Facts that change no outcome. */
export function psaNotes({ token }: PsaState): readonly Note[] {
  const notes: Note[] = []
  const { certificationReference: reference, profile } = token
  if (reference !== undefined && !isInForm(reference, profile))
    notes.push({
      id: 'psa.certification-reference',
      text: `the certification reference ${reference} is not 13 digits, a hyphen and 5 digits`,
    })
  const strangers = Object.keys(token.unknown)
  if (strangers.length > 0)
    notes.push({
      id: 'psa.unknown-claims',
      text: `there are claims without a known meaning: ${strangers
        .slice(0, 8)
        .map((key) => JSON.stringify(key.slice(0, 32)))
        .join(', ')}`,
    })
  return notes
}
