import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { may } from '../../api/session.ts'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { SHELL } from '../../text/shell.ts'
import { useAction } from '../../ui/action.ts'
import { CopyButton, Dialog, Snippet } from '../../ui/page-parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { daysUntil, endAfter, givable, type Scope } from './model.ts'
import { type Life, LifeField, ScopeField } from './token-fields.tsx'
import { ACCESS } from './words.ts'

interface Wanted {
  readonly name: string
  readonly namespace: string
  readonly everything: boolean
  readonly scopes: readonly Scope[]
  readonly life: Life
}

/** Makes a token, and shows it once. It is forgotten with the dialog. */
export function CreateToken({
  page,
  onDone,
  onClose,
}: {
  readonly page: PageProps
  readonly onDone: (told: string) => void
  readonly onClose: () => void
}): JSX.Element {
  const texts = ACCESS[useLanguage()]
  const [wanted, setWanted] = useState<Wanted>({
    name: '',
    namespace: page.namespace,
    everything: false,
    scopes: [],
    life: { days: 90 },
  })
  const [token, setToken] = useState<string>()
  if (token !== undefined) return <Shown token={token} onKept={() => onDone(texts.made(wanted.name))} />
  return <Asking page={page} wanted={wanted} onWanted={setWanted} onMade={setToken} onClose={onClose} />
}

function Asking({
  page: { api, who, namespace },
  wanted,
  onWanted,
  onMade,
  onClose,
}: {
  readonly page: PageProps
  readonly wanted: Wanted
  readonly onWanted: (wanted: Wanted) => void
  readonly onMade: (token: string) => void
  readonly onClose: () => void
}): JSX.Element {
  const language = useLanguage()
  const texts = ACCESS[language]
  const t = texts.form
  const making = useAction()
  const offered = givable(who, wanted.namespace)
  const scopes = wanted.everything && offered.includes('admin') ? (['admin'] as const) : wanted.scopes
  const days = 'days' in wanted.life ? wanted.life.days : daysUntil(wanted.life.until, Date.now())
  const ready = wanted.name.trim() !== '' && scopes.length > 0 && days !== undefined
  const set = (some: Partial<Wanted>): void => onWanted({ ...wanted, ...some })
  const submit = (event: Event): void => {
    event.preventDefault()
    if (!ready) return
    void making.run(async () => {
      const path = wanted.namespace === '*' ? '/tokens' : `/namespaces/${wanted.namespace}/tokens`
      const json = { name: wanted.name.trim(), scopes, expires: endAfter(days, Date.now()) }
      onMade((await api.send<{ token: string }>('POST', path, { json })).token)
    })
  }
  return (
    <Dialog title={texts.tokens.create} onClose={onClose}>
      <form class="form" onSubmit={submit}>
        <label for="token-name">{t.name}</label>
        <input
          id="token-name"
          type="text"
          autocomplete="off"
          maxLength={100}
          required
          aria-describedby="token-name-hint"
          value={wanted.name}
          onInput={(event) => set({ name: event.currentTarget.value })}
        />
        <p id="token-name-hint" class="hint">
          {t.nameHint}
        </p>
        {may(who, '*', 'tokens:write') ? (
          <>
            <label for="token-where">{t.where}</label>
            <select
              id="token-where"
              value={wanted.namespace}
              onChange={(event) => set({ namespace: event.currentTarget.value, scopes: [] })}
            >
              <option value={namespace}>
                {texts.tokens.here} ({namespace})
              </option>
              <option value="*">{texts.tokens.everywhere}</option>
            </select>
          </>
        ) : null}
        <ScopeField
          offered={offered}
          everything={wanted.everything}
          scopes={wanted.scopes}
          onEverything={(everything) => set({ everything })}
          onScopes={(chosen) => set({ scopes: chosen })}
        />
        <LifeField life={wanted.life} wrong={days === undefined} onLife={(life) => set({ life })} />
        {making.error === undefined ? null : <Problem error={making.error} />}
        <p class="row end">
          <button type="button" class="button" onClick={onClose}>
            {SHELL[language].cancel}
          </button>
          <button type="submit" class="button primary" disabled={making.busy || !ready}>
            {making.busy ? t.creating : t.create}
          </button>
        </p>
        <Snippet kind="commandLine" text={commandOf(wanted, scopes, days ?? 90)} />
      </form>
    </Dialog>
  )
}

function commandOf({ name, namespace }: Wanted, scopes: readonly Scope[], days: number): string {
  const called = name.trim() === '' ? 'NAME' : `'${name.trim().replaceAll("'", "'\\''")}'`
  const may = scopes.length === 0 ? 'SCOPE' : scopes.join(' ')
  if (namespace !== '*')
    return `sekisho token create ${called} --scope ${may} --days ${days} -o token.txt --namespace ${namespace}`
  const body = JSON.stringify({ name: name.trim(), scopes, expires: endAfter(days, Date.now()) })
  return [
    `curl ${location.origin}/api/v1/tokens`,
    `-H "authorization: Bearer $SEKISHO_TOKEN" -H 'content-type: application/json'`,
    `-d '${body.replaceAll("'", "'\\''")}'`,
  ].join(' \\\n  ')
}

/** The token, for the only time. Nothing but the word that it was kept takes it away. */
function Shown({ token, onKept }: { readonly token: string; readonly onKept: () => void }): JSX.Element {
  const { shown: t } = ACCESS[useLanguage()]
  return (
    <Dialog title={t.title} onClose={onKept} stay>
      <div class="stack">
        <p>{t.once}</p>
        <pre class="block">
          <code class="token-shown">{token}</code>
        </pre>
        <p>
          <CopyButton text={token} />
        </p>
        <p class="faint small">{t.how}</p>
        <p class="row end">
          <button type="button" class="button primary" onClick={onKept}>
            {t.kept}
          </button>
        </p>
      </div>
    </Dialog>
  )
}
