import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import {
  AMD_CLASS,
  AMD_PROFILE,
  amdLaunchDigest,
  amdMeasurement,
  cbor,
  generateKey,
  INTEL_PROFILE,
  type Members,
  makeCorim,
  ofClass,
  signCorim,
} from '@sekisho/emulator/kit'
import { type Checkpoint, members, type Owner, ownerOf } from './shared.ts'

const LAUNCH = amdLaunchDigest(new Uint8Array(48).fill(1))
const EXACT = amdMeasurement(647, [[1, cbor.tag(552, cbor.integer(7))]])

function guest(...measurements: readonly Members[]): Uint8Array {
  return makeCorim({
    profile: AMD_PROFILE,
    until: new Date('2040-01-01T00:00:00Z'),
    triples: [{ environment: ofClass(AMD_CLASS.chip), measurements }],
  })
}

describe("CoRIMs of AMD's and Intel's profiles", () => {
  let owner: Owner & { readonly checkpoint: Checkpoint }
  before(async () => {
    owner = await ownerOf('corims')
  })

  it('are imported once their signer is known', async () => {
    const [key, other] = [generateKey('P-384'), generateKey('P-384')].map((one) => ({
      key: one,
      jwks: JSON.stringify({ keys: [one.publicKey.export({ format: 'jwk' })] }),
    }))
    assert.ok(key !== undefined && other !== undefined)
    const file = owner.file('signed.cbor', Buffer.from(signCorim(guest(LAUNCH), key.key)))
    const wrong = await owner.run([
      'reference',
      'import',
      'amd',
      file,
      '--signer',
      owner.file('other.jwks', other.jwks),
    ])
    assert.equal(wrong.code, 3)
    assert.match(wrong.err, /signed\.cbor: .*none of the given keys/)
    assert.match((await owner.run(['reference', 'import', 'amd', file])).err, /a signed CoRIM; expected keys/)
    const told = await owner.ok(['reference', 'import', 'amd', file, '--signer', owner.file('key.jwks', key.jwks)])
    assert.match(told, /^amd: stored\./)
    const shown = await owner.json(['reference', 'show', 'amd'])
    assert.deepEqual([shown['tee'], shown['expires']], ['snp', '2040-01-01T00:00:00.000Z'])
    assert.deepEqual(members(shown['values']), { measurement: ['01'.repeat(48)], signingKey: 'vcek' })
    assert.deepEqual(members(shown['provenance']), { kind: 'corim' })
  })

  it('are stored without what the caller names alone', async () => {
    const file = owner.file('exact.cbor', Buffer.from(guest(LAUNCH, EXACT)))
    const refused = await owner.run(['reference', 'import', 'exact', file])
    assert.equal(refused.code, 3)
    assert.match(refused.err, /reference-triples\[0\]\.measurements\[1\] \(REPORTED_TCB\).*an exact SVN/)
    assert.match(
      await owner.ok(['reference', 'import', 'exact', file, '--without', 'REPORTED_TCB']),
      /^exact: stored\./,
    )
    const misspelt = await owner.run(['reference', 'import', 'exact', file, '--without', 'REPORTED_TCB,VERSIONS'])
    assert.match(misspelt.err, /no measurement VERSIONS to leave out/)
  })

  it('say what of them is for others', async () => {
    const corim = makeCorim({
      profile: AMD_PROFILE,
      triples: [
        { environment: ofClass(AMD_CLASS.chip), measurements: [LAUNCH] },
        { environment: ofClass('1.2.3'), measurements: [LAUNCH] },
      ],
    })
    const told = await owner.ok(['reference', 'import', 'mixed', owner.file('mixed.cbor', Buffer.from(corim))])
    const path = 'corim.tags[0].reference-triples[1] (class 1.2.3)'
    assert.ok(told.startsWith('mixed: stored.') && told.endsWith(`passed over: ${path}\n`), told)
  })

  it('of TDs need the class of those', async () => {
    const mval = cbor.map([[-83, cbor.digest(7, new Uint8Array(48).fill(4))]])
    const corim = makeCorim({
      profile: INTEL_PROFILE,
      triples: [{ environment: ofClass('1.2.3'), measurements: [[[1, mval]]] }],
    })
    const file = owner.file('td.cbor', Buffer.from(corim))
    assert.match((await owner.run(['reference', 'import', 'td', file])).err, /class 1\.2\.3/)
    await owner.ok(['reference', 'import', 'td', file, '--td-class', '1.2.3'])
    const shown = await owner.json(['reference', 'show', 'td'])
    assert.deepEqual([shown['tee'], members(shown['values'])], ['tdx', { measurement: ['04'.repeat(48)] }])
  })
})
