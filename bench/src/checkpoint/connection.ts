import { connect, type Socket } from 'node:net'

/** An answer, as far as the load looks at it. */
export interface Answer {
  readonly status: number
  readonly cookie: string
  readonly body: string
  /** Milliseconds from the request's first byte to the answer's last. */
  readonly millis: number
}

/**
 * One kept connection with one request at a time, and as little between it and the socket as there can be: what the
 * load costs is taken from what is measured.
 */
export class Connection {
  readonly #socket: Socket
  readonly #host: string
  #received = ''
  #sent = 0
  #resolve: ((answer: Answer) => void) | undefined
  #reject: ((error: Error) => void) | undefined

  private constructor(socket: Socket, host: string) {
    this.#socket = socket
    this.#host = host
    socket.setNoDelay(true).setEncoding('latin1')
    socket.on('data', (text: string) => this.#take(text))
    socket.on('close', () => this.#reject?.(new Error('the server closed the connection')))
    socket.on('error', (error) => this.#reject?.(error))
  }

  static async open(url: string): Promise<Connection> {
    const { hostname, port, host } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port) })
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return new Connection(socket, host)
  }

  send(method: string, path: string, cookie: string, body: string): Promise<Answer> {
    const head =
      `${method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\naccept: */*\r\n` +
      (cookie === '' ? '' : `cookie: ${cookie}\r\n`) +
      (body === '' ? '\r\n' : `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`)
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.#sent = performance.now()
      this.#socket.write(head + body, 'latin1')
    })
  }

  close(): void {
    this.#reject = undefined
    this.#socket.destroy()
  }

  #take(text: string): void {
    this.#received += text
    const end = this.#received.indexOf('\r\n\r\n')
    if (end === -1) return
    const head = this.#received.slice(0, end)
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
    if (this.#received.length < end + 4 + length) return
    const body = this.#received.slice(end + 4, end + 4 + length)
    this.#received = this.#received.slice(end + 4 + length)
    const cookie = /\r\nset-cookie: ([^;\r]*)/i.exec(head)?.[1] ?? ''
    this.#resolve?.({ status: Number(head.slice(9, 12)), cookie, body, millis: performance.now() - this.#sent })
  }
}
