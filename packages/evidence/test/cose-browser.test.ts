import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { verifyCcaSync } from '../src/cca/index.ts'
import { canonicalJson } from '../src/core/canonical.ts'
import type { Verdict } from '../src/core/verdict.ts'
import { verifyNitroSync } from '../src/nitro/index.ts'
import { verifyPsaSync } from '../src/psa/index.ts'
import { verifyTokenSync } from '../src/token/index.ts'
import { endorsements, makeCca, makePsa, STRANGER } from './arm-kit.ts'
import { type Algorithm, CLAIMS, CLAIMS_CBOR, cwt, EXPECT, jwt, keySet, AT as TOKEN_AT } from './eat-token-kit.ts'
import { ANCHOR, AT, makeDocument } from './nitro-kit.ts'
import { casesOf } from './vectors.ts'

interface Subject {
  readonly door: 'nitro' | 'cca' | 'psa' | 'token'
  readonly evidence: Uint8Array
  readonly at: Date
  readonly keys?: string
  readonly realRoots?: true
  readonly algorithm?: Algorithm
}

const keys = endorsements().keys ?? ''
const ALGORITHMS = ['ES256', 'ES384', 'RS256', 'PS256'] as const
const SUBJECTS: readonly Subject[] = [
  { door: 'nitro', evidence: makeDocument(), at: AT },
  { door: 'nitro', evidence: makeDocument(), at: AT, realRoots: true },
  { door: 'nitro', evidence: makeDocument({ signer: STRANGER }), at: AT },
  { door: 'cca', evidence: makeCca(), at: AT, keys },
  { door: 'cca', evidence: makeCca({ realmSigner: STRANGER }), at: AT, keys },
  { door: 'psa', evidence: makePsa(), at: AT, keys },
  ...ALGORITHMS.flatMap((algorithm) =>
    [jwt(CLAIMS, algorithm), cwt(CLAIMS_CBOR, algorithm), cwt(CLAIMS_CBOR, algorithm).fill(0, -1)].map((evidence) => ({
      door: 'token' as const,
      evidence,
      at: TOKEN_AT,
      algorithm,
    })),
  ),
  ...casesOf('aws-nitro')
    .filter(({ verdict }) => verdict === 'valid')
    .map(({ at, file }) => ({ door: 'nitro' as const, evidence: file('evidence.bin'), at, realRoots: true as const })),
]

function optionsOf({ door, keys = '', realRoots, algorithm }: Subject): object {
  if (door === 'token') return { keySet: keySet(algorithm), expect: EXPECT }
  if (door === 'nitro') return realRoots === true ? {} : { trustAnchors: [ANCHOR] }
  return { endorsements: { keys } }
}

function byNode(subject: Subject): Verdict {
  const verify = { nitro: verifyNitroSync, cca: verifyCcaSync, psa: verifyPsaSync, token: verifyTokenSync }[
    subject.door
  ]
  return verify(subject.evidence, { at: subject.at, ...optionsOf(subject) })
}

const SCRIPT = `
import { readFileSync } from 'node:fs'
import { canonicalJson } from '@sekisho/evidence'
import { verifyNitro } from '@sekisho/evidence/nitro'
import { verifyCca } from '@sekisho/evidence/cca'
import { verifyPsa } from '@sekisho/evidence/psa'
import { verifyToken } from '@sekisho/evidence/token'
const verify = { nitro: verifyNitro, cca: verifyCca, psa: verifyPsa, token: verifyToken }
const found = []
for (const { door, evidence, at, options } of JSON.parse(readFileSync(process.argv[1], 'utf8'))) {
  found.push(canonicalJson(await verify[door](new Uint8Array(Buffer.from(evidence, 'hex')), { at: new Date(at), ...options })))
}
process.stdout.write(JSON.stringify(found))
`

describe('Nitro, CCA, PSA and tokens in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-'))
  after(() => rmSync(folder, { recursive: true }))
  it('the verdict is the same, byte for byte', () => {
    const input = SUBJECTS.map((subject) => ({
      door: subject.door,
      evidence: Buffer.from(subject.evidence).toString('hex'),
      at: subject.at.toISOString(),
      options: optionsOf(subject),
    }))
    const file = join(folder, 'subjects.json')
    writeFileSync(file, JSON.stringify(input))
    const ran = spawnSync(process.execPath, ['--conditions=browser', '--input-type=module', '--eval', SCRIPT, file], {
      cwd: new URL('../../', import.meta.url),
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    })
    assert.equal(ran.status, 0, ran.stderr)
    const found: readonly string[] = JSON.parse(ran.stdout)
    assert.equal(found.length, SUBJECTS.length)
    for (const [i, subject] of SUBJECTS.entries()) assert.equal(found[i], canonicalJson(byNode(subject)))
  })
})
