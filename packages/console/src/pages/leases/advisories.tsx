import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { fragmentOf } from '../../app/route.ts'
import { useLanguage } from '../../text/language.ts'
import { Load, useLoad } from '../../ui/load.tsx'
import { Empty, PageHead, Snippet } from '../../ui/page-parts.tsx'
import { Moment } from '../../ui/parts.tsx'
import { type Column, Records } from '../../ui/records.tsx'
import { AddAdvisory } from './add-advisory.tsx'
import type { Advisory } from './model.ts'
import type { PartProps } from './part.ts'
import type { LeaseTexts } from './texts.ts'
import { LEASES } from './words.ts'

/** Advisories of the namespace, and which leases any of them concerns. */
export function Advisories({ page, onTold }: PartProps): JSX.Element {
  const texts = LEASES[useLanguage()]
  const t = texts.advisory
  const { api, namespace } = page
  const [adding, setAdding] = useState(false)
  const list = useLoad(
    async (signal) =>
      (await api.get<{ advisories: readonly Advisory[] }>(`/namespaces/${namespace}/advisories`, signal)).advisories,
    [api, namespace],
  )
  const command = `sekisho advisory list --namespace ${namespace}`
  return (
    <>
      <PageHead title={texts.parts.advisories} lead={t.lead}>
        {page.may('advisories:write') ? (
          <button
            type="button"
            class="button primary"
            onClick={() => {
              onTold(undefined)
              setAdding(true)
            }}
          >
            {t.add}
          </button>
        ) : null}
      </PageHead>
      <LookUp namespace={namespace} t={t} />
      <Load of={list}>
        {(advisories) =>
          advisories.length === 0 ? (
            <Empty title={t.nothing}>
              <p>{t.nothingHow}</p>
              <Snippet kind="commandLine" text={`sekisho advisory put advisory.yaml --namespace ${namespace}`} />
            </Empty>
          ) : (
            <section class="panel list">
              <Records label={t.list} rows={advisories} keyOf={({ id }) => id} columns={columnsOf(namespace, t)} />
              <Snippet kind="commandLine" text={command} />
            </section>
          )
        }
      </Load>
      {adding ? (
        <AddAdvisory
          page={page}
          onDone={(told) => {
            setAdding(false)
            onTold(told)
            list.reload()
          }}
          onClose={() => setAdding(false)}
        />
      ) : null}
    </>
  )
}

function columnsOf(namespace: string, t: LeaseTexts['advisory']): readonly Column<Advisory>[] {
  return [
    {
      title: t.id,
      look: 'head',
      cell: ({ id, note }) => (
        <>
          <strong>{id}</strong>
          {note === undefined ? null : <div class="faint small">{note}</div>}
        </>
      ),
    },
    { title: t.vendor, cell: ({ vendor }) => vendor },
    { title: t.products, cell: ({ products }) => products?.join(', ') ?? <span class="faint">{t.allProducts}</span> },
    {
      title: t.below,
      cell: ({ tcb }) =>
        tcb === undefined ? (
          <span class="faint">{t.anyTcb}</span>
        ) : (
          <code>
            {Object.entries(tcb)
              .map(([part, level]) => `${part} ${level}`)
              .join(', ')}
          </code>
        ),
    },
    { title: t.published, cell: ({ published }) => <Moment iso={published} day /> },
    {
      title: t.affected,
      cell: ({ id }) => (
        <a href={fragmentOf({ at: 'leases', namespace, id: `advisories/${id}` })} aria-label={`${t.lookUpAct} ${id}`}>
          {t.lookUpAct}
        </a>
      ),
    },
  ]
}

function LookUp({ namespace, t }: { readonly namespace: string; readonly t: LeaseTexts['advisory'] }): JSX.Element {
  const [id, setId] = useState('')
  const submit = (event: Event): void => {
    event.preventDefault()
    if (id.trim() !== '') location.hash = fragmentOf({ at: 'leases', namespace, id: `advisories/${id.trim()}` })
  }
  return (
    <form class="panel list look-up" onSubmit={submit}>
      <label for="look-up">{t.lookUp}</label>
      <div class="row">
        <input
          id="look-up"
          type="text"
          autocomplete="off"
          spellcheck={false}
          maxLength={64}
          aria-describedby="look-up-hint"
          value={id}
          onInput={(event) => setId(event.currentTarget.value)}
        />
        <button type="submit" class="button" disabled={id.trim() === ''}>
          {t.lookUpAct}
        </button>
      </div>
      <p id="look-up-hint" class="faint small">
        {t.lookUpHint}
      </p>
    </form>
  )
}
