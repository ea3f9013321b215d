import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { processAround } from '../src/around.ts'
import { CliError, EXIT } from '../src/exit.ts'
import { readInput } from '../src/input.ts'
import { publicUrlOption } from '../src/options/address.ts'
import { readTrustAnchors } from '../src/options/anchors.ts'
import { readDocument } from '../src/options/document.ts'
import { type ExpectationFlags, expectationsOfFlags, readExpectationFile } from '../src/options/expectations.ts'
import { parseJson } from '../src/options/json-text.ts'
import { cpuOf, featuresOption, registerOption } from '../src/options/machine.ts'
import { keepRefusedOption, sizeInWords } from '../src/options/retention.ts'
import { acceptTcbOption, countOption, levelsOption, listOption, timeOption } from '../src/options/values.ts'
import { scratch } from './process.ts'

const folder = scratch()
const around = processAround()
let files = 0

function file(content: string | Uint8Array, ending = 'yaml'): string {
  const path = join(folder, `${files++}.${ending}`)
  writeFileSync(path, content)
  return path
}

function refused(exitCode: number, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof CliError, String(error))
    assert.equal(error.exitCode, exitCode)
    assert.match(error.message, message)
    return true
  }
}
const usage = (message: RegExp) => refused(EXIT.usage, message)

describe('a file of expectations', () => {
  const read = async (content: string) => readExpectationFile(file(content), around, around.now())

  it('has scalars that are true, false, a small whole number, or the text that stands there', async () => {
    const yaml =
      'a: true\nb: false\nc: 7\nd: 0\ne: 007\nf: 1e3\ng: 1234567890\nh: 0x10\ni: "true"\nj: -1\nk: 1.5\nl: True'
    assert.deepEqual(await readDocument(file(yaml), around, 1000), {
      ...{ a: true, b: false, c: 7, d: 0, e: '007', f: '1e3', g: '1234567890', h: '0x10', i: 'true' },
      ...{ j: '-1', k: '1.5', l: 'True' },
    })
    assert.deepEqual(await readDocument(file('a:\nb: ~\nc: null\nd: ""'), around, 1000), {
      a: null,
      b: null,
      c: null,
      d: '',
    })
    assert.deepEqual(await readDocument(file('{ id: INTEL-SA-00615 }'), around, 1000), { id: 'INTEL-SA-00615' })
    assert.deepEqual(await readDocument(file('{"a": 1.5, "b": "007"}'), around, 1000), { a: 1.5, b: '007' })
  })

  it('is refused with its line when it cannot be parsed, and by size when it is larger than any', async () => {
    const unreadable = (message: RegExp) => refused(EXIT.unreadable, message)
    await assert.rejects(readDocument(file(Uint8Array.of(0x61, 0xff)), around, 1000), unreadable(/not UTF-8 text/))
    await assert.rejects(readDocument(file('a: [1'), around, 1000), unreadable(/line 1/))
    for (const [content, fault] of [
      ['{"a": 1,}x', /: not JSON: line 1, column 9: "\}"; expected a member name in quotes$/],
      ['{\n  "b": "é",\r\n  "c": [1 2]\n}', /: not JSON: line 3, column 11: "2"; expected `,` or `\]`$/],
      ['[1, 2', /: not JSON: line 1, column 6: the end; expected `,` or `\]`$/],
      ['{"a": "\u001b"}', /: not JSON: line 1, column 8: U\+001B; expected the rest of a string$/],
    ] as const)
      assert.throws(() => parseJson(content, 'given'), unreadable(fault))
    await assert.rejects(readDocument(file('{"a": 1,}x'), around, 1000), unreadable(/not JSON: line 1, column 9/))
    await assert.rejects(readDocument(file('{"a": {"b": 1, "b": 2}}'), around, 1000), unreadable(/unique/))
    await assert.rejects(readDocument(file('a: !x 1'), around, 1000), CliError)
    await assert.rejects(readDocument(file('a'.repeat(1001)), around, 1000), unreadable(/1001 bytes; at most 1000/))
  })

  it('is for every kind of evidence, with what a kind has of its own before what is common', async () => {
    const found = await read('minSvn: 1\nnonce: aa\nsgx:\n  minSvn: 2\nsnp:\n')
    assert.deepEqual(found.for('sgx'), { minSvn: 2, nonce: 'aa' })
    for (const tee of ['snp', 'tdx'] as const) assert.deepEqual(found.for(tee), { minSvn: 1, nonce: 'aa' })
    assert.deepEqual(found.split(), { common: { minSvn: 1, nonce: 'aa' }, tees: { sgx: { minSvn: 2 } } })
    for (const [text, tee, absent] of [
      ['nonce: aa\ntdx:\n  rtmr0: aa\nnvidia-gpu:\n  devices: 1\n', 'tdx', 'nvidia-gpu'],
      ['tpm:\n  pcrs: {}\n', 'snp', 'tpm'],
      ['tdx:\n  rtmr0: aa\nnvidia-gpu:\n  devices: 1\n', 'nvidia-gpu', 'tdx'],
    ] as const) {
      const whole = await read(text)
      const missing = new RegExp(`\`${absent}\`: expectations of evidence that is not there: .* of the kind ${tee}$`)
      assert.throws(() => whole.for(tee), usage(missing), text)
    }
    const odd = await read('sgx: 7\n')
    assert.throws(() => odd.for('sgx'), usage(/expected members below `sgx:`/))
    assert.throws(() => odd.split(), usage(/expected members below `sgx:`/))
  })

  it('that is for one kind alone is for no other, names a kind that there is, and has nothing of another', async () => {
    const found = await read('tee: snp\nsource: an image\nmeasurement: aa\n')
    assert.deepEqual(found.for('snp'), { measurement: 'aa' })
    assert.deepEqual(found.split(), { common: {}, tees: { snp: { measurement: 'aa' } } })
    assert.throws(() => found.for('tdx'), usage(/these expectations are for snp, and the evidence is of the kind tdx/))
    await assert.rejects(read('tee: constructor\n'), usage(/`tee`: expected one of/))
    await assert.rejects(read('tee: snp\ntdx:\n  rtmr0: aa\n'), usage(/`tdx` in a file that is for snp alone/))
  })

  it('has no member without a value, however deep: it would be compared with nothing', async () => {
    for (const [content, member] of [
      ['a:\n', 'a'],
      ['sgx:\n  minSvn:\n', 'sgx.minSvn'],
      ['a:\n  b:\n    - c: ~\n', 'a.b.0.c'],
      ['parts:\n  snp:\n', 'parts.snp'],
      ['{"a": [1, null]}', 'a.1'],
    ] as const)
      await assert.rejects(
        read(content),
        usage(new RegExp(`\`${member.replaceAll('.', '\\.')}\` has no value`)),
        content,
      )
    for (const content of ['- 1\n', '7\n', ''])
      await assert.rejects(read(content), usage(/expected a list of members|has no value/), content)
  })

  it('has the members that flags have, each under its own name', () => {
    const flags: { readonly [K in keyof Required<ExpectationFlags>]: unknown } = {
      ...{ measurement: 1, signer: 2, minSvn: 3, reportData: 4, reportDataIsFresh: 5, nonce: 6, hostData: 7 },
      ...{ product: 8, hardwareId: 9, allowDebug: 10, allowEmulated: 11, minTcb: 12 },
      ...{ rtmr0: 13, rtmr1: 14, rtmr2: 15, rtmr3: 16, acceptTcb: 17 },
    }
    const { product, hardwareId, ...same } = flags
    const all = expectationsOfFlags({ ...(flags as ExpectationFlags) })
    assert.deepEqual(all, { ...same, products: product, hardwareIds: hardwareId })
    assert.deepEqual(expectationsOfFlags({}), {})
  })
})

describe('a file of trust anchors', () => {
  const PIN = 'a5'.repeat(32)
  const read = (value: unknown) => readTrustAnchors(file(JSON.stringify(value), 'json'), around)

  it('is a list, an object with one, or one anchor; none of them is a vendor’s own', async () => {
    const one = { spkiSha256: PIN.toUpperCase(), id: 'x', name: 'N', vendor: 'V', emulated: false }
    const expected = { id: 'x', name: 'N', vendor: 'V', spkiSha256: PIN, emulated: true }
    for (const value of [[one], { anchors: [one] }, one]) assert.deepEqual(await read(value), [expected])
    const unnamed = {
      id: 'given-root',
      name: 'root from a file',
      vendor: 'nobody known',
      spkiSha256: PIN,
      emulated: true,
    }
    for (const name of ['', 'n'.repeat(129), 7, undefined])
      assert.deepEqual(await read([{ spkiSha256: PIN, id: name, name, vendor: name }]), [unnamed])
    assert.equal((await read(Array.from({ length: 64 }, () => one))).length, 64)
  })

  it('is refused where it is none, saying which anchor is not one', async () => {
    for (const value of [[], {}, { anchors: 7 }, Array.from({ length: 65 }, () => ({ spkiSha256: PIN }))])
      await assert.rejects(read(value), usage(/expected a list of 1 to 64 trust anchors/))
    for (const bad of [null, 7, {}, { spkiSha256: PIN.slice(1) }, { spkiSha256: `${PIN}0` }, { spkiSha256: `x${PIN}` }])
      await assert.rejects(read([{ spkiSha256: PIN }, bad]), usage(/: anchor 2: expected .*spkiSha256/))
    await assert.rejects(readTrustAnchors(file('{"a":', 'json'), around), refused(EXIT.unreadable, /JSON/))
    await assert.rejects(
      readTrustAnchors(file('no certificate', 'pem'), around),
      refused(EXIT.unreadable, /neither a JSON list of trust anchors nor a certificate/),
    )
  })
})

describe('values of options', () => {
  it('are whole: nothing before them, and nothing behind', () => {
    assert.equal(featuresOption('0x21'), 0x21n)
    assert.equal(featuresOption('9'), 9n)
    assert.equal(cpuOf('0x800f12'), 0x800f12)
    for (const text of ['EPYC-v4', '0x800f12x', 'x0x800f12', '0x1ffffffff', '8392466']) assert.equal(cpuOf(text), text)
    for (const text of ['', '0x', '33', '0x21 ', ' 0x21', '-1', '1.5', '0x21g', '0x1ffffffffffffffff'])
      assert.throws(() => featuresOption(text), usage(/--features .*: expected a number/), text)
    assert.deepEqual(registerOption('RDX=0x600', { mxcsr: 1 }), { mxcsr: 1, rdx: 0x600 })
    assert.deepEqual(registerOption('x87fcw=0'), { x87Fcw: 0 })
    for (const text of [
      'rdx',
      'rdx=',
      'rdx=600',
      'rdx=10',
      'rdx=0x6g',
      'rdx=-1',
      'xrdx=1',
      'constructor=1',
      'rdx=0x1ffffffff',
    ])
      assert.throws(
        () => registerOption(text),
        usage(/--register .*: expected one of .* in hex, with 0x in front/),
        text,
      )
    assert.throws(() => registerOption('rdx=1', { rdx: 0 }), usage(/rdx was given before/))
  })

  it('are times of days that there are', () => {
    assert.equal(timeOption('2028-02-29').toISOString(), '2028-02-29T00:00:00.000Z')
    assert.equal(timeOption('2026-06-15T12:00:00.5Z').toISOString(), '2026-06-15T12:00:00.500Z')
    for (const text of [
      '',
      '2026-02-29',
      '2026-06-15T24:00:00Z',
      '2026-06-15T12:00:00',
      '2026-6-15',
      '2026-06-15Z',
      'x',
    ])
      assert.throws(() => timeOption(text), usage(/expected a time such as/), text)
  })

  it('are numbers, levels, lists and exceptions as they are told', () => {
    assert.equal(countOption('--limit')('4294967295'), 0xffffffff)
    for (const text of ['4294967296', '-1', '1.0', '', '1e3', '0x1', '00000000001'])
      assert.throws(() => countOption('--limit')(text), usage(/--limit .*: expected a whole number/), text)
    assert.deepEqual(levelsOption('snp=8,microcode=115'), { snp: 8, microcode: 115 })
    for (const text of ['', 'snp', 'snp=', 'snp=-1', 'snp=1,', '=1', 'snp=123456', '1snp=1'])
      assert.throws(() => levelsOption(text), usage(/--min-tcb .*: expected such as/), text)
    assert.deepEqual(listOption('a,,b', ['c']), ['c', 'a', 'b'])
    assert.deepEqual(acceptTcbOption('OutOfDate:INTEL-SA-1+INTEL-SA-2:2026-12-31', [{ name: 'other' }]), [
      { name: 'other' },
      {
        name: 'command line',
        statuses: ['OutOfDate'],
        advisories: ['INTEL-SA-1', 'INTEL-SA-2'],
        until: '2026-12-31T00:00:00Z',
      },
    ])
    const [whole] = acceptTcbOption('OutOfDate:2026-12-31T23:59:59Z')
    assert.deepEqual([whole?.['advisories'], whole?.['until']], [[], '2026-12-31T23:59:59Z'])
    for (const text of [
      'OutOfDate',
      ':2026-12-31',
      'OutOfDate::2026-12-31',
      'Out Of Date:2026-12-31',
      'OutOfDate:2026-12-31T',
      'OutOfDate:2026-12-31x',
    ])
      assert.throws(() => acceptTcbOption(text), usage(/--accept-tcb .*: expected STATUS/), text)
  })

  it('are URLs without a slash at the end, days and sizes', () => {
    assert.equal(publicUrlOption('https://checkpoint.example/a//'), 'https://checkpoint.example/a')
    for (const text of ['', 'x', 'ftp://x', 'https://u@x', 'https://:p@x', 'https://x/?a', 'https://x/#a'])
      assert.throws(() => publicUrlOption(text), usage(/--public-url/), text)
    assert.deepEqual(keepRefusedOption('30d,256MiB'), { refusedDays: 30, refusedBytes: 256 * 1024 ** 2 })
    assert.deepEqual(keepRefusedOption('1GiB', { refusedDays: 5 }), { refusedDays: 5, refusedBytes: 1024 ** 3 })
    for (const text of ['', '1,', '1 d', '-1', '1MB', '1d2', 'x1', '1234567', '1mib', '1constructor'])
      assert.throws(() => keepRefusedOption(text), usage(/expected days, such as 30, or a size/), text)
    for (const text of ['1,2', '1KiB,2MiB']) assert.throws(() => keepRefusedOption(text), usage(/given twice/))
    const words = [0, 1023, 1024, 1536, 1024 ** 2 - 1, 5 * 1024 ** 4].map(sizeInWords)
    assert.deepEqual(words, ['0 bytes', '1023 bytes', '1 KiB', '1.5 KiB', '1024 KiB', '5 TiB'])
  })
})

describe('a file without a size', () => {
  it('is read to its end, and no further than may be', async () => {
    assert.deepEqual(await readInput('/dev/null', around), new Uint8Array(0))
    await assert.rejects(readInput('/dev/zero', around, 100_000), refused(EXIT.unreadable, /dev\/zero/))
    await assert.rejects(readInput('/proc/self/maps', around, 10), refused(EXIT.unreadable, /maps/))
  })
})
