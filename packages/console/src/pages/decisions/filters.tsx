import { TEES } from '@sekisho/evidence'
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useLanguage } from '../../text/language.ts'
import { type Filter, type FilterName, isFilter, KINDS, OUTCOMES, queryOf } from './model.ts'
import { REASONS } from './reasons.ts'
import { DECISIONS } from './texts.ts'

/** What the list is narrowed by. Every change goes into the address, so that a view can be shared. */
export function Filters({
  filter,
  without = [],
  onChange,
}: {
  readonly filter: Filter
  /** Filters that make no sense in this view. */
  readonly without?: readonly FilterName[]
  readonly onChange: (filter: Filter) => void
}): JSX.Element {
  const language = useLanguage()
  const t = DECISIONS[language]
  const set = (name: FilterName, value: string): void => {
    const { [name]: _, ...rest } = filter
    onChange(value === '' ? rest : { ...rest, [name]: value })
  }
  const codes = Object.keys(REASONS[language])
  const chosen = filter.reason !== undefined && !codes.includes(filter.reason) ? [filter.reason, ...codes] : codes
  const pick = (name: FilterName, values: readonly string[], words: Readonly<Record<string, string>>) =>
    without.includes(name) ? null : (
      <Pick name={name} value={filter[name] ?? ''} values={values} words={words} onPick={(value) => set(name, value)} />
    )
  const [open, setOpen] = useState(false)
  return (
    <search class={open ? 'filters open' : 'filters'} aria-label={t.filters.label}>
      <button type="button" class="button filters-toggle" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t.narrowed(Object.keys(filter).length)}
      </button>
      {pick('outcome', OUTCOMES, t.outcomes)}
      {pick('kind', KINDS, t.kinds)}
      {pick('tee', TEES, {})}
      {pick('reason', chosen, {})}
      {(['resource', 'workload'] as const).map((name) => (
        <Typed key={name} name={name} value={filter[name] ?? ''} onType={(value) => set(name, value)} />
      ))}
      {queryOf(filter) === '' ? null : (
        <button type="button" class="button quiet" onClick={() => onChange({})}>
          {t.filters.clear}
        </button>
      )}
    </search>
  )
}

function Pick({
  name,
  value,
  values,
  words,
  onPick,
}: {
  readonly name: FilterName
  readonly value: string
  readonly values: readonly string[]
  readonly words: Readonly<Record<string, string>>
  readonly onPick: (value: string) => void
}): JSX.Element {
  const t = DECISIONS[useLanguage()]
  return (
    <label class="filter">
      <span>{t.filters[name]}</span>
      <select value={value} onChange={(event) => onPick(event.currentTarget.value)}>
        <option value="">{t.filters.any}</option>
        {values.map((one) => (
          <option key={one} value={one}>
            {words[one] ?? one}
          </option>
        ))}
      </select>
    </label>
  )
}

const TYPING_MS = 400

function Typed({
  name,
  value,
  onType,
}: {
  readonly name: 'resource' | 'workload'
  readonly value: string
  readonly onType: (value: string) => void
}): JSX.Element {
  const t = DECISIONS[useLanguage()]
  const [text, setText] = useState(value)
  // Another filter may have been chosen by the time that the typing is over.
  const latest = useRef(onType)
  latest.current = onType
  useEffect(() => setText(value), [value])
  const wanted = name === 'workload' ? text.trim().toLowerCase() : text.trim()
  const wrong = wanted !== '' && !isFilter(name, wanted)
  useEffect(() => {
    if (wrong || wanted === value) return undefined
    const timer = setTimeout(() => latest.current(wanted), TYPING_MS)
    return () => clearTimeout(timer)
  }, [wanted, value, wrong])
  return (
    <label class="filter typed">
      <span>{t.filters[name]}</span>
      <input
        type="search"
        value={text}
        placeholder={t.hints[name]}
        spellcheck={false}
        autocomplete="off"
        aria-invalid={wrong}
        title={wrong ? t.wrong : undefined}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </label>
  )
}
