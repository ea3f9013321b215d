import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { generateKey, makeSnp, makeTdx } from '@sekisho/emulator/kit'
import { EvidenceError } from '@sekisho/evidence'
import { type GivenFile, type Judged, type OpenedEvidence, type VerifyInput, WHOLE } from '../src/engine/messages.ts'
import { WORK } from '../src/engine/work.ts'
import { ROOT } from './browser.ts'

const VECTORS = process.env['SEKISHO_VECTORS'] ?? join(ROOT, '..', 'shared', 'vectors')
const skip = existsSync(join(VECTORS, 'nvidia-gpu')) ? false : `no vectors (${VECTORS})`

const NONCE = '5a'.repeat(32)
const nonce: Uint8Array = Buffer.from(NONCE, 'hex')
const snp = makeSnp({ nonce })
const tdx = makeTdx({ nonce })
const stranger = makeTdx({ nonce: Buffer.alloc(32, 7) })
const utf8 = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const record = (bytes: Uint8Array): readonly string[] => [
  'application/octet-stream',
  Buffer.from(bytes).toString('base64url'),
]
const collection = (second: Uint8Array): Readonly<Record<string, unknown>> => ({
  vm: record(snp.evidence),
  td: record(second),
})
const FILES: readonly GivenFile[] = [
  ...Object.entries({ ...snp.certificates, crl: snp.crl }).map(([name, bytes]) => ({ name: `${name}.der`, bytes })),
  { name: 'collateral.json', bytes: utf8(tdx.collateral) },
]
const EXPECT = {
  nonce: NONCE,
  allowEmulated: true,
  parts: {
    vm: { measurement: snp.expectations.measurement, minTcb: snp.expectations.minTcb },
    td: Object.fromEntries(Object.entries(tdx.expectations).filter(([name]) => /^(measurement|rtmr)/.test(name))),
  },
}

function judged(file: Uint8Array, change: Partial<VerifyInput> = {}): Promise<Judged> {
  return WORK.verify({
    file,
    part: WHOLE,
    files: FILES,
    eventLog: undefined,
    expect: EXPECT,
    waive: [],
    anchors: [snp.anchor, tdx.anchor],
    distrust: [],
    at: snp.at.getTime(),
    ...change,
  })
}

async function opened(bytes: Uint8Array, part: number): Promise<OpenedEvidence> {
  const place = await WORK.place({ file: { name: 'evidence.json', bytes }, part })
  return place.as === 'evidence' ? place.opened : assert.fail(place.as)
}

describe('several pieces of evidence in the page', () => {
  const good = utf8(collection(tdx.evidence))

  it('are opened as one, with the fields and values of each under its name', async () => {
    const { part, parts, fields, skeleton, needs, tee } = await opened(good, WHOLE)
    assert.deepEqual([part, parts, tee], [WHOLE, ['vm', 'td'], 'snp'])
    const alone = await Promise.all([0, 1].map((one) => opened(good, one)))
    assert.equal(needs.length, 2)
    assert.deepEqual(
      needs,
      alone.flatMap((one) => one.needs),
    )
    assert.ok(fields.some(({ path }) => path.startsWith('vm: ')) && fields.some(({ path }) => path.startsWith('td: ')))
    assert.ok(fields.every(({ offset, length }) => offset === undefined && length === undefined))
    const { vm, td, ...others }: Record<string, object> = Object(skeleton['parts'])
    assert.deepEqual(others, {})
    for (const values of [vm, td]) {
      assert.ok(values !== undefined && 'measurement' in values)
      assert.ok(!('reportData' in values) && !('nonce' in values))
    }
    const one = await opened(good, 1)
    assert.deepEqual([one.part, one.tee, one.parts], [1, 'tdx', ['vm', 'td']])
  })

  it('are judged as one verdict with parts', async () => {
    const { verdict, canonical } = await judged(good)
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.deepEqual(
      verdict.parts?.map(({ name, verdict: one }) => [name, one.tee, one.outcome]),
      [
        ['vm', 'snp', 'verified'],
        ['td', 'tdx', 'verified'],
      ],
    )
    assert.deepEqual(JSON.parse(canonical).parts.length, 2)
    assert.equal((await judged(good, { expect: { nonce: NONCE, allowEmulated: true } })).verdict.outcome, 'incomplete')
  })

  it('of which one was made for another exchange are refused as a whole, and the good one alone is not', async () => {
    const bad = utf8(collection(stranger.evidence))
    const { verdict } = await judged(bad)
    assert.equal(verdict.outcome, 'rejected')
    const failed = verdict.checks.flatMap(({ checks }) => checks).filter(({ outcome }) => outcome === 'fail')
    assert.ok(failed.some(({ id }) => id === 'composite.binding'))
    const { measurement, minTcb } = EXPECT.parts.vm
    const alone = await judged(bad, { part: 0, expect: { nonce: NONCE, allowEmulated: true, measurement, minTcb } })
    assert.equal(alone.verdict.outcome, 'verified', alone.verdict.summary)
  })

  it('roots that are not to be trusted count for no part', async () => {
    const { verdict } = await judged(good, { distrust: [tdx.anchor.id] })
    assert.deepEqual(
      verdict.parts?.map(({ verdict: one }) => one.authenticity),
      ['proven', 'refuted'],
    )
  })

  it('expectations of a part that is not there, and a part that cannot be read, are named', async () => {
    await assert.rejects(judged(good, { expect: { ...EXPECT, parts: { gpu: { nonce: NONCE } } } }), /no part "gpu"/)
    const cut = utf8(collection(tdx.evidence.subarray(0, 700)))
    await assert.rejects(judged(cut), (error) => error instanceof EvidenceError && error.field.startsWith('td.'))
  })

  it('in a signed wrapper are asked who signed it, one piece alone too', async () => {
    const key = generateKey('P-256')
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const jwks = (one: typeof key): GivenFile => ({
      name: 'keys.jwks',
      bytes: utf8({ keys: [one.publicKey.export({ format: 'jwk' })] }),
    })
    const vm = { vm: record(snp.evidence) }
    for (const [content, parts] of [
      [collection(tdx.evidence), EXPECT.parts],
      [vm, { machine: EXPECT.parts.vm }],
    ] as const) {
      const signed = `${part({ alg: 'ES256', cty: 'cmw+json' })}.${part(content)}`
      const signature = sign('sha256', Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
      const file = new TextEncoder().encode(`${signed}.${signature.toString('base64url')}`)
      const outcome = async (...more: readonly GivenFile[]): Promise<string> => {
        const { verdict } = await judged(file, { files: [...FILES, ...more], expect: { ...EXPECT, parts } })
        return verdict.outcome
      }
      assert.equal(await outcome(), 'incomplete')
      assert.equal(await outcome(jwks(key)), 'verified')
      assert.equal(await outcome(jwks(generateKey('P-256'))), 'rejected')
    }
  })

  it('are of the machine first, also where its GPU comes before it', { skip }, async () => {
    const folder = join(VECTORS, 'nvidia-gpu', 'blackwell-575')
    const [evidence, certificate] = ['report.bin', 'cert-chain.pem'].map((name) =>
      readFileSync(join(folder, name)).toString('base64'),
    )
    const cpu = Buffer.from(snp.evidence).toString('base64')
    const bytes = utf8({ evidences: [{ evidence, certificate }], cpu })
    const { tee, parts } = await opened(bytes, WHOLE)
    assert.deepEqual([tee, parts], ['snp', ['devices', 'cpu']])
    // A log is the machine's: what it is worth, the machine's verifier says, and the GPU's has no such thing.
    const expect = { nonce: NONCE, allowEmulated: true }
    const { verdict } = await judged(bytes, { expect, eventLog: new Uint8Array(4) })
    assert.deepEqual(
      verdict.parts?.map(({ name, verdict: one }) => [name, one.tee]),
      [
        ['devices', 'nvidia-gpu'],
        ['cpu', 'snp'],
      ],
    )
  })

  it('a file with one piece is opened as ever', async () => {
    const { part, tee, parts } = await opened(snp.evidence, WHOLE)
    assert.deepEqual([part, tee, parts.length], [0, 'snp', 1])
  })
})
