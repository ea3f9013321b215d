import { randomBytes, sign } from 'node:crypto'
import { appraise, type EarClaims, earClaims, type Signer, signEar } from '@sekisho/appraisal'
import { generateKey } from '@sekisho/emulator/kit'
import { createMemory } from '@sekisho/evidence'
import { prepareSnpCollateral, verifySnpSync } from '@sekisho/evidence/snp'
import { compare, type Measured } from '../measure.ts'
import { type Row, speedRow } from '../rows.ts'
import { readSnpSample } from '../snp.ts'
import { es256 } from './signer.ts'

/** An EAR signed against a raw ES256 signature over as many bytes. */
export async function earRows(vectors: string): Promise<readonly Row[]> {
  const key = generateKey('P-256').privateKey
  const signer: Signer = es256(key)
  const claims = claimsOf(vectors)
  const data = randomBytes((await signEar(claims, signer)).length)
  const [raw, ours] = (await compare([
    { name: 'ES256 signature', run: () => void sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }) },
    { name: 'sekisho', run: async () => void (await signEar(claims, signer)) },
  ])) as [Measured, Measured]
  return [speedRow('EAR signed / raw ES256 signature', ours, raw, 0.8)]
}

function claimsOf(vectors: string): EarClaims {
  const { evidence, collateral, at } = readSnpSample(vectors, 'amd-sev-snp/genoa-v3-vcek-aci')
  const options = {
    at,
    collateral: prepareSnpCollateral(collateral),
    memory: createMemory(),
    waive: ['snp.crl.present'],
  }
  const verdict = verifySnpSync(evidence, options)
  return earClaims(appraise(verdict, { references: ['bench'], at }), verdict, {
    issuer: 'https://bench.example',
    verifierId: { developer: 'Sekisho', build: 'bench' },
    issuedAt: at,
    expiresAt: new Date(at.getTime() + 300_000),
    policyIds: ['ab'.repeat(32)],
    nonce: randomBytes(32).toString('base64'),
  })
}
