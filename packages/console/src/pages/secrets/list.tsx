import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { fragmentOf } from '../../app/route.ts'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { SHELL } from '../../text/shell.ts'
import { Load } from '../../ui/load.tsx'
import { Empty, PageHead, Snippet } from '../../ui/page-parts.tsx'
import { type ListPage, usePaged } from '../../ui/paged.ts'
import { Mark, Moment } from '../../ui/parts.tsx'
import { type Column, MoreOf, Records } from '../../ui/records.tsx'
import { AddSecret } from './add-secret.tsx'
import { MakeKey } from './make-key.tsx'
import { matching, type SecretSummary } from './model.ts'
import { SECRETS, type SecretTexts } from './texts.ts'

/** What is kept in the namespace, by path. */
export function SecretList({
  page,
  onTold,
}: {
  readonly page: PageProps
  readonly onTold: (what: string | undefined) => void
}): JSX.Element {
  const language = useLanguage()
  const t = SECRETS[language]
  const { api, namespace } = page
  const [opened, setOpened] = useState<'add' | 'generate'>()
  const secrets = usePaged((after, signal) => listed(page, after, signal), [api, namespace])
  const done = (what: string): void => {
    setOpened(undefined)
    onTold(what)
    secrets.list.reload()
  }
  const known = secrets.list.value?.items ?? []
  const close = (): void => setOpened(undefined)
  const open = (what: 'add' | 'generate'): void => {
    onTold(undefined)
    setOpened(what)
  }
  return (
    <>
      <PageHead title={SHELL[language].pages.secrets} lead={t.lead}>
        {page.may('secrets:write') ? (
          <>
            <button type="button" class="button" onClick={() => open('generate')}>
              {t.generate}
            </button>
            <button type="button" class="button primary" onClick={() => open('add')}>
              {t.add}
            </button>
          </>
        ) : null}
      </PageHead>
      <Load of={secrets.list}>
        {({ items }) =>
          items.length === 0 ? <Nothing page={page} t={t} /> : <Listed page={page} items={items} t={t} />
        }
      </Load>
      <MoreOf of={secrets} />
      {opened === 'add' ? <AddSecret page={page} known={known} onDone={done} onClose={close} /> : null}
      {opened === 'generate' ? <MakeKey page={page} known={known} onDone={done} onClose={close} /> : null}
    </>
  )
}

async function listed(
  { api, namespace }: PageProps,
  after: string | undefined,
  signal: AbortSignal,
): Promise<ListPage<SecretSummary>> {
  const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`
  const { secrets, next } = await api.get<{ secrets: readonly SecretSummary[]; next?: string }>(
    `/namespaces/${namespace}/secrets${query}`,
    signal,
  )
  return { items: secrets, next }
}

function Nothing({ page, t }: { readonly page: PageProps; readonly t: SecretTexts }): JSX.Element {
  return (
    <Empty title={t.nothing}>
      <p>{t.nothingHow}</p>
      <Snippet
        kind="commandLine"
        text={`sekisho secret put shop/database/password FILE --namespace ${page.namespace}`}
      />
    </Empty>
  )
}

function Listed({
  page,
  items,
  t,
}: {
  readonly page: PageProps
  readonly items: readonly SecretSummary[]
  readonly t: SecretTexts
}): JSX.Element {
  const [words, setWords] = useState('')
  const [kind, setKind] = useState<SecretSummary['kind']>()
  const shown = matching(items, words, kind)
  return (
    <section class="panel list">
      <div class="bar">
        <label>
          {t.search}
          <input type="search" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
        </label>
        <label>
          {t.kind}
          <select
            value={kind ?? ''}
            onChange={({ currentTarget: { value } }) =>
              setKind(value === 'secret' || value === 'key' ? value : undefined)
            }
          >
            <option value="">{t.anyKind}</option>
            <option value="secret">{t.kinds.secret}</option>
            <option value="key">{t.kinds.key}</option>
          </select>
        </label>
      </div>
      {shown.length === 0 ? (
        <p class="faint" role="status">
          {t.noMatch}
        </p>
      ) : (
        <Records label={t.list} columns={columnsOf(page, t)} rows={shown} keyOf={({ path }) => path} />
      )}
    </section>
  )
}

function columnsOf({ namespace }: PageProps, t: SecretTexts): readonly Column<SecretSummary>[] {
  return [
    {
      title: t.columns.path,
      look: 'head',
      cell: ({ path }) => <PathLink namespace={namespace} path={path} />,
    },
    {
      title: t.columns.kind,
      cell: ({ kind }) => <Mark tone={kind === 'key' ? 'excluded' : 'plain'}>{t.kinds[kind]}</Mark>,
    },
    { title: t.columns.version, look: 'figure', cell: ({ version }) => version },
    { title: t.columns.contentType, cell: ({ contentType }) => contentType ?? <span class="faint">–</span> },
    { title: t.columns.created, cell: ({ created }) => <Moment iso={created} /> },
    { title: t.columns.updated, cell: ({ updated }) => <Moment iso={updated} /> },
  ]
}

function PathLink({ namespace, path }: { readonly namespace: string; readonly path: string }): JSX.Element {
  const at = path.lastIndexOf('/') + 1
  return (
    <a class="secret-path" href={fragmentOf({ at: 'secrets', namespace, id: path })}>
      <span class="folder">{path.slice(0, at)}</span>
      <strong>{path.slice(at)}</strong>
    </a>
  )
}
