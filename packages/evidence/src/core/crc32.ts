const POLYNOMIAL = 0xedb88320

/** Eight tables, so that eight bytes are taken at once: an image has hundreds of megabytes. */
const TABLES: readonly Int32Array[] = makeTables()

/**
 * A running CRC-32 (IEEE 802.3, reflected, as in zip), over pieces in order.
 * @see ITU-T V.42, section 8.1.1.6.2
 */
export class Crc32 {
  #state = -1

  update(bytes: Uint8Array): void {
    const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as Tables
    let state = this.#state
    let i = 0
    for (const end = bytes.length - 7; i < end; i += 8) {
      state ^=
        (bytes[i] as number) |
        ((bytes[i + 1] as number) << 8) |
        ((bytes[i + 2] as number) << 16) |
        ((bytes[i + 3] as number) << 24)
      state =
        (t7[state & 0xff] as number) ^
        (t6[(state >>> 8) & 0xff] as number) ^
        (t5[(state >>> 16) & 0xff] as number) ^
        (t4[state >>> 24] as number) ^
        (t3[bytes[i + 4] as number] as number) ^
        (t2[bytes[i + 5] as number] as number) ^
        (t1[bytes[i + 6] as number] as number) ^
        (t0[bytes[i + 7] as number] as number)
    }
    for (; i < bytes.length; i++) state = (t0[(state ^ (bytes[i] as number)) & 0xff] as number) ^ (state >>> 8)
    this.#state = state
  }

  /** Of everything so far, unsigned. */
  get value(): number {
    return ~this.#state >>> 0
  }
}

type Tables = readonly [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array]

function makeTables(): readonly Int32Array[] {
  const tables = [Int32Array.from({ length: 256 }, (_, byte) => divided(byte))]
  while (tables.length < 8) {
    const before = tables.at(-1) as Int32Array
    tables.push(before.map((entry) => (tables[0]?.[entry & 0xff] as number) ^ (entry >>> 8)))
  }
  return tables
}

function divided(byte: number): number {
  let rest = byte
  for (let bit = 0; bit < 8; bit++) rest = (rest & 1) === 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1
  return rest
}
