import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { getRandom, readHandles, readNv, readPcrValues, resetPcr, TpmError } from '../src/index.ts'
import { decodeResponse, encodeCommand, password, responseSize, type TpmCommand } from '../src/tpm/command.ts'
import { join, MAX_MESSAGE, sized, uint } from '../src/tpm/marshal.ts'
import { encodeSelection, extendPcr } from '../src/tpm/pcr.ts'
import { akTemplate } from '../src/tpm/templates.ts'
import { failure } from './failure.ts'
import { responseTo, type Script, scriptedTpm } from './scripted-tpm.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const RESET: TpmCommand = { name: 'TPM2_PCR_Reset', code: 0x13d, handles: [16], authorizations: [password()] }
const NOTHING_MORE = new Uint8Array(0)
const isNone = { name: 'TpmError', code: 'response' }

describe('a command to a TPM', () => {
  it('is written with its handles, its passwords and its parameters', () => {
    assert.equal(hex(encodeCommand(RESET)), '80020000001b0000013d0000001000000009400000090000010000')
    const plain = { name: 'TPM2_GetRandom', code: 0x17b, parameters: uint(4, 2) }
    assert.equal(hex(encodeCommand(plain)), '80010000000c0000017b0004')
    const secret = { ...RESET, authorizations: [password(Uint8Array.of(0xaa, 0xbb))] }
    assert.match(hex(encodeCommand(secret)), /0000000b400000090000010002aabb$/)
  })

  it('is refused when no TPM takes one as long', () => {
    const long = (length: number): TpmCommand => ({ ...RESET, authorizations: [], parameters: new Uint8Array(length) })
    assert.equal(encodeCommand(long(MAX_MESSAGE - 14)).length, MAX_MESSAGE)
    assert.throws(() => encodeCommand(long(MAX_MESSAGE - 13)), TypeError)
    assert.throws(() => sized(new Uint8Array(MAX_MESSAGE + 1)), TypeError)
  })
})

describe('a response of a TPM', () => {
  const whole = responseTo(RESET, Uint8Array.of(1, 2))

  it('is read with its handle and its parameters, and without its empty authorizations', () => {
    const { answer } = decodeResponse(RESET, whole)
    assert.equal(answer?.handle, undefined)
    assert.deepEqual(answer?.parameters.rest(), Uint8Array.of(1, 2))
    const loaded = { ...RESET, givesHandle: true as const }
    const given = decodeResponse(loaded, responseTo(loaded, { handle: 0x80000001, parameters: Uint8Array.of(3) }))
    assert.equal(given.answer?.handle, 0x80000001)
    assert.deepEqual(given.answer?.parameters.rest(), Uint8Array.of(3))
  })

  it('is none of 9 bytes, of more than a TPM sends, or under another tag', () => {
    const header = (tag: number, size: number): Uint8Array => join(uint(tag, 2), uint(size, 4), uint(0, 4))
    assert.equal(responseSize(header(0x8001, 10), 'x'), 10)
    assert.equal(responseSize(header(0x8002, MAX_MESSAGE), 'x'), MAX_MESSAGE)
    for (const [tag, size] of [
      [0x8001, 9],
      [0x8001, MAX_MESSAGE + 1],
      [0x8003, 10],
      [0x8000, 10],
    ] as const)
      assert.throws(() => responseSize(header(tag, size), 'x'), isNone)
  })

  it('is none whose lengths do not fit what came', () => {
    const changed = (at: number, bytes: Uint8Array): Uint8Array => {
      const copy = Uint8Array.from(whole)
      copy.set(bytes, at)
      return copy
    }
    const resized = (bytes: Uint8Array): Uint8Array => {
      const copy = Uint8Array.from(bytes)
      copy.set(uint(copy.length, 4), 2)
      return copy
    }
    const cases: readonly (readonly [string, Uint8Array])[] = [
      ['a size that is not its own', changed(2, uint(whole.length + 1, 4))],
      ['the tag of a response without sessions', changed(0, uint(0x8001, 2))],
      ['parameters beyond its end', changed(10, uint(1000, 4))],
      ['an authorization that is cut', resized(whole.slice(0, -1))],
      ['bytes behind the authorizations', resized(join(whole, Uint8Array.of(0)))],
      ['no authorization', resized(whole.slice(0, -5))],
    ]
    for (const [name, bytes] of cases) assert.throws(() => decodeResponse(RESET, bytes), isNone, name)
  })
})

/** Serves these registers of the SHA-256 bank, eight at a time; `updates` counts what was extended before each answer. */
function registers(
  values: (turn: number) => Readonly<Record<number, number>>,
  updates: (turn: number) => number,
): Script {
  let turn = 0
  return {
    TPM2_PCR_Read: ({ parameters = new Uint8Array(0) }) => {
      const now = values(turn)
      const asked = [...Array(24).keys()].filter((i) => ((parameters[7 + (i >> 3)] ?? 0) >> (i & 7)) & 1)
      const given = asked.filter((i) => i in now).slice(0, 8)
      const digests = given.map((i) => sized(new Uint8Array(32).fill(now[i] ?? 0)))
      const selection = encodeSelection([{ bank: 'sha256', pcrs: given }])
      return join(uint(updates(turn++), 4), selection, uint(given.length, 4), ...digests)
    },
  }
}

describe('PCRs of a TPM', () => {
  const pcrs = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 14, 23]
  const all = (value: number): Record<number, number> => Object.fromEntries(pcrs.map((index) => [index, value + index]))
  const read = (script: Script) =>
    scriptedTpm(script).tpm.use((channel) => readPcrValues(channel, { bank: 'sha256', pcrs }))
  const said = (value: number) => ({
    sha256: Object.fromEntries(pcrs.map((index) => [String(index), hex(new Uint8Array(32).fill(value + index))])),
  })

  it('are selected by a bit each', () => {
    assert.equal(hex(encodeSelection([{ bank: 'sha256', pcrs: [0, 8, 23] }])), '00000001000b03010180')
    for (const index of [-1, 24, 1.5])
      assert.throws(() => encodeSelection([{ bank: 'sha256', pcrs: [index] }]), TypeError, String(index))
  })

  it('are read eight at a time', async () => {
    assert.deepEqual(
      await read(
        registers(
          () => all(1),
          () => 5,
        ),
      ),
      said(1),
    )
  })

  it('are read from the start again when one was extended in between, so that all are of one moment', async () => {
    const script = registers(
      (turn) => all(turn === 0 ? 1 : 2),
      (turn) => (turn === 0 ? 5 : 6),
    )
    assert.deepEqual(await read(script), said(2))
  })

  it('are not read for ever when they never stand still', async () => {
    const script = registers(
      () => all(1),
      (turn) => turn,
    )
    assert.equal((await failure(read(script), TpmError)).code, 'mismatch')
  })

  it('are none of another bank, of another length, or more or fewer than are selected', async () => {
    const one = (bank: 'sha256' | 'sha384', count: number, length: number): Uint8Array =>
      join(
        uint(1, 4),
        encodeSelection([{ bank, pcrs: [0] }]),
        uint(count, 4),
        ...Array.from({ length: count }, () => sized(new Uint8Array(length))),
      )
    for (const answer of [one('sha384', 1, 32), one('sha256', 1, 31), one('sha256', 2, 32), one('sha256', 0, 32)])
      assert.equal((await failure(read({ TPM2_PCR_Read: () => answer }), TpmError)).code, 'response')
  })

  it('are extended by digests of their bank’s length only, and reset by number', async () => {
    const { tpm, commands } = scriptedTpm({ TPM2_PCR_Extend: () => NOTHING_MORE, TPM2_PCR_Reset: () => NOTHING_MORE })
    await tpm.use((channel) => extendPcr(channel, 16, { sha256: new Uint8Array(32).fill(7) }))
    assert.equal(hex(commands[0]?.parameters ?? uint(0, 1)), `00000001000b${'07'.repeat(32)}`)
    await assert.rejects(
      tpm.use((channel) => extendPcr(channel, 16, { sha256: new Uint8Array(20) })),
      TypeError,
    )
    await tpm.use((channel) => resetPcr(channel, 23))
    assert.deepEqual(
      commands.map(({ name, handles }) => [name, handles]),
      [
        ['TPM2_PCR_Extend', [16]],
        ['TPM2_PCR_Reset', [23]],
      ],
    )
  })
})

describe('what a TPM holds', () => {
  const handles = (more: boolean, ...list: readonly number[]): Uint8Array =>
    join(uint(more ? 1 : 0, 1), uint(1, 4), uint(list.length, 4), ...list.map((handle) => uint(handle, 4)))
  const NV = 0x01c00002
  const READABLE = (1 << 29) | (1 << 17)

  it('is listed page by page, of one kind, and no further than can be looked at', async () => {
    const pages = [handles(true, 0x81000000, 0x81000001), handles(false, 0x81010002)]
    const paged = scriptedTpm({ TPM2_GetCapability: () => pages.shift() ?? handles(false) })
    assert.deepEqual(
      await paged.tpm.use((channel) => readHandles(channel, 0x81000000)),
      [0x81000000, 0x81000001, 0x81010002],
    )
    const empty = scriptedTpm({ TPM2_GetCapability: () => handles(true) })
    assert.deepEqual(await empty.tpm.use((channel) => readHandles(channel, 0x81000000)), [])
    const endless = scriptedTpm({
      TPM2_GetCapability: ({ parameters = new Uint8Array(0) }) => {
        const first = Buffer.from(parameters).readUInt32BE(4)
        return handles(true, ...Array.from({ length: 254 }, (_, i) => first + i))
      },
    })
    const found = await endless.tpm.use((channel) => readHandles(channel, 0x81000000))
    assert.ok(found.length >= 1024 && found.length < 1024 + 254, `${found.length} handles`)
    const other = scriptedTpm({ TPM2_GetCapability: () => handles(false, 0x80000000) })
    assert.equal(
      (
        await failure(
          other.tpm.use((channel) => readHandles(channel, 0x7f000000)),
          TpmError,
        )
      ).code,
      'response',
    )
  })

  it('is asked for random bytes again until there are as many as were wanted, 64 at most', async () => {
    const wanted: number[] = []
    const { tpm } = scriptedTpm({
      TPM2_GetRandom: ({ parameters = new Uint8Array(0) }) => {
        wanted.push(Buffer.from(parameters).readUInt16BE(0))
        return sized(Uint8Array.of(wanted.length))
      },
    })
    assert.deepEqual(await tpm.use((channel) => getRandom(channel, 3)), Uint8Array.of(1, 2, 3))
    assert.deepEqual(wanted, [3, 2, 1])
    assert.equal((await tpm.use((channel) => getRandom(channel, 64))).length, 64)
    for (const count of [0, 65, 1.5])
      await assert.rejects(
        tpm.use((channel) => getRandom(channel, count)),
        TypeError,
      )
  })

  /** An NV index with these attributes and this size, whose bytes count upwards. */
  function index(attributes: number, size: number, named = NV): Script {
    return {
      TPM2_NV_ReadPublic: () =>
        join(
          sized(join(uint(named, 4), uint(0x000b, 2), uint(attributes, 4), uint(0, 2), uint(size, 2))),
          sized(new Uint8Array(34)),
        ),
      TPM2_GetCapability: () => join(uint(0, 1), uint(6, 4), uint(1, 4), uint(0x12c, 4), uint(5, 4)),
      TPM2_NV_Read: ({ parameters = new Uint8Array(0) }) => {
        const length = Buffer.from(parameters).readUInt16BE(0)
        const offset = Buffer.from(parameters).readUInt16BE(2)
        return sized(Uint8Array.from({ length }, (_, i) => offset + i))
      },
    }
  }
  const readIndex = (script: Script) => {
    const { tpm, commands } = scriptedTpm(script)
    return { commands, data: tpm.use((channel) => readNv(channel, NV)) }
  }

  it('is read from an index in pieces that the TPM can give, by the index itself or by the owner', async () => {
    const owned = readIndex(index(READABLE, 12))
    assert.deepEqual(
      await owned.data,
      Uint8Array.from({ length: 12 }, (_, i) => i),
    )
    const reads = owned.commands.filter(({ name }) => name === 'TPM2_NV_Read')
    assert.deepEqual(
      reads.map(({ parameters = uint(0, 1) }) => hex(parameters)),
      ['00050000', '00050005', '0002000a'],
    )
    assert.deepEqual(reads[0]?.handles, [0x40000001, NV])
    const own = readIndex(index(READABLE | (1 << 18), 1))
    await own.data
    assert.deepEqual(own.commands.at(-1)?.handles, [NV, NV])
  })

  it('is nothing where there is no index, or nothing was written to it', async () => {
    assert.equal(await readIndex({ TPM2_NV_ReadPublic: () => 0x18b }).data, undefined)
    assert.equal(await readIndex(index(1 << 17, 12)).data, undefined)
  })

  it('is not read without a right to, beyond 16 KiB, from another index, or where another refusal came', async () => {
    for (const [script, code] of [
      [index(1 << 29, 12), 'unsupported'],
      [index(READABLE, 16_385), 'unsupported'],
      [index(READABLE, 12, NV + 1), 'response'],
      [{ ...index(READABLE, 12), TPM2_NV_Read: () => sized(Uint8Array.of(1)) }, 'response'],
      [{ TPM2_NV_ReadPublic: () => 0x149 }, 'refused'],
    ] as const)
      assert.equal((await failure(readIndex(script).data, TpmError)).code, code)
  })

  it('has keys whose label fits into their template', () => {
    assert.notDeepEqual(akTemplate('ecc-p256', Uint8Array.of(1)), akTemplate('ecc-p256'))
    assert.equal(akTemplate('ecc-p256', new Uint8Array(32)).length, akTemplate('ecc-p256').length)
    assert.throws(() => akTemplate('ecc-p256', new Uint8Array(33)), TypeError)
  })
})
