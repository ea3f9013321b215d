import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  AMD_CLASS,
  AMD_PROFILE,
  amdLaunchDigest,
  amdMeasurement,
  type CorimParts,
  cbor,
  generateKey,
  INTEL_PROFILE,
  makeCorim,
  ofClass,
  signCorim,
} from '@sekisho/emulator/kit'
import { chooseReference } from '../src/references/choose.ts'
import { type ImportOptions, importReferences, passedOver } from '../src/references/import.ts'
import { AT } from './kit.ts'

const OPTIONS: ImportOptions = { name: 'vendor', owner: 'ops', at: AT, source: 'corim.cbor' }
const launch = (value: number) => amdLaunchDigest(new Uint8Array(48).fill(value))
const guest = (value: number) => ({ environment: ofClass(AMD_CLASS.chip), measurements: [launch(value)] })
const hour = (count: number): Date => new Date(AT.getTime() + count * 3_600_000)

function imported(parts: CorimParts, options: Partial<ImportOptions> = {}) {
  return importReferences(makeCorim({ profile: AMD_PROFILE, triples: [guest(1)], ...parts }), {
    ...OPTIONS,
    ...options,
  })
}

describe("an import of a CoRIM of AMD's or Intel's profile", () => {
  it('makes a set of each triple, with where it comes from', () => {
    const [one] = imported({})
    assert.deepEqual(one, {
      name: 'vendor',
      tee: 'snp',
      values: { measurement: ['01'.repeat(48)], signingKey: 'vcek' },
      owner: 'ops',
      provenance: { kind: 'corim', source: 'corim.cbor' },
    })
    const sets = imported({ triples: [guest(1), guest(2)] })
    assert.deepEqual(
      sets.map(({ name, values }) => [name, values['measurement']]),
      [
        ['vendor-1', ['01'.repeat(48)]],
        ['vendor-2', ['02'.repeat(48)]],
      ],
    )
    const choice = chooseReference('snp', { measurement: ['02'.repeat(48)] }, sets, AT)
    assert.equal(choice.matched?.name, 'vendor-2')
    assert.equal(chooseReference('snp', { measurement: ['03'.repeat(48)] }, sets, AT).matched, undefined)
  })

  it('holds for as long as the CoRIM and its signer say', () => {
    assert.equal(imported({ until: hour(2) })[0]?.expires, hour(2).toISOString())
    assert.equal(imported({ until: hour(2) }, { until: hour(1) })[0]?.expires, hour(1).toISOString())
    assert.throws(() => imported({ until: hour(-1) }), /the CoRIM was valid until/)
    assert.throws(() => imported({ from: hour(1) }), /the CoRIM is valid from/)
  })

  it('tells TDs by the class that is named', () => {
    const mval = cbor.map([[-83, cbor.digest(7, new Uint8Array(48).fill(4))]])
    const td = {
      profile: INTEL_PROFILE,
      triples: [{ environment: ofClass('1.2.3'), measurements: [[[1, mval]]] }],
    } as const
    assert.throws(() => imported(td), /no reference values of SNP guests.*; it has .*\(class 1\.2\.3\)/)
    const [set] = imported(td, { tdClass: '1.2.3' })
    assert.deepEqual([set?.tee, set?.values], ['tdx', { measurement: ['04'.repeat(48)] }])
  })

  it('names what it makes no set of', () => {
    const other = { ...guest(2), environment: ofClass('1.2.3') }
    const bytes = makeCorim({ profile: AMD_PROFILE, triples: [guest(1), other] })
    assert.equal(importReferences(bytes, OPTIONS).length, 1)
    assert.deepEqual(passedOver(bytes, {}), ['corim.tags[0].reference-triples[1] (class 1.2.3)'])
    assert.deepEqual(passedOver(makeCorim({ triples: [guest(1)] }), {}), [], 'of Arm’s')
    assert.deepEqual(passedOver(Buffer.from('[]'), {}), [])
    const many = Array.from({ length: 300 }, () => other)
    assert.equal(passedOver(makeCorim({ profile: AMD_PROFILE, triples: many }), {}).length, 256)
  })

  it('stores nothing of a CoRIM that says more than can be compared, unless the caller leaves that out by name', () => {
    const exact = amdMeasurement(647, [[1, cbor.tag(552, cbor.integer(7))]])
    const more = { triples: [guest(1), { environment: ofClass(AMD_CLASS.chip), measurements: [launch(2), exact] }] }
    assert.throws(
      () => imported(more),
      /values that cannot be compared: .*reference-triples\[1\].*REPORTED_TCB.*an exact SVN/,
    )
    const twice = { triples: [...more.triples.slice(1), ...more.triples.slice(1)] }
    assert.throws(() => imported(twice), /\(and 1 more\)$/)
    assert.equal(imported(more, { without: ['REPORTED_TCB'] }).length, 2)
    assert.throws(() => imported({}, { without: ['REPORTED_TCB'] }), /no measurement REPORTED_TCB to leave out/)
  })

  it('refuses profiles that are not read, signed CoRIMs, and words about measurements that nobody reads', () => {
    const profile = cbor.tag(32, cbor.text('tag:x.invalid,2026:y'))
    assert.throws(() => imported({ profile }), /the profile tag:x\.invalid,2026:y: expected one of tag:amd\.com/)
    const { profile: _, ...plain } = { profile, triples: [guest(1)] }
    assert.throws(() => importReferences(makeCorim(plain), OPTIONS), /no reference values of realms or of PSA devices/)
    const signed = signCorim(makeCorim({ profile: AMD_PROFILE, triples: [guest(1)] }), generateKey('P-384'))
    assert.throws(() => importReferences(signed, OPTIONS), /a signed CoRIM; expected keys of those who may sign it/)
    assert.throws(
      () => importReferences(makeCorim(plain), { ...OPTIONS, without: ['VERSION'] }),
      /^TypeError: without: is for/,
    )
    const json = Buffer.from(JSON.stringify({ tee: 'snp', values: { measurement: '01'.repeat(48) } }))
    assert.throws(() => importReferences(json, { ...OPTIONS, tdClass: '1.2.3' }), /^TypeError: tdClass: is for CoRIMs/)
    assert.throws(
      () => imported({ triples: [], otherTriples: [[1, cbor.array([])]] }),
      /it has corim\.tags\[0\]\.endorsed-triples/,
    )
  })
})
