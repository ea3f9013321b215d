import { createHash } from 'node:crypto'
import { lifecycleState, type PsaToken, parsePsaToken, verifyPsaSync } from '@sekisho/evidence/psa'
import type { CaseRunner, JsonValue } from '../case.ts'
import { parseCaseJson } from '../case-files.ts'
import { listOf, member, textMember, timeOf } from '../json.ts'
import { ruling } from '../ruling.ts'
import { casesOf } from '../run.ts'
import { hex, hexOrNull, readable } from '../values.ts'
import { algorithmName, armWords, componentValues, endorsementsOf, tokenIn } from './tokens.ts'

/** Runs cases of PSA tokens. */
export const psaCases: CaseRunner = casesOf({
  tees: ['arm-psa'],
  read: async (files, content) => {
    const evidence = await tokenIn(files)
    const endorsements = await endorsementsOf(files, 'key.jwk.json')
    const ruled = await ruling(() => verifyPsaSync(evidence, { at: timeOf(content), endorsements }), armWords('psa'))
    const token = readable(() => parsePsaToken(evidence))
    return { ruling: ruled, found: { fields: () => token && fieldValues(token, endorsements.keys) } }
  },
})

function fieldValues(token: PsaToken, keys: string | undefined): JsonValue {
  return {
    profile: token.profile,
    nonceHex: hex(token.nonce),
    instanceIdHex: hex(token.instanceId),
    implementationIdHex: hex(token.implementationId),
    clientId: token.clientId,
    lifecycle: token.lifecycle,
    lifecycleState: lifecycleState(token.lifecycle),
    coseAlg: algorithmName(token.cose.algorithm),
    bootSeedHex: hexOrNull(token.bootSeed),
    certificationReference: token.certificationReference ?? null,
    verificationService: token.verificationService ?? null,
    swComponents: componentValues(token.components),
    instanceIdIsKeyHash: keys !== undefined && pointDigests(keys).includes(hex(token.instanceId).replace(/^01/, '')),
  }
}

/** SHA-256 of the uncompressed point of each key: of one JWK, or of a list of trust anchors. */
function pointDigests(text: string): readonly string[] {
  const read = parseCaseJson(text, 'ta-store.json')
  return (Array.isArray(read) ? listOf(read) : [read]).map((one) => {
    const key = member(one, 'pkey') ?? one
    const coordinate = (name: string): Buffer => Buffer.from(textMember(key, name) ?? '', 'base64url')
    return createHash('sha256').update(Uint8Array.of(4)).update(coordinate('x')).update(coordinate('y')).digest('hex')
  })
}
