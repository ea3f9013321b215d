import { componentFields, placer } from '../arm/fields.ts'
import { lifecycleState } from '../arm/lifecycle.ts'
import { algorithmName } from '../arm/signature.ts'
import type { Field } from '../core/fields.ts'
import type { PsaToken } from './token.ts'

const SOURCE = 'RFC 9783, section 4'

/** Every field of a token, with its place in the bytes that were parsed and what it means. */
export function psaFields(token: PsaToken): readonly Field[] {
  const placed = placer(token.cose, SOURCE)
  const plain = (path: string, value: string | number | undefined, meaning?: string): Field => ({
    path,
    value: value ?? 'absent',
    ...(meaning === undefined ? {} : { meaning }),
    source: SOURCE,
  })
  return [
    { path: 'token.tagged', value: token.cose.tagged, source: SOURCE },
    placed('token.protected', token.cose.protected, algorithmName(token.cose)),
    plain('token.profile', token.profile),
    placed('token.nonce', token.nonce),
    placed('token.instance-id', token.instanceId),
    placed('token.implementation-id', token.implementationId),
    plain(
      'token.client-id',
      token.clientId,
      token.clientId < 0 ? 'a caller outside of the secure world' : 'a caller in the secure world',
    ),
    plain('token.lifecycle', token.lifecycle, lifecycleState(token.lifecycle)),
    ...(token.bootSeed === undefined ? [] : [placed('token.boot-seed', token.bootSeed)]),
    plain('token.certification-reference', token.certificationReference),
    plain('token.verification-service', token.verificationService, 'a hint that is never followed'),
    ...componentFields(token.components, 'token', placed),
    placed('token.signature', token.cose.signature),
  ]
}
