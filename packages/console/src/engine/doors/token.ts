import {
  CONFIDENTIAL_SPACE_ROOT,
  parseToken,
  type TokenExpectations,
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
    const { keySets, tokenLists } = request.collateral
    const set = keySetFor(keySets, issuer ?? parseToken(request.evidence).claims['iss'])
    const whose = issuer ?? set?.issuer
    const crls = [...(set?.lists ?? []), ...tokenLists]
    return verifyToken(request.evidence, {
      ...commonOptions<TokenExpectations>({ ...request, expect }),
      ...(set === undefined
        ? {}
        : { keySet: whose === undefined ? { jwks: set.jwks } : { issuer: whose, jwks: set.jwks } }),
      ...(crls.length === 0 ? {} : { crls }),
    })
  },
}
