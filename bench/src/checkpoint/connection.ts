import { connect, type Socket } from 'node:net'

/** An answer, as far as the load looks at it. */
export interface Answer {
  readonly status: number
  readonly cookie: string
  readonly body: string
  /** Milliseconds from the request's first byte to the answer's last. */
  readonly millis: number
}

interface Waiting {
  readonly sent: number
  resolve(answer: Answer): void
  reject(error: Error): void
}

/**
 * One kept connection with one request at a time, and as little between it and the socket as there can be: what the
 * load costs is taken from what is measured. One that the server closed while it was idle is opened anew.
 */
export class Connection {
  readonly #url: URL
  #socket: Socket | undefined
  #received = ''
  #waiting: Waiting | undefined

  private constructor(url: string) {
    this.#url = new URL(url)
  }

  static async open(url: string): Promise<Connection> {
    const connection = new Connection(url)
    await connection.#connect()
    return connection
  }

  async send(method: string, path: string, cookie: string, body: string): Promise<Answer> {
    const socket = this.#socket ?? (await this.#connect())
    const head =
      `${method} ${path} HTTP/1.1\r\nhost: ${this.#url.host}\r\naccept: */*\r\n` +
      (cookie === '' ? '' : `cookie: ${cookie}\r\n`) +
      (body === '' ? '\r\n' : `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`)
    return new Promise((resolve, reject) => {
      this.#waiting = { sent: performance.now(), resolve, reject }
      socket.write(head + body, 'latin1')
    })
  }

  close(): void {
    this.#waiting = undefined
    this.#socket?.destroy()
  }

  async #connect(): Promise<Socket> {
    const socket = connect({ host: this.#url.hostname, port: Number(this.#url.port) })
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    socket.setNoDelay(true).setEncoding('latin1')
    socket.on('data', (text: string) => this.#take(text))
    socket.on('error', (error) => this.#lost(error))
    socket.on('close', () => this.#lost(new Error('the server closed the connection')))
    this.#socket = socket
    this.#received = ''
    return socket
  }

  #lost(error: Error): void {
    this.#socket = undefined
    this.#waiting?.reject(error)
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
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve({ status: Number(head.slice(9, 12)), cookie, body, millis: performance.now() - waiting.sent })
  }
}
