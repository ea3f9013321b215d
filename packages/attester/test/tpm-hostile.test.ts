import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { type TpmAttester, TpmError, tpmAttester } from '../src/index.ts'
import { type Swtpm, startSwtpm, swtpmMissing } from './swtpm.ts'

/** Numbers that look random, and are the same in each run. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Changes a response: a bit or a byte somewhere, a length, or its end. */
function damage(response: Buffer, next: (below: number) => number): Buffer {
  const changed = Buffer.from(response)
  const at = next(changed.length)
  const kind = next(5)
  if (kind === 0) changed[at] = (changed[at] ?? 0) ^ (1 << next(8))
  else if (kind === 1) changed[at] = 0xff
  else if (kind === 2) changed.fill(0xff, at, at + 4)
  else if (kind === 3) changed.fill(0, at, at + 2)
  else {
    const cut = changed.subarray(0, Math.max(10, at))
    cut.writeUInt32BE(cut.length, 2)
    return cut
  }
  return changed
}

/** Hands commands on to a TPM, and damages the response to one of them. */
async function between(
  swtpm: Swtpm,
  victim: number,
  next: (below: number) => number,
  test: (port: number) => Promise<void>,
) {
  let count = 0
  const server = createServer((socket) => {
    const tpm = connect(swtpm.socket)
    const end = (): void => {
      tpm.destroy()
      socket.destroy()
    }
    for (const one of [tpm, socket]) one.on('error', end).on('close', end)
    socket.on('data', (command) => tpm.write(command))
    tpm.on('data', (response) => socket.write(count++ === victim ? damage(response, next) : response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    await test((server.address() as AddressInfo).port)
  } finally {
    server.close()
    await once(server, 'close')
  }
  return count
}

async function everything(port: number, timeoutMs = 400): Promise<void> {
  let attester: TpmAttester | undefined
  try {
    attester = await tpmAttester({ device: { host: '127.0.0.1', port }, timeoutMs })
    await attester.attest({ reportData: new Uint8Array(48).fill(1) })
    await attester.enrolmentRequest()
  } finally {
    await attester?.close()
  }
}

describe('a TPM that lies', { skip: swtpmMissing }, () => {
  let swtpm: Swtpm
  before(async () => {
    swtpm = await startSwtpm('sha256')
  })
  after(() => swtpm?.stop())

  it('gives a TpmError or is believed, and never hangs or breaks anything else', async () => {
    let refused = 0
    const commands = await between(swtpm, -1, numbers(0), (port) => everything(port, 60_000))
    assert.ok(commands > 20)
    for (let victim = 0; victim < commands; victim++) {
      for (let seed = 0; seed < 6; seed++) {
        await between(swtpm, victim, numbers(victim * 100 + seed), (port) =>
          everything(port).catch((error: unknown) => {
            assert.ok(error instanceof TpmError, `command ${victim}, seed ${seed}: ${error}`)
            refused++
          }),
        )
      }
    }
    assert.ok(refused > commands, `${refused} of ${6 * commands} were noticed`)
  })
})
