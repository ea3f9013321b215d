import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ReferenceSet } from '../src/model.ts'
import { chooseReference } from '../src/references/choose.ts'
import { type CorimValues, corimSets } from '../src/references/corim.ts'
import { importReferences } from '../src/references/import.ts'
import { readReferenceSet } from '../src/references/read.ts'
import { referenceWarnings } from '../src/references/warnings.ts'
import { AT, MEASUREMENT } from './kit.ts'
import { missing, vectorPath } from './vectors.ts'

const OTHER = '11'.repeat(48)
const SNP = { name: 'db', tee: 'snp', owner: 'ops', values: { measurement: MEASUREMENT } }
const OPTIONS = { name: 'imported', owner: 'ops', at: AT }

function setOf(change: object = {}): ReferenceSet {
  return readReferenceSet({ ...SNP, ...change })
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

describe('a reference set', () => {
  it('is read into one shape, by its TEE', () => {
    const set = setOf({ values: { measurement: MEASUREMENT.toUpperCase(), minTcb: { snp: 22 } } })
    assert.deepEqual(set.values, { measurement: [MEASUREMENT], minTcb: { snp: 22 } })
    assert.deepEqual(set.provenance, { kind: 'manual' })
    assert.equal(setOf({ expires: '2027-01-31T00:00Z' }).expires, '2027-01-31T00:00:00.000Z')
  })
  const wrong: readonly (readonly [what: string, change: object, field: RegExp])[] = [
    ['a misspelt value', { values: { mesurement: MEASUREMENT } }, /^values: there is no field "mesurement"/],
    ['a value of another length', { values: { measurement: 'ab' } }, /^values\.measurement: expected 48 bytes/],
    ['a value of another TEE', { values: { rtmr0: OTHER } }, /^values: there is no field "rtmr0"/],
    [
      'a nonce',
      { values: { measurement: MEASUREMENT, nonce: '00'.repeat(16) } },
      /^values\.nonce: belongs to one exchange/,
    ],
    ['no value', { values: {} }, /^values: expected at least one/],
    ['values that are none', { values: [] }, /^values: expected an object/],
    ['an unknown TEE', { tee: 'sev-snp' }, /^tee: expected one of sgx/],
    ['a name with a slash', { name: '../x' }, /^name: expected/],
    ['no owner', { owner: '' }, /^owner: expected text/],
    ['an unknown member', { expiry: '2027-01-01' }, /there is no member "expiry"/],
    ['a local time', { expires: '2027-01-31T00:00:00' }, /^expires: expected a time in UTC/],
    ['a day that is none', { expires: '2027-13-31T00:00:00Z' }, /^expires: expected a time in UTC/],
    ['a day that its month has not', { expires: '2027-02-30T00:00:00Z' }, /^expires: expected a time in UTC/],
    ['another provenance', { provenance: { kind: 'hearsay' } }, /^provenance\.kind: expected one of/],
  ]
  for (const [what, change, field] of wrong) {
    it(`with ${what} is refused, and the field named`, () => {
      assert.throws(
        () => setOf(change),
        (error) => error instanceof TypeError && field.test(error.message),
      )
    })
  }
  it('of Azure is checked in its parts as well', () => {
    const azure = (values: object) => readReferenceSet({ name: 'a', tee: 'azure-vtpm', owner: 'o', values })
    assert.deepEqual(azure({ vtpm: { pcrs: { 4: OTHER } } }).values, { vtpm: { pcrs: { 4: [OTHER] } } })
    assert.throws(() => azure({ vtpm: { pcr: {} } }), /values\.vtpm: there is no field "pcr"/)
    assert.throws(() => azure({ hardware: { measurment: OTHER } }), /values\.hardware: there is no field/)
    assert.equal(azure({ allowDebug: true }).values['allowDebug'], true)
    for (const part of ['hardware', 'vtpm'])
      for (const hidden of [{ allowDebug: true }, { allowEmulated: true }, { nonce: 'aa'.repeat(32) }])
        assert.throws(() => azure({ [part]: hidden }), new RegExp(`values\\.${part}.${Object.keys(hidden)[0]}: `))
  })
})

describe('an import', () => {
  it('takes one set, a list of sets, and measurements', () => {
    const [one] = importReferences(json({ tee: 'snp', values: { measurement: MEASUREMENT } }), OPTIONS)
    assert.deepEqual([one?.name, one?.owner, one?.provenance.kind], ['imported', 'ops', 'json'])
    const two = importReferences(json([SNP, { tee: 'nitro', measurement: OTHER, image: 'app.eif' }]), OPTIONS)
    assert.deepEqual(
      two.map(({ name, tee, provenance }) => [name, tee, provenance.kind, provenance.source]),
      [
        ['db', 'snp', 'json', undefined],
        ['imported-2', 'nitro', 'measurement', 'app.eif'],
      ],
    )
  })
  it('names the entry and the field that cannot be read', () => {
    assert.throws(() => importReferences(json([SNP, { ...SNP, tee: 'x' }]), OPTIONS), /^TypeError: \[1\] tee: expected/)
    assert.throws(() => importReferences(json({ measurement: MEASUREMENT }), OPTIONS), /with `tee` and `measurement`/)
    assert.throws(() => importReferences(json([]), OPTIONS), /0 reference sets/)
    assert.throws(() => importReferences(json([SNP, { ...SNP, owner: 'another' }]), OPTIONS), /two .* are named db/)
    const unnamed = { tee: 'nitro', measurement: OTHER }
    assert.throws(() => importReferences(json([{ ...SNP, name: 'imported-2' }, unnamed]), OPTIONS), /imported-2/)
    assert.throws(() => importReferences(new TextEncoder().encode('{"a":'), OPTIONS), /begins like JSON/)
    assert.throws(() => importReferences(new Uint8Array(0), OPTIONS), /0 bytes/)
    assert.throws(() => importReferences(new Uint8Array(1024 * 1024 + 1), OPTIONS), /1048577 bytes/)
    assert.throws(() => importReferences(Uint8Array.of(0xff, 1, 2), OPTIONS), /neither JSON nor a CoRIM/)
    const until = new Date('2040-01-01T00:00:00Z')
    assert.throws(() => importReferences(Buffer.from('[]'), { ...OPTIONS, until }), /^TypeError: until: /)
  })
  it('takes realms from a CoRIM', { skip: missing('arm-cca/services-good') }, () => {
    const bytes = readFileSync(vectorPath('arm-cca/services-good/corim-realm.cbor'))
    const [set] = importReferences(bytes, { ...OPTIONS, source: 'corim-realm.cbor' })
    assert.equal(set?.tee, 'cca')
    assert.deepEqual(set?.provenance, { kind: 'corim', source: 'corim-realm.cbor' })
    const { measurement } = set?.values ?? {}
    assert.ok(Array.isArray(measurement) && /^[0-9a-f]{64,128}$/.test(String(measurement[0])))
    assert.ok('rem0' in (set?.values ?? {}))
  })
  it('holds values of a CoRIM for as long as that says', { skip: missing('arm-cca/services-good') }, () => {
    const bytes = readFileSync(vectorPath('arm-cca/services-good/corim-realm.cbor'))
    const until = Date.parse('2027-03-01T00:00:00Z')
    // A further member of the map behind tag 501: the validity, with its end in seconds.
    const member = Buffer.from('04a101c11a00000000', 'hex')
    member.writeUInt32BE(until / 1000, 5)
    const dated = Buffer.concat([bytes.subarray(0, 3), Buffer.of((bytes[3] ?? 0) + 1), bytes.subarray(4), member])
    const [set] = importReferences(dated, OPTIONS)
    assert.equal(set?.expires, '2027-03-01T00:00:00.000Z')
    assert.equal(importReferences(bytes, OPTIONS)[0]?.expires, undefined)
  })
  it('keeps the instance that a CoRIM gives values of a PSA device or a realm for', () => {
    const component = { type: 'SPE', version: undefined, signerId: undefined, measurements: ['22'.repeat(32)] }
    const values = (instanceId: string | undefined): readonly CorimValues[] =>
      corimSets({
        platforms: [
          { implementationId: '11'.repeat(32), instanceId, components: [component], configuration: undefined },
        ],
      })
    assert.deepEqual(values(`01${'33'.repeat(32)}`)[0]?.values['hardwareIds'], [`01${'33'.repeat(32)}`])
    assert.equal(values(undefined)[0]?.values['hardwareIds'], undefined)
    const realm = { initialMeasurement: '44'.repeat(32), extensibleMeasurements: [], personalizationValue: undefined }
    const hardwareIds = (instanceId: string | undefined): unknown =>
      corimSets({ realms: [{ ...realm, instanceId }] })[0]?.values['hardwareIds']
    assert.deepEqual(hardwareIds(`01${'33'.repeat(32)}`), [`01${'33'.repeat(32)}`])
    assert.equal(hardwareIds(undefined), undefined)
  })
  it('takes no platform firmware as a reference of realms', { skip: missing('arm-cca/services-good') }, () => {
    const bytes = readFileSync(vectorPath('arm-cca/services-good/corim-platform.cbor'))
    assert.throws(() => importReferences(bytes, OPTIONS), /endorsements/)
  })
})

describe('the choice of a reference set', () => {
  const skeleton = {
    measurement: [MEASUREMENT],
    reportData: '00',
    products: ['Genoa'],
    minTcb: { snp: 22, microcode: 9 },
  }
  it('is the one that the evidence meets in most', () => {
    const wide = setOf({ name: 'wide' })
    const close = setOf({ name: 'close', values: { measurement: [OTHER, MEASUREMENT], products: ['Genoa'] } })
    assert.equal(chooseReference('snp', skeleton, [wide, close], AT).matched?.name, 'close')
  })
  it('says what differs from the nearest one', () => {
    const near = setOf({ name: 'near', values: { measurement: MEASUREMENT, minTcb: { snp: 23 } } })
    const far = setOf({ name: 'far', values: { measurement: OTHER, products: ['Milan'] } })
    const { matched, nearest, differs } = chooseReference('snp', skeleton, [far, near], AT)
    assert.equal(matched, undefined)
    assert.equal(nearest?.name, 'near')
    assert.deepEqual(differs, ['minTcb.snp'])
  })
  it('is never one that has expired, from the very moment on', () => {
    const set = setOf({ expires: AT.toISOString() })
    const { matched, nearest, differs } = chooseReference('snp', skeleton, [set], AT)
    assert.equal(matched, undefined)
    assert.equal(nearest?.name, 'db')
    assert.deepEqual(differs, ['expires'])
    assert.equal(chooseReference('snp', skeleton, [set], new Date(AT.getTime() - 1)).matched?.name, 'db')
    assert.equal(chooseReference('snp', skeleton, [set], new Date(Number.NaN)).matched, undefined)
  })
  it('asks of a result that all appraisals of the set are there, and of each policy that it is accepted', () => {
    const skeleton = { appraisals: ['cpu0', 'gpu0'], appraisalPolicies: ['default', 'mine'] }
    for (const [values, differs] of [
      [{ appraisals: ['cpu0'] }, []],
      [{ appraisals: ['cpu0', 'gpu0'], appraisalPolicies: ['mine', 'default', 'more'] }, []],
      [{ appraisals: ['cpu0', 'gpu1'] }, ['appraisals']],
      [{ appraisalPolicies: ['default'] }, ['appraisalPolicies']],
    ] as const) {
      const set = setOf({ tee: 'token', values })
      assert.deepEqual(chooseReference('token', skeleton, [set], AT).differs, differs, JSON.stringify(values))
    }
  })

  it('takes the claims of a token as they are, and leaves those that the skeleton does not tell to the verifier', () => {
    const skeleton = { profiles: ['https://p.example'], claims: { swname: 'OS', swversion: ['1', 2], minLevel: 3 } }
    for (const [claims, differs] of [
      [{ swname: 'OS', swversion: ['1', 2] }, []],
      [{ swname: 'OS', 'x.y': 1, constructor: 'x' }, []],
      [{ swname: 'os' }, ['claims.swname']],
      [{ swversion: ['1', 2, 3] }, ['claims.swversion']],
      [{ minLevel: 2 }, ['claims.minLevel']],
    ] as const) {
      const set = setOf({ tee: 'token', values: { claims } })
      assert.deepEqual(chooseReference('token', skeleton, [set], AT).differs, differs, JSON.stringify(claims))
    }
  })

  it('is never one of another TEE', () => {
    assert.deepEqual(chooseReference('tdx', skeleton, [setOf()], AT), { differs: [] })
  })
  it('compares registers one by one, and those that are missing as zeros', () => {
    const tdx = (values: object) => readReferenceSet({ name: 't', tee: 'tdx', owner: 'o', values })
    const register = { measurement: OTHER, rtmr3: OTHER }
    const found = { measurement: [OTHER], rtmr0: [OTHER] }
    assert.deepEqual(chooseReference('tdx', found, [tdx(register)], AT).differs, ['rtmr3'])
    const zeros = tdx({ measurement: OTHER, rtmr3: '00'.repeat(48) })
    assert.equal(chooseReference('tdx', found, [zeros], AT).matched?.name, 't')
    const tpm = readReferenceSet({
      name: 'p',
      tee: 'tpm',
      owner: 'o',
      values: { pcrs: { 0: 'aa'.repeat(32), 7: 'bb'.repeat(32) } },
    })
    const quoted = { pcrs: { 0: ['aa'.repeat(32)], 4: ['cc'.repeat(32)] } }
    assert.deepEqual(chooseReference('tpm', quoted, [tpm], AT).differs, ['pcrs.7'])
  })
})

describe('references of TPMs', () => {
  const [A, B, C] = ['aa'.repeat(32), 'bb'.repeat(48), 'cc'.repeat(32)]
  const tpm = (name: string, values: object) => readReferenceSet({ name, tee: 'tpm', owner: 'o', values })
  const quoted = {
    bank: 'sha256',
    measurement: [C],
    banks: { sha1: {}, sha256: { 0: [A], 7: [A] }, sha384: { 0: [B] } },
  }

  it('are chosen by the digest over all registers where they pin that alone', () => {
    const sets = [tpm('other', { measurement: A }), tpm('own', { measurement: C })]
    assert.equal(chooseReference('tpm', quoted, sets, AT).matched?.name, 'own')
    assert.deepEqual(chooseReference('tpm', quoted, sets.slice(0, 1), AT).differs, ['measurement'])
  })

  it('are compared in the bank that they name, and else in the one that is judged by', () => {
    const sets = [
      tpm('other', { bank: 'sha384', pcrs: { 0: 'dd'.repeat(48) } }),
      tpm('long', { bank: 'sha384', pcrs: { 0: B } }),
    ]
    assert.equal(chooseReference('tpm', quoted, sets, AT).matched?.name, 'long')
    assert.equal(chooseReference('tpm', quoted, [tpm('short', { pcrs: { 0: A, 7: A } })], AT).matched?.name, 'short')
    assert.deepEqual(chooseReference('tpm', quoted, [tpm('short', { pcrs: { 0: B } })], AT).differs, ['pcrs.0'])
    const unquoted = tpm('unquoted', { bank: 'sha512', pcrs: { 0: 'ee'.repeat(64) } })
    assert.deepEqual(chooseReference('tpm', quoted, [unquoted], AT).differs, ['bank', 'pcrs.0'])
    const bare = tpm('bare', { bank: 'sha1', pcrs: { 0: 'ee'.repeat(20) } })
    assert.deepEqual(chooseReference('tpm', quoted, [bare], AT).differs, ['pcrs.0'])
  })

  it('of a vTPM too', () => {
    const set = (pcr: string) =>
      readReferenceSet({
        ...{ name: 'a', tee: 'azure-vtpm', owner: 'o' },
        values: { vtpm: { bank: 'sha384', pcrs: { 0: pcr } } },
      })
    assert.equal(chooseReference('azure-vtpm', { vtpm: quoted }, [set(B)], AT).matched?.name, 'a')
    const differs = chooseReference('azure-vtpm', { vtpm: quoted }, [set('dd'.repeat(48))], AT).differs
    assert.deepEqual(differs, ['vtpm.pcrs.0'])
  })
})

describe('references of composite evidence and of signers', () => {
  it('are compared in their parts, as far as the skeleton tells', () => {
    const values = { measurement: OTHER, vtpm: { pcrs: { 4: OTHER }, requiredPcrs: [4, 7] } }
    const azure = readReferenceSet({ name: 'a', tee: 'azure-vtpm', owner: 'o', values })
    const found = { measurement: [OTHER], vtpm: { pcrs: { 4: [OTHER] } } }
    assert.equal(chooseReference('azure-vtpm', found, [azure], AT).matched?.name, 'a')
    const changed = { measurement: [OTHER], vtpm: { pcrs: { 4: [MEASUREMENT] } } }
    assert.deepEqual(chooseReference('azure-vtpm', changed, [azure], AT).differs, ['vtpm.pcrs.4'])
  })
  it('are told apart by signer, product id and lowest version', () => {
    const signed = (name: string, isvProdId: number) =>
      readReferenceSet({ name, tee: 'sgx', owner: 'o', values: { signer: 'aa'.repeat(32), isvProdId, minSvn: 3 } })
    const found = { signer: ['AA'.repeat(32)], isvProdId: 2, minSvn: 4 }
    const sets = [signed('one', 1), signed('two', 2)]
    assert.equal(chooseReference('sgx', found, sets, AT).matched?.name, 'two')
    assert.deepEqual(chooseReference('sgx', { ...found, minSvn: 2 }, sets, AT).differs, ['minSvn'])
  })
})

describe('hostile reference sets', () => {
  it('end in a TypeError or in a set that is read again the same', () => {
    const tee = fc.constantFrom('snp', 'sgx', 'tdx', 'tpm', 'azure-vtpm', 'nitro', 'cca', 'token')
    const values = fc.oneof(
      fc.dictionary(fc.constantFrom('measurement', 'pcrs', 'minTcb', 'vtpm', '__proto__'), fc.jsonValue()),
      fc.jsonValue(),
    )
    fc.assert(
      fc.property(fc.record({ name: fc.string(), tee, owner: fc.string(), values }), (input) => {
        try {
          const set = readReferenceSet(input)
          assert.deepEqual(readReferenceSet(set), set)
        } catch (error) {
          assert.ok(error instanceof TypeError, String(error))
        }
      }),
      { numRuns: 1000 },
    )
  })
  it('in files end in a TypeError or in sets', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.json().map((text) => new TextEncoder().encode(text)),
        ),
        (bytes) => {
          try {
            assert.ok(importReferences(bytes, OPTIONS).length > 0)
          } catch (error) {
            assert.ok(error instanceof TypeError, String(error))
          }
        },
      ),
      { numRuns: 1000 },
    )
  })
})

describe('warnings about reference sets', () => {
  it('name sets that do not say what may run', () => {
    const codesOf = (tee: string, values: object): readonly string[] => {
      const set = readReferenceSet({ name: 'a', tee, values, owner: 'o', provenance: { kind: 'manual' } })
      return referenceWarnings([set], { at: new Date(0), matched: new Set(['a']) }).map(({ code }) => code)
    }
    assert.deepEqual(codesOf('snp', { vmpl: [0] }), ['nothing-pinned'])
    assert.deepEqual(codesOf('tpm', { requiredPcrs: [7] }), ['nothing-pinned'])
    assert.deepEqual(codesOf('snp', { measurement: 'ab'.repeat(48) }), [])
    assert.deepEqual(codesOf('tpm', { pcrs: { 7: ['ab'.repeat(32)] } }), [])
    assert.deepEqual(codesOf('tdx', { rtmr3: 'ab'.repeat(48) }), ['base-unpinned'])
  })

  const codes = (sets: readonly ReferenceSet[], matched: readonly string[] = ['db']) =>
    referenceWarnings(sets, { at: AT, matched: new Set(matched) }).map(({ code, set }) => `${set}: ${code}`)
  it('name sets that nothing matched, that expire soon or have, and twins', () => {
    assert.deepEqual(codes([setOf()]), [])
    assert.deepEqual(codes([setOf()], []), ['db: never-matched'])
    assert.deepEqual(codes([setOf({ expires: '2026-12-20T00:00:00Z' })]), ['db: expires-soon'])
    assert.deepEqual(codes([setOf({ expires: '2027-01-20T00:00:00Z' })]), [])
    assert.deepEqual(codes([setOf({ expires: '2026-01-20T00:00:00Z' })], []), ['db: expired'])
    assert.deepEqual(codes([setOf(), setOf({ name: 'twin' })], ['db', 'twin']), ['twin: same-values'])
  })
  it('name sets that pin a register and not its base, allow debug, or emulated platforms', () => {
    const tdx = readReferenceSet({ name: 't', tee: 'tdx', owner: 'o', values: { rtmr3: OTHER } })
    assert.deepEqual(codes([tdx], ['t']), ['t: base-unpinned'])
    const lax = { values: { measurement: MEASUREMENT, allowDebug: true, allowEmulated: true } }
    assert.deepEqual(codes([setOf(lax)]), ['db: allows-debug', 'db: allows-emulated'])
  })
})
