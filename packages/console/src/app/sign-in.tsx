import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useLanguage } from '../text/language.ts'
import { SHELL } from '../text/shell.ts'
import { useAction } from '../ui/action.ts'
import { Problem } from '../ui/problem.tsx'
import { useSession } from './session.tsx'

/** What stands in the place of a page for whoever is not signed in. */
export function SignIn(): JSX.Element {
  const t = SHELL[useLanguage()]
  const { api, standing, enter } = useSession()
  const [token, setToken] = useState('')
  const { busy, error, run } = useAction()
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    await run(async () => enter(await api.signIn({ token: token.trim() })))
  }
  return (
    <section class="panel narrow">
      <h1>{t.signIn.heading}</h1>
      <p class="faint">{t.signIn.lead}</p>
      {standing === 'over' ? <p class="caution">{t.over}</p> : null}
      <form class="form" onSubmit={(event) => void submit(event)}>
        <label for="token">{t.signIn.token}</label>
        <input
          id="token"
          type="password"
          autocomplete="off"
          spellcheck={false}
          aria-describedby="token-hint"
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <p id="token-hint" class="faint small">
          {t.signIn.hint}
        </p>
        <p>
          <button type="submit" class="button primary" disabled={busy || token.trim() === ''}>
            {busy ? t.signIn.busy : t.signIn.action}
          </button>
        </p>
      </form>
      {error === undefined ? null : <Problem error={error} />}
      <p class="faint small">{t.signIn.firstTime}</p>
    </section>
  )
}

/** Redeems the one-time link that the page was opened with, once, and takes its secret out of the address at once. */
export function Setup({ secret, onDone }: { readonly secret: string; readonly onDone: () => void }): JSX.Element {
  const t = SHELL[useLanguage()]
  const { api, enter } = useSession()
  const [error, setError] = useState<unknown>()
  const asked = useRef(false)
  useEffect(() => {
    if (asked.current) return
    asked.current = true
    api.signIn({ setup: secret }).then((who) => {
      enter(who)
      onDone()
    }, setError)
    // Once: the link opens once.
  }, [])
  return error === undefined ? (
    <p class="centred" role="status">
      {t.signIn.setup}
    </p>
  ) : (
    <>
      <Problem error={error} />
      <SignIn />
    </>
  )
}
