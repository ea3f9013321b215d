import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  getRandom,
  openTpm,
  readBanks,
  readHandles,
  readNv,
  readPcrValues,
  type TpmDevice,
  TpmError,
} from '../src/index.ts'
import { join as concat, sized, uint } from '../src/tpm/marshal.ts'
import { decodeResponseCode, describeResponseCode } from '../src/tpm/response-code.ts'
import { failure } from './failure.ts'

/** A response without sessions. */
function response(code: number, ...parameters: readonly Uint8Array[]): Uint8Array {
  const body = concat(...parameters)
  return concat(uint(0x8001, 2), uint(10 + body.length, 4), uint(code, 4), body)
}

interface Fake {
  readonly tpm: TpmDevice
  readonly commands: readonly Buffer[]
}

/** Something on a socket that says it is a TPM: each command gets the next answer, or none. */
async function withFake(
  answer: (command: Buffer, socket: Socket, count: number) => void,
  test: (fake: Fake) => Promise<void>,
  timeoutMs = 5_000,
): Promise<void> {
  const commands: Buffer[] = []
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.on('data', (command) => {
      commands.push(command)
      answer(command, socket, commands.length)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const tpm = await openTpm({ host: '127.0.0.1', port }, { timeoutMs })
  try {
    await test({ tpm, commands })
  } finally {
    await tpm.close()
    server.close()
    await once(server, 'close')
  }
}

const random = (tpm: TpmDevice): Promise<Uint8Array> => tpm.use((channel) => getRandom(channel, 4))
const FOUR = response(0, sized(Uint8Array.of(1, 2, 3, 4)))

describe('a TPM that is busy', () => {
  for (const code of [0x922, 0x90a, 0x908]) {
    it(`is sent the same bytes again after 0x${code.toString(16)}`, async () => {
      await withFake(
        (_command, socket, count) => socket.write(count < 4 ? response(code) : FOUR),
        async ({ tpm, commands }) => {
          assert.deepEqual(await random(tpm), Uint8Array.of(1, 2, 3, 4))
          assert.equal(commands.length, 4)
          for (const command of commands) assert.deepEqual(command, commands[0])
        },
      )
    })
  }

  it('is not asked again after a refusal', async () => {
    await withFake(
      (_command, socket) => socket.write(response(0x921)),
      async ({ tpm, commands }) => {
        const error = await failure(random(tpm), TpmError)
        assert.equal(error.responseCode?.name, 'TPM_RC_LOCKOUT')
        assert.match(error.message, /TPM2_GetRandom: TPM_RC_LOCKOUT \(0x921\)/)
        assert.equal(commands.length, 1)
      },
    )
  })
})

describe('a TPM that answers nonsense', () => {
  const whole = (bytes: Uint8Array) => (_command: Buffer, socket: Socket) => void socket.write(bytes)
  const faults: readonly (readonly [string, Uint8Array, string])[] = [
    ['a tag that is none', concat(uint(0x1234, 2), uint(10, 4), uint(0, 4)), 'response'],
    ['a size under the header', concat(uint(0x8001, 2), uint(9, 4), uint(0, 4)), 'response'],
    ['a size of four gigabytes', concat(uint(0x8001, 2), uint(0xffffffff, 4), uint(0, 4)), 'response'],
    ['more bytes than announced', concat(FOUR, Uint8Array.of(0)), 'response'],
    ['a digest longer than asked for', response(0, sized(new Uint8Array(5))), 'response'],
    ['a digest that is cut', response(0, uint(4, 2), Uint8Array.of(1, 2)), 'response'],
    ['bytes after the digest', response(0, sized(new Uint8Array(4)), Uint8Array.of(1)), 'response'],
    ['no random bytes at all', response(0, sized(new Uint8Array(0))), 'response'],
    ['a response with sessions', concat(uint(0x8002, 2), uint(14, 4), uint(0, 4), uint(0, 4)), 'response'],
    ['the tag of a TPM 1.2', concat(uint(0x00c4, 2), uint(10, 4), uint(0x1e, 4)), 'unsupported'],
  ]
  for (const [name, bytes, code] of faults) {
    it(`is refused for ${name}`, async () => {
      await withFake(whole(bytes), async ({ tpm }) => {
        assert.equal((await failure(random(tpm), TpmError)).code, code)
      })
    })
  }

  it('is refused for counts that cannot be, wherever they stand', async () => {
    const huge = uint(0xffffffff, 4)
    const cases: readonly (readonly [Uint8Array, (tpm: TpmDevice) => Promise<unknown>])[] = [
      [response(0, uint(0, 1), uint(5, 4), huge), (tpm) => tpm.use(readBanks)],
      [response(0, uint(0, 1), uint(1, 4), huge), (tpm) => tpm.use((channel) => readHandles(channel, 0x81000000))],
      [response(0, uint(0, 1), uint(6, 4)), (tpm) => tpm.use(readBanks)],
      [response(0, uint(0, 1), uint(5, 4), uint(1, 4), uint(11, 2), uint(200, 1)), (tpm) => tpm.use(readBanks)],
      [response(0, uint(1, 4), uint(0, 4), huge), (tpm) => readSome(tpm)],
      [response(0, uint(1, 4), uint(1, 4), uint(11, 2), uint(1, 1), uint(1, 1), uint(2, 4)), (tpm) => readSome(tpm)],
      [
        response(0, sized(new Uint8Array(0)), sized(new Uint8Array(0))),
        (tpm) => tpm.use((channel) => readNv(channel, 1)),
      ],
    ]
    for (const [bytes, ask] of cases)
      await withFake(whole(bytes), async ({ tpm }) => {
        assert.equal((await failure(ask(tpm), TpmError)).code, 'response')
      })
  })

  it('is not asked for ever when it gives PCRs that nobody asked for', async () => {
    const other = response(
      0,
      uint(1, 4),
      uint(1, 4),
      uint(11, 2),
      uint(1, 1),
      uint(2, 1),
      uint(1, 4),
      sized(new Uint8Array(32)),
    )
    await withFake(whole(other), async ({ tpm }) => {
      assert.equal((await failure(readSome(tpm), TpmError)).code, 'response')
    })
    const none = response(0, uint(1, 4), uint(0, 4), uint(0, 4))
    await withFake(whole(none), async ({ tpm }) => {
      assert.equal((await failure(readSome(tpm), TpmError)).code, 'unsupported')
    })
  })

  it('is not asked for ever when its handles never end', async () => {
    await withFake(
      (_command, socket) => socket.write(response(0, uint(1, 1), uint(1, 4), uint(1, 4), uint(0x81000000, 4))),
      async ({ tpm, commands }) => {
        assert.equal(
          (
            await failure(
              tpm.use((channel) => readHandles(channel, 0x81000000)),
              TpmError,
            )
          ).code,
          'response',
        )
        assert.equal(commands.length, 2)
      },
    )
  })
})

function readSome(tpm: TpmDevice): Promise<unknown> {
  return tpm.use((channel) => readPcrValues(channel, { bank: 'sha256', pcrs: [0] }))
}

describe('a connection to a TPM', () => {
  it('puts responses together that come in pieces', async () => {
    await withFake(
      (_command, socket) => {
        for (const byte of FOUR) socket.write(Uint8Array.of(byte))
      },
      async ({ tpm }) => assert.deepEqual(await random(tpm), Uint8Array.of(1, 2, 3, 4)),
    )
  })

  it('is given up when a command is not answered in time, and stays so', async () => {
    await withFake(
      () => undefined,
      async ({ tpm }) => {
        assert.equal((await failure(random(tpm), TpmError)).code, 'timeout')
        const later = await failure(random(tpm), TpmError)
        assert.equal(later.code, 'closed')
        assert.match(later.message, /open it again/)
      },
      50,
    )
  })

  it('is for the work that asked for it, and no longer', async () => {
    await withFake(
      (_command, socket) => void socket.write(FOUR),
      async ({ tpm, commands }) => {
        const kept = await tpm.use(async (channel) => channel)
        assert.equal((await failure(getRandom(kept, 4), TpmError)).code, 'closed')
        assert.equal(commands.length, 0)
      },
    )
  })

  it('that the other side ends fails what waits for it', async () => {
    await withFake(
      (_command, socket) => void socket.destroy(),
      async ({ tpm }) => assert.equal((await failure(random(tpm), TpmError)).code, 'closed'),
    )
  })

  it('that sends what nobody asked for is ended', async () => {
    let sent = (): void => undefined
    const unasked = new Promise<void>((resolve) => {
      sent = resolve
    })
    await withFake(
      (_command, socket) => {
        socket.write(FOUR)
        setTimeout(() => socket.write(FOUR, () => sent()), 20)
      },
      async ({ tpm }) => {
        await random(tpm)
        await unasked
        await new Promise((resolve) => setTimeout(resolve, 100))
        // Sockets are read between timers and these, however long the process was held up.
        for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
        assert.equal((await failure(random(tpm), TpmError)).code, 'closed')
      },
    )
  })

  it('to nobody says so', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    const tcp = await failure(openTpm({ host: '127.0.0.1', port }), TpmError)
    assert.equal(tcp.code, 'unreachable')
    assert.match(tcp.message, /nobody listens there/)
    const none = await failure(openTpm('/dev/no-such-tpm'), TpmError)
    assert.match(none.message, /this machine has no TPM 2.0/)
  })

  it('to a file that is no device is refused at the first command', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sekisho-file-'))
    await writeFile(join(folder, 'file'), new Uint8Array(0))
    const tpm = await openTpm(join(folder, 'file'))
    assert.equal((await failure(random(tpm), TpmError)).code, 'response')
    await tpm.close()
    await rm(folder, { recursive: true })
  })
})

describe('a response code', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0x922, 'TPM_RC_RETRY (0x922)'],
    [0x2d5, 'TPM_RC_SIZE (0x2d5), parameter 2'],
    [0x99d, 'TPM_RC_POLICY_FAIL (0x99d), session 1'],
    [0x18b, 'TPM_RC_HANDLE (0x18b), handle 1'],
    [0x98e, 'TPM_RC_AUTH_FAIL (0x98e), session 1: the authorization value is wrong, and the TPM counted the attempt'],
    [0x910, 'TPM_RC_REFERENCE_H0 (0x910), handle 1'],
    [0x919, 'TPM_RC_REFERENCE_S1 (0x919), session 2'],
    [0x143, 'TPM_RC_COMMAND_CODE (0x143)'],
    [0xb0143, 'TPM_RC_COMMAND_CODE (0xb0143), said by layer 11 in front of the TPM'],
    [0x1e, 'TPM_RC_BAD_TAG (0x1e)'],
    [0x003, 'TPM_RC_0x003 (0x3)'],
    [0x97f, 'TPM_RC_0x97f (0x97f)'],
  ]
  for (const [value, text] of cases)
    it(`0x${value.toString(16)} is named`, () => assert.equal(describeResponseCode(decodeResponseCode(value)), text))
})
