import type { JSX } from 'preact'
import { useLanguage } from '../../text/language.ts'
import { type LevelRow, PARTS, PRODUCTS } from './model.ts'
import { LEASES } from './words.ts'

const MAX_ROWS = 16

/** A row with nothing in it. */
export const NO_LEVEL: LevelRow = { product: '', part: '', level: '' }

/** Lowest levels by part, and by product where `products` is said. */
export function Levels({
  rows,
  products = false,
  onRows,
}: {
  readonly rows: readonly LevelRow[]
  readonly products?: boolean
  readonly onRows: (rows: readonly LevelRow[]) => void
}): JSX.Element {
  const { advisory: t } = LEASES[useLanguage()]
  const change = (at: number, some: Partial<LevelRow>): void =>
    onRows(rows.map((row, i) => (i === at ? { ...row, ...some } : row)))
  return (
    <div class="levels">
      <datalist id="level-products">
        {PRODUCTS.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <datalist id="level-parts">
        {PARTS.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {rows.map((row, i) => (
        // Rows have no name of their own: their place is what they are.
        <div key={String(i)} class="level-row">
          {products ? (
            <Field
              name={t.product}
              value={row.product}
              list="level-products"
              onValue={(product) => change(i, { product })}
            />
          ) : null}
          <Field
            name={t.part}
            value={row.part}
            list="level-parts"
            onValue={(part) => change(i, { part: part.trim() })}
          />
          <Field name={t.level} value={row.level} digits onValue={(level) => change(i, { level: level.trim() })} />
          <button
            type="button"
            class="button"
            aria-label={`${t.removeLevel} (${i + 1})`}
            title={t.removeLevel}
            onClick={() => onRows(rows.length === 1 ? [NO_LEVEL] : rows.filter((_, at) => at !== i))}
          >
            ✕
          </button>
        </div>
      ))}
      <p>
        <button
          type="button"
          class="button small"
          disabled={rows.length >= MAX_ROWS}
          onClick={() => onRows([...rows, { ...NO_LEVEL, product: rows.at(-1)?.product ?? '' }])}
        >
          {t.addLevel}
        </button>
      </p>
    </div>
  )
}

function Field({
  name,
  value,
  list,
  digits = false,
  onValue,
}: {
  readonly name: string
  readonly value: string
  readonly list?: string
  readonly digits?: boolean
  readonly onValue: (value: string) => void
}): JSX.Element {
  return (
    <label>
      {name}
      <input
        type="text"
        autocomplete="off"
        spellcheck={false}
        maxLength={32}
        inputMode={digits ? 'numeric' : 'text'}
        {...(list === undefined ? {} : { list })}
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </label>
  )
}
