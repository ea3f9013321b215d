import type { JSX } from 'preact'
import { useLanguage } from '../../text/language.ts'
import { LIVES, SCOPES, type Scope } from './model.ts'
import { ScopeWords } from './scope-words.tsx'
import { ACCESS } from './words.ts'

/** How long a token is to live: some days, or until the end of one. */
export type Life = { readonly days: number } | { readonly until: string }

/** What a token is to be allowed, of what the reader has. */
export function ScopeField({
  offered,
  everything,
  scopes,
  onEverything,
  onScopes,
}: {
  readonly offered: readonly Scope[]
  readonly everything: boolean
  readonly scopes: readonly Scope[]
  readonly onEverything: (everything: boolean) => void
  readonly onScopes: (scopes: readonly Scope[]) => void
}): JSX.Element {
  const { form: t } = ACCESS[useLanguage()]
  const admin = offered.includes('admin')
  const some = SCOPES.filter((scope) => offered.includes(scope))
  return (
    <fieldset>
      <legend>{t.what}</legend>
      {admin ? (
        <div class="row">
          <label class="choice">
            <input type="radio" name="token-scopes" checked={!everything} onChange={() => onEverything(false)} />
            {t.some}
          </label>
          <label class="choice">
            <input type="radio" name="token-scopes" checked={everything} onChange={() => onEverything(true)} />
            <span>
              {t.everything} <code class="faint">admin</code>
            </span>
          </label>
        </div>
      ) : (
        <p class="hint">{t.own}</p>
      )}
      {admin && everything ? null : (
        <>
          <div class="scope-columns">
            {some.map((scope) => (
              <label key={scope} class="choice small">
                <input
                  type="checkbox"
                  checked={scopes.includes(scope)}
                  onChange={() =>
                    onScopes(scopes.includes(scope) ? scopes.filter((one) => one !== scope) : [...scopes, scope])
                  }
                />
                <span>
                  <ScopeWords scope={scope} />
                </span>
              </label>
            ))}
          </div>
          <p>
            <button
              type="button"
              class="button small"
              onClick={() => onScopes([...new Set([...scopes, ...some.filter((one) => one.endsWith(':read'))])])}
            >
              {t.reading}
            </button>
          </p>
        </>
      )}
    </fieldset>
  )
}

/** How long. */
export function LifeField({
  life,
  wrong,
  onLife,
}: {
  readonly life: Life
  readonly wrong: boolean
  readonly onLife: (life: Life) => void
}): JSX.Element {
  const texts = ACCESS[useLanguage()]
  const t = texts.form
  return (
    <fieldset>
      <legend>{t.life}</legend>
      <div class="row">
        {LIVES.map((days) => (
          <label key={days} class="choice">
            <input
              type="radio"
              name="token-life"
              checked={'days' in life && life.days === days}
              onChange={() => onLife({ days })}
            />
            {texts.days(days)}
          </label>
        ))}
        <label class="choice">
          <input type="radio" name="token-life" checked={'until' in life} onChange={() => onLife({ until: '' })} />
          {t.until}
        </label>
        {'until' in life ? (
          <input
            type="date"
            aria-label={t.until}
            value={life.until}
            onInput={(event) => onLife({ until: event.currentTarget.value })}
          />
        ) : null}
      </div>
      <p class="wrong" aria-live="polite">
        {wrong ? t.untilWrong : ''}
      </p>
    </fieldset>
  )
}
