import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type ExampleAnchor, generateKey, makeSnp, makeTdx } from '@sekisho/emulator/kit'
import type { Verdict } from '@sekisho/evidence'
import { scratch } from './process.ts'
import { type Answered, runWithin } from './run.ts'

const NONCE = '5a'.repeat(32)
const nonce: Uint8Array = Buffer.from(NONCE, 'hex')
const folder = scratch()
const snp = makeSnp({ nonce })
const tdx = makeTdx({ nonce })
const strangerToNonce = makeTdx({ nonce: Buffer.alloc(32, 7) })

mkdirSync(join(folder, 'snp'))
for (const [name, der] of Object.entries({ ...snp.certificates, crl: snp.crl }))
  writeFileSync(join(folder, 'snp', `${name}.der`), der)
save('collateral.json', JSON.stringify(tdx.collateral))
save('roots.json', JSON.stringify([snp.anchor, tdx.anchor] satisfies readonly ExampleAnchor[]))
save(
  'expect.json',
  JSON.stringify({
    nonce: NONCE,
    allowEmulated: true,
    snp: { measurement: snp.expectations.measurement, minTcb: snp.expectations.minTcb },
    tdx: Object.fromEntries(Object.entries(tdx.expectations).filter(([name]) => /^(measurement|rtmr)/.test(name))),
  }),
)

function save(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

function collection(name: string, second: Uint8Array): string {
  const record = (bytes: Uint8Array): readonly string[] => [
    'application/octet-stream',
    Buffer.from(bytes).toString('base64url'),
  ]
  return save(name, JSON.stringify({ vm: record(snp.evidence), td: record(second) }))
}

function verify(file: string, ...more: readonly string[]): Promise<Answered> {
  const at = ['--at', snp.at.toISOString().replace('.000', ''), '--trust-anchor', join(folder, 'roots.json')]
  const collateral = ['--collateral', join(folder, 'snp'), '--collateral', join(folder, 'collateral.json')]
  return runWithin(['verify', file, ...at, ...collateral, ...more])
}

describe('several pieces of evidence on the command line', () => {
  const good = collection('good.json', tdx.evidence)
  const expected = ['--expect', join(folder, 'expect.json')]

  it('are compared part by part', async () => {
    const other = collection('other-td.json', strangerToNonce.evidence)
    assert.equal((await runWithin(['diff', good, good])).code, 0)
    const { code, out } = await runWithin(['diff', good, other, '--json'])
    assert.equal(code, 1)
    const { differences }: { readonly differences: readonly { readonly path: string }[] } = JSON.parse(out)
    assert.ok(differences.length > 0 && differences.every(({ path }) => path.startsWith('td.')))
  })

  it('are verified as one, with each part in the verdict', async () => {
    const { code, out, err } = await verify(good, ...expected, '--json')
    assert.equal(err, '')
    const verdict: Verdict = JSON.parse(out)
    assert.deepEqual([code, verdict.outcome], [0, 'verified'], verdict.summary)
    assert.deepEqual(
      verdict.parts?.map(({ name, verdict: one }) => [name, one.tee, one.outcome]),
      [
        ['vm', 'snp', 'verified'],
        ['td', 'tdx', 'verified'],
      ],
    )
  })

  it('shows the checks that fail in a part, under its name, and all of them with --verbose', async () => {
    const bad = collection('bad.json', strangerToNonce.evidence)
    const { code, out } = await verify(bad, ...expected)
    assert.equal(code, 1)
    assert.match(out, /FAIL part td /)
    const tree = out.slice(out.indexOf('Checks'))
    assert.ok(tree.indexOf('FAIL part td') < tree.indexOf('FAIL tdx.expect.freshness'), tree)
    assert.ok(!tree.includes('pass snp.report.signature'))
    assert.match(out, /FAIL composite\.binding/)
    assert.match((await verify(bad, ...expected, '--verbose')).out, /pass snp\.\S+signature/)
  })

  it('say of each part what it is and measures', async () => {
    const { out } = await verify(good, ...expected)
    const vouched = out.slice(out.indexOf('Who vouches'), out.indexOf('Checks')).replace(/\s+/g, ' ')
    const { measurement: [vm = ''] = [] } = snp.expectations
    const { measurement: [td = ''] = [] } = tdx.expectations
    assert.match(vouched, new RegExp(`part vm AMD Genoa; TCB [^;]+;.* measurement ${vm}`))
    assert.match(vouched, new RegExp(`part td Intel [^;]+; TCB UpToDate;.* measurement ${td}`))
    assert.match((await runWithin(['verify', good, '--offline'])).out, /part td +(unproven|refuted): Intel/)
  })

  it('are incomplete without expectations, and say what to expect by part', async () => {
    const { code, out } = await verify(good, '--nonce', NONCE, '--allow-emulated')
    assert.equal(code, 2)
    assert.match(out, /parts:\n\s+vm:\n\s+measurement:/)
  })

  it('refuses expectations of a part that is not there', async () => {
    const path = save('wrong.json', JSON.stringify({ parts: { gpu: { nonce: NONCE } } }))
    const { code, err } = await verify(good, '--expect', path)
    assert.equal(code, 64)
    assert.match(err, /no part "gpu"; known are vm, td/)
  })

  it('are decoded one after the other', async () => {
    const { out, code } = await runWithin(['inspect', good, '--json'])
    const { parts }: { parts: readonly { name: string; tee: string; fields: readonly unknown[] }[] } = JSON.parse(out)
    assert.equal(code, 0)
    assert.deepEqual(
      parts.map(({ name, tee, fields }) => [name, tee, fields.length > 20]),
      [
        ['vm', 'snp', true],
        ['td', 'tdx', true],
      ],
    )
    assert.match((await runWithin(['inspect', good])).out, /^part vm\n[\s\S]*\npart td\n/)
    assert.match((await runWithin(['inspect', good, '--as-expectations'])).out, /parts:\n {2}vm:/)
  })

  it('stay open in a signed wrapper whose key nobody gave, also where one part is all there is', async () => {
    const key = generateKey('P-256')
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const record = (bytes: Uint8Array): readonly string[] => [
      'application/octet-stream',
      Buffer.from(bytes).toString('base64url'),
    ]
    save('jwks.json', JSON.stringify({ keys: [key.publicKey.export({ format: 'jwk' })] }))
    save('other.jwks', JSON.stringify({ keys: [generateKey('P-256').publicKey.export({ format: 'jwk' })] }))
    for (const parts of [{ vm: record(snp.evidence), td: record(tdx.evidence) }, { vm: record(snp.evidence) }]) {
      const signed = `${part({ alg: 'ES256', cty: 'cmw+json' })}.${part(parts)}`
      const signature = sign('sha256', Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
      const file = save('signed.jws', `${signed}.${signature.toString('base64url')}`)
      const open = await verify(file, ...expected)
      assert.equal(open.code, 2)
      assert.match(open.out, /composite\.wrapper/)
      assert.equal((await verify(file, ...expected, '--waive', 'composite.wrapper')).code, 0)
      assert.equal((await verify(file, ...expected, '--collateral', join(folder, 'jwks.json'))).code, 0)
      assert.equal((await verify(file, ...expected, '--collateral', join(folder, 'other.jwks'))).code, 1)
    }
  })

  it('names the part that cannot be read', async () => {
    const { code, err } = await verify(collection('cut.json', tdx.evidence.subarray(0, 700)), ...expected)
    assert.equal(code, 3)
    assert.match(err, /cut\.json: \w+: td\./)
  })
})
