import type { JSX } from 'preact'
import { useLanguage } from '../../text/language.ts'
import { useAction } from '../../ui/action.ts'
import { useLoad } from '../../ui/load.tsx'
import { Confirm, Snippet } from '../../ui/page-parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { FallingLeases } from '../policies/effect.tsx'
import { POLICIES } from '../policies/languages.ts'
import { REFERENCES } from './languages.ts'
import type { Reappraised, StoredSet } from './model.ts'
import type { ReferenceProps } from './props.ts'

/** Asks before a set is deleted, and tells which live leases would end. */
export function RemoveSet({
  calls,
  namespace,
  set: { name },
  onNo,
  onDone,
}: ReferenceProps & {
  readonly set: StoredSet
  readonly onNo: () => void
  readonly onDone: (done: Reappraised) => void
}): JSX.Element {
  const language = useLanguage()
  const t = REFERENCES[language].remove
  const forecast = useLoad(async () => ({ found: await calls.forecast({ remove: name }) }), [calls, name])
  const { busy, error, run } = useAction()
  const remove = (): void => void run(async () => onDone(await calls.remove(name)))
  const { value } = forecast
  const fails = value?.found?.fails ?? []
  return (
    <Confirm title={t.title(name)} action={t.action} busy={value === undefined || busy} onYes={remove} onNo={onNo}>
      <div class="dialog-body">
        <p>{t.lead}</p>
        {forecast.busy ? <p role="status">{t.asking}</p> : null}
        {forecast.error === undefined ? null : <Problem error={forecast.error} onAgain={forecast.reload} />}
        {value === undefined ? null : value.found === undefined ? (
          <p class="caution">{t.unknown}</p>
        ) : fails.length === 0 ? (
          <p>{t.stay}</p>
        ) : (
          <>
            <p role="status">
              <strong>{POLICIES[language].effect.falling(fails.length, value.found.leases)}</strong>
            </p>
            <FallingLeases namespace={namespace} fails={fails} />
          </>
        )}
        {error === undefined ? null : <Problem error={error} />}
        <Snippet kind="commandLine" text={`sekisho reference delete ${name}`} />
      </div>
    </Confirm>
  )
}
