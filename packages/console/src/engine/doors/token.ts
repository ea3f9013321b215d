import {
  CONFIDENTIAL_SPACE_ROOT,
  parseToken,
  type TokenExpectations,
  tokenAuthorities,
  tokenFields,
  tokenSkeleton,
  verifyToken,
} from '@sekisho/evidence/token'
import { commonOptions, type Door } from '../door.ts'
import { keySetFor } from '../key-sets.ts'

/** Tokens of attestation services behind the page. `issuer` of the expectations names whose keys were given. */
export const tokenDoor: Door = {
  roots: () => [CONFIDENTIAL_SPACE_ROOT],
  titles: {},
  fields: (evidence) => tokenFields(parseToken(evidence)),
  skeleton: (evidence) => tokenSkeleton(parseToken(evidence)),
  async verify(request) {
    const { issuer, ...expect } = request.expect
    if (issuer !== undefined && typeof issuer !== 'string') throw new TypeError('expect.issuer: expected text')
    const { keySets, tokenLists, ibmLists } = request.collateral
    const set = keySetFor(keySets, issuer ?? parseToken(request.evidence).claims['iss'])
    const whose = issuer ?? set?.issuer
    const named = whose === undefined ? {} : { issuer: whose }
    const options = {
      ...commonOptions<TokenExpectations>({ ...request, expect }),
      ...(set === undefined ? named : { keySet: { ...named, jwks: set.jwks } }),
    }
    const authorities = tokenAuthorities(request.evidence, options) ?? []
    const others = ibmLists.flatMap(({ der, issuer: of }) => (authorities.includes(of) ? [der] : []))
    const crls = [...(set?.lists ?? []), ...tokenLists, ...others]
    return verifyToken(request.evidence, {
      ...options,
      ...(crls.length === 0 ? {} : { crls }),
    })
  },
}
