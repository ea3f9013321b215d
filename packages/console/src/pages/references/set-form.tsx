import { REFERENCE_TEES } from '@sekisho/appraisal/reference-members'
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { isRecord, parseJson } from '../../engine/json.ts'
import { useLanguage } from '../../text/language.ts'
import { SHELL } from '../../text/shell.ts'
import { Snippet } from '../../ui/page-parts.tsx'
import { AboutFields, aboutMembers, localTime } from './about-fields.tsx'
import { REFERENCES } from './languages.ts'
import type { StoredSet } from './model.ts'
import type { ReferenceProps } from './props.ts'
import { useSaving } from './saving.tsx'

/** A set to write: a new one, or one that is there. */
export function SetForm(
  props: ReferenceProps & { readonly set: StoredSet | undefined; readonly onBack: () => void },
): JSX.Element {
  const { set, onBack } = props
  const language = useLanguage()
  const t = REFERENCES[language]
  const [about, setAbout] = useState({
    name: set?.name ?? '',
    owner: set?.owner ?? '',
    expires: localTime(set?.expires),
  })
  const [tee, setTee] = useState(set?.tee ?? 'snp')
  const [text, setText] = useState(JSON.stringify(set?.values ?? {}, undefined, 2))
  const { busy, save, view } = useSaving(props, onBack)
  const values = parseJson(text)
  const submit = (event: Event): void => {
    event.preventDefault()
    const { name } = about
    // What was written by hand is no measurement any more.
    void save({ name, tee, values, ...aboutMembers(about), provenance: { kind: 'manual' } }, set?.created)
  }
  return (
    <form class="panel set-form" aria-labelledby="set-form" onSubmit={submit}>
      <h2 id="set-form">{set === undefined ? t.form.newHeading : t.form.editHeading(set.name)}</h2>
      <AboutFields
        about={about}
        fixedName={set !== undefined}
        onChange={(change) => setAbout({ ...about, ...change })}
      />
      <div class="form fields">
        <label for="set-tee">{t.form.tee}</label>
        <select
          id="set-tee"
          value={tee}
          disabled={set !== undefined}
          onChange={(event) => setTee(event.currentTarget.value)}
        >
          {REFERENCE_TEES.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
        <label for="set-values">{t.form.values}</label>
        <textarea
          id="set-values"
          rows={16}
          spellcheck={false}
          aria-describedby="set-values-hint"
          aria-invalid={!isRecord(values)}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <p id="set-values-hint" class="small faint">
          {t.form.valuesHint}
        </p>
        {isRecord(values) ? null : (
          <p class="caution" role="alert">
            {t.form.notObject}
          </p>
        )}
      </div>
      {view}
      <p class="row">
        <button type="submit" class="button primary" disabled={busy || about.name === '' || !isRecord(values)}>
          {busy ? t.actions.saving : t.actions.save}
        </button>
        <button type="button" class="button" onClick={onBack}>
          {SHELL[language].cancel}
        </button>
      </p>
      <Snippet kind="commandLine" text={`sekisho reference put ${about.name === '' ? 'NAME' : about.name} set.json`} />
    </form>
  )
}
