import { setTimeout as delay } from 'node:timers/promises'
import { decodeResponse, encodeCommand, refused, type TpmAnswer, type TpmCommand } from './command.ts'
import { TpmError } from './errors.ts'
import { uint } from './marshal.ts'
import { openTransport, type TpmAddress, type TpmTransport } from './transport.ts'

/** How a TPM is talked to. */
export interface TpmOptions {
  /** Longest that one command may take; making an RSA key takes some TPMs half a minute. Default 120,000. */
  readonly timeoutMs?: number
  /** Longest that connecting may take. Default 5,000. */
  readonly connectTimeoutMs?: number
}

/** A TPM during one piece of work: commands are sent one after the other. */
export interface TpmChannel {
  /**
   * Sends a command and reads its response; resends it while the TPM says that it is busy, for ten seconds at most.
   * @throws TpmError
   */
  execute(command: TpmCommand): Promise<TpmAnswer>
}

/** An open TPM. */
export interface TpmDevice {
  /** Path or address, for messages. */
  readonly name: string
  /**
   * Runs `work` alone: other work waits. Every object and session that it opened is flushed at its end, whatever
   * that end is, as a TPM has three slots for each.
   */
  use<T>(work: (channel: TpmChannel) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/**
 * Opens a TPM 2.0: a device node (`/dev/tpmrm0`), `{ host, port }` or `{ socket }` of swtpm's server socket. No
 * command is sent yet. After a timeout or nonsense the connection is closed, as later responses could be mistaken
 * for others: open another.
 *
 * @throws TpmError `unreachable`, `timeout`
 */
export async function openTpm(where: TpmAddress, options: TpmOptions = {}): Promise<TpmDevice> {
  const { timeoutMs = 120_000, connectTimeoutMs = 5_000 } = options
  return new Device(await openTransport(where, connectTimeoutMs), timeoutMs)
}

class Device implements TpmDevice {
  readonly #transport: TpmTransport
  readonly #timeoutMs: number
  #last: Promise<unknown> = Promise.resolve()
  #broken: TpmError | undefined

  constructor(transport: TpmTransport, timeoutMs: number) {
    this.#transport = transport
    this.#timeoutMs = timeoutMs
  }

  get name(): string {
    return this.#transport.name
  }

  use<T>(work: (channel: TpmChannel) => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#alone(work))
    // The next in line waits for the end of this one, not for its success.
    this.#last = turn.then(
      () => undefined,
      () => undefined,
    )
    return turn
  }

  async close(): Promise<void> {
    if (this.#broken !== undefined) return
    await this.#break(new TpmError('closed', `the connection to ${this.name} was closed`))
  }

  async #alone<T>(work: (channel: TpmChannel) => Promise<T>): Promise<T> {
    const channel = new Channel((command) => this.#execute(command))
    try {
      return await work(channel)
    } finally {
      // A slot that cannot be freed is lost until the connection ends, so it ends; the work's outcome stands.
      await channel.flush().catch((cause: unknown) => void this.#break(lost(this.name, cause)))
    }
  }

  async #execute(command: TpmCommand): Promise<TpmAnswer> {
    const bytes = encodeCommand(command)
    const giveUp = performance.now() + RETRY_FOR_MS
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      const outcome = decodeResponse(command, await this.#transmit(command, bytes))
      if (outcome.answer !== undefined) return outcome.answer
      if (!BUSY.has(outcome.refusal.value) || performance.now() + pause > giveUp)
        throw refused(command, outcome.refusal)
      await delay(pause)
    }
  }

  async #transmit(command: TpmCommand, bytes: Uint8Array): Promise<Uint8Array> {
    if (this.#broken !== undefined) throw this.#broken
    const stop = new AbortController()
    const late = delay(this.#timeoutMs, undefined, { signal: stop.signal }).then(() => {
      throw new TpmError('timeout', `${this.name} did not answer ${command.name} within ${this.#timeoutMs} ms`)
    })
    try {
      return await Promise.race([this.#transport.transmit(bytes, command.name), late])
    } catch (error) {
      // Not waited for: a file closes only when its last read has ended, and this one may not end.
      void this.#break(lost(this.name, error))
      throw error
    } finally {
      stop.abort()
      late.catch(() => undefined)
    }
  }

  // Closing frees the slots of the one who opened; that it fails changes nothing for those who cannot use it any more.
  async #break(error: TpmError): Promise<void> {
    if (this.#broken !== undefined) return
    this.#broken = error
    await this.#transport.close().catch(() => undefined)
  }
}

/** TPM_RC_RETRY, TPM_RC_TESTING and TPM_RC_YIELDED: the same bytes are to be sent again. */
const BUSY: ReadonlySet<number> = new Set([0x922, 0x90a, 0x908])
const RETRY_FOR_MS = 10_000
const FIRST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 250

function lost(name: string, cause: unknown): TpmError {
  return new TpmError('closed', `the connection to ${name} was closed after a fault; open it again`, { cause })
}

/** Keeps book of what a piece of work has opened. */
class Channel implements TpmChannel {
  readonly #send: (command: TpmCommand) => Promise<TpmAnswer>
  readonly #open = new Set<number>()
  #line: Promise<unknown> = Promise.resolve()
  #over = false

  constructor(send: (command: TpmCommand) => Promise<TpmAnswer>) {
    this.#send = send
  }

  execute(command: TpmCommand): Promise<TpmAnswer> {
    if (this.#over)
      return Promise.reject(new TpmError('closed', `${command.name} came after the work it belongs to had ended`))
    const turn = this.#line.then(() => this.#run(command))
    this.#line = turn.catch(() => undefined)
    return turn
  }

  async #run(command: TpmCommand): Promise<TpmAnswer> {
    const answer = await this.#send(command)
    if (answer.handle !== undefined && isLoaded(answer.handle)) this.#open.add(answer.handle)
    if (command.code === FLUSH_CONTEXT && command.parameters !== undefined)
      this.#open.delete(Buffer.from(command.parameters).readUInt32BE(0))
    return answer
  }

  async flush(): Promise<void> {
    this.#over = true
    await this.#line
    for (const handle of this.#open) await this.#send(flushContext(handle))
  }
}

const FLUSH_CONTEXT = 0x165

/** TPM2_FlushContext: frees the slot of a transient object or session. */
export function flushContext(handle: number): TpmCommand {
  return { name: 'TPM2_FlushContext', code: FLUSH_CONTEXT, parameters: uint(handle, 4) }
}

// TPM_HT_TRANSIENT, TPM_HT_HMAC_SESSION, TPM_HT_POLICY_SESSION
function isLoaded(handle: number): boolean {
  const type = handle >>> 24
  return type === 0x80 || type === 0x02 || type === 0x03
}
