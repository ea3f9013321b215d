import { type ComponentClaim, componentClaims } from '../arm/components.ts'
import { type LifecycleState, lifecycleState } from '../arm/lifecycle.ts'
import { toHex } from '../core/bytes.ts'
import type { Assumption, Claims, Note } from '../core/verdict.ts'
import { uncompressed } from '../crypto/ec-key.ts'
import type { CcaState } from './state.ts'

/** What a CCA token claims, beside what all evidence does. `product` is the implementation id, `hardwareId` the instance id. */
export interface CcaClaims extends Claims {
  readonly tee: 'cca'
  readonly platform: {
    readonly profile: string
    readonly implementationId: string
    readonly instanceId: string
    readonly configuration: string
    readonly lifecycle: number
    readonly lifecycleState: LifecycleState
    readonly hashAlgorithm: string
    /** Where the attester says a verifier may be found: never followed. */
    readonly verificationService?: string
    readonly components: readonly ComponentClaim[]
  }
  readonly realm: {
    readonly profile?: string
    readonly initialMeasurement: string
    readonly extensibleMeasurements: readonly string[]
    readonly personalizationValue: string
    readonly challenge: string
    readonly hashAlgorithm: string
    readonly publicKeyHashAlgorithm: string
    /** Uncompressed point of the realm attestation key. */
    readonly publicKey: string
  }
  /** Parsec's key attestation: the key that the realm vouches for. */
  readonly attestedKey?: { readonly curve: string; readonly point: string; readonly nonce: string }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Claims of a token; believable only as far as the verdict goes. */
export function ccaClaims(state: CcaState): CcaClaims {
  const { token, anchor, implementationId, instanceId, rim, rems, rpv, challenge } = state
  const runtime: Record<string, string> = {}
  for (let i = 0; i < rems.length; i++) runtime[`REM${i}`] = rems[i] as string
  const claims: Writable<CcaClaims> = {
    tee: 'cca',
    vendor: 'arm',
    product: implementationId,
    isolation: 'vm',
    hardware: anchor !== undefined && anchor.emulated !== true,
    debug: lifecycleState(token.platform.claims.lifecycle) !== 'secured',
    launchMeasurement: rim,
    runtimeMeasurements: runtime,
    userData: challenge,
    hostData: rpv,
    hardwareId: instanceId,
    tcb: { components: {} },
    platform: platformClaim(state),
    realm: realmClaim(state),
  }
  if (token.keyAttestation !== undefined) {
    const { key, nonce } = token.keyAttestation
    claims.attestedKey = { curve: key.kind, point: toHex(uncompressed(key.bytes)), nonce: toHex(nonce) }
  }
  return claims
}

// Member by member, as copying with spreads costs several times as much.
function platformClaim({ token, implementationId, instanceId }: CcaState): CcaClaims['platform'] {
  const { claims } = token.platform
  const claim: Writable<CcaClaims['platform']> = {
    profile: claims.profile,
    implementationId,
    instanceId,
    configuration: toHex(claims.configuration),
    lifecycle: claims.lifecycle,
    lifecycleState: lifecycleState(claims.lifecycle),
    hashAlgorithm: claims.hashAlgorithm,
    components: componentClaims(claims.components),
  }
  if (claims.verificationService !== undefined) claim.verificationService = claims.verificationService
  return claim
}

function realmClaim({ token, rim, rems, rpv, challenge }: CcaState): CcaClaims['realm'] {
  const { claims } = token.realm
  const claim: Writable<CcaClaims['realm']> = {
    initialMeasurement: rim,
    extensibleMeasurements: rems,
    personalizationValue: rpv,
    challenge,
    hashAlgorithm: claims.hashAlgorithm,
    publicKeyHashAlgorithm: claims.publicKeyHashAlgorithm,
    publicKey: toHex(uncompressed(claims.key.bytes)),
  }
  if (claims.profile !== undefined) claim.profile = claims.profile
  return claim
}

/** What a verdict about this token relies on without evidence. */
export function ccaAssumptions({ rems, expect, anchor }: CcaState): readonly Assumption[] {
  const assumed: Assumption[] = [
    {
      id: 'endorser',
      statement:
        'whoever gave you the key of the platform and its reference values speaks for the maker of the device, and the maker keeps its keys secret',
      because:
        anchor === undefined ? 'Arm has no root of its own' : 'Arm has no root of its own: the key was endorsed by you',
    },
    {
      id: 'no-interposer',
      statement: 'nobody with the machine in hand reads or changes the memory bus',
      because: 'a CCA token says nothing about memory encryption or integrity',
    },
  ]
  const open = rems.flatMap((value, i) =>
    /^0*$/.test(value) || expect[`rem${i as 0 | 1 | 2 | 3}`] !== undefined ? [] : [`REM${i}`],
  )
  if (open.length > 0)
    assumed.push({
      id: 'guest-written-registers',
      statement: 'what the realm has loaded after its start is honest',
      because: `${open.join(', ')} were extended by the realm itself`,
    })
  return assumed
}

const DIGEST_SIZES: Readonly<Record<string, number>> = { 'sha-256': 32, 'sha-384': 48, 'sha-512': 64 }

/** Facts that change no outcome. */
export function ccaNotes({ token }: CcaState): readonly Note[] {
  const { claims: platform } = token.platform
  const { claims: realm } = token.realm
  const notes: Note[] = []
  if (DIGEST_SIZES[realm.hashAlgorithm] !== realm.initialMeasurement.length) {
    notes.push({
      id: 'cca.measurement-length',
      text: `the realm names the hash ${JSON.stringify(realm.hashAlgorithm)}, and its measurements have ${realm.initialMeasurement.length} bytes`,
    })
  }
  // Names that other profiles spell otherwise are no mismatch.
  const odd = platform.components.find(({ hashAlgorithm = platform.hashAlgorithm, measurement }) => {
    const size = DIGEST_SIZES[hashAlgorithm]
    return size !== undefined && size !== measurement.length
  })
  if (odd !== undefined) {
    notes.push({
      id: 'cca.component-length',
      text: `the platform names the hash ${JSON.stringify(odd.hashAlgorithm ?? platform.hashAlgorithm)} for a component, whose measurement has ${odd.measurement.length} bytes`,
    })
  }
  const strangers = [...Object.keys(platform.unknown), ...Object.keys(realm.unknown)]
  if (strangers.length > 0)
    notes.push({
      id: 'cca.unknown-claims',
      text: `there are claims without a known meaning: ${strangers
        .slice(0, 8)
        .map((key) => JSON.stringify(key.slice(0, 32)))
        .join(', ')}`,
    })
  const unsigned = token.platform.cose.unprotected.entries.length + token.realm.cose.unprotected.entries.length
  if (unsigned > 0)
    notes.push({ id: 'cca.unprotected-headers', text: `${unsigned} headers are signed by nobody and were not read` })
  return notes
}
