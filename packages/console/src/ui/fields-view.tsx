import type { JSX } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import type { Field, OpenedEvidence } from '../engine/messages.ts'
import { useTexts } from '../text/language.ts'
import { HexView } from './hex-view.tsx'

const MAX_SHOWN = 400

/** Fields on one side, bytes on the other; pointing at one shows the other. */
export function FieldsView({ opened }: { readonly opened: OpenedEvidence }): JSX.Element {
  const t = useTexts().fields
  const [filter, setFilter] = useState('')
  const [picked, setPicked] = useState<{ readonly field: Field | undefined; readonly byte: number | undefined }>()
  const found = useMemo(() => matching(opened.fields, filter), [opened, filter])
  const shown = found.slice(0, MAX_SHOWN)
  const field = picked?.field
  return (
    <div class="fields-view">
      <section class="panel" aria-labelledby="fields">
        <h2 id="fields">{t.heading}</h2>
        <p class="row">
          <input
            type="search"
            aria-label={t.filter}
            placeholder={t.filter}
            value={filter}
            onInput={(event) => setFilter(event.currentTarget.value)}
          />
          <span class="faint small" role="status">
            {t.shown(shown.length, opened.fields.length)}
          </span>
        </p>
        {shown.length === 0 ? <p class="faint">{t.none}</p> : null}
        <ul class="fields">
          {shown.map((one) => (
            <li key={one.path}>
              <button
                type="button"
                class="field"
                aria-pressed={one === field}
                title={hintOf(one)}
                onMouseEnter={() => setPicked({ field: one, byte: undefined })}
                onFocus={() => setPicked({ field: one, byte: undefined })}
                onClick={() => setPicked({ field: one, byte: undefined })}
              >
                <span class="field-path">{one.path}</span>
                <span class="field-value">{shortText(one.value)}</span>
                {one.meaning === undefined ? null : <span class="field-meaning">{one.meaning}</span>}
              </button>
            </li>
          ))}
        </ul>
      </section>
      <section class="panel bytes" aria-labelledby="bytes">
        <h2 id="bytes">{t.hex}</h2>
        <FieldCard field={field} pointed={picked !== undefined} />
        <HexView
          bytes={opened.evidence}
          fields={opened.fields}
          field={field}
          byte={picked?.byte}
          onByte={(byte, at) => setPicked({ field: at, byte })}
        />
      </section>
    </div>
  )
}

function FieldCard({ field, pointed }: { field: Field | undefined; pointed: boolean }): JSX.Element {
  const t = useTexts().fields
  if (field === undefined) return <p class="field-card faint">{pointed ? t.noField : t.pick}</p>
  return (
    // Of one height, so that the bytes below stay where they are pointed at; a long field scrolls.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="field-card" aria-label={field.path} aria-live="polite" tabIndex={0}>
      <p class="field-name">
        <code>{field.path}</code>
      </p>
      <p class="digest">{shortText(field.value, 400)}</p>
      <dl class="pairs">
        {field.meaning === undefined ? null : <CardPair name={t.meaning} value={field.meaning} />}
        {field.source === undefined ? null : <CardPair name={t.source} value={field.source} />}
        {field.offset === undefined ? (
          <CardPair name={t.offset} value={t.derived} />
        ) : (
          <CardPair name={t.offset} value={`0x${field.offset.toString(16)} (${field.offset})`} />
        )}
        {field.length === undefined ? null : <CardPair name={t.length} value={String(field.length)} />}
      </dl>
    </section>
  )
}

function CardPair({ name, value }: { name: string; value: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

function hintOf({ meaning, source }: Field): string {
  return [meaning, source].filter((one) => one !== undefined).join(' · ')
}

function matching(fields: readonly Field[], filter: string): readonly Field[] {
  const words = filter.trim().toLowerCase()
  if (words === '') return fields
  return fields.filter(({ path, value, meaning = '' }) => `${path} ${value} ${meaning}`.toLowerCase().includes(words))
}

/** A value as text of bounded length. */
export function shortText(value: Field['value'], most = 96): string {
  const text = String(value)
  return text.length <= most ? text : `${text.slice(0, most)}…`
}
