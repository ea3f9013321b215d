import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import { tpmMakers } from '../../src/enrolment/makers.ts'
import { joinTpmRoots, openVerifier, readTpmRoots } from '../../src/index.ts'
import { makerNamed } from './soft-tpm.ts'

const one = makerNamed('One Maker')
const other = makerNamed('Another Maker')

describe('roots of TPM makers that an operator names', () => {
  it('are those that sign themselves, in any order and between texts; they say who named them and are not emulated', () => {
    const { anchors, pool } = readTpmRoots(`Made by One.\n${one.pem}\nthe end\n`)
    assert.equal(anchors.length, 1)
    assert.equal(anchors[0]?.emulated, undefined)
    assert.match(anchors[0]?.name ?? '', /^One Maker root, a TPM maker’s root named by the operator$/)
    assert.match(anchors[0]?.id ?? '', /^operator-tpm-root-[0-9a-f]{16}$/)
    assert.deepEqual(pool, [one.intermediate, one.root])
    const both = joinTpmRoots([readTpmRoots(one.pem), readTpmRoots(other.pem), readTpmRoots(one.pem)])
    assert.equal(both.anchors.length, 2)
  })

  it('are refused when there is none, a certificate is damaged, there are too many, or they are emulated', () => {
    const [middle = ''] = one.pem.split('-----END')
    assert.throws(() => readTpmRoots(''), /expected certificates in PEM/)
    assert.throws(() => readTpmRoots(`${middle}-----END CERTIFICATE-----`), /none of them signs itself/)
    assert.throws(() => readTpmRoots(one.pem.replace(/MII[A-Za-z]{8}/, 'MIIAAAAAAAA')), /certificate 1 cannot be read/)
    assert.throws(() => readTpmRoots(one.pem.repeat(257)), /more than 512/)
    assert.throws(() => readTpmRoots(makerNamed('EMULATED, no TPM maker').pem), /emulated platforms/)
  })

  it('are not also emulated anchors of the same verifier', () => {
    const tpmRoots = readTpmRoots(one.pem)
    const emulated = tpmRoots.anchors.map((anchor) => ({ ...anchor, emulated: true }))
    assert.throws(() => openVerifier({ tpmRoots, trustAnchors: emulated }), /is emulated, and no maker's/)
    assert.equal(openVerifier({ tpmRoots }).emulated, false, 'a production checkpoint takes them')
  })
})

describe('the way from an endorsement key to its maker', () => {
  const { anchors, pool } = readTpmRoots(one.pem)
  const leaf = one.certify(generateKey('P-256'))

  it('goes over what came along and over the pool, and is ordered', () => {
    const whole = [leaf, one.intermediate, one.root]
    assert.deepEqual(tpmMakers(anchors, pool).pathFrom([leaf]), whole)
    assert.deepEqual(tpmMakers(anchors, []).pathFrom([leaf, one.root, one.intermediate]), whole)
    assert.deepEqual(tpmMakers(anchors, [one.root]).pathFrom([leaf, other.root, one.intermediate]), whole)
  })

  it('is missing where a link is, where the root is another’s, and for what is no certificate', () => {
    assert.equal(tpmMakers(anchors, [one.root]).pathFrom([leaf]), undefined)
    const theirs = readTpmRoots(other.pem)
    assert.equal(tpmMakers(theirs.anchors, [...theirs.pool, ...pool]).pathFrom([leaf]), undefined)
    assert.equal(tpmMakers(anchors, pool).pathFrom([]), undefined)
    assert.equal(tpmMakers(anchors, pool).pathFrom([new Uint8Array(400)]), undefined)
    assert.equal(tpmMakers(anchors, pool).pathFrom([one.root]), undefined, 'a root is nobody’s endorsement key')
  })

  it('goes by signatures, not by names', () => {
    const impostor = Uint8Array.from(leaf)
    impostor[impostor.length - 1] = (impostor.at(-1) ?? 0) ^ 1
    assert.equal(tpmMakers(anchors, pool).pathFrom([impostor]), undefined)
  })
})
