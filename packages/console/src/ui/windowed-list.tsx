import type { ComponentChildren, JSX } from 'preact'
import { type MutableRef, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import './windowed-list.css'

/** Pixels of a row until the style sheet is asked. */
const DEFAULT_ROW = 46
/** Rows drawn above and below what is seen. */
const SPARE = 8
/** The next page is asked for this many rows before its place is seen. */
const AHEAD = 60

/** What a row needs to be told apart, drawn and reached. */
export interface WindowedRows<T> {
  readonly rows: readonly T[]
  keyOf(row: T): string
  /** The cells of a row (`td`); one of them holds a link, which the arrow keys go between. */
  draw(row: T): ComponentChildren
}

/**
 * A long list of which only what is seen is drawn: a table to assistive technology, with the place of every row. All rows
 * have the height that the style sheet gives (`--row` in pixels), so that nobody has to measure.
 */
export function WindowedList<T>({
  label,
  head,
  rows,
  keyOf,
  draw,
  whole,
  memory,
  onEnd,
}: WindowedRows<T> & {
  readonly label: string
  /** The cells of the first row (`th`). */
  readonly head: ComponentChildren
  /** Whether these are all rows that there are. */
  readonly whole: boolean
  /** Where the reader was; kept by whoever keeps the list. */
  readonly memory: MutableRef<ListMemory>
  /** The last rows come into sight. */
  readonly onEnd: () => void
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  const { first, last, height, look } = useWindow(box, rows.length, memory)
  useEffect(() => {
    if (last + AHEAD >= rows.length) onEnd()
  }, [last, rows.length, onEnd])
  const { move, focused } = useArrows(box, rows, keyOf, memory)
  const drawn = useDrawn(keyOf, draw, height)
  const indexes = Array.from({ length: last - first }, (_, i) => first + i)
  // A row that has the focus stays, wherever the list is scrolled to: without it the focus would be lost.
  if (focused >= 0 && focused < first) indexes.unshift(focused)
  if (focused >= last) indexes.push(focused)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is moved with the keys
    <section class="windowed" ref={box} tabIndex={0} aria-label={label} onScroll={look} onKeyDown={move}>
      <table aria-rowcount={whole ? rows.length + 1 : -1}>
        <caption class="unseen">{label}</caption>
        <thead>
          <tr class="list-head" aria-rowindex={1}>
            {head}
          </tr>
        </thead>
        <tbody style={{ height: `${rows.length * height}px` }}>{drawn(rows, indexes)}</tbody>
      </table>
    </section>
  )
}

/** Draws rows by their places; one that is in sight already is the very same element, which costs nothing to draw again. */
function useDrawn<T>(
  keyOf: (row: T) => string,
  draw: (row: T) => ComponentChildren,
  height: number,
): (rows: readonly T[], indexes: readonly number[]) => readonly JSX.Element[] {
  // Other cells or another height: nothing of before can stay.
  const before = useMemo(() => ({ current: new Map<number, Drawn<T>>() }), [keyOf, draw, height])
  return (rows, indexes) => {
    const now = new Map<number, Drawn<T>>()
    for (const i of indexes) {
      const row = rows[i]
      if (row === undefined) continue
      const known = before.current.get(i)
      now.set(i, known?.row === row ? known : { row, element: rowElement(keyOf(row), i, height, draw(row)) })
    }
    before.current = now
    return [...now.values()].map(({ element }) => element)
  }
}

interface Drawn<T> {
  readonly row: T
  readonly element: JSX.Element
}

function rowElement(key: string, i: number, height: number, cells: ComponentChildren): JSX.Element {
  return (
    <tr class="list-row" key={key} aria-rowindex={i + 2} data-row={i} style={{ top: `${i * height}px` }}>
      {cells}
    </tr>
  )
}

/** Where the reader of a list was. */
export interface ListMemory {
  readonly top: number
  /** Key of the row that had the focus. */
  readonly key: string | undefined
}

/** A list that nobody looked at yet. */
export const NO_MEMORY: ListMemory = { top: 0, key: undefined }

interface Window {
  readonly first: number
  readonly last: number
  readonly height: number
  look(): void
}

function useWindow(box: MutableRef<HTMLDivElement | null>, count: number, memory: MutableRef<ListMemory>): Window {
  const [seen, setSeen] = useState({ first: 0, shown: 40, height: DEFAULT_ROW })
  // Asking for a style while scrolling would have it computed each time.
  const height = useRef(DEFAULT_ROW)
  const look = useCallback((): void => {
    const element = box.current
    if (element === null) return
    const first = Math.max(0, Math.floor(element.scrollTop / height.current) - SPARE)
    const shown = Math.ceil(element.clientHeight / height.current) + 2 * SPARE
    memory.current = { ...memory.current, top: element.scrollTop }
    setSeen((before) =>
      before.first === first && before.shown === shown && before.height === height.current
        ? before
        : { first, shown, height: height.current },
    )
  }, [box, memory])
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return undefined
    const measure = (): void => {
      height.current = Number(getComputedStyle(element).getPropertyValue('--row')) || DEFAULT_ROW
      look()
    }
    measure()
    const watch = new ResizeObserver(measure)
    watch.observe(element)
    return () => watch.disconnect()
  }, [box, look])
  useLayoutEffect(() => {
    const element = box.current
    // Once, when the list is drawn with its full height again.
    if (element !== null && count > 0 && memory.current.top > 0 && element.scrollTop === 0)
      element.scrollTop = memory.current.top
  }, [])
  const first = Math.min(seen.first, Math.max(0, count - 1))
  return { first, last: Math.min(count, first + seen.shown), height: seen.height, look }
}

function useArrows<T>(
  box: MutableRef<HTMLDivElement | null>,
  rows: readonly T[],
  keyOf: (row: T) => string,
  memory: MutableRef<ListMemory>,
): { readonly focused: number; move(event: KeyboardEvent): void } {
  const [key, setKey] = useState(memory.current.key)
  const wanted = useRef(memory.current.key !== undefined)
  const focused = key === undefined ? -1 : rows.findIndex((row) => keyOf(row) === key)
  useEffect(() => {
    if (!wanted.current || focused < 0) return
    wanted.current = false
    linkOf(box.current, focused)?.focus({ preventScroll: false })
  }, [focused, box])
  useEffect(() => {
    const element = box.current
    const entered = (event: FocusEvent): void => {
      const at = rowOf(event.target)
      const row = at === undefined ? undefined : rows[at]
      if (row === undefined) return
      memory.current = { ...memory.current, key: keyOf(row) }
      setKey(keyOf(row))
    }
    element?.addEventListener('focusin', entered)
    return () => element?.removeEventListener('focusin', entered)
  }, [box, rows, keyOf, memory])
  const move = (event: KeyboardEvent): void => {
    const at = rowOf(event.target)
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    const row = at === undefined || step === 0 ? undefined : rows[at + step]
    if (at === undefined || row === undefined) return
    event.preventDefault()
    const there = linkOf(box.current, at + step)
    if (there !== null) there.focus()
    else {
      wanted.current = true
      setKey(keyOf(row))
    }
  }
  return { focused, move }
}

function rowOf(target: EventTarget | null): number | undefined {
  if (!(target instanceof Element)) return undefined
  const at = target.closest<HTMLElement>('[data-row]')?.dataset['row']
  return at === undefined ? undefined : Number(at)
}

function linkOf(box: HTMLElement | null, row: number): HTMLElement | null {
  return box?.querySelector<HTMLElement>(`[data-row="${row}"] a`) ?? null
}
