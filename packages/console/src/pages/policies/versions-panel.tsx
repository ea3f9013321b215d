import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { Load, type Loaded, useLoad } from '../../ui/load.tsx'
import { Empty, Snippet } from '../../ui/page-parts.tsx'
import { Mark, Moment } from '../../ui/parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { DiffView } from './diff-view.tsx'
import { POLICIES } from './languages.ts'
import type { Activated, PolicyCalls, VersionInfo } from './model.ts'
import { RollBack } from './roll-back.tsx'

/** All versions: who, when, why; what differs between any two; and the way back. */
export function VersionsPanel({
  calls,
  namespace,
  versions,
  may,
  onOpen,
  onRolledBack,
}: {
  readonly calls: PolicyCalls
  readonly namespace: string
  readonly versions: Loaded<readonly VersionInfo[]>
  readonly may: PageProps['may']
  readonly onOpen: (text: string) => void
  readonly onRolledBack: (done: Activated, text: string) => void
}): JSX.Element {
  const t = POLICIES[useLanguage()].versions
  const [rolling, setRolling] = useState<number>()
  const [error, setError] = useState<unknown>()
  const open = (version: number): void => {
    calls.text(version).then(onOpen, setError)
  }
  return (
    <Load of={versions}>
      {(list) =>
        list.length === 0 ? (
          <Empty title={t.empty} />
        ) : (
          <>
            <section class="panel" aria-labelledby="policy-versions">
              <h2 id="policy-versions">{t.heading}</h2>
              {error === undefined ? null : <Problem error={error} />}
              <Table list={list} may={may} onOpen={open} onRoll={setRolling} />
              <Snippet kind="commandLine" text={'sekisho policy versions\nsekisho policy rollback VERSION'} />
            </section>
            {list.length < 2 ? null : <Compare calls={calls} list={list} />}
            {rolling === undefined ? null : (
              <RollBack
                calls={calls}
                namespace={namespace}
                version={rolling}
                may={may}
                onNo={() => setRolling(undefined)}
                onDone={(done, text) => {
                  setRolling(undefined)
                  onRolledBack(done, text)
                }}
              />
            )}
          </>
        )
      }
    </Load>
  )
}

function Table({
  list,
  may,
  onOpen,
  onRoll,
}: {
  readonly list: readonly VersionInfo[]
  readonly may: PageProps['may']
  readonly onOpen: (version: number) => void
  readonly onRoll: (version: number) => void
}): JSX.Element {
  const t = POLICIES[useLanguage()].versions
  return (
    <table class="table stacked">
      <thead>
        <tr>
          <th scope="col">{t.version}</th>
          <th scope="col">{t.when}</th>
          <th scope="col">{t.who}</th>
          <th scope="col">{t.note}</th>
          <th scope="col">{t.what}</th>
        </tr>
      </thead>
      <tbody>
        {list.map((one) => (
          <tr key={one.version}>
            <th scope="row">
              {t.number(one.version)} {one.active ? <Mark tone="verified">{t.active}</Mark> : null}
            </th>
            <td data-label={t.when}>
              <Moment iso={one.created} />
            </td>
            <td data-label={t.who}>
              <code>{one.createdBy}</code>
            </td>
            <td data-label={t.note}>{one.note ?? '–'}</td>
            <td>
              <fieldset class="row bare" aria-label={t.actions(one.version)}>
                <button type="button" class="button small" onClick={() => onOpen(one.version)}>
                  {t.open}
                </button>
                {one.active || !may('policy:write') ? null : (
                  <button type="button" class="button small" onClick={() => onRoll(one.version)}>
                    {t.rollBack}
                  </button>
                )}
              </fieldset>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Compare({ calls, list }: { readonly calls: PolicyCalls; readonly list: readonly VersionInfo[] }): JSX.Element {
  const t = POLICIES[useLanguage()].versions
  const active = list.find((one) => one.active)?.version ?? list[0]?.version ?? 1
  const [from, setFrom] = useState(list.find(({ version }) => version < active)?.version ?? list.at(-1)?.version ?? 1)
  const [to, setTo] = useState(active)
  const texts = useLoad((signal) => Promise.all([calls.text(from, signal), calls.text(to, signal)]), [calls, from, to])
  const choice = (label: string, value: number, onChoose: (version: number) => void): JSX.Element => (
    <label class="row small">
      {label}
      <select value={value} onChange={(event) => onChoose(Number(event.currentTarget.value))}>
        {list.map(({ version }) => (
          <option key={version} value={version}>
            {t.number(version)}
          </option>
        ))}
      </select>
    </label>
  )
  return (
    <section class="panel" aria-labelledby="policy-compare">
      <h2 id="policy-compare">{t.compare}</h2>
      <div class="row">
        {choice(t.from, from, setFrom)}
        {choice(t.to, to, setTo)}
      </div>
      <Load of={texts}>{([before, after]) => <DiffView before={before} after={after} />}</Load>
    </section>
  )
}
