import { unreadable } from '../exit.ts'
import { isRecord } from '../options/record.ts'

/** One JSON object of an answer, read member by member: what is not as it should be is said by name. */
export class Answer {
  readonly raw: Readonly<Record<string, unknown>>
  readonly #path: string

  /** @throws CliError when `value` is no object */
  constructor(value: unknown, path = 'the answer') {
    if (!isRecord(value))
      throw unreadable(`${path} of the checkpoint is not the object that was expected; is it of another version?`)
    this.raw = { ...value }
    this.#path = path
  }

  text(name: string): string {
    const value = this.raw[name]
    return typeof value === 'string' ? value : this.#refuse(name, 'text')
  }

  optional(name: string): string | undefined {
    return this.raw[name] === undefined ? undefined : this.text(name)
  }

  number(name: string): number {
    const value = this.raw[name]
    return typeof value === 'number' ? value : this.#refuse(name, 'a number')
  }

  flag(name: string): boolean {
    return this.raw[name] === true
  }

  object(name: string): Answer {
    return new Answer(this.raw[name], `${this.#path}.${name}`)
  }

  has(name: string): boolean {
    return this.raw[name] !== undefined
  }

  texts(name: string): readonly string[] {
    return this.#array(name).map((one) => (typeof one === 'string' ? one : this.#refuse(name, 'a list of texts')))
  }

  list(name: string): readonly Answer[] {
    return this.#array(name).map((one) => new Answer(one, `${this.#path}.${name}`))
  }

  #array(name: string): readonly unknown[] {
    const value = this.raw[name] ?? []
    return Array.isArray(value) ? value : this.#refuse(name, 'a list')
  }

  #refuse(name: string, expected: string): never {
    throw unreadable(`${this.#path}.${name} of the checkpoint is not ${expected}; is it of another version?`)
  }
}
