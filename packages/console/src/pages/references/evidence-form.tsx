import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { OpenedEvidence } from '../../engine/messages.ts'
import { useLanguage } from '../../text/language.ts'
import { expectedOf, type Row, rowsOf } from '../../ui/expectation-rows.ts'
import { RowEditor } from '../../ui/expectations.tsx'
import { Snippet } from '../../ui/page-parts.tsx'
import { AboutFields, aboutMembers } from './about-fields.tsx'
import { REFERENCES } from './languages.ts'
import { lastingMembers } from './model.ts'
import type { ReferenceProps } from './props.ts'
import { useSaving } from './saving.tsx'

/** What of a piece of evidence is expected of every instance of the workload. */
export function EvidenceForm(
  props: ReferenceProps & { readonly opened: OpenedEvidence; readonly name: string },
): JSX.Element {
  const { opened, name: source } = props
  const t = REFERENCES[useLanguage()]
  const [rows, setRows] = useState(() => rowsOf(lastingMembers(opened.skeleton), true))
  const [about, setAbout] = useState({ name: '', owner: '', expires: '' })
  const { busy, save, view } = useSaving(props, () => undefined)
  const expected = expectedOf(rows, '', false)
  const values = 'expect' in expected ? expected.expect : undefined
  const isEmpty = values !== undefined && Object.keys(values).length === 0
  const setRow = (row: string, some: Partial<Row>): void =>
    setRows(rows.map((one) => (one.name === row ? { ...one, ...some } : one)))
  const submit = (event: Event): void => {
    event.preventDefault()
    const { name } = about
    const provenance = { kind: 'measurement', source }
    void save({ name, tee: opened.tee, values, ...aboutMembers(about), provenance }, undefined)
  }
  return (
    <form class="panel set-form" aria-labelledby="evidence-form" onSubmit={submit}>
      <h2 id="evidence-form">{t.evidence.choose}</h2>
      <p class="caution">{t.evidence.unverified}</p>
      <ul class="plain expect-rows">
        {rows.map((row) => (
          <RowEditor key={row.name} row={row} bad={'bad' in expected && expected.bad === row.name} onChange={setRow} />
        ))}
      </ul>
      {'bad' in expected ? (
        <p class="caution" role="alert">
          {t.evidence.bad} <code>{expected.bad}</code>
        </p>
      ) : null}
      {isEmpty ? <p class="caution">{t.evidence.none}</p> : null}
      <AboutFields about={about} onChange={(change) => setAbout({ ...about, ...change })} />
      {view}
      <p>
        <button
          type="submit"
          class="button primary"
          disabled={busy || about.name === '' || values === undefined || isEmpty}
        >
          {busy ? t.actions.saving : t.actions.save}
        </button>
      </p>
      <Snippet
        kind="commandLine"
        text={`sekisho reference from-evidence ${about.name === '' ? 'NAME' : about.name} FILE --print > set.yaml\nsekisho reference put ${about.name === '' ? 'NAME' : about.name} set.yaml`}
      />
    </form>
  )
}
