import { concatBytes } from '../core/bytes.ts'
import { MAX_INPUT } from './model.ts'

/** A line of a dump: the offset, a colon or none, and what stands behind. */
const LINE = /^\s{0,8}([0-9a-f]{4,16})(:?)(\s.*)?$/i
/** In place of lines that are equal to the one before them. */
const SQUEEZED = /^\s{0,8}\*\s*$/
const GROUP = /^(?:[0-9a-f]{2}|[0-9a-f]{4})$/i
/** What offsets may be written in: `od` has them in octal or decimal. */
const RADICES: readonly (readonly [number, RegExp])[] = [
  [16, /^[0-9a-f]+$/i],
  [8, /^[0-7]+$/],
  [10, /^\d+$/],
]
/** More bytes, and more characters, stand in no line. */
const WIDEST = 256
const LONGEST = 2048
/** Lines in front of the bytes. */
const MOST_TITLES = 8
/** Lines for which a `*` stands are no shorter. */
const NARROWEST = 8

interface Line {
  /** Digits of the offset. */
  readonly offset: string
  /** The bytes up to the first gap of several blanks, and those of the whole line: letters may look like digits. */
  readonly readings: readonly [Uint8Array, Uint8Array]
  /** Whether equal lines were left out in front of this one. */
  readonly isAfterGap: boolean
}

/**
 * Reads what `hexdump`, `od -t x1`, `od -x` and `xxd` print, with and without letters at the end of the lines, also
 * where a `*` stands for lines equal to the one before. Groups of four digits behind an offset without a colon are
 * words, the low byte first.
 *
 * @returns undefined for text that is no dump, or whose offsets do not fit the bytes: then a part is missing
 */
export function dumpOf(text: string): Uint8Array | undefined {
  const lines = linesOf(text)
  if (lines === undefined || lines.length < 2) return undefined
  for (const [radix, digits] of RADICES) {
    const offsets = lines.map(({ offset }) => (digits.test(offset) ? Number.parseInt(offset, radix) : Number.NaN))
    const bytes = offsets.every((offset) => offset <= MAX_INPUT) ? bytesOf(lines, offsets) : undefined
    if (bytes !== undefined) return bytes
  }
  return undefined
}

function linesOf(text: string): readonly Line[] | undefined {
  const lines: Line[] = []
  let isAfterGap = false
  const rows = text.split('\n')
  // PowerShell numbers the columns.
  const title = rows.slice(0, MOST_TITLES).findIndex((row) => /^\s+(?:Offset\s+)?00 01 02 03 04 05 06 07/.test(row))
  const first = title < 0 ? 0 : rows.findIndex((row) => /^\s{0,8}0{4,16}\s/.test(row))
  for (const row of rows.slice(Math.max(first, 0))) {
    if (row.trim() === '') continue
    if (row.length > LONGEST) return undefined
    if (SQUEEZED.test(row)) isAfterGap = true
    else {
      const [, offset, colon, rest = ''] = LINE.exec(row) ?? []
      if (offset === undefined) return undefined
      lines.push({ offset, readings: readingsOf(rest, colon === ':'), isAfterGap })
      isAfterGap = false
    }
  }
  return isAfterGap ? undefined : lines
}

// Letters stand between bars, between `>` and `<`, or behind a gap; `hexdump -C` has a gap in the middle too.
function readingsOf(rest: string, colon: boolean): Line['readings'] {
  const mark = rest.search(/\s[|>]/)
  const bare = mark < 0 ? rest : rest.slice(0, mark)
  const all = groupsOf(bare)
  const [narrow = ''] = bare === rest ? bare.trim().split(/\s{2,}/) : [bare]
  return [digitsOf(groupsOf(narrow), colon), digitsOf(all, colon)]
}

function groupsOf(text: string): readonly string[] {
  const groups = text.trim().split(/\s+/)
  const strange = groups.findIndex((group) => !GROUP.test(group) || group.length !== groups[0]?.length)
  return strange < 0 ? groups : groups.slice(0, strange)
}

function digitsOf(groups: readonly string[], colon: boolean): Uint8Array {
  const isSwapped = groups[0]?.length === 4 && !colon
  const digits = groups.map((group) => (isSwapped ? group.slice(2) + group.slice(0, 2) : group)).join('')
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16))
}

function bytesOf(lines: readonly Line[], offsets: readonly number[]): Uint8Array | undefined {
  const out = new Uint8Array(offsets.at(-1) ?? 0)
  let end = 0
  let last: Uint8Array = new Uint8Array()
  for (const [i, { readings, isAfterGap }] of lines.entries()) {
    const at = offsets[i] as number
    if (isAfterGap && (last.length < NARROWEST || at <= end)) return undefined
    for (; isAfterGap && end < at; end += last.length) out.set(last.subarray(0, at - end), end)
    if (end !== at) return undefined
    if (i === lines.length - 1) return concatBytes(out, readings[0])
    const length = lines[i + 1]?.isAfterGap ? readings[0].length : (offsets[i + 1] as number) - at
    if (length <= 0 || length > Math.min(WIDEST, out.length - at)) return undefined
    const bytes = readings.find((reading) => fits(reading, length))?.subarray(0, length)
    if (bytes === undefined) return undefined
    out.set(bytes, at)
    last = bytes
    end = at + length
  }
  return undefined
}

// A last word of which one byte is in the file is printed whole.
function fits(reading: Uint8Array, length: number): boolean {
  return reading.length === length || (length % 2 === 1 && reading.length === length + 1)
}
