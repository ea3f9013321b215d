import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { SHELL } from '../../text/shell.ts'
import { useAction } from '../../ui/action.ts'
import { Dialog, Snippet } from '../../ui/page-parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { isPath, KEY_TYPES, type KeyType, type SecretSummary } from './model.ts'
import { PathField } from './path-field.tsx'
import { SECRETS } from './texts.ts'

/** Has the checkpoint generate a key, or a new version of one. Its private part is never here. */
export function MakeKey({
  page,
  known,
  of,
  onDone,
  onClose,
}: {
  readonly page: PageProps
  readonly known: readonly SecretSummary[]
  /** The path that gets a new version; undefined where the reader names one. */
  readonly of?: string
  readonly onDone: (told: string) => void
  readonly onClose: () => void
}): JSX.Element {
  const language = useLanguage()
  const t = SECRETS[language]
  const [path, setPath] = useState(of ?? '')
  const [type, setType] = useState<KeyType>('ec-p256')
  const making = useAction()
  const submit = (event: Event): void => {
    event.preventDefault()
    if (!isPath(path)) return
    void making.run(async () => {
      const { version } = await page.api.send<{ version: number }>(
        'PUT',
        `/namespaces/${page.namespace}/keys/${path}`,
        {
          json: { type },
        },
      )
      onDone(t.made(path, version))
    })
  }
  const command = `sekisho key create ${isPath(path) ? path : 'REPOSITORY/TYPE/TAG'} --type ${type} --namespace ${page.namespace}`
  return (
    <Dialog title={of === undefined ? t.generate : `${t.newKeyVersion}: ${of}`} onClose={onClose}>
      <form class="form" onSubmit={submit}>
        {of === undefined ? <PathField path={path} kind="key" known={known} t={t} onPath={setPath} /> : null}
        <fieldset>
          <legend>{t.form.keyType}</legend>
          {KEY_TYPES.map((one) => (
            <label key={one} class="choice">
              <input type="radio" name="key-type" checked={type === one} onChange={() => setType(one)} />
              <span>
                {t.keyTypes[one]} <code class="faint">{one}</code>
              </span>
            </label>
          ))}
        </fieldset>
        {making.error === undefined ? null : <Problem error={making.error} />}
        <p class="row end">
          <button type="button" class="button" onClick={onClose}>
            {SHELL[language].cancel}
          </button>
          <button type="submit" class="button primary" disabled={making.busy || !isPath(path)}>
            {making.busy ? t.form.making : t.form.make}
          </button>
        </p>
        <Snippet kind="commandLine" text={command} />
      </form>
    </Dialog>
  )
}
