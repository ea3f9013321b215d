import type { JSX } from 'preact'
import { useTexts } from '../text/language.ts'
import { expectedOf, type Row } from './expectation-rows.ts'
import { saveText } from './files.ts'
import type { Workbench } from './workbench.ts'

/** The editor of what the reader expects. Nothing is expected until the reader says so. */
export function Expectations({ bench }: { readonly bench: Workbench }): JSX.Element {
  const t = useTexts()
  const { inputs, change, badExpectation } = bench
  const { rows, more, allowEmulated, anchors } = inputs
  const all = rows.length > 0 && rows.every(({ on }) => on)
  const setRow = (name: string, some: Partial<Row>): void =>
    change({ rows: rows.map((row) => (row.name === name ? { ...row, ...some } : row)) })
  const save = (): void => {
    const expected = expectedOf(rows, more, allowEmulated)
    if ('expect' in expected) saveText('expect.json', `${JSON.stringify(expected.expect, undefined, 2)}\n`)
  }
  return (
    <section class="panel" aria-labelledby="expect">
      <h2 id="expect">{t.expect.heading}</h2>
      <p class="small faint">{rows.length === 0 ? t.expect.empty : t.expect.lead}</p>
      {rows.length === 0 ? null : (
        <p class="row">
          <button
            type="button"
            class="button small"
            onClick={() => change({ rows: rows.map((row) => ({ ...row, on: !all })) })}
          >
            {all ? t.expect.none : t.expect.all}
          </button>
        </p>
      )}
      <ul class="plain expect-rows">
        {rows.map((row) => (
          <RowEditor key={row.name} row={row} bad={badExpectation?.bad === row.name} onChange={setRow} />
        ))}
        {anchors.length === 0 && !allowEmulated ? null : (
          <li>
            <label class="tick">
              <input
                type="checkbox"
                checked={allowEmulated}
                onChange={(event) => change({ allowEmulated: event.currentTarget.checked })}
              />
              <code>allowEmulated</code>
            </label>
            <p class="small faint">{t.expect.emulatedLabel}</p>
          </li>
        )}
      </ul>
      <details class="more">
        <summary>{t.expect.more}</summary>
        <p class="small faint" id="more-hint">
          {t.expect.moreHint}
        </p>
        <textarea
          rows={4}
          spellcheck={false}
          aria-label={t.expect.more}
          aria-describedby="more-hint"
          value={more}
          onInput={(event) => change({ more: event.currentTarget.value })}
        />
      </details>
      {badExpectation === undefined ? null : (
        <p class="caution" role="alert">
          {badExpectation.isObject ? t.expect.badObject : t.expect.bad(badExpectation.bad)}
        </p>
      )}
      <p>
        <button type="button" class="button quiet" onClick={save} disabled={badExpectation !== undefined}>
          {t.expect.download}
        </button>
      </p>
    </section>
  )
}

/** One expectation: switched on by a tick, and edited as text. */
export function RowEditor({
  row,
  bad,
  onChange,
}: {
  row: Row
  bad: boolean
  onChange: (name: string, some: Partial<Row>) => void
}): JSX.Element {
  const t = useTexts()
  const lines = row.text.split('\n').length
  return (
    <li>
      <label class="tick">
        <input
          type="checkbox"
          checked={row.on}
          onChange={(event) => onChange(row.name, { on: event.currentTarget.checked })}
        />
        <code>{row.name}</code>
      </label>
      {row.on ? (
        <textarea
          rows={Math.min(8, row.form === 'json' ? lines : Math.max(lines, Math.ceil(row.text.length / 44)))}
          spellcheck={false}
          aria-label={row.name}
          aria-invalid={bad}
          title={row.form === 'lines' ? t.expect.perLine : undefined}
          value={row.text}
          onInput={(event) => onChange(row.name, { text: event.currentTarget.value })}
        />
      ) : (
        <code class="preview">{row.text.slice(0, 80)}</code>
      )}
    </li>
  )
}
