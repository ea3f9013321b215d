import type { JSX } from 'preact'
import { useRef } from 'preact/hooks'

/** Tabs that arrow keys move between, as the ARIA practices describe them. */
export function Tabs<K extends string>({
  label,
  names,
  chosen,
  onChoose,
}: {
  readonly label: string
  readonly names: readonly (readonly [id: K, name: string])[]
  readonly chosen: K
  readonly onChoose: (id: K) => void
}): JSX.Element {
  const list = useRef<HTMLDivElement>(null)
  const move = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    const at = names.findIndex(([id]) => id === chosen)
    const next = (at + step + names.length) % names.length
    const [id] = names[next] ?? []
    if (id !== undefined) onChoose(id)
    list.current?.querySelectorAll('button')[next]?.focus()
  }
  return (
    <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={move}>
      {names.map(([id, name]) => (
        <button
          key={id}
          id={`tab-${id}`}
          type="button"
          role="tab"
          aria-selected={id === chosen}
          aria-controls="tab-content"
          tabIndex={id === chosen ? 0 : -1}
          onClick={() => onChoose(id)}
        >
          {name}
        </button>
      ))}
    </div>
  )
}
