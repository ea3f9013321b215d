import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { may } from '../../api/session.ts'
import { fragmentOf } from '../../app/route.ts'
import { useLanguage } from '../../text/language.ts'
import { useAction } from '../../ui/action.ts'
import { Load, useLoad } from '../../ui/load.tsx'
import { PageHead, Snippet } from '../../ui/page-parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { Records } from '../../ui/records.tsx'
import type { PartProps } from './part.ts'
import { ACCESS } from './words.ts'

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/

/** Namespaces that the reader may see; who administers all may make another. */
export function Namespaces({ page, onTold }: PartProps): JSX.Element {
  const { parts, namespaces: t, namespaceMade } = ACCESS[useLanguage()]
  const { api, who } = page
  const all = may(who, '*', 'admin')
  const list = useLoad(
    async (signal) =>
      all
        ? (await api.get<{ namespaces: readonly string[] }>('/namespaces', signal)).namespaces
        : [...new Set(who.grants.map(({ namespace }) => namespace).filter((name) => name !== '*'))].sort(),
    [api, all],
  )
  return (
    <>
      <PageHead title={parts.namespaces} lead={t.lead} />
      {all ? (
        <Creating
          page={page}
          onMade={(name, created) => {
            onTold(namespaceMade(name, created))
            list.reload()
          }}
        />
      ) : null}
      <Load of={list}>
        {(names) => (
          <section class="panel list">
            {all ? null : <p class="faint small">{t.yours}</p>}
            <Records
              label={t.list}
              rows={names}
              keyOf={(name) => name}
              columns={[
                { title: t.name, look: 'head', cell: (name) => <strong>{name}</strong> },
                {
                  title: t.open,
                  look: 'acts',
                  cell: (name) => (
                    <a
                      href={fragmentOf({ at: 'decisions', namespace: name, id: undefined })}
                      aria-label={`${t.open} ${name}`}
                    >
                      {t.open}
                    </a>
                  ),
                },
              ]}
            />
            <Snippet kind="commandLine" text="sekisho namespace list" />
          </section>
        )}
      </Load>
    </>
  )
}

function Creating({
  page: { api },
  onMade,
}: {
  readonly page: PartProps['page']
  readonly onMade: (name: string, created: boolean) => void
}): JSX.Element {
  const { namespaces: t } = ACCESS[useLanguage()]
  const [name, setName] = useState('')
  const making = useAction()
  const wrong = name !== '' && !NAME.test(name)
  const submit = (event: Event): void => {
    event.preventDefault()
    if (!NAME.test(name)) return
    void making.run(async () => {
      const { created } = await api.send<{ created: boolean }>('POST', '/namespaces', { json: { name } })
      setName('')
      onMade(name, created)
    })
  }
  return (
    <form class="panel form" onSubmit={submit}>
      <label for="namespace-name">{t.create}</label>
      <div class="row">
        <input
          id="namespace-name"
          type="text"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          maxLength={63}
          aria-describedby="namespace-hint"
          value={name}
          onInput={(event) => setName(event.currentTarget.value.trim())}
        />
        <button type="submit" class="button primary" disabled={making.busy || !NAME.test(name)}>
          {t.save}
        </button>
      </div>
      <p id="namespace-hint" class={wrong ? 'wrong' : 'hint'} aria-live="polite">
        {wrong ? t.wrong : t.hint}
      </p>
      {making.error === undefined ? null : <Problem error={making.error} />}
      <Snippet kind="commandLine" text={`sekisho namespace create ${NAME.test(name) ? name : 'NAME'}`} />
    </form>
  )
}
