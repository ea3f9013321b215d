import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeSgx, makeSnp, makeTdx } from '@sekisho/emulator/kit'
import fc from 'fast-check'
import { fromHex, toHex } from '../../src/core/bytes.ts'
import { canonicalJson } from '../../src/core/canonical.ts'
import { registerFinding } from '../../src/core/compare.ts'
import { EvidenceError } from '../../src/core/errors.ts'
import { createMemory } from '../../src/core/memory.ts'
import type { Claims, Verdict } from '../../src/core/verdict.ts'
import { DcapCollateral } from '../../src/dcap/collateral.ts'
import { prepareSnpCollateral } from '../../src/snp/collateral.ts'
import { DerReader, TAG } from '../../src/x509/der.ts'
import { decodeBase64, decodePem } from '../../src/x509/pem.ts'
import { judgeSgx, judgeSnp, judgeTdx, tdxExpectations } from '../soundness/kit.ts'
import { allChecks } from './subjects.ts'

const RUNS = 500
const bytes = (most: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: most })
const read = <T>(run: () => T): T | undefined => {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return undefined
  }
}

/** A length in the form with `count` bytes behind the first; 0 is the short form. */
function lengthForm(length: number, count: number): readonly number[] {
  if (count === 0) return [length & 0x7f]
  return [0x80 | count, ...Array.from({ length: count }, (_, i) => Math.floor(length / 256 ** (count - 1 - i)) % 256)]
}

function shortestCount(length: number): number {
  return length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : 3
}

describe('DER', () => {
  it('a length is read in its shortest form, and in no other', () => {
    fc.assert(
      fc.property(fc.oneof(fc.nat(300), fc.nat(70_000)), fc.nat(6), bytes(4), (length, count, rest) => {
        fc.pre(count > 0 || length < 0x80)
        fc.pre(length < 256 ** Math.max(1, count))
        const input = Uint8Array.from([0x04, ...lengthForm(length, count), ...new Uint8Array(length), ...rest])
        const element = read(() => new DerReader(input, 'test').element(TAG.octetString, 'value'))
        assert.equal(element !== undefined, count === shortestCount(length))
        if (element !== undefined) assert.equal(element.end - element.start, length)
      }),
      { numRuns: RUNS },
    )
  })
  it('an element never reaches beyond its container', () => {
    fc.assert(
      fc.property(bytes(64), fc.nat(80), (content, declared) => {
        const inner = Uint8Array.from([0x04, ...lengthForm(declared, shortestCount(declared)), ...content])
        fc.pre(inner.length < 0x80)
        // Behind the container follow bytes that belong to somebody else.
        const reader = new DerReader(Uint8Array.from([0x30, inner.length, ...inner, ...new Uint8Array(100)]), 'test')
        const inside = reader.inside(TAG.sequence, 'outer')
        const value = read(() => inside.content(inside.element(TAG.octetString, 'inner')))
        assert.equal(value !== undefined, declared <= content.length)
        if (value !== undefined) assert.deepEqual([...value], [...content.subarray(0, declared)])
      }),
      { numRuns: RUNS },
    )
  })
  it('an integer of zero or more is read in its shortest form, and in no other', () => {
    fc.assert(
      fc.property(bytes(20), (content) => {
        fc.pre(content.length < 0x80)
        const value = read(() => new DerReader(Uint8Array.from([2, content.length, ...content]), 'test').unsigned('n'))
        const [first = 0x80, second = 0x80] = content
        const shortest = first < 0x80 && (first !== 0 || content.length === 1 || second >= 0x80)
        assert.equal(value !== undefined, shortest)
        if (value !== undefined) assert.equal(BigInt(`0x0${toHex(value)}`), BigInt(`0x0${toHex(content)}`))
      }),
      { numRuns: RUNS },
    )
  })
})

describe('texts that carry bytes', () => {
  it('base64 and base64url, padded or not, with white space: as Buffer reads them', () => {
    fc.assert(
      fc.property(
        bytes(200),
        fc.constantFrom('base64', 'base64url'),
        fc.boolean(),
        fc.nat(80),
        (input, form, padded, width) => {
          const text = Buffer.from(input).toString(form)
          const plain = padded ? text.padEnd(Math.ceil(text.length / 4) * 4, '=') : text.replace(/=/g, '')
          const wrapped = plain.replace(new RegExp(`.{${width + 1}}`, 'g'), '$&\r\n')
          assert.deepEqual([...(decodeBase64(wrapped) ?? [])], [...input])
        },
      ),
      { numRuns: RUNS },
    )
  })
  it('whatever base64 is read, its bytes have that text and no other', () => {
    const alphabet = fc.string({ unit: fc.constantFrom(...'ABab01+/-_= \n%é'), maxLength: 24 })
    fc.assert(
      fc.property(alphabet, (text) => {
        const decoded = decodeBase64(text)
        if (decoded === undefined) return
        const digits = text.replace(/[\s=]/g, '').replace(/-/g, '+').replace(/_/g, '/')
        assert.equal(Buffer.from(decoded).toString('base64').replace(/=/g, ''), digits)
      }),
      { numRuns: 5 * RUNS },
    )
  })
  it('hexadecimal: what is read is written again, and nothing else is read', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'09afAFgG xé\u0130'), maxLength: 12 }), (text) => {
        const decoded = fromHex(text)
        assert.equal(decoded !== undefined, /^([0-9a-fA-F]{2})*$/.test(text))
        if (decoded !== undefined) assert.equal(toHex(decoded), text.toLowerCase())
      }),
      { numRuns: 5 * RUNS },
    )
  })
  it('PEM: any blocks with any blank between', () => {
    const blank = fc.string({ unit: fc.constantFrom(' ', '\n', '\r', '\t', '\0'), maxLength: 5 })
    fc.assert(
      fc.property(fc.array(fc.tuple(bytes(90), blank), { maxLength: 16 }), (blocks) => {
        const text = blocks
          .map(([der, gap]) => `-----BEGIN X-----\n${Buffer.from(der).toString('base64')}\n-----END X-----${gap}`)
          .join('')
        assert.deepEqual(
          decodePem(text, 'X', 'test').map((der) => [...der]),
          blocks.map(([der]) => [...der]),
        )
      }),
      { numRuns: RUNS },
    )
  })
})

describe('canonical JSON', () => {
  const json = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: 'binary' }),
      fc.maxSafeInteger(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(fc.string({ unit: 'binary', maxLength: 6 }), fc.nat(20).map(String)), tie('value'), {
        maxKeys: 5,
      }),
    ),
  })).value
  it('is the same for the same value, whatever the order of its keys, and is read as that value', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value)
        assert.equal(canonicalJson(reversed(value)), text)
        assert.equal(canonicalJson(JSON.parse(text)), text)
        assert.equal(reference(JSON.parse(text)), text)
      }),
      { numRuns: RUNS },
    )
  })
  it('holds no fraction, and nothing else that runtimes could write differently', () => {
    fc.assert(
      fc.property(fc.double(), (number) => {
        fc.pre(!Number.isSafeInteger(number))
        assert.throws(() => canonicalJson({ number }), TypeError)
      }),
    )
    for (const value of [undefined, () => 1, 1n, Symbol('x'), new Date(0), new Map(), new Uint8Array(1)]) {
      assert.throws(() => canonicalJson([value]), TypeError)
    }
  })
})

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  )
}

// RFC 8785 in its plainest form. Not JSON.stringify of a sorted object: keys that look like array indices come first there.
function reference(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(reference).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = new Map<string, unknown>(Object.entries(value))
  const keys = [...members.keys()].sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${reference(members.get(key))}`).join()}}`
}

describe('the rule for registers that a guest writes', () => {
  const values = fc.option(fc.uniqueArray(fc.constantFrom('aa', 'bb', 'cc'), { minLength: 1 }), { nil: undefined })
  it('passes only when it is pinned, equal, and everything below is pinned', () => {
    fc.assert(
      fc.property(
        values,
        fc.constantFrom('aa', 'bb', 'cc'),
        fc.array(values, { maxLength: 4 }),
        fc.boolean(),
        (accepted, actual, below, absent) => {
          const registers = below.map((one, i) => ({ name: `rtmr${i}`, actual: 'aa', accepted: one }))
          const { outcome, remedy } = registerFinding({ name: 'rtmr9', actual, accepted }, registers, absent)
          const equal = accepted?.includes(actual) === true
          const pinned = below.every((one) => one !== undefined)
          const expected =
            accepted === undefined
              ? absent
                ? 'not-applicable'
                : 'unchecked'
              : !equal
                ? 'fail'
                : pinned
                  ? 'pass'
                  : 'unchecked'
          assert.equal(outcome, expected)
          assert.equal(remedy !== undefined, outcome === 'fail' || outcome === 'unchecked')
        },
      ),
      { numRuns: RUNS },
    )
  })
})

describe('`verified` is impossible while a relevant check is unchecked and not waived', () => {
  const kept = <T extends object>(all: T, names: readonly string[]): Partial<T> =>
    Object.fromEntries(
      Object.entries(all).filter(([name]) => names.includes(name) || name === 'allowEmulated'),
    ) as Partial<T>

  function assertHonest(verdict: Verdict<Claims>, waive: readonly string[]): void {
    const open = allChecks(verdict).filter((one) => one.outcome === 'unchecked' && one.waived !== true)
    const failed = allChecks(verdict).filter((one) => one.outcome === 'fail')
    assert.equal(verdict.outcome, failed.length > 0 ? 'rejected' : open.length > 0 ? 'incomplete' : 'verified')
    assert.ok(verdict.waived.every((id) => waive.includes(id)))
    for (const check of allChecks(verdict)) {
      assert.equal(
        check.waived === true,
        check.outcome === 'unchecked' && check.blockedBy === undefined && waive.includes(check.id),
      )
    }
  }

  const memory = createMemory()
  const sgx = makeSgx({ enclave: { configId: '11'.repeat(64) } })
  const tdx = makeTdx({ td: { mrConfigId: '11'.repeat(48), mrOwner: '22'.repeat(48) } })
  const snp = makeSnp({ report: { hostData: '33'.repeat(32) } })
  const sgxCollateral = new DcapCollateral(sgx.collateral)
  const tdxCollateral = new DcapCollateral(tdx.collateral)
  const snpCollateral = prepareSnpCollateral(snp.collateral)
  const subset = (list: readonly string[]): fc.Arbitrary<string[]> => fc.subarray([...list])
  const NAMES = ['measurement', 'nonce', 'hostData', 'mrOwner', 'rtmr0', 'rtmr1', 'rtmr2', 'minTcb']
  const WAIVABLE = ['measurement', 'host-data', 'report-data', 'freshness']

  it('SGX, with any expectations left out and any checks waived', () => {
    const all = { ...sgx.expectations, hostData: ['11'.repeat(64)] }
    fc.assert(
      fc.property(subset(NAMES), subset(WAIVABLE.map((id) => `sgx.expect.${id}`)), (names, waive) =>
        assertHonest(judgeSgx(sgx, { expect: kept(all, names), waive, memory, collateral: sgxCollateral }), waive),
      ),
    )
  })
  it('TDX', () => {
    const all = { ...tdxExpectations(tdx.expectations), hostData: ['11'.repeat(48)], mrOwner: ['22'.repeat(48)] }
    const waivable = [...WAIVABLE, 'owner', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'].map((id) => `tdx.expect.${id}`)
    fc.assert(
      fc.property(subset(NAMES), subset(waivable), (names, waive) =>
        assertHonest(judgeTdx(tdx, { expect: kept(all, names), waive, memory, collateral: tdxCollateral }), waive),
      ),
    )
  })
  it('SNP', () => {
    const all = { ...snp.expectations, hostData: ['33'.repeat(32)] }
    const waivable = [...WAIVABLE, 'min-tcb'].map((id) => `snp.expect.${id}`)
    fc.assert(
      fc.property(subset(NAMES), subset(waivable), (names, waive) =>
        assertHonest(judgeSnp(snp, { expect: kept(all, names), waive, collateral: snpCollateral }), waive),
      ),
    )
  })
})
