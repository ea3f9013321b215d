import { open } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { responseSize } from './command.ts'
import { TpmError } from './errors.ts'
import { MAX_MESSAGE } from './marshal.ts'

/** Where a TPM is: a device node with a resource manager, or a socket with bare commands (swtpm). */
export type TpmAddress = string | { readonly host: string; readonly port: number } | { readonly socket: string }

/** Carries one command to the TPM and its response back. Never used for two at a time. */
export interface TpmTransport {
  /** For messages. */
  readonly name: string
  transmit(command: Uint8Array, commandName: string): Promise<Uint8Array>
  close(): Promise<void>
}

/** Opens the way to a TPM. @throws TpmError `unreachable`, `timeout` */
export async function openTransport(address: TpmAddress, timeoutMs: number): Promise<TpmTransport> {
  return typeof address === 'string' ? openDevice(address) : openSocket(address, timeoutMs)
}

/**
 * A device node: one write is one command, and one read its response. `/dev/tpmrm0` gives every opener slots of
 * its own; `/dev/tpm0` has one opener at a time.
 */
async function openDevice(path: string): Promise<TpmTransport> {
  const file = await open(path, 'r+').catch((cause: unknown) => {
    throw new TpmError('unreachable', `${path} cannot be opened: ${reasonOf(cause, path)}`, { cause })
  })
  return {
    name: path,
    async transmit(command, commandName) {
      try {
        const { bytesWritten } = await file.write(command, 0, command.length, null)
        if (bytesWritten !== command.length)
          throw new TpmError('closed', `${path} took ${bytesWritten} bytes of ${command.length}`)
        const { bytesRead, buffer } = await file.read(new Uint8Array(MAX_MESSAGE), 0, MAX_MESSAGE, null)
        const response = buffer.slice(0, bytesRead)
        responseSize(response, commandName)
        return response
      } catch (cause) {
        if (cause instanceof TpmError) throw cause
        throw new TpmError('closed', `${path} failed: ${reasonOf(cause, path)}`, { cause })
      }
    },
    close: () => file.close(),
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such device; this machine has no TPM 2.0, or no driver for it',
  EACCES: 'you may not use it; add yourself to the group that owns it (tss, as a rule)',
  EPERM: 'you may not use it; add yourself to the group that owns it (tss, as a rule)',
  EBUSY: 'another program uses it; take /dev/tpmrm0, which many can use',
  ECONNREFUSED: 'nobody listens there',
}

function reasonOf(cause: unknown, what: string): string {
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'unknown'
  return REASONS[code] ?? `${code} on ${what}`
}

async function openSocket(address: Exclude<TpmAddress, string>, timeoutMs: number): Promise<TpmTransport> {
  const name = 'socket' in address ? address.socket : `${address.host}:${address.port}`
  const socket = 'socket' in address ? connect(address.socket) : connect(address.port, address.host)
  await connected(socket, name, timeoutMs)
  socket.setNoDelay(true)
  const inbox = receive(socket, name)
  return {
    name,
    transmit(command, commandName) {
      const response = inbox.next(commandName)
      socket.write(command)
      return response
    },
    async close() {
      socket.destroy()
    },
  }
}

function connected(socket: Socket, name: string, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new TpmError('timeout', `no connection to ${name} within ${timeoutMs} ms`))
    }, timeoutMs)
    const failed = (cause: unknown): void => {
      clearTimeout(timer)
      reject(new TpmError('unreachable', `${name} cannot be reached: ${reasonOf(cause, name)}`, { cause }))
    }
    socket.once('error', failed)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', failed)
      resolve()
    })
  })
}

interface Waiting {
  readonly commandName: string
  readonly resolve: (response: Uint8Array) => void
  readonly reject: (error: TpmError) => void
}

/** Puts the socket's bytes together to responses: one for each command, and none without. */
function receive(socket: Socket, name: string): { next(commandName: string): Promise<Uint8Array> } {
  let received = new Uint8Array(0)
  let waiting: Waiting | undefined
  let over: TpmError | undefined
  const end = (error: TpmError): void => {
    over ??= error
    waiting?.reject(over)
    waiting = undefined
    socket.destroy()
  }
  socket.on('data', (chunk) => {
    if (waiting === undefined) return end(new TpmError('closed', `${name} sent bytes that nobody asked for`))
    received = new Uint8Array(Buffer.concat([received, chunk]))
    try {
      if (received.length < 10) return
      const size = responseSize(received, waiting.commandName)
      if (received.length < size) return
      if (received.length > size)
        return end(new TpmError('response', `${name} sent more than the response to ${waiting.commandName}`))
    } catch (error) {
      return end(
        error instanceof TpmError ? error : new TpmError('response', `${name} answered nonsense`, { cause: error }),
      )
    }
    const { resolve } = waiting
    waiting = undefined
    const response = received
    received = new Uint8Array(0)
    resolve(response)
  })
  socket.on('error', (cause) => end(new TpmError('closed', `${name} failed: ${reasonOf(cause, name)}`, { cause })))
  socket.on('close', () => end(new TpmError('closed', `${name} closed the connection`)))
  return {
    next: (commandName) =>
      over === undefined
        ? new Promise((resolve, reject) => {
            waiting = { commandName, resolve, reject }
          })
        : Promise.reject(over),
  }
}
