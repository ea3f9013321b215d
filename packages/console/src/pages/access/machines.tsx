import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { useLanguage } from '../../text/language.ts'
import { useAction } from '../../ui/action.ts'
import { Load } from '../../ui/load.tsx'
import { Confirm, Empty, PageHead, Snippet } from '../../ui/page-parts.tsx'
import { usePaged } from '../../ui/paged.ts'
import { Mark, Moment } from '../../ui/parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { type Column, MoreOf, Records } from '../../ui/records.tsx'
import type { TpmKey } from './model.ts'
import type { PartProps } from './part.ts'
import type { AccessTexts } from './texts.ts'
import { ACCESS } from './words.ts'

/** Attestation keys that TPMs enrolled, and which TPMs were revoked. */
export function Machines({ page, onTold }: PartProps): JSX.Element {
  const texts = ACCESS[useLanguage()]
  const t = texts.machines
  const { api, namespace } = page
  const [asking, setAsking] = useState<TpmKey>()
  const keys = usePaged<TpmKey>(
    async (after, signal) => {
      const query = after === undefined ? '' : `?after=${after}`
      const found = await api.get<{ keys: readonly TpmKey[]; next?: string }>(
        `/namespaces/${namespace}/tpm-keys${query}`,
        signal,
      )
      return { items: found.keys, next: found.next }
    },
    [api, namespace],
  )
  const ask = (key: TpmKey): void => {
    onTold(undefined)
    setAsking(key)
  }
  return (
    <>
      <PageHead title={texts.parts.machines} lead={t.lead} />
      <Load of={keys.list}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t.nothing}>
              <p>{t.nothingHow}</p>
              <Snippet
                kind="commandLine"
                text={`sekisho request REPOSITORY/TYPE/TAG -o FILE --tpm /dev/tpmrm0 --namespace ${namespace}`}
              />
            </Empty>
          ) : (
            <section class="panel list">
              <Records
                label={t.list}
                rows={items}
                keyOf={({ akName }) => akName}
                columns={columnsOf(t, page.may('references:write') ? ask : undefined)}
              />
              <Snippet kind="commandLine" text={`sekisho tpm list --namespace ${namespace}`} />
            </section>
          )
        }
      </Load>
      <MoreOf of={keys} />
      {asking === undefined ? null : (
        <Deciding
          page={page}
          of={asking}
          onDone={(told) => {
            setAsking(undefined)
            onTold(told)
            keys.list.reload()
          }}
          onClose={() => setAsking(undefined)}
        />
      )}
    </>
  )
}

function columnsOf(t: AccessTexts['machines'], ask: ((key: TpmKey) => void) | undefined): readonly Column<TpmKey>[] {
  const columns: readonly Column<TpmKey>[] = [
    { title: t.key, look: 'head', cell: ({ akName }) => <code class="hex-name">{akName}</code> },
    { title: t.tpm, cell: ({ ekSha256 }) => <code title={ekSha256}>{ekSha256.slice(0, 16)}</code> },
    { title: t.enrolled, cell: ({ enrolled }) => <Moment iso={enrolled} /> },
    {
      title: t.state,
      cell: ({ revoked, revokedBy }) =>
        revoked === undefined ? (
          <Mark tone="proven">{t.live}</Mark>
        ) : (
          <>
            <Mark tone="refuted">{t.revoked}</Mark>
            <div class="faint small">
              <Moment iso={revoked} /> {revokedBy === undefined ? '' : `${t.by} ${revokedBy}`}
            </div>
          </>
        ),
    },
  ]
  if (ask === undefined) return columns
  const acts: Column<TpmKey> = {
    title: t.acts,
    look: 'acts',
    cell: (key) => {
      const act = key.revoked === undefined ? t.revoke : t.readmit
      return (
        <button
          type="button"
          class="button small"
          aria-label={`${act} ${key.akName.slice(0, 12)}…`}
          onClick={() => ask(key)}
        >
          {act}
        </button>
      )
    },
  }
  return [...columns, acts]
}

function Deciding({
  page: { api, namespace },
  of: { akName, revoked },
  onDone,
  onClose,
}: {
  readonly page: PartProps['page']
  readonly of: TpmKey
  readonly onDone: (told: string) => void
  readonly onClose: () => void
}): JSX.Element {
  const texts = ACCESS[useLanguage()]
  const t = texts.machines
  const acting = useAction()
  const path = `/namespaces/${namespace}/tpm-keys/${akName}`
  const revoke = async (): Promise<void> => {
    const told = await api.send<{ keys: number; revoked: number }>('DELETE', path)
    onDone(texts.tpmRevoked(told.keys, told.revoked))
  }
  const readmit = async (): Promise<void> => {
    await api.send('POST', `${path}/readmit`)
    onDone(texts.readmitted)
  }
  const back = revoked !== undefined
  return (
    <Confirm
      title={back ? t.readmitTitle : t.revokeTitle}
      action={back ? t.readmitAct : t.revokeAct}
      busy={acting.busy}
      onYes={() => void acting.run(back ? readmit : revoke)}
      onNo={onClose}
    >
      <p>
        <code>{akName}</code>
      </p>
      <p>{back ? t.readmitWhat : t.revokeWhat}</p>
      {acting.error === undefined ? null : <Problem error={acting.error} />}
      <Snippet
        kind="commandLine"
        text={`sekisho tpm ${back ? 'readmit' : 'revoke'} ${akName} --namespace ${namespace}`}
      />
    </Confirm>
  )
}
