import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { useLanguage } from '../../text/language.ts'
import { Load, useLoad } from '../../ui/load.tsx'
import { Confirm, Snippet } from '../../ui/page-parts.tsx'
import { POLICIES } from './languages.ts'
import type { PolicyCalls } from './model.ts'

/** Policies to begin from. */
export function Starters({
  calls,
  guarded,
  onUse,
}: {
  readonly calls: PolicyCalls
  /** Whether there is text that must not be replaced unasked. */
  readonly guarded: boolean
  readonly onUse: (text: string) => void
}): JSX.Element {
  const t = POLICIES[useLanguage()].starters
  const starters = useLoad((signal) => calls.starters(signal), [calls])
  const [chosen, setChosen] = useState<string>()
  const [asking, setAsking] = useState(false)
  return (
    <section class="panel" aria-labelledby="policy-starters">
      <h2 id="policy-starters">{t.heading}</h2>
      <Load of={starters}>
        {(list) => {
          const starter = list.find(({ name }) => name === chosen) ?? list[0]
          const use = (): void => {
            setAsking(false)
            if (starter !== undefined) onUse(starter.text)
          }
          return (
            <>
              <p class="small faint">{t.lead}</p>
              <div class="row starter">
                <select aria-label={t.choose} value={starter?.name} onChange={(e) => setChosen(e.currentTarget.value)}>
                  {list.map(({ name, title }) => (
                    <option key={name} value={name}>
                      {title}
                    </option>
                  ))}
                </select>
                <button type="button" class="button" onClick={() => (guarded ? setAsking(true) : use())}>
                  {t.put}
                </button>
              </div>
              <Snippet kind="commandLine" text={`sekisho policy starter ${starter?.name ?? ''} > policy.cedar`} />
              {asking ? (
                <Confirm title={t.replaceTitle} action={t.replaceAction} onYes={use} onNo={() => setAsking(false)}>
                  <p>{t.replace}</p>
                </Confirm>
              ) : null}
            </>
          )
        }}
      </Load>
    </section>
  )
}
