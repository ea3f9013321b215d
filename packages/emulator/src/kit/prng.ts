/** A stream of pseudo-random numbers: the same seed gives the same stream on every runtime (xorshift128, Marsaglia 2003). */
export class Prng {
  #x = 0x12345678
  #y = 0x9abcdef0
  #z = 0x0fedcba9
  #w: number

  constructor(seed: number) {
    this.#w = seed >>> 0
    for (let i = 0; i < 16; i++) this.next()
  }

  /** The next 32 bits. */
  next(): number {
    const t = this.#x ^ (this.#x << 11)
    this.#x = this.#y
    this.#y = this.#z
    this.#z = this.#w
    this.#w = (this.#w ^ (this.#w >>> 19) ^ t ^ (t >>> 8)) >>> 0
    return this.#w
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return end <= 1 ? 0 : this.next() % end
  }

  /** One of a list. */
  one<T>(list: readonly T[]): T {
    const chosen = list[this.below(list.length)]
    if (chosen === undefined) throw new Error('nothing to choose from')
    return chosen
  }
}
