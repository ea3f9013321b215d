import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { useLanguage } from '../../text/language.ts'
import { useAction } from '../../ui/action.ts'
import { PageHead, Snippet } from '../../ui/page-parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { Choosable } from './choosing.tsx'
import { Levels, NO_LEVEL } from './levels.tsx'
import { type AffectedLease, heldOf, type LevelRow, levelsByProduct, piped } from './model.ts'
import type { PartProps } from './part.ts'
import type { LeaseTexts } from './texts.ts'
import { LEASES } from './words.ts'

interface Outcome {
  /** What was asked, as it was sent. */
  readonly of: string
  readonly leases: number
  readonly fails: readonly AffectedLease[]
  /** Products that were named and that no live lease is on. */
  readonly unmatched: readonly string[]
}

type Foretold = Omit<Outcome, 'of'>

interface Asked {
  readonly rows: readonly LevelRow[]
  readonly early: boolean
  readonly policy: string
}

/** What would become of live leases under levels, a channel or a policy to come. */
export function ForecastPart({ page, onTold }: PartProps): JSX.Element {
  const t = LEASES[useLanguage()]
  const { api, namespace } = page
  const [asked, setAsked] = useState<Asked>({ rows: [NO_LEVEL], early: false, policy: '' })
  const [outcome, setOutcome] = useState<Outcome>()
  const asking = useAction()
  const body = bodyOf(asked)
  const question = JSON.stringify(body ?? {})
  const change = (some: Partial<Asked>): void => setAsked((before) => ({ ...before, ...some }))
  const ask = (): void => {
    if (body === undefined) return
    setOutcome(undefined)
    void asking.run(async () => {
      const foretold = await api.send<Foretold>('POST', `/namespaces/${namespace}/forecast`, { json: body })
      setOutcome({ ...foretold, of: question })
    })
  }
  return (
    <>
      <PageHead title={t.parts.forecast} lead={t.forecast.lead} />
      <form
        class="panel form"
        onSubmit={(event) => {
          event.preventDefault()
          ask()
        }}
      >
        <Form page={page} asked={asked} wrong={body === undefined} t={t} onChange={change} />
        <p class="row">
          <button type="submit" class="button primary" disabled={asking.busy || body === undefined}>
            {t.forecast.run}
          </button>
          <span class="faint small" role="status">
            {asking.busy ? t.forecast.running : ''}
          </span>
        </p>
        <Snippet kind="commandLine" text={piped(body ?? {}, `sekisho lease forecast --namespace ${namespace}`)} />
      </form>
      {asking.error === undefined ? null : <Problem error={asking.error} />}
      {outcome?.of !== question ? null : (
        <section class="panel list stack" aria-label={t.forecast.list}>
          <p role="status">
            <strong>{t.outcome(outcome.fails.length, outcome.leases)}</strong>
          </p>
          {outcome.unmatched.length === 0 ? null : <p class="wrong">{t.unmatched(outcome.unmatched.join(', '))}</p>}
          {outcome.fails.length === 0 ? null : (
            <Choosable
              page={page}
              label={t.forecast.list}
              rows={outcome.fails.map(heldOf)}
              onRevoked={(told) => {
                onTold(told)
                ask()
              }}
            />
          )}
        </section>
      )}
    </>
  )
}

function bodyOf({ rows, early, policy }: Asked): Readonly<Record<string, unknown>> | undefined {
  const minTcb = levelsByProduct(rows)
  if (minTcb === undefined) return undefined
  return {
    ...(Object.keys(minTcb).length === 0 ? {} : { minTcb }),
    ...(early ? { update: 'early' } : {}),
    ...(policy.trim() === '' ? {} : { policy }),
  }
}

function Form({
  page,
  asked,
  wrong,
  t,
  onChange,
}: {
  readonly page: PartProps['page']
  readonly asked: Asked
  readonly wrong: boolean
  readonly t: LeaseTexts
  readonly onChange: (some: Partial<Asked>) => void
}): JSX.Element {
  const loading = useAction()
  const current = (): void => {
    void loading.run(async () => {
      const { text } = await page.api.get<{ text: string }>(`/namespaces/${page.namespace}/policy`)
      onChange({ policy: text })
    })
  }
  return (
    <>
      <fieldset>
        <legend>{t.forecast.levels}</legend>
        <Levels products rows={asked.rows} onRows={(rows) => onChange({ rows })} />
        <p class={wrong ? 'wrong' : 'hint'} aria-live="polite">
          {wrong ? t.advisory.levelsWrong : t.forecast.levelsHint}
        </p>
      </fieldset>
      <label class="choice">
        <input
          type="checkbox"
          checked={asked.early}
          onChange={(event) => onChange({ early: event.currentTarget.checked })}
        />
        {t.forecast.early}
      </label>
      <label for="forecast-policy">{t.forecast.policy}</label>
      <textarea
        id="forecast-policy"
        class={asked.policy === '' ? '' : 'policy-text'}
        rows={3}
        spellcheck={false}
        maxLength={512 * 1024}
        aria-describedby="forecast-policy-hint"
        value={asked.policy}
        onInput={(event) => onChange({ policy: event.currentTarget.value })}
      />
      <p id="forecast-policy-hint" class="row hint">
        {t.forecast.policyHint}
        {page.may('policy:read') ? (
          <button type="button" class="button small" disabled={loading.busy} onClick={current}>
            {t.forecast.current}
          </button>
        ) : null}
      </p>
      {loading.error === undefined ? null : <Problem error={loading.error} />}
    </>
  )
}
