import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { ApiError } from '../../api/problem.ts'
import { fragmentOf, placeOf } from '../../app/route.ts'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { useAction } from '../../ui/action.ts'
import { Load, useLoad } from '../../ui/load.tsx'
import { Confirm, Empty, PageHead, Snippet } from '../../ui/page-parts.tsx'
import { Mark, Moment } from '../../ui/parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { Records } from '../../ui/records.tsx'
import { AddSecret } from './add-secret.tsx'
import { MakeKey } from './make-key.tsx'
import { isPath, type SecretDescription } from './model.ts'
import { PublicKey } from './public-key-view.tsx'
import { SECRETS, type SecretTexts } from './texts.ts'

/** What may be told about one secret or key. */
export function SecretDetail({
  page,
  path,
  onTold,
}: {
  readonly page: PageProps
  readonly path: string
  readonly onTold: (what: string | undefined) => void
}): JSX.Element {
  const t = SECRETS[useLanguage()]
  const { api, namespace } = page
  const [opened, setOpened] = useState<'version' | 'delete'>()
  const list = fragmentOf({ at: 'secrets', namespace, id: undefined })
  const found = useLoad(
    (signal) => (isPath(path) ? describe(page, path, signal) : Promise.resolve('nothing' as const)),
    [api, namespace, path],
  )
  const done = (what: string): void => {
    setOpened(undefined)
    onTold(what)
    found.reload()
  }
  const gone = (): void => {
    onTold(t.removed(path))
    // Whoever went elsewhere while it was done is not taken away from there.
    const now = placeOf(location.hash)
    if (now.at === 'secrets' && now.namespace === namespace && now.id === path) location.hash = list
  }
  const open = (what: 'version' | 'delete'): void => {
    onTold(undefined)
    setOpened(what)
  }
  const close = (): void => setOpened(undefined)
  const one = found.value === 'nothing' ? undefined : found.value
  return (
    <>
      <a class="back" href={list}>
        ← {t.back}
      </a>
      <PageHead title={path}>
        {one !== undefined && page.may('secrets:write') ? (
          <>
            <button type="button" class="button" onClick={() => open('delete')}>
              {t.remove}
            </button>
            <button type="button" class="button primary" onClick={() => open('version')}>
              {one.kind === 'key' ? t.newKeyVersion : t.newVersion}
            </button>
          </>
        ) : null}
      </PageHead>
      <Load of={found}>
        {(value) => (value === 'nothing' ? <Empty title={t.notStored} /> : <Parts page={page} one={value} t={t} />)}
      </Load>
      {one === undefined || opened === undefined ? null : opened === 'delete' ? (
        <Removing page={page} one={one} t={t} onGone={gone} onClose={close} />
      ) : one.kind === 'key' ? (
        <MakeKey page={page} known={[]} of={path} onDone={done} onClose={close} />
      ) : (
        <AddSecret page={page} known={[]} of={one} onDone={done} onClose={close} />
      )}
    </>
  )
}

async function describe(
  { api, namespace }: PageProps,
  path: string,
  signal: AbortSignal,
): Promise<SecretDescription | 'nothing'> {
  try {
    return await api.get<SecretDescription>(`/namespaces/${namespace}/secrets/${path}`, signal)
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return 'nothing'
    throw error
  }
}

function Parts({
  page,
  one,
  t,
}: {
  readonly page: PageProps
  readonly one: SecretDescription
  readonly t: SecretTexts
}): JSX.Element {
  const metadata = Object.entries(one.metadata)
  const versions = [...one.versions].sort((a, b) => b.version - a.version)
  return (
    <div class="secret-parts">
      <section class="panel">
        <dl class="pairs">
          <dt>{t.columns.kind}</dt>
          <dd>
            <Mark tone={one.kind === 'key' ? 'excluded' : 'plain'}>{t.kinds[one.kind]}</Mark>
          </dd>
          <dt>{t.columns.contentType}</dt>
          <dd>{one.contentType ?? <span class="faint">{t.none}</span>}</dd>
          <dt>{t.metadata}</dt>
          <dd class="long-id">
            {metadata.length === 0 ? <span class="faint">{t.none}</span> : null}
            {metadata.map(([name, text]) => (
              <div key={name}>
                <span class="faint">{name}</span> {String(text)}
              </div>
            ))}
          </dd>
        </dl>
        <p class="faint small write-only">{t.writeOnly}</p>
      </section>
      {one.kind === 'key' ? <PublicKey jwk={one.publicJwk} t={t} /> : null}
      <section class="panel">
        <h2>{t.versions}</h2>
        <Records
          label={t.versions}
          rows={versions}
          keyOf={({ version }) => String(version)}
          columns={[
            {
              title: t.version,
              look: 'head',
              cell: ({ version }) => (
                <>
                  <strong>{version}</strong> {version === one.version ? <Mark tone="proven">{t.newest}</Mark> : null}
                </>
              ),
            },
            { title: t.columns.created, cell: ({ created }) => <Moment iso={created} /> },
            { title: t.createdBy, cell: ({ createdBy }) => <code>{createdBy}</code> },
          ]}
        />
      </section>
      <section class="panel">
        <h2>{t.getting}</h2>
        <pre class="block">
          <code>{`sekisho request ${one.path} -o FILE --tpm /dev/tpmrm0 --namespace ${page.namespace}`}</code>
        </pre>
        <Snippet kind="commandLine" text={`sekisho ${one.kind} show ${one.path} --namespace ${page.namespace}`} />
      </section>
    </div>
  )
}

function Removing({
  page,
  one,
  t,
  onGone,
  onClose,
}: {
  readonly page: PageProps
  readonly one: SecretDescription
  readonly t: SecretTexts
  readonly onGone: () => void
  readonly onClose: () => void
}): JSX.Element {
  const removing = useAction()
  const remove = async (): Promise<void> => {
    const gone = await removing.run(() => page.api.send('DELETE', `/namespaces/${page.namespace}/secrets/${one.path}`))
    if (gone) onGone()
  }
  return (
    <Confirm
      title={t.removeTitle(one.path)}
      action={t.removeAct}
      busy={removing.busy}
      onYes={() => void remove()}
      onNo={onClose}
    >
      <p>{t.removeWhat(one.versions.length)}</p>
      {removing.error === undefined ? null : <Problem error={removing.error} />}
      <Snippet kind="commandLine" text={`sekisho secret delete ${one.path} --namespace ${page.namespace}`} />
    </Confirm>
  )
}
