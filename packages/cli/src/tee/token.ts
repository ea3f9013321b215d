import { parseToken, tokenAuthorities, tokenFields, tokenSkeleton, verifyTokenSync } from '@sekisho/evidence/token'
import { parseCrl, WIDE } from '@sekisho/evidence/x509'
import { unreadable } from '../exit.ts'
import { keySetFor, listsAmong } from '../options/token-files.ts'
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
    const trusting = {
      ...(keys === undefined ? {} : { keySet: { ...whose, ...keys } }),
      ...(trustAnchors === undefined ? {} : { trustAnchors }),
    }
    const authorities = tokenAuthorities(evidence, trusting) ?? []
    const others = listsAmong(files.ibm.x509).filter((der) => authorities.includes(parseCrl(der, WIDE).issuer.key))
    const crls = [...(set?.crls ?? []), ...files.token.crls, ...others]
    return verifyTokenSync(evidence, {
      at,
      expect,
      waive,
      ...(keys === undefined ? whose : {}),
      ...trusting,
      ...(crls.length === 0 ? {} : { crls }),
    })
  },
  fields: (evidence) => tokenFields(parseToken(evidence)),
  skeleton: (evidence) => tokenSkeleton(parseToken(evidence)),
}
