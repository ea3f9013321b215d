import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createWorld } from '../src/index.ts'
import { REPORT_DATA, testWorld } from './judging.ts'

const { world } = testWorld()
const PATHS = [
  '/vcek/v1/Genoa/',
  '/vlek/v1/Genoa/cert_chain',
  '/sgx/certification/v4/tcb?fmspc=',
  '/tdx/certification/v4/qe/identity?update=',
  '/sgx/certification/v4/pckcert?encrypted_ppid=',
  '/sgx/certification/v4/pckcrl?ca=',
]

describe('hostile requests', () => {
  it('each gets an answer with a status, and none is a 5xx', () => {
    const url = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.webUrl({ withQueryParameters: true }),
      fc.tuple(fc.constantFrom(...PATHS), fc.string({ unit: 'binary', maxLength: 200 })).map((parts) => parts.join('')),
    )
    const method = fc.oneof(fc.constant('GET'), fc.string({ maxLength: 10 }))
    const headers = fc.dictionary(fc.string({ maxLength: 30 }), fc.string({ maxLength: 30 }))
    fc.assert(
      fc.property(method, url, headers, (how, where, what) => {
        const { status, body } = world.handle({ method: how, url: where, headers: what })
        assert.ok([200, 400, 401, 404, 405, 410].includes(status), `${status}`)
        assert.ok(body.length > 0)
      }),
      { numRuns: 3000 },
    )
  })
})

describe('hostile saved worlds', () => {
  it('are opened as they are, or refused with a TypeError that holds no key', () => {
    const saved = world.save()
    const seed = /"seed":"([0-9a-f]+)"/.exec(saved)?.[1] ?? ''
    const change = fc.tuple(fc.nat(saved.length - 1), fc.string({ minLength: 0, maxLength: 3 }))
    fc.assert(
      fc.property(change, ([at, text]) => {
        try {
          createWorld({ saved: saved.slice(0, at) + text + saved.slice(at + text.length + 1) }).save()
        } catch (error) {
          assert.ok(error instanceof TypeError, String(error))
          assert.ok(!error.message.includes(seed.slice(0, 16)) && !error.message.includes('PRIVATE'))
        }
      }),
      { numRuns: 500 },
    )
  })
  it('every member must be of its kind', () => {
    const value = JSON.parse(world.save())
    const wrong: readonly [string, (copy: typeof value) => void][] = [
      ['amd', (copy) => copy.amd.products.push('Rome')],
      ['amd', (copy) => copy.amd.revokedChips.push('zz')],
      ['amd', (copy) => copy.amd.firmware.push({ product: 'Genoa' })],
      ['intel', (copy) => copy.intel.families.push('ABCDEF')],
      ['intel', (copy) => copy.intel.publications.push({ evaluation: 'x' })],
      ['intel', (copy) => delete copy.intel.throttle.requests],
      ['arm', (copy) => copy.arm.platforms.push(1)],
      ['expired', (copy) => Object.assign(copy.expired, { a: 'never' })],
      ['rsa', (copy) => Object.assign(copy.rsa, { a: 'no key' })],
      ['not known', (copy) => Object.assign(copy, { more: 1 })],
    ]
    for (const [member, damage] of wrong) {
      const copy = structuredClone(value)
      damage(copy)
      assert.throws(() => createWorld({ saved: JSON.stringify(copy) }), new RegExp(member))
    }
  })
})

describe('derived keys and ids', () => {
  it('names never run into each other', () => {
    const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 2 })
    fc.assert(
      fc.property(names, ([one = '', other = '']) => {
        assert.notEqual(world.snp({ chip: one }).chipId, world.snp({ chip: other }).chipId)
        assert.notDeepEqual(world.sgx({ chip: one }).sealingKey(), world.sgx({ chip: other }).sealingKey())
      }),
      { numRuns: 50 },
    )
  })
  it('evidence has the same length whatever the report data', () => {
    for (const length of [0, 1, 32, 48, 64]) {
      const data = new Uint8Array(length).fill(1)
      assert.equal(world.snp().attest(data).evidence.length, world.snp().attest(REPORT_DATA).evidence.length)
      assert.equal(world.tdx().attest(data).evidence.length, world.tdx().attest(REPORT_DATA).evidence.length)
    }
  })
})
