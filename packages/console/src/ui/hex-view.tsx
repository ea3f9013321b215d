import type { JSX } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Field } from '../engine/messages.ts'
import { useTexts } from '../text/language.ts'

const ROW = 16
const PAGE = 384

/** Bytes in hexadecimal, one page at a time: however long evidence is, a page costs the same. */
export function HexView({
  bytes,
  fields,
  field,
  byte,
  onByte,
}: {
  readonly bytes: Uint8Array
  readonly fields: readonly Field[]
  /** Whose bytes are marked. */
  readonly field: Field | undefined
  /** Where the reader stands. */
  readonly byte: number | undefined
  readonly onByte: (byte: number, field: Field | undefined) => void
}): JSX.Element {
  const t = useTexts().fields
  const [page, setPage] = useState(0)
  const offset = byte ?? field?.offset
  useEffect(() => {
    if (offset !== undefined && offset < bytes.length) setPage(Math.floor(offset / PAGE))
  }, [offset, bytes])
  useEffect(() => setPage(0), [bytes])
  const start = page * PAGE
  const end = Math.min(start + PAGE, bytes.length)
  const owners = useMemo(() => ownersOf(fields, start, end), [fields, start, end])
  const from = field?.offset ?? -1
  const to = from + (field?.length ?? 0)
  const move = (event: KeyboardEvent): void => {
    const step = STEPS[event.key]
    if (step === undefined) return
    event.preventDefault()
    const next = Math.min(bytes.length - 1, Math.max(0, (byte ?? field?.offset ?? start) + step))
    onByte(next, ownersOf(fields, next, next + 1)[0])
  }
  const rows = Array.from({ length: Math.ceil((end - start) / ROW) }, (_, i) => start + i * ROW)
  return (
    <>
      <p class="row between">
        <button type="button" class="button small" disabled={page === 0} onClick={() => setPage(page - 1)}>
          <span aria-hidden="true">←</span>
          <span class="unseen">{t.previous}</span>
        </button>
        <span class="small faint">{t.page(start, Math.max(start, end - 1), bytes.length)}</span>
        <button type="button" class="button small" disabled={end >= bytes.length} onClick={() => setPage(page + 1)}>
          <span aria-hidden="true">→</span>
          <span class="unseen">{t.next}</span>
        </button>
      </p>
      <section
        class="hex"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: moved through with arrow keys; a stop for every byte would be hundreds
        tabIndex={0}
        aria-label={t.page(start, Math.max(start, end - 1), bytes.length)}
        aria-describedby="hex-hint"
        onKeyDown={move}
      >
        {rows.map((row) => (
          <div class="hex-row" key={row}>
            <span class="hex-offset">{row.toString(16).padStart(4, '0')}</span>
            {Array.from(bytes.subarray(row, Math.min(row + ROW, end)), (value, i) => {
              const at = row + i
              const owner = owners[at - start]
              const look = at === byte ? 'at' : at >= from && at < to ? 'in' : owner === undefined ? 'free' : ''
              return (
                // biome-ignore lint/a11y/useKeyWithMouseEvents lint/a11y/noStaticElementInteractions: the section around moves by arrow keys
                <span
                  key={at}
                  class={`byte ${look} ${value === 0 ? 'zero' : ''}`}
                  title={owner?.path}
                  onMouseOver={() => onByte(at, owner)}
                >
                  {value.toString(16).padStart(2, '0')}
                </span>
              )
            })}
          </div>
        ))}
      </section>
      <p class="small faint" id="hex-hint">
        {t.hexHint}
      </p>
    </>
  )
}

const STEPS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -ROW, ArrowDown: ROW }

/** For every byte from `start` to `end` the shortest field that it belongs to. */
function ownersOf(fields: readonly Field[], start: number, end: number): readonly (Field | undefined)[] {
  const owners: (Field | undefined)[] = new Array(end - start).fill(undefined)
  for (const field of fields) {
    const { offset, length } = field
    if (offset === undefined || length === undefined) continue
    for (let at = Math.max(offset, start); at < Math.min(offset + length, end); at++) {
      const owner = owners[at - start]
      if (owner?.length === undefined || length < owner.length) owners[at - start] = field
    }
  }
  return owners
}
