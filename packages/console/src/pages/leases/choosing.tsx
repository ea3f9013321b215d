import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { type Choosing, HeldTable } from './held-table.tsx'
import type { Held } from './model.ts'
import { Revoke } from './revoke.tsx'
import { LEASES } from './words.ts'

/** Leases of which live ones can be chosen and revoked together, by whoever may. */
export function Choosable({
  page,
  label,
  rows,
  onRevoked,
}: {
  readonly page: PageProps
  readonly label: string
  readonly rows: readonly Held[]
  readonly onRevoked: (told: string) => void
}): JSX.Element {
  const t = LEASES[useLanguage()]
  const [chosen, onChoose] = useState<ReadonlySet<string>>(new Set())
  const [asking, setAsking] = useState<readonly Held[]>()
  const live = rows.filter(({ state }) => state === 'live')
  // What ended meanwhile is chosen no longer.
  const wanted = live.filter(({ id }) => chosen.has(id))
  const choosing: Choosing | undefined =
    page.may('leases:write') && live.length > 0 ? { chosen: new Set(wanted.map(({ id }) => id)), onChoose } : undefined
  return (
    <>
      <HeldTable namespace={page.namespace} label={label} rows={rows} choosing={choosing} />
      {choosing === undefined ? null : (
        <div class="bar choosing">
          <label>
            <input
              type="checkbox"
              checked={wanted.length === live.length}
              onChange={({ currentTarget: { checked } }) => onChoose(new Set(checked ? live.map(({ id }) => id) : []))}
            />
            {t.chooseAll}
          </label>
          <span class="faint small" role="status">
            {wanted.length === 0 ? '' : t.chosen(wanted.length)}
          </span>
          <button type="button" class="button" disabled={wanted.length === 0} onClick={() => setAsking(wanted)}>
            {t.revokeChosen}
          </button>
        </div>
      )}
      {asking === undefined ? null : (
        <Revoke
          page={page}
          leases={asking}
          onDone={(told) => {
            setAsking(undefined)
            onChoose(new Set())
            onRevoked(told)
          }}
          onClose={() => setAsking(undefined)}
        />
      )}
    </>
  )
}
