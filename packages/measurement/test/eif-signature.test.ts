import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { type EifEntry, filled, generateKey, makeEif, makeSigner, signEif, toPem, utf8 } from '@sekisho/emulator/kit'
import { AT, failures, measured, refused, SIGNER, signed } from './kit.ts'

const DAY_MS = 86_400_000
const GOOD: Readonly<Record<string, EifEntry>> = {
  'ES256, P-256': SIGNER,
  'ES384, P-384': makeSigner('P-384', AT),
  'ES512, P-521': makeSigner('P-521', AT),
  'tag 18': { ...SIGNER, tagged: true },
  'byte strings instead of arrays of integers': { ...SIGNER, strings: true },
  'text around the certificate': {
    ...SIGNER,
    pem: `Bag Attributes\n  friendlyName: x\n${toPem(SIGNER.certificate)}\n`,
  },
  'a chain: the first certificate signs': {
    ...SIGNER,
    pem: toPem(SIGNER.certificate) + toPem(makeSigner('P-256', AT).certificate),
  },
}

describe('signatures of enclave images that hold', () => {
  for (const [name, entry] of Object.entries(GOOD)) {
    it(name, async () => {
      const found = await measured(signed(entry))
      assert.deepEqual([found.signature, failures(found)], ['valid', []])
      const [signer] = found.signers
      assert.equal(signer?.subject, 'made image signer, Sekisho tests')
      assert.equal(new X509Certificate(signer?.certificate ?? '').serialNumber, '07')
      assert.deepEqual(
        signer?.checks.map(({ outcome }) => outcome),
        ['pass', 'pass', 'pass', 'pass'],
      )
    })
  }

  it('two signatures over one image; PCR8 is of the first certificate', async () => {
    const other = makeSigner('P-384', AT)
    const both = await measured(makeEif({ signature: signEif({}, other, SIGNER) }))
    assert.equal(both.signers.length, 2)
    assert.equal(both.signature, 'valid')
    assert.equal(both.pcrs.pcr8, (await measured(signed(other))).pcrs.pcr8)
  })
})

const BAD: readonly (readonly [name: string, entry: EifEntry, at: Date, failed: readonly string[]])[] = [
  ['one bit of it flipped', { ...SIGNER, corrupt: true }, AT, ['eif.signature.valid']],
  ['made with another key', { ...SIGNER, key: generateKey('P-256') }, AT, ['eif.signature.valid']],
  [
    'an algorithm of another curve named',
    { ...SIGNER, algorithm: -35 },
    AT,
    ['eif.signature.algorithm', 'eif.signature.valid'],
  ],
  [
    'a hash that does not go with the curve, signed with it',
    { ...SIGNER, algorithm: -36 },
    AT,
    ['eif.signature.algorithm', 'eif.signature.valid'],
  ],
  [
    'an algorithm that nobody knows',
    { ...SIGNER, algorithm: -1234 },
    AT,
    ['eif.signature.algorithm', 'eif.signature.valid'],
  ],
  ['over another value', { ...SIGNER, value: filled(48, 1) }, AT, ['eif.signature.register']],
  ['over a longer value', { ...SIGNER, value: filled(64, 1) }, AT, ['eif.signature.register']],
  ['over another register', { ...SIGNER, register: 1 }, AT, ['eif.signature.register']],
  ['a day after the certificate ended', SIGNER, new Date(AT.getTime() + 16 * DAY_MS), ['eif.signature.dates']],
  ['a day before it begins', SIGNER, new Date(AT.getTime() - 16 * DAY_MS), ['eif.signature.dates']],
]

/** How algorithms are told that a case names in the place of its key's own. */
const ALGORITHM_NAMES: ReadonlyMap<number | undefined, string> = new Map([
  [-35, 'ES384'],
  [-36, 'ES512'],
  [-1234, 'algorithm -1234'],
])

describe('signatures of enclave images that do not hold', () => {
  for (const [name, entry, at, failed] of BAD) {
    it(name, async () => {
      const found = await measured(signed(entry), at)
      assert.deepEqual([found.signature, failures(found)], ['invalid', failed])
      const [algorithm] = found.signers.flatMap(({ checks }) => checks)
      assert.deepEqual(
        [algorithm?.expected, algorithm?.actual],
        ['ES256', ALGORITHM_NAMES.get(entry.algorithm) ?? 'ES256'],
      )
      for (const { outcome, remedy, reason } of found.signers.flatMap(({ checks }) => checks))
        assert.ok(reason !== '' && (outcome === 'pass') === (remedy === undefined))
    })
  }

  it('a good signature taken from another image', async () => {
    const signature = signEif({ kernel: utf8('another kernel') }, SIGNER)
    assert.deepEqual(failures(await measured(makeEif({ signature }))), ['eif.signature.register'])
  })

  it('one of two does not hold', async () => {
    const found = await measured(makeEif({ signature: signEif({}, SIGNER, { ...SIGNER, corrupt: true }) }))
    assert.deepEqual([found.signature, failures(found)], ['invalid', ['eif.signature.valid']])
  })

  it('the first and the last moment of the certificate are within its dates', async () => {
    for (const days of [-15, 15]) {
      const at = new Date(AT.getTime() + days * DAY_MS)
      assert.equal((await measured(signed(), at)).signature, 'valid')
      assert.equal((await measured(signed(), new Date(at.getTime() + Math.sign(days) * 1000))).signature, 'invalid')
    }
  })
})

describe('signature sections that cannot be read', () => {
  const section = 'eif.section[5] (signature)'
  const good = signEif({}, SIGNER)
  const rows: readonly (readonly [name: string, signature: Uint8Array, field: string, offset: number])[] = [
    ['no entry', Uint8Array.of(0x80), section, 0],
    ['no array', Uint8Array.of(0xa0), section, 0],
    ['nine entries', signEif({}, ...Array.from({ length: 9 }, () => SIGNER)), section, 0],
    ['an entry that is no map', Uint8Array.of(0x81, 0x01), `${section}[0]`, 1],
    ['an entry without members', Uint8Array.of(0x81, 0xa0), `${section}[0]`, 1],
    ['no certificate', signEif({}, { ...SIGNER, pem: 'none' }), `${section}[0].signing_certificate`, 0],
    [
      'base64 that is none',
      signEif({}, { ...SIGNER, pem: '-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----' }),
      `${section}[0].signing_certificate`,
      27,
    ],
    [
      'bytes behind the certificate in one block',
      signEif({}, { ...SIGNER, pem: toPem(Uint8Array.of(...SIGNER.certificate, 0)) }),
      'certificate.certificate',
      SIGNER.certificate.length,
    ],
    [
      'a payload that is no map',
      signEif({}, { ...SIGNER, payload: Uint8Array.of(1) }),
      `${section}[0].signature.payload`,
      0,
    ],
    [
      'a payload with bytes behind it',
      signEif({}, { ...SIGNER, payload: Uint8Array.of(0xa0, 0) }),
      `${section}[0].signature.payload`,
      1,
    ],
    [
      'a register that there is none of',
      signEif({}, { ...SIGNER, register: 32 }),
      `${section}[0].signature.payload.register_index`,
      16,
    ],
    [
      'an entry with a third member',
      Uint8Array.of(0x81, 0xa3, ...good.subarray(2), 0x61, 0x78, 0x00),
      `${section}[0]`,
      1,
    ],
    [
      'a certificate without an end',
      signEif({}, { ...SIGNER, pem: toPem(SIGNER.certificate).split('-----END')[0] ?? '' }),
      `${section}[0].signing_certificate`,
      0,
    ],
    [
      'an end before the beginning',
      signEif({}, { ...SIGNER, pem: '-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n' }),
      `${section}[0].signing_certificate`,
      0,
    ],
    ['bytes behind it', Uint8Array.of(...good, 0), section, good.length],
    ['nothing', new Uint8Array(), section, 0],
  ]
  for (const [name, signature, field, offset] of rows) {
    it(name, async () => {
      const code = name === 'nothing' ? 'truncated' : /behind/.test(name) ? 'trailing-bytes' : 'malformed'
      await refused(makeEif({ signature }), { code, field, offset })
    })
  }

  it('an integer that is no byte, in an array of bytes', () => {
    const certificate = [0x73, ...utf8('signing_certificate'), 0x81, 0x19, 0x01, 0x00]
    const signature = Uint8Array.of(0x81, 0xa2, ...certificate, 0x69, ...utf8('signature'), 0x81, 0x01)
    return refused(makeEif({ signature }), {
      code: 'malformed',
      field: `${section}[0].signing_certificate`,
      offset: 23,
      expected: /from 0 to 255/,
    })
  })
})
