import type { JSX } from 'preact'
import { useLanguage } from '../../../text/language.ts'
import { Mark } from '../../../ui/parts.tsx'
import { START } from '../texts.ts'
import type { Act, Caller } from './model.ts'

/** What was sent and answered in a step, and what the page made itself. */
export function Acts({ acts, open }: { readonly acts: readonly Act[]; readonly open: boolean }): JSX.Element | null {
  const t = START[useLanguage()].run
  if (acts.length === 0) return null
  const calls = acts.filter(({ did }) => did === 'call').length
  return (
    <details class="acts" open={open}>
      <summary>{t.calls(calls)}</summary>
      <ol class="plain">
        {acts.map((act, i) => (
          <li key={`${i} ${act.did}`}>
            <ActView act={act} />
          </li>
        ))}
      </ol>
    </details>
  )
}

/** Who calls. */
export function CallerMark({ caller }: { readonly caller: Caller }): JSX.Element {
  const t = START[useLanguage()].run
  return <Mark tone={caller === 'owner' ? 'excluded' : 'assumed'}>{t.callers[caller]}</Mark>
}

function ActView({ act }: { readonly act: Act }): JSX.Element {
  const t = START[useLanguage()].run
  if (act.did !== 'call')
    return (
      <div class="act">
        <p class="act-line">
          <span class="mark">{t.callers.page}</span> {t.made[act.did]}
        </p>
        <pre class="block">
          <code>{act.text}</code>
        </pre>
      </div>
    )
  const { answer } = act
  return (
    <div class="act">
      <p class="act-line">
        <CallerMark caller={act.caller} />
        <code>
          {act.method} {act.path}
        </code>
      </p>
      {act.body === undefined ? null : (
        <pre class="block">
          <code>{act.body}</code>
        </pre>
      )}
      <p class="act-line small faint">
        <span aria-hidden="true">→</span>
        {answer === undefined ? t.waiting : answer.status === 'ok' ? t.answered : <code>{answer.status || '–'}</code>}
      </p>
      {answer === undefined || answer.body === '{}' ? null : (
        <pre class="block">
          <code>{answer.body}</code>
        </pre>
      )}
    </div>
  )
}
