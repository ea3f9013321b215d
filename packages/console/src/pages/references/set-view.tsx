import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { useLanguage } from '../../text/language.ts'
import { Snippet } from '../../ui/page-parts.tsx'
import { Digest, Mark, Moment } from '../../ui/parts.tsx'
import { REFERENCES } from './languages.ts'
import { Origin } from './list.tsx'
import type { StoredSet } from './model.ts'
import { NOTE_TONES, notesOf } from './notes.ts'
import type { ReferenceProps } from './props.ts'
import { RemoveSet } from './remove-set.tsx'

/** One set: what it expects, who answers for it, and what is to be said of it. */
export function SetView(props: ReferenceProps & { readonly set: StoredSet; readonly onEdit: () => void }): JSX.Element {
  const { set, sets, may, onEdit, go, again } = props
  const t = REFERENCES[useLanguage()]
  const [removing, setRemoving] = useState(false)
  const notes = notesOf(sets, new Date()).get(set.name) ?? []
  return (
    <section class="panel" aria-labelledby="set">
      <div class="row between">
        <h2 id="set">
          <code>{set.name}</code>
        </h2>
        {may('references:write') ? (
          <span class="row">
            <button type="button" class="button small" onClick={onEdit}>
              {t.actions.edit}
            </button>
            <button type="button" class="button small" onClick={() => setRemoving(true)}>
              {t.actions.remove}
            </button>
          </span>
        ) : null}
      </div>
      {notes.length === 0 ? null : (
        <ul class="plain notes">
          {notes.map((code) => (
            <li key={code} class="row">
              <Mark tone={NOTE_TONES[code]}>{t.notes[code].short}</Mark>
              <span>{t.notes[code].long}</span>
            </li>
          ))}
        </ul>
      )}
      <About set={set} />
      <h3>{t.one.values}</h3>
      <dl class="pairs values">
        {Object.entries(set.values).map(([name, value]) => (
          <Member key={name} name={name} value={value} />
        ))}
      </dl>
      <Snippet
        kind="commandLine"
        text={`sekisho reference show ${set.name}\nsekisho reference put ${set.name} set.json\nsekisho reference delete ${set.name}`}
      />
      {removing ? (
        <RemoveSet
          {...props}
          onNo={() => setRemoving(false)}
          onDone={({ live, revoked }) => {
            setRemoving(false)
            again()
            go(undefined, t.said.removed(set.name, live, revoked))
          }}
        />
      ) : null}
    </section>
  )
}

function About({ set }: { readonly set: StoredSet }): JSX.Element {
  const t = REFERENCES[useLanguage()]
  const { sha256 } = set.provenance
  return (
    <dl class="pairs about">
      <dt>{t.list.tee}</dt>
      <dd>
        <code>{set.tee}</code>
      </dd>
      <dt>{t.list.owner}</dt>
      <dd>{set.owner}</dd>
      <dt>{t.list.expires}</dt>
      <dd>{set.expires === undefined ? t.list.noEnd : <Moment iso={set.expires} />}</dd>
      <dt>{t.list.matched}</dt>
      <dd>{set.lastMatched === undefined ? t.list.never : <Moment iso={set.lastMatched} />}</dd>
      {set.unmatchedValues === undefined ? null : (
        <>
          <dt>{t.one.unseen}</dt>
          <dd>
            {set.unmatchedValues.map(({ member, value }) => (
              <code key={`${member} ${value}`} class="value">
                {member}: {value}
              </code>
            ))}
          </dd>
        </>
      )}
      <dt>{t.one.created}</dt>
      <dd>
        <Moment iso={set.created} />
      </dd>
      <dt>{t.list.from}</dt>
      <dd>
        <Origin set={set} />
      </dd>
      {typeof sha256 === 'string' ? (
        <>
          <dt>{t.one.digest}</dt>
          <dd>
            <Digest hex={sha256} />
          </dd>
        </>
      ) : null}
    </dl>
  )
}

function Member({ name, value }: { readonly name: string; readonly value: unknown }): JSX.Element {
  const texts = Array.isArray(value) ? value : [value]
  const isPlain = texts.every((one) => typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean')
  return (
    <>
      <dt>
        <code>{name}</code>
      </dt>
      <dd>
        {isPlain ? (
          texts.map((one, i) => (
            <code key={i} class="value">
              {String(one)}
            </code>
          ))
        ) : (
          <code class="value">{JSON.stringify(value, undefined, 1)}</code>
        )}
      </dd>
    </>
  )
}
