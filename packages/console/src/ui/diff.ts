/** One line of a comparison. */
export interface DiffLine {
  readonly kind: 'same' | 'gone' | 'new'
  readonly text: string
  /** Line numbers, counted from 1, on the sides that have the line. */
  readonly before?: number
  readonly after?: number
}

/** Lines that go together, with some that are the same around them. */
export type Hunk = readonly DiffLine[]

/** Most differences that are looked for line by line; two texts that share less are shown as one taking the other's place. */
const MAX_STEPS = 600

/** The shortest way from one text to another, line by line (Myers, "An O(ND) difference algorithm", 1986). */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const [a, b] = [linesOf(before), linesOf(after)]
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++
  const middle = shortest(a.slice(start, a.length - end), b.slice(start, b.length - end))
  const lines = [
    ...a.slice(0, start).map((text) => ({ kind: 'same', text }) as const),
    ...middle,
    ...a.slice(a.length - end).map((text) => ({ kind: 'same', text }) as const),
  ]
  return numbered(lines)
}

/** The changed lines, each with `around` lines before and behind. */
export function hunksOf(lines: readonly DiffLine[], around = 3): readonly Hunk[] {
  const wanted = new Set<number>()
  for (const [i, { kind }] of lines.entries())
    if (kind !== 'same') for (let near = i - around; near <= i + around; near++) wanted.add(near)
  const hunks: DiffLine[][] = []
  for (const [i, line] of lines.entries()) {
    if (!wanted.has(i)) continue
    if (wanted.has(i - 1) && i > 0) hunks.at(-1)?.push(line)
    else hunks.push([line])
  }
  return hunks
}

function linesOf(text: string): readonly string[] {
  if (text === '') return []
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')
}

type Bare = Pick<DiffLine, 'kind' | 'text'>

function numbered(lines: readonly Bare[]): readonly DiffLine[] {
  let [before, after] = [0, 0]
  return lines.map(({ kind, text }) => {
    if (kind !== 'new') before++
    if (kind !== 'gone') after++
    return { kind, text, ...(kind === 'new' ? {} : { before }), ...(kind === 'gone' ? {} : { after }) }
  })
}

function shortest(a: readonly string[], b: readonly string[]): readonly Bare[] {
  const trace = forward(a, b)
  if (trace === undefined)
    return [...a.map((text) => ({ kind: 'gone', text }) as const), ...b.map((text) => ({ kind: 'new', text }) as const)]
  return backward(a, b, trace)
}

/** How far each diagonal comes with each number of differences; undefined when there are too many. */
function forward(a: readonly string[], b: readonly string[]): readonly ReadonlyMap<number, number>[] | undefined {
  const trace: Map<number, number>[] = []
  let reach = new Map<number, number>([[1, 0]])
  for (let steps = 0; steps <= Math.min(a.length + b.length, MAX_STEPS); steps++) {
    trace.push(reach)
    const next = new Map(reach)
    for (let k = -steps; k <= steps; k += 2) {
      let x = startOf(reach, k, steps)
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++
      next.set(k, x)
      if (x >= a.length && x - k >= b.length) return trace
    }
    reach = next
  }
  return undefined
}

/** Where diagonal `k` begins. */
function startOf(reach: ReadonlyMap<number, number>, k: number, steps: number): number {
  return isDown(reach, k, steps) ? (reach.get(k + 1) ?? 0) : (reach.get(k - 1) ?? 0) + 1
}

/** Whether diagonal `k` is reached from above, by a new line, and not from the left, by a line that is gone. */
function isDown(reach: ReadonlyMap<number, number>, k: number, steps: number): boolean {
  return k === -steps || (k !== steps && (reach.get(k - 1) ?? 0) < (reach.get(k + 1) ?? 0))
}

function backward(
  a: readonly string[],
  b: readonly string[],
  trace: readonly ReadonlyMap<number, number>[],
): readonly Bare[] {
  const lines: Bare[] = []
  let [x, y] = [a.length, b.length]
  for (let steps = trace.length - 1; steps >= 0; steps--) {
    const reach = trace[steps] ?? new Map<number, number>()
    const k = x - y
    const down = isDown(reach, k, steps)
    const fromX = reach.get(down ? k + 1 : k - 1) ?? 0
    const fromY = fromX - (down ? k + 1 : k - 1)
    while (x > fromX && y > fromY) {
      lines.push({ kind: 'same', text: a[--x] ?? '' })
      y--
    }
    if (steps === 0) break
    if (down) lines.push({ kind: 'new', text: b[--y] ?? '' })
    else lines.push({ kind: 'gone', text: a[--x] ?? '' })
  }
  return lines.reverse()
}
