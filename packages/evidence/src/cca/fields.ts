import { componentFields, placer } from '../arm/fields.ts'
import { lifecycleState } from '../arm/lifecycle.ts'
import { algorithmName } from '../arm/signature.ts'
import type { Field } from '../core/fields.ts'
import type { CcaToken } from './token.ts'

const SOURCE = 'Arm DEN0137 (RMM), section A7.2'

/** Every field of a token, with its place in the bytes that were parsed and what it means. */
export function ccaFields(token: CcaToken): readonly Field[] {
  const { cose: platformCose, claims: platform } = token.platform
  const { cose: realmCose, claims: realm } = token.realm
  const placed = placer(platformCose, SOURCE)
  const text = (path: string, value: string | number | undefined, meaning?: string): Field => ({
    path,
    value: value ?? 'absent',
    ...(meaning === undefined ? {} : { meaning }),
    source: SOURCE,
  })
  return [
    { path: 'token.tag', value: token.tag, source: SOURCE },
    ...(token.keyAttestation === undefined
      ? []
      : [
          placed('token.kat', token.keyAttestation.raw, 'key attestation; its SHA-512 is the challenge'),
          placed('token.kat.nonce', token.keyAttestation.nonce),
        ]),
    placed('platform.protected', platformCose.protected, algorithmName(platformCose)),
    text('platform.profile', platform.profile),
    placed('platform.challenge', platform.challenge, "hash of the realm's key"),
    placed('platform.implementation-id', platform.implementationId),
    placed('platform.instance-id', platform.instanceId),
    placed('platform.configuration', platform.configuration),
    text('platform.lifecycle', platform.lifecycle, lifecycleState(platform.lifecycle)),
    ...componentFields(platform.components, 'platform', placed),
    text('platform.verification-service', platform.verificationService, 'a hint that is never followed'),
    text('platform.hash-algorithm', platform.hashAlgorithm),
    placed('platform.signature', platformCose.signature),
    placed('realm.protected', realmCose.protected, algorithmName(realmCose)),
    text('realm.profile', realm.profile),
    placed('realm.challenge', realm.challenge, 'what the relying party gave'),
    placed('realm.personalization-value', realm.personalizationValue, 'set at creation by whoever owns the realm'),
    text('realm.hash-algorithm', realm.hashAlgorithm),
    placed('realm.public-key', realm.publicKey, realm.keyFormat),
    text('realm.public-key-hash-algorithm', realm.publicKeyHashAlgorithm),
    placed('realm.initial-measurement', realm.initialMeasurement, 'RIM'),
    ...realm.extensibleMeasurements.map((value, i) => placed(`realm.extensible-measurements[${i}]`, value, `REM${i}`)),
    placed('realm.signature', realmCose.signature),
  ]
}
