import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Json } from '../src/core/json.ts'
import { eatFaults, submodulesOf } from '../src/eat/index.ts'

const bytes = (length: number, first = 1): string =>
  Buffer.from(Array.from({ length }, (_, i) => (i === 0 ? first : 7))).toString('base64url')

/** Values of claims to their edges: those that keep to RFC 9711, and those that do not. */
const RULES: Readonly<Record<string, { readonly good: readonly Json[]; readonly bad: readonly Json[] }>> = {
  eat_nonce: {
    good: ['n'.repeat(8), 'n'.repeat(88), ['n'.repeat(8), 'm'.repeat(8)]],
    bad: ['n'.repeat(7), 'n'.repeat(89), [], ['n'.repeat(8)], ['n'.repeat(8), 'm'.repeat(7)], ['n'.repeat(8), 7], 7],
  },
  ueid: {
    good: [bytes(7), bytes(33), bytes(7, 2), bytes(7, 3)],
    bad: [bytes(6), bytes(34), bytes(7, 0), bytes(7, 4), 'no base64!', 7, 'A'.repeat(513)],
  },
  oemid: { good: [0, 76_543, bytes(3), bytes(16)], bad: [-1, 0.5, bytes(2), bytes(4), bytes(15), bytes(17), true] },
  hwmodel: { good: [bytes(1), bytes(32)], bad: ['', bytes(33), 7] },
  hwversion: { good: [['1.0'], ['1.0', 1]], bad: [[], ['1.0', 1, 2], [1], '1.0', {}] },
  uptime: { good: [0, 7, Number.MAX_SAFE_INTEGER], bad: [-1, 0.5, '7', Number.MAX_SAFE_INTEGER + 1] },
  bootcount: { good: [0], bad: [-1, null] },
  oemboot: { good: [true, false], bad: ['true', 1, null] },
  dbgstat: { good: ['disabled', 'disabled-since-boot'], bad: ['off', '', 1] },
  eat_profile: {
    good: ['tag:github.com,2023:veraison/ear', 'https://x', '1.3.6.1', '2.999'],
    bad: ['none', '3.1', '1', 'x y:z', ' tag:x', 'tag: x', 7],
  },
  sueids: { good: [{}, { maker: bytes(7), other: bytes(33) }], bad: [[], bytes(7), { maker: bytes(6) }, { maker: 7 }] },
  swname: { good: ['', 'Gateway OS'], bad: [7, null, ['Gateway OS']] },
  swversion: { good: ['3.1.4', ['3.1.4'], ['3.1.4', 1]], bad: [3, [], [3], ['3', 1, 2]] },
  bootseed: { good: [bytes(1), bytes(64)], bad: ['', 'no base64!', 7] },
  dloas: { good: [[['u', 'p']], [['u', 'p', 'a']]], bad: [[], [[]], [['u']], [['u', 'p', 'a', 'x']], [['u', 7]], 'u'] },
  manifests: {
    good: [
      [[60, 'AQ']],
      [
        [60, 'AQ'],
        [61, {}],
      ],
    ],
    bad: [[], [60, 'AQ'], [[60]], [[60, 'AQ', 1]], {}],
  },
  measurements: { good: [[[60, 'AQ']]], bad: [[], [[60]], [[60, 'AQ', 1]], 'AQ'] },
  intuse: { good: ['generic', 'pop', 1, 5], bad: ['other', 0, 6, null] },
  submods: {
    good: [{}, { a: {} }, { a: ['JWT', 't'], b: ['DIGEST', []] }],
    bad: [[], 'x', { a: 1 }, { a: ['JWT'] }, { a: ['OTHER', 't'] }, { a: ['JWT', 't', 1] }, { a: {}, b: 1 }],
  },
  measres: {
    good: [[], [['x', []]], [['x', [['y', 'success']]]], [['x', [['y', 1]]]]],
    bad: [
      {},
      [['x', [['y', 5]]]],
      [['x']],
      ['x'],
      [['x', 'y']],
      [['x', [['y']]]],
      [['x', [['y', 'maybe']]]],
      [['x', [['y', 0]]]],
    ],
  },
}

describe('claims of an entity attestation token', () => {
  for (const [name, { good, bad }] of Object.entries(RULES))
    it(`${name} keeps to its rule, to the edges of it`, () => {
      for (const value of good) assert.deepEqual(eatFaults({ [name]: value }), [], JSON.stringify(value))
      for (const value of bad) {
        const [fault, ...more] = eatFaults({ [name]: value })
        assert.ok(fault?.startsWith(`${name}: expected `) === true && more.length === 0, JSON.stringify(value))
      }
    })

  it('may be others that the RFC does not name', () => {
    assert.deepEqual(eatFaults({ anything: null, constructor: 7 }), [])
    assert.deepEqual(eatFaults({}), [])
  })

  it('have claims sets below them by name; tokens and digests are not opened', () => {
    const submods = { cpu: { a: 1 }, token: ['JWT', 't'], gpu: {} }
    assert.deepEqual(submodulesOf({ submods }), [
      ['cpu', { a: 1 }],
      ['gpu', {}],
    ])
    for (const none of [{}, { submods: null }, { submods: [{}] }, { submods: 'x' }])
      assert.deepEqual(submodulesOf(none), [])
  })
})
