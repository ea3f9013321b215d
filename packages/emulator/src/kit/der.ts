import { concat, utf8 } from './bytes.ts'

/** One DER element: tag, shortest length, content. */
export function tlv(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = concat(...content)
  return concat(Uint8Array.of(tag), derLength(body.length), body)
}

function derLength(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length)
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Uint8Array.of(0x80 | bytes.length, ...bytes)
}

export function sequence(...content: readonly Uint8Array[]): Uint8Array {
  return tlv(0x30, ...content)
}

export function set(...content: readonly Uint8Array[]): Uint8Array {
  return tlv(0x31, ...content)
}

/** INTEGER of a number of zero or more in its shortest form. */
export function integer(value: number | bigint): Uint8Array {
  return tlv(0x02, magnitude(BigInt(value)))
}

/** INTEGER with exactly these content bytes, so that a negative or a needlessly long one can be made. */
export function rawInteger(content: Uint8Array): Uint8Array {
  return tlv(0x02, content)
}

export function enumerated(value: number): Uint8Array {
  return tlv(0x0a, magnitude(BigInt(value)))
}

function magnitude(value: bigint): Uint8Array {
  if (value < 0n) throw new RangeError('write negative integers with rawInteger')
  const bytes: number[] = []
  for (let rest = value; rest > 0n; rest >>= 8n) bytes.unshift(Number(rest & 0xffn))
  if (bytes.length === 0 || (bytes[0] as number) >= 0x80) bytes.unshift(0)
  return Uint8Array.from(bytes)
}

export function boolean(value: boolean): Uint8Array {
  return tlv(0x01, Uint8Array.of(value ? 0xff : 0))
}

export const nul: Uint8Array = tlv(0x05)

export function octets(...content: readonly Uint8Array[]): Uint8Array {
  return tlv(0x04, ...content)
}

/** BIT STRING; `unused` bits at its end do not count. */
export function bits(content: Uint8Array, unused = 0): Uint8Array {
  return tlv(0x03, Uint8Array.of(unused), content)
}

export function utf8String(text: string): Uint8Array {
  return tlv(0x0c, utf8(text))
}

export function printableString(text: string): Uint8Array {
  return tlv(0x13, utf8(text))
}

export function ia5String(text: string): Uint8Array {
  return tlv(0x16, utf8(text))
}

/** An element inside the context-specific constructed tag `number`. */
export function explicit(number: number, ...content: readonly Uint8Array[]): Uint8Array {
  return tlv(0xa0 | number, ...content)
}

/** OBJECT IDENTIFIER of its dotted form. */
export function oid(dotted: string): Uint8Array {
  const [first, second, ...rest] = dotted.split('.').map(Number)
  if (first === undefined || second === undefined) throw new TypeError(`not an object identifier: ${dotted}`)
  return tlv(0x06, Uint8Array.from([40 * first + second, ...rest].flatMap(base128)))
}

function base128(arc: number): number[] {
  const digits = [arc % 128]
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift((rest % 128) | 0x80)
  return digits
}

/** Time as certificates have it: UTCTime up to 2049, GeneralizedTime after. RFC 5280, section 4.1.2.5. */
export function time(at: Date): Uint8Array {
  const text = `${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
  const year = at.getUTCFullYear()
  return year >= 1950 && year < 2050 ? tlv(0x17, utf8(text.slice(2))) : tlv(0x18, utf8(text))
}
