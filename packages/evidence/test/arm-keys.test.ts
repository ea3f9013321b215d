import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { generateKey, type KeyPair, spkiSha256, toPem } from '@sekisho/emulator/kit'
import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../src/cbor/encode.ts'
import {
  type ArmEndorsementsInput,
  type CcaVerifyOptions,
  readCorim,
  verifyCca,
  verifyCcaSync,
} from '../src/cca/index.ts'
import { canonicalJson } from '../src/core/canonical.ts'
import { createMemory } from '../src/core/memory.ts'
import type { Check, Verdict } from '../src/core/verdict.ts'
import { verifyPsaSync } from '../src/psa/index.ts'
import { AT, filled, IMPLEMENTATION, makeCca, makePsa, PLATFORM_KEY, STRANGER } from './arm-kit.ts'

const OTHER = generateKey('P-384')
const SHORT = generateKey('P-256')
const TOKEN = makeCca()
const INSTANCE = Uint8Array.from([1, ...filled(32, 3)])

/** A CoRIM whose one attest-key triple has these keys of a device. */
function corim(keys: readonly KeyPair[], instance: Uint8Array | null = INSTANCE): ArmEndorsementsInput {
  const environment = cborMap([
    [cborInteger(0), cborMap([[cborInteger(0), cborTag(600, cborBytes(IMPLEMENTATION))]])],
    ...(instance === null ? [] : [[cborInteger(1), cborTag(550, cborBytes(instance))] as const]),
  ])
  const pems = keys.map(({ spki }) => cborTag(554, cborText(toPem(spki, 'PUBLIC KEY'))))
  const triples = cborMap([[cborInteger(3), cborArray([cborArray([environment, cborArray(pems)])])]])
  const comid = cborMap([
    [cborInteger(1), cborMap([[cborInteger(0), cborText('keys')]])],
    [cborInteger(4), triples],
  ])
  const tags = cborArray([cborTag(506, cborBytes(comid))])
  const content = readCorim(
    cborTag(
      501,
      cborMap([
        [cborInteger(0), cborText('corim')],
        [cborInteger(1), tags],
      ]),
    ),
  )
  assert.equal(content.error, undefined)
  return { corims: [content] }
}

function check(verdict: Verdict, id: string): Check {
  const found = verdict.checks.flatMap((group) => group.checks).find((one) => one.id === id)
  return found ?? assert.fail(id)
}

const SETS: Readonly<Record<string, readonly KeyPair[]>> = {
  'the first of two': [PLATFORM_KEY, OTHER],
  'the last of three': [STRANGER, OTHER, PLATFORM_KEY],
  'one beside a key of another curve': [SHORT, PLATFORM_KEY],
  'one that is there twice': [PLATFORM_KEY, PLATFORM_KEY],
}

describe('several keys of one Arm device', () => {
  const cca = (keys: ArmEndorsementsInput, options: Partial<CcaVerifyOptions> = {}, token = TOKEN): Verdict =>
    verifyCcaSync(token, { at: AT, endorsements: keys, ...options })

  for (const [name, keys] of Object.entries(SETS)) {
    it(`CCA: a token signed with ${name} is genuine, and its key the anchor`, async () => {
      const verdict = cca(corim(keys))
      assert.equal(verdict.authenticity, 'proven', verdict.summary)
      assert.deepEqual(
        verdict.anchors.map(({ spkiSha256 }) => spkiSha256),
        [spkiSha256(PLATFORM_KEY)],
      )
      assert.match(check(verdict, 'cca.key.present').reason, new RegExp(`${keys.length} verification keys`))
      const expected = canonicalJson(verdict)
      const options = { at: AT, endorsements: corim(keys) }
      assert.equal(canonicalJson(await verifyCca(TOKEN, options)), expected)
      const memory = createMemory()
      for (let i = 0; i < 2; i++) assert.equal(canonicalJson(verifyCcaSync(TOKEN, { ...options, memory })), expected)
    })

    it(`PSA: so is one with ${name}`, () => {
      const keyed = corim(keys, null)
      const verdict = verifyPsaSync(makePsa(), { at: AT, endorsements: keyed })
      assert.equal(verdict.authenticity, 'proven', verdict.summary)
      // The instance id is a digest of the key: of the one that signed.
      assert.equal(check(verdict, 'psa.instance-id').outcome, 'pass')
    })
  }

  it('a token signed with none of them is refuted', () => {
    const keys = [OTHER, PLATFORM_KEY]
    const forged = makeCca({ platformSigner: STRANGER })
    assert.equal(cca(corim(keys), {}, forged).authenticity, 'refuted')
    assert.equal(check(cca(corim(keys), {}, forged), 'cca.platform.signature').outcome, 'fail')
    const psa = verifyPsaSync(makePsa({}, STRANGER), { at: AT, endorsements: corim(keys, null) })
    assert.equal(psa.authenticity, 'refuted')
  })

  it('what a memory knows by other keys does not count', () => {
    const memory = createMemory()
    assert.equal(cca(corim([OTHER, PLATFORM_KEY]), { memory }).authenticity, 'proven')
    assert.equal(cca(corim([OTHER, STRANGER]), { memory }).authenticity, 'refuted')
    assert.equal(cca(corim([PLATFORM_KEY]), { memory }).authenticity, 'proven')
  })

  it('the key that signed must be an anchor where there are anchors', () => {
    const anchor = (key: KeyPair) => ({ id: 'named', name: 'named', vendor: 'test', spkiSha256: spkiSha256(key) })
    const keys = corim([OTHER, PLATFORM_KEY])
    assert.equal(cca(keys, { trustAnchors: [anchor(PLATFORM_KEY)] }).authenticity, 'proven')
    assert.equal(check(cca(keys, { trustAnchors: [anchor(OTHER)] }), 'cca.key.trusted').outcome, 'fail')
  })

  it('keys that name the instance win over keys of the implementation', () => {
    const both = (named: KeyPair, general: KeyPair): ArmEndorsementsInput => ({
      corims: [...(corim([general], null).corims ?? []), ...(corim([named]).corims ?? [])],
    })
    assert.equal(cca(both(PLATFORM_KEY, OTHER)).authenticity, 'proven')
    assert.equal(cca(both(OTHER, PLATFORM_KEY)).authenticity, 'refuted')
  })

  it('more keys than are tried leave the device open', () => {
    const keys = Array.from({ length: 64 }, () => OTHER)
    assert.equal(cca(corim([...keys.slice(1), PLATFORM_KEY])).authenticity, 'proven')
    const verdict = cca(corim([...keys, PLATFORM_KEY]))
    assert.equal(verdict.authenticity, 'unproven')
    const { outcome, reason, remedy } = check(verdict, 'cca.key.present')
    assert.deepEqual([outcome, remedy?.by], ['unchecked', 'relying-party'])
    assert.match(reason, /65 keys .* no more than 64/)
  })
})
