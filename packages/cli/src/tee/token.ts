import { parseToken, tokenFields, tokenSkeleton, verifyTokenSync } from '@sekisho/evidence/token'
import { unreadable } from '../exit.ts'
import type { TeeDoor } from './door.ts'

/** Tokens of attestation services behind the commands. `issuer` of the expectations names whose keys were given. */
export const tokenDoor: TeeDoor = {
  async verify({ evidence, at, expect: { issuer, ...expect }, waive, trustAnchors, files }) {
    if (issuer !== undefined && typeof issuer !== 'string') throw unreadable('expectations.issuer: expected text')
    const { jwks, coseKeys } = files.token
    const keys = jwks === undefined ? (coseKeys === undefined ? undefined : { coseKeys }) : { jwks }
    const whose = issuer === undefined ? {} : { issuer }
    return verifyTokenSync(evidence, {
      at,
      expect,
      waive,
      ...(keys === undefined ? whose : { keySet: { ...whose, ...keys } }),
      ...(files.token.crls.length === 0 ? {} : { crls: files.token.crls }),
      ...(trustAnchors === undefined ? {} : { trustAnchors }),
    })
  },
  fields: (evidence) => tokenFields(parseToken(evidence)),
  skeleton: (evidence) => tokenSkeleton(parseToken(evidence)),
}
