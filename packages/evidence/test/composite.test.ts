import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fromHex, makeSnp, namedKey, utf8 } from '@sekisho/emulator/kit'
import { cborArray, cborBytes, cborMap, cborText } from '../src/cbor/encode.ts'
import { compositeCheckIds, compositeParts, verifyComposite } from '../src/composite/index.ts'
import { AT, attestation, bindingDigest, doorFor, gpu, judge, NONCE, RUNTIME_DATA, wishes } from './composite-kit.ts'
import { checkOf, failing, open } from './soundness/kit.ts'

describe('a confidential VM with its GPUs, as one', () => {
  it('is verified when every part is, and all are bound to one nonce', async () => {
    const verdict = await judge()
    assert.deepEqual([verdict.outcome, failing(verdict), open(verdict)], ['verified', [], []], verdict.summary)
    assert.equal(verdict.authenticity, 'proven')
    assert.equal(verdict.tee, 'snp')
    assert.equal(verdict.emulated, true)
    assert.deepEqual(
      verdict.parts?.map(({ name, verdict: one }) => [name, one.outcome, one.parts?.map((device) => device.name)]),
      [
        ['machine', 'verified', undefined],
        ['nvidia', 'verified', ['gpu-0', 'gpu-1']],
      ],
    )
    assert.ok(verdict.assumed.some(({ id }) => id === 'composite.one-machine'))
    assert.ok(verdict.anchors.length >= 2)
    assert.ok(verdict.collateral.every(({ name }) => /^(machine|nvidia)-/.test(name)))
  })

  it('is rejected when one GPU answers another nonce', async () => {
    const verdict = await judge({ secondNonce: '11'.repeat(32) })
    assert.deepEqual(failing(verdict), ['composite.genuine', 'composite.accepted'])
    assert.equal(verdict.outcome, 'rejected')
  })

  it('says why the first part is refused, without that part’s count of further reasons', async () => {
    const expect = wishes(attestation().snp)
    const snp = { measurement: ['00'.repeat(48)], minTcb: { snp: 255 } }
    const { summary, parts } = await judge({}, { expect: { ...expect, parts: { ...expect.parts, snp } } })
    const own = parts?.[0]?.verdict.summary ?? ''
    assert.match(own, / \(and 1 more\)$/)
    assert.equal(summary, `EMULATED: rejected: machine; machine: ${own.slice(0, -' (and 1 more)'.length)}`)
  })

  it('is rejected when the GPUs were asked with another nonce than the machine', async () => {
    const other = '22'.repeat(32)
    const verdict = await judge({ devices: [gpu(other), gpu(other, 'second')] })
    assert.deepEqual(failing(verdict), ['composite.binding', 'composite.accepted'])
    assert.equal(verdict.authenticity, 'refuted')
    assert.match(checkOf(verdict, 'composite.binding').reason, /^nvidia/)
  })

  it('is rejected when devices were exchanged behind the back of the machine', async () => {
    const verdict = await judge({ edit: (text) => `${text} ` })
    assert.deepEqual(failing(verdict), ['composite.binding', 'composite.accepted'])
    assert.match(checkOf(verdict, 'composite.binding').reason, /^machine/)
  })

  it('is rejected for the nonce of another exchange', async () => {
    const { evidence, snp } = attestation()
    const expect = { ...wishes(snp), nonce: '33'.repeat(32) }
    const verdict = await verifyComposite(evidence, { at: AT, door: doorFor(snp), expect })
    assert.deepEqual(failing(verdict), ['composite.freshness'])
    assert.equal(verdict.outcome, 'rejected')
  })

  it('is incomplete when nobody says which exchange it is of, and when a part is', async () => {
    const { evidence, snp } = attestation()
    const { nonce: _nonce, ...expect } = wishes(snp)
    const verdict = await verifyComposite(evidence, { at: AT, door: doorFor(snp), expect })
    assert.equal(verdict.outcome, 'incomplete')
    assert.deepEqual(open(verdict), ['composite.freshness', 'composite.accepted'])
    assert.equal(checkOf(verdict, 'composite.binding').outcome, 'pass')
    const unwished = await verifyComposite(evidence, {
      at: AT,
      door: doorFor(snp),
      expect: { nonce: NONCE, allowEmulated: true },
    })
    assert.equal(unwished.outcome, 'incomplete')
    assert.deepEqual(open(unwished), ['composite.accepted'])
  })

  it('takes the runtime data of the caller over those sent', async () => {
    const { evidence, snp } = attestation()
    const runtimeData = { ...RUNTIME_DATA, nonce: Buffer.alloc(32, 9).toString('base64') }
    const { nonce: _nonce, ...others } = wishes(snp)
    const judged = (expect: object) =>
      verifyComposite(evidence, {
        at: AT,
        door: doorFor(snp),
        expect: { ...others, reportDataIsFresh: true, ...expect },
      })
    assert.deepEqual(failing(await judged({ runtimeData })), ['composite.binding', 'composite.accepted'])
    assert.equal((await judged({ runtimeData: RUNTIME_DATA })).outcome, 'verified')
  })

  it('takes the digest that the caller worked out for the machine', async () => {
    const { evidence, snp } = attestation()
    const { nonce: _nonce, ...others } = wishes(snp)
    const judged = (reportData: string) =>
      verifyComposite(evidence, {
        at: AT,
        door: doorFor(snp),
        expect: { ...others, reportData, reportDataIsFresh: true },
      })
    assert.equal((await judged(snp.fields.reportData)).outcome, 'verified')
    assert.deepEqual(failing(await judged('44'.repeat(48))), ['composite.binding'])
  })

  it('shows waivers, of the whole and of parts, and refuses those of bindings', async () => {
    const { evidence, snp } = attestation()
    const { nonce: _nonce, ...expect } = wishes(snp)
    const door = doorFor(snp)
    const waive = ['composite.freshness', 'snp.expect.freshness', 'nvidia.expect.freshness']
    const ids = (await verifyComposite(evidence, { at: AT, door, expect })).parts?.flatMap(({ verdict }) => [
      ...open(verdict),
      ...(verdict.parts ?? []).flatMap((one) => open(one.verdict)),
    ])
    const known = [...new Set(ids)].filter((id) => !id.startsWith('nvidia.node'))
    const verdict = await verifyComposite(evidence, { at: AT, door, expect, waive: ['composite.freshness', ...known] })
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.deepEqual([...verdict.waived].sort(), ['composite.freshness', ...known].sort())
    assert.ok(waive.length > 0)
    for (const id of ['composite.binding', 'composite.genuine', 'composite.nothing', 'tdx.td.debug'])
      await assert.rejects(verifyComposite(evidence, { at: AT, door, expect, waive: [id] }), TypeError)
  })

  it('refuses expectations of a part that is not there', async () => {
    const { evidence, snp } = attestation()
    const expect = { ...wishes(snp), parts: { gpus: {} } }
    await assert.rejects(verifyComposite(evidence, { at: AT, door: doorFor(snp), expect }), /no part "gpus"/)
    await assert.rejects(
      verifyComposite(evidence, { at: AT, door: doorFor(snp), expect: { nonces: '00' } as object }),
      TypeError,
    )
  })

  it('expects nothing of evidence because its sender has given it the name of another kind', async () => {
    const [debug, other] = [
      makeSnp({ at: AT, nonce: fromHex(NONCE), report: { policy: 0xb0000n } }),
      makeSnp({ at: AT }),
    ]
    const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
    const evidence = utf8(JSON.stringify({ nitro: base64(debug.evidence), snp: base64(other.evidence) }))
    assert.deepEqual(
      compositeParts(evidence).map(({ name }) => name),
      ['part-nitro', 'snp'],
    )
    const expect = { nonce: NONCE, allowEmulated: true, parts: { nitro: { allowDebug: true } } }
    const { parts = [] } = await verifyComposite(evidence, { at: AT, door: doorFor(debug), expect })
    const [first] = parts
    assert.ok(first)
    assert.equal(checkOf(first.verdict, 'snp.debug').outcome, 'fail')
  })

  it('names the part that cannot be read', async () => {
    const { evidence, snp } = attestation({ devices: [{ evidence: 'EeAB' }] })
    await assert.rejects(
      verifyComposite(evidence, { at: AT, door: doorFor(snp), expect: wishes(snp) }),
      /^EvidenceError: nvidia\./,
    )
  })
})

const collection = (parts: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  cborMap(
    Object.entries(parts).map(([label, bytes]) => [
      cborText(label),
      cborArray([cborText('application/octet-stream'), cborBytes(bytes)]),
    ]),
  )

describe('a collection of conceptual messages, as one', () => {
  const nonce = Buffer.from(NONCE, 'hex')
  const leafKey = namedKey('the chip of both guests', 'P-384')
  const snp = makeSnp({ nonce, leafKey, at: AT })
  const device = (which: 'first' | 'second'): Uint8Array => utf8(JSON.stringify([gpu(NONCE, which)]))

  it('takes GPUs that were sent one by one for one node', async () => {
    const evidence = collection({ 'GPU 1': device('first'), vm: snp.evidence, 'GPU 2': device('second') })
    assert.deepEqual(
      compositeParts(evidence).map(({ name }) => name),
      ['vm', 'gpus'],
    )
    const verdict = await verifyComposite(evidence, { at: AT, door: doorFor(snp), expect: wishes(snp) })
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.match(checkOf(verdict, 'composite.binding').reason, /your nonce/)
  })

  it('is rejected when one part holds another nonce, or none of it', async () => {
    const evidence = collection({ vm: snp.evidence, gpu: utf8(JSON.stringify([gpu('77'.repeat(32))])) })
    const verdict = await verifyComposite(evidence, { at: AT, door: doorFor(snp), expect: wishes(snp) })
    assert.equal(checkOf(verdict, 'composite.binding').outcome, 'fail')
    assert.match(checkOf(verdict, 'composite.binding').reason, /^gpu/)
  })

  it('is open when nothing ties parts with different data together', async () => {
    const evidence = collection({ vm: snp.evidence, gpu: utf8(JSON.stringify([gpu('77'.repeat(32))])) })
    const { nonce: _nonce, ...expect } = wishes(snp)
    const verdict = await verifyComposite(evidence, { at: AT, door: doorFor(snp), expect })
    assert.ok(open(verdict).includes('composite.binding'))
    assert.notEqual(verdict.authenticity, 'proven')
  })

  it('is bound when all parts hold the same data, although not shown to be fresh', async () => {
    const evidence = collection({ vm: snp.evidence, gpu: device('first') })
    const { nonce: _nonce, ...expect } = wishes(snp)
    const verdict = await verifyComposite(evidence, { at: AT, door: doorFor(snp), expect })
    assert.equal(checkOf(verdict, 'composite.binding').outcome, 'pass')
    assert.ok(open(verdict).includes('composite.freshness'))
  })

  it('rejects the same evidence under two names', async () => {
    const evidence = collection({ a: snp.evidence, b: snp.evidence })
    const verdict = await verifyComposite(evidence, { at: AT, door: doorFor(snp), expect: wishes(snp) })
    assert.deepEqual(failing(verdict), ['composite.distinct'])
  })

  it('rejects it in other bytes as well: a signature has a twin', async () => {
    const twin = snp.evidence.slice()
    const order = BigInt(`0x${'f'.repeat(48)}c7634d81f4372ddf581a0db248b0a77aecec196accc52973`)
    const at = 0x2a0 + 72
    const found = BigInt(
      `0x${Buffer.from(twin.slice(at, at + 48))
        .reverse()
        .toString('hex')}`,
    )
    twin.set(Buffer.from((order - found).toString(16).padStart(96, '0'), 'hex').reverse(), at)
    const evidence = collection({ a: snp.evidence, b: twin })
    const verdict = await verifyComposite(evidence, { at: AT, door: doorFor(snp), expect: wishes(snp) })
    assert.deepEqual(failing(verdict), ['composite.distinct'])
    assert.match(checkOf(verdict, 'composite.distinct').reason, /^b says word for word/)
  })

  it('takes what a caller expects of each part for its binding', async () => {
    const evidence = collection({
      'A/ 1': makeSnp({ nonce: bindingDigest({}), leafKey, at: AT }).evidence,
      '9': snp.evidence,
    })
    const { parts } = wishes(snp)
    const own = { ...parts?.snp, nonce: NONCE }
    const other = { ...parts?.snp, nonce: Buffer.from(bindingDigest({})).toString('hex') }
    const verdict = await verifyComposite(evidence, {
      at: AT,
      door: doorFor(snp),
      expect: { allowEmulated: true, parts: { 'a-1': other, 'part-9': own } },
    })
    assert.equal(verdict.outcome, 'verified', verdict.summary)
  })
})

// `composite.wrapper`: composite-wrapper.test.ts.
it('every check of the whole was made to fail or to stay open', () =>
  assert.deepEqual(compositeCheckIds(), [
    'composite.genuine',
    'composite.distinct',
    'composite.binding',
    'composite.freshness',
    'composite.wrapper',
    'composite.accepted',
  ]))
