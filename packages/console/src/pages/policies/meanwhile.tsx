import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { useLanguage } from '../../text/language.ts'
import { DiffView } from './diff-view.tsx'
import type { Draft } from './draft.ts'
import { POLICIES } from './languages.ts'
import type { ActivePolicy, VersionInfo } from './model.ts'

/** Somebody else put a version in force while this text was written: the writer chooses what becomes of it. */
export function Meanwhile({
  active,
  draft,
  versions,
  onKeep,
  onTake,
}: {
  readonly active: ActivePolicy
  readonly draft: Draft
  readonly versions: readonly VersionInfo[]
  readonly onKeep: () => void
  readonly onTake: () => void
}): JSX.Element {
  const t = POLICIES[useLanguage()].meanwhile
  const [shown, setShown] = useState(false)
  const by = versions.find(({ version }) => version === active.version)?.createdBy ?? '?'
  return (
    <section class="caution meanwhile" role="alert">
      <p>
        <strong>{t.heading(active.version, by)}</strong>
      </p>
      <p>{t.lead(draft.basedOn)}</p>
      <p class="row">
        <button type="button" class="button small" aria-expanded={shown} onClick={() => setShown(!shown)}>
          {t.compare}
        </button>
        <button type="button" class="button small" onClick={onKeep}>
          {t.keep}
        </button>
        <button type="button" class="button small" onClick={onTake}>
          {t.take}
        </button>
      </p>
      {shown ? <DiffView before={active.text} after={draft.text} /> : null}
    </section>
  )
}
