import type { JSX } from 'preact'
import { fragmentOf } from '../../app/route.ts'
import { useLanguage } from '../../text/language.ts'
import { Empty, Snippet } from '../../ui/page-parts.tsx'
import { Mark, Moment } from '../../ui/parts.tsx'
import { REFERENCES } from './languages.ts'
import type { StoredSet } from './model.ts'
import { NOTE_TONES, type NoteCode, notesOf } from './notes.ts'
import type { ReferenceProps } from './props.ts'

/** All sets of the namespace, with what somebody should look at. */
export function SetList({ sets, namespace }: ReferenceProps): JSX.Element {
  const t = REFERENCES[useLanguage()].list
  if (sets.length === 0)
    return (
      <Empty title={t.empty}>
        <p>{t.emptyHow}</p>
        <Snippet
          kind="commandLine"
          text={`sekisho measure --help\nsekisho reference import web measured.json --namespace ${namespace}\nsekisho reference from-evidence web report.bin --namespace ${namespace}`}
        />
      </Empty>
    )
  const notes = notesOf(sets, new Date())
  return (
    <section class="panel" aria-labelledby="sets">
      <h2 id="sets">{t.heading}</h2>
      <table class="table reference-table">
        <thead>
          <tr>
            <th scope="col">{t.name}</th>
            <th scope="col">{t.tee}</th>
            <th scope="col">{t.owner}</th>
            <th scope="col">{t.expires}</th>
            <th scope="col">{t.matched}</th>
            <th scope="col">{t.from}</th>
          </tr>
        </thead>
        <tbody>
          {sets.map((set) => (
            <Row key={set.name} set={set} namespace={namespace} notes={notes.get(set.name) ?? []} />
          ))}
        </tbody>
      </table>
      <Snippet kind="commandLine" text="sekisho reference list" />
    </section>
  )
}

function Row({
  set,
  namespace,
  notes,
}: {
  readonly set: StoredSet
  readonly namespace: string
  readonly notes: readonly NoteCode[]
}): JSX.Element {
  const t = REFERENCES[useLanguage()]
  const has = (code: NoteCode): boolean => notes.includes(code)
  const mark = (code: NoteCode): JSX.Element => (
    <span key={code} title={t.notes[code].long}>
      <Mark tone={NOTE_TONES[code]}>{t.notes[code].short}</Mark>
    </span>
  )
  const beside: readonly NoteCode[] = [
    'allows-debug',
    'base-unpinned',
    'nothing-pinned',
    'same-values',
    'allows-emulated',
  ]
  return (
    <tr>
      <th scope="row">
        <span class="row">
          <a href={fragmentOf({ at: 'references', namespace, id: set.name })}>{set.name}</a>
          {beside.filter(has).map(mark)}
        </span>
      </th>
      <td data-label={t.list.tee}>
        <code>{set.tee}</code>
      </td>
      <td data-label={t.list.owner}>{set.owner}</td>
      <td data-label={t.list.expires}>
        <span class="row">
          {set.expires === undefined ? (
            <span class="faint">{t.list.noEnd}</span>
          ) : (
            <span>
              <Moment iso={set.expires} day />
            </span>
          )}
          {has('expired') ? mark('expired') : has('expires-soon') ? mark('expires-soon') : null}
        </span>
      </td>
      <td data-label={t.list.matched}>
        {set.lastMatched === undefined ? (
          mark('never-matched')
        ) : (
          <span>
            <Moment iso={set.lastMatched} />
          </span>
        )}
      </td>
      <td data-label={t.list.from}>
        <Origin set={set} />
      </td>
    </tr>
  )
}

/** Where a set came from. */
export function Origin({ set: { provenance } }: { readonly set: StoredSet }): JSX.Element {
  const t = REFERENCES[useLanguage()]
  const { kind, source } = provenance
  return (
    <span class="origin">
      {typeof kind === 'string' ? (t.kinds[kind] ?? kind) : '–'}
      {typeof source === 'string' ? (
        <>
          {' '}
          <code class="faint">{source}</code>
        </>
      ) : null}
    </span>
  )
}
