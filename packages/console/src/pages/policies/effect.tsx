import './effect.css'
import type { ChangedDecision, DryRunReport } from '@sekisho/appraisal'
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { fragmentOf } from '../../app/route.ts'
import { useLanguage, useTexts } from '../../text/language.ts'
import { Load, type Loaded } from '../../ui/load.tsx'
import { Mark, Moment } from '../../ui/parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { EnglishNote, Said, Speaking } from '../../ui/said.tsx'
import { POLICIES } from './languages.ts'
import type { LeaseForecast } from './model.ts'

const SHOWN = 20

/** What a text would have decided otherwise of everything that is recorded. */
export function History({
  namespace,
  report,
}: {
  readonly namespace: string
  readonly report: Loaded<DryRunReport>
}): JSX.Element {
  const t = POLICIES[useLanguage()].effect
  return (
    <section aria-labelledby="dry-run">
      <h3 id="dry-run">{t.history}</h3>
      {report.busy ? <p role="status">{t.asking}</p> : null}
      {report.error === undefined ? null : <Problem error={report.error} onAgain={report.reload} />}
      {report.value === undefined ? null : <Report namespace={namespace} report={report.value} />}
    </section>
  )
}

function Report({ namespace, report }: { readonly namespace: string; readonly report: DryRunReport }): JSX.Element {
  const t = POLICIES[useLanguage()].effect
  const { total, refused, newlyPermitted } = report
  if (total === 0) return <p class="faint">{t.noHistory}</p>
  if (refused.length + newlyPermitted.length === 0)
    return (
      <p>
        {t.counted(total, 0, 0)} {t.same}
      </p>
    )
  return (
    <>
      <p role="status">
        <strong>{t.counted(total, refused.length, newlyPermitted.length)}</strong>
      </p>
      <Changed namespace={namespace} title={t.refused} tone="rejected" list={refused} />
      <Changed namespace={namespace} title={t.permitted} tone="verified" list={newlyPermitted} />
    </>
  )
}

function Changed({
  namespace,
  title,
  tone,
  list,
}: {
  readonly namespace: string
  readonly title: string
  readonly tone: string
  readonly list: readonly ChangedDecision[]
}): JSX.Element | null {
  const t = POLICIES[useLanguage()]
  const { emulated } = useTexts()
  const [shown, setShown] = useState(SHOWN)
  if (list.length === 0) return null
  return (
    <>
      <h4>
        {title} <Mark tone={tone}>{list.length}</Mark>
      </h4>
      <ul class="plain outcomes">
        {list.slice(0, shown).map((one) => (
          <li key={one.id}>
            <span class="row">
              <a href={fragmentOf({ at: 'decisions', namespace, id: one.id })}>
                <code>{one.id}</code>
              </a>
              {one.emulated ? <Mark tone="emulated">{emulated}</Mark> : null}
            </span>
            <span class="small">
              {t.actions[one.action]} <code>{one.resource}</code>, <Moment iso={one.at} />
            </span>
            <span class="small faint">{whyOf(one, t.effect)}</span>
          </li>
        ))}
      </ul>
      {list.length <= shown ? null : (
        <button type="button" class="button small" onClick={() => setShown(shown + 100)}>
          {t.effect.more} ({list.length - shown})
        </button>
      )}
    </>
  )
}

function whyOf(
  { reasons, errors }: ChangedDecision,
  t: { by(ids: string): string; readonly nothingPermits: string },
): string {
  if (reasons.length > 0) return t.by(reasons.map(({ id }) => id).join(', '))
  return errors[0] ?? t.nothingPermits
}

/** Which live leases would end. */
export function Leases({
  namespace,
  forecast,
}: {
  readonly namespace: string
  readonly forecast: Loaded<LeaseForecast>
}): JSX.Element {
  const t = POLICIES[useLanguage()].effect
  return (
    <section aria-labelledby="lease-forecast">
      <h3 id="lease-forecast">{t.leases}</h3>
      {forecast.value === undefined && forecast.busy ? <p role="status">{t.waitLeases}</p> : null}
      <Load of={{ ...forecast, busy: false }}>
        {({ leases, fails }) =>
          fails.length === 0 ? (
            <p>{leases === 0 ? t.noLeases : t.allStay}</p>
          ) : (
            <>
              <p role="status">
                <strong>{t.falling(fails.length, leases)}</strong>
              </p>
              <FallingLeases namespace={namespace} fails={fails} />
            </>
          )
        }
      </Load>
    </section>
  )
}

/** Live leases that would end, and why. */
export function FallingLeases({
  namespace,
  fails,
}: {
  readonly namespace: string
  readonly fails: LeaseForecast['fails']
}): JSX.Element {
  const t = POLICIES[useLanguage()]
  const { emulated } = useTexts()
  const [shown, setShown] = useState(SHOWN)
  const reasons = fails.slice(0, shown).flatMap(({ reasons: [first] }) => (first === undefined ? [] : [first]))
  return (
    <Speaking of={['checkpoint', ...reasons]}>
      <ul class="plain outcomes">
        {fails.slice(0, shown).map((one) => (
          <li key={one.lease}>
            <span class="row">
              <a href={fragmentOf({ at: 'leases', namespace, id: one.lease })}>
                <code>{one.lease}</code>
              </a>
              {one.emulated === true ? <Mark tone="emulated">{emulated}</Mark> : null}
            </span>
            <span class="small">
              <code>{one.resource}</code>, {one.product ?? one.tee}, {t.columns.expires} <Moment iso={one.expires} />
            </span>
            <span class="small faint">
              <code>{one.code}</code> {one.reasons[0] === undefined ? null : <Said text={one.reasons[0]} />}
            </span>
          </li>
        ))}
      </ul>
      <EnglishNote of={reasons} />
      {fails.length <= shown ? null : (
        <button type="button" class="button small" onClick={() => setShown(shown + 100)}>
          {t.effect.more} ({fails.length - shown})
        </button>
      )}
    </Speaking>
  )
}
