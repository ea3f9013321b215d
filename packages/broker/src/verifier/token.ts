import { toHex } from '@sekisho/evidence'
import { parseToken, tokenSkeleton, verifyTokenSync } from '@sekisho/evidence/token'
import { keep, lasting, NOTHING_KEPT } from './bytes.ts'
import type { Door, Surroundings } from './model.ts'

/** Tokens of attestation services, whose keys the verifier was given by issuer. */
export function tokenDoor(around: Surroundings): Door {
  return {
    skeleton: ({ evidence }) => lasting(tokenSkeleton(parseToken(evidence))),
    binding: (_received, digest) => ({ nonce: toHex(digest) }),
    async verify({ evidence }, { expect, at, waive, kept: given }) {
      const { iss } = parseToken(evidence).claims
      const own = around.options.keySets?.find(({ issuer }) => issuer === iss)
      const jwks = given === undefined ? own?.jwks : Buffer.from(given).toString('utf8')
      const keySet =
        jwks === undefined || jwks === '' || typeof iss !== 'string' ? {} : { keySet: { issuer: iss, jwks } }
      const verdict = verifyTokenSync(evidence, {
        at,
        expect,
        ...keySet,
        ...around.anchors([]),
        ...(waive === undefined ? {} : { waive }),
      })
      return { verdict, collateral: jwks === undefined ? NOTHING_KEPT : keep(Buffer.from(jwks)) }
    },
  }
}
