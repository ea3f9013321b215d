import { createHash } from 'node:crypto'
import { lifecycleState, type PsaToken, parsePsaToken, verifyPsaSync } from '@sekisho/evidence/psa'
import type { CaseRunner, Comparison, JsonValue } from './case.ts'
import { algorithmName, armWords, componentValues, endorsementsOf, hex, parsed } from './cca.ts'
import { conclude, expectedMembers, ruling } from './judged.ts'
import { CaseFiles, member, textMember } from './snp-files.ts'
import { compareTree } from './snp-tree.ts'

/** Runs cases of PSA tokens. */
export const psaCases: CaseRunner = {
  tees: ['arm-psa'],
  run: async (folder, name, content) => {
    const files = new CaseFiles(folder)
    const evidence = (await files.read('token.cbor')) ?? (await files.need('evidence.cbor'))
    const at = new Date(textMember(content, 'evaluateAt') ?? Number.NaN)
    const endorsements = await endorsementsOf(files, 'key.jwk.json')
    const ruled = await ruling(() => verifyPsaSync(evidence, { at, endorsements }), armWords('psa'))
    const token = parsed(() => parsePsaToken(evidence))
    const comparisons: Comparison[] = []
    const unimplemented: string[] = []
    for (const [member, expected] of expectedMembers(content)) {
      if (member === 'fields')
        comparisons.push(...compareTree(member, expected, token && fieldValues(token, endorsements.keys)))
      else unimplemented.push(`expect.${member}`)
    }
    return conclude(name, content, ruled, comparisons, unimplemented)
  },
}

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
    bootSeedHex: token.bootSeed === undefined ? null : hex(token.bootSeed),
    certificationReference: token.certificationReference ?? null,
    verificationService: token.verificationService ?? null,
    swComponents: componentValues(token.components),
    instanceIdIsKeyHash: keys !== undefined && pointDigests(keys).includes(hex(token.instanceId).replace(/^01/, '')),
  }
}

/** SHA-256 of the uncompressed point of each key: of one JWK, or of a list of trust anchors. */
function pointDigests(text: string): readonly string[] {
  const read: JsonValue = JSON.parse(text)
  const list: readonly JsonValue[] = Array.isArray(read) ? read : [read]
  return list.map((one) => {
    const key = member(one, 'pkey') ?? one
    const coordinate = (name: string): Buffer => Buffer.from(textMember(key, name) ?? '', 'base64url')
    return createHash('sha256').update(Uint8Array.of(4)).update(coordinate('x')).update(coordinate('y')).digest('hex')
  })
}
