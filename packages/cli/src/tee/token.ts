import { parseToken, tokenFields, tokenSkeleton, verifyTokenSync } from '@sekisho/evidence/token'
import { unreadable } from '../exit.ts'
import { keySetFor } from '../options/token-files.ts'
import type { TeeDoor } from './door.ts'

/** Tokens of attestation services behind the commands. `issuer` of the expectations names whose keys were given. */
export const tokenDoor: TeeDoor = {
  async verify({ evidence, at, expect: { issuer, ...expect }, waive, trustAnchors, files }) {
    if (issuer !== undefined && typeof issuer !== 'string') throw unreadable('expectations.issuer: expected text')
    const set = keySetFor(files.token, issuer ?? parseToken(evidence).claims['iss'])
    const { coseKeys } = files.token
    const keys = set === undefined ? (coseKeys === undefined ? undefined : { coseKeys }) : { jwks: set.jwks }
    const named = issuer ?? set?.issuer
    const whose = named === undefined ? {} : { issuer: named }
    const crls = [...(set?.crls ?? []), ...files.token.crls]
    return verifyTokenSync(evidence, {
      at,
      expect,
      waive,
      ...(keys === undefined ? whose : { keySet: { ...whose, ...keys } }),
      ...(crls.length === 0 ? {} : { crls }),
      ...(trustAnchors === undefined ? {} : { trustAnchors }),
    })
  },
  fields: (evidence) => tokenFields(parseToken(evidence)),
  skeleton: (evidence) => tokenSkeleton(parseToken(evidence)),
}
