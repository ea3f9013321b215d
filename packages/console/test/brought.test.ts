import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { describe, it } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import type { TrustAnchor, Verdict } from '@sekisho/evidence'
import { readAnchors } from '../src/engine/anchors.ts'
import type { GivenFile } from '../src/engine/messages.ts'
import { WORK } from '../src/engine/work.ts'
import { exampleFiles } from './browser.ts'

const AT = Date.parse('2026-06-15T12:00:00Z')

async function judged(
  content: object,
  files: readonly GivenFile[] = [],
  anchors: readonly TrustAnchor[] | undefined = undefined,
): Promise<Verdict> {
  const { verdict } = await WORK.verify({
    file: new TextEncoder().encode(JSON.stringify(content)),
    part: 0,
    files,
    eventLog: undefined,
    expect: {},
    waive: [],
    anchors: anchors ?? (await readAnchors(read('example-root.json'))),
    distrust: [],
    at: AT,
  })
  return verdict
}

const read = (path: string): Uint8Array => exampleFiles(path)[0]?.bytes ?? assert.fail()
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const pem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${base64(der)}\n-----END ${label}-----\n`

function outcome(verdict: Verdict, id: string): string | undefined {
  return verdict.checks.flatMap(({ checks }) => checks).find((check) => check.id === id)?.outcome
}

describe('what evidence brings along to the page', () => {
  it('never says which key of an attestation service to trust', async () => {
    const { privateKey, publicKey } = generateKey('P-256')
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = {
      iat: AT / 1000,
      exp: AT / 1000 + 300,
      eat_profile: 'tag:github.com,2023:veraison/ear',
      'ear.verifier-id': { developer: 'nobody', build: '1' },
      submods: { workload: { 'ear.status': 'affirming' } },
    }
    const signed = `${part({ alg: 'ES256' })}.${part(claims)}`
    const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' })
    const evidence = `${signed}.${signature.toString('base64url')}`
    const keys = { keys: [{ ...publicKey.export({ format: 'jwk' }), alg: 'ES256' }] }
    const file = { name: 'jwks.json', bytes: new TextEncoder().encode(JSON.stringify(keys)) }
    assert.equal((await judged({ evidence }, [file], [])).authenticity, 'proven')
    for (const endorsements of [keys, JSON.stringify(keys)])
      assert.equal(outcome(await judged({ evidence, endorsements }, [], []), 'token.keys.present'), 'unchecked')
  })

  it('is taken where vendors sign it, and what was given counts before it', async () => {
    const quote = base64(read('tdx/quote.bin'))
    const collateral: Record<string, string> = JSON.parse(new TextDecoder().decode(read('tdx/collateral.json')))
    assert.equal((await judged({ quote, collateral })).authenticity, 'proven')
    assert.equal((await judged({ quote, collateral: { ...collateral, tcb_info: 'old' } })).authenticity, 'refuted')
    const given = [{ name: 'collateral.json', bytes: read('tdx/collateral.json') }]
    const both = await judged({ quote, collateral: { ...collateral, tcb_info: 'old' } }, given)
    assert.equal(both.authenticity, 'proven')
    assert.equal((await judged({ quote, collateral: '{"format":"sekisho' })).authenticity, 'unproven')
  })

  it('counts after a revocation list of a file too', async () => {
    const names = ['vcek', 'ask', 'ark']
    const certificates = names.map((name) => pem('CERTIFICATE', read(`snp-genoa/certs/${name}.der`))).join('')
    const crl = read('snp-genoa/crl.der')
    const forged = Uint8Array.from(crl)
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
    const content = (list: Uint8Array): object => ({
      attestation_report: base64(read('snp-genoa/report.bin')),
      cert_chain: certificates + pem('X509 CRL', list),
    })
    assert.equal((await judged(content(crl))).authenticity, 'proven')
    assert.equal((await judged(content(forged))).authenticity, 'refuted')
    assert.equal((await judged(content(forged), [{ name: 'crl.der', bytes: crl }])).authenticity, 'proven')
  })
})
