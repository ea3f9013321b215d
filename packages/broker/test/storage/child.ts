import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after } from 'node:test'

const PATIENCE_MS = 60_000

// A test that failed before it ended its child would leave it to this process, which then waits for it.
const children = new Set<Child>()
after(() => Promise.all([...children].map((child) => child.kill())))

/** A script of this folder in a process of its own, read line by line; it ends with the last test if not before. */
export class Child {
  readonly process: ChildProcessWithoutNullStreams
  readonly lines: string[] = []
  #errors = ''
  #closed = false
  readonly #end: Promise<unknown>

  constructor(script: string, args: readonly string[]) {
    this.process = spawn(process.execPath, [join(import.meta.dirname, script), ...args])
    this.process.stderr.on('data', (text) => {
      this.#errors += String(text)
    })
    // A child that was killed reads no more.
    this.process.stdin.on('error', () => undefined)
    const lines = createInterface({ input: this.process.stdout })
    lines.on('line', (line) => this.lines.push(line))
    this.#end = Promise.all([once(lines, 'close'), once(this.process, 'close')]).then(() => {
      this.#closed = true
      children.delete(this)
    })
    children.add(this)
  }

  /** Resolves with the first line that begins so; rejects when the child ends or takes a minute. */
  async line(beginning: string): Promise<string> {
    const end = performance.now() + PATIENCE_MS
    for (;;) {
      const found = this.lines.find((line) => line.startsWith(beginning))
      if (found !== undefined) return found
      if (this.#closed || performance.now() > end) {
        throw new Error(
          `no line "${beginning}" from the child, but: ${this.lines.slice(0, 5).join(' | ')} ${this.#errors}`,
        )
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  /** Kills the child and resolves when everything it wrote was read. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.process.kill(signal)
    await this.#end
  }

  /** Resolves when the child has ended by itself. */
  async ended(): Promise<void> {
    await this.#end
  }

  get errors(): string {
    return this.#errors
  }
}
