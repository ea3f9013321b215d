import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { may } from '../../api/session.ts'
import { useLanguage } from '../../text/language.ts'
import { Load, useLoad } from '../../ui/load.tsx'
import { Empty, PageHead, Snippet } from '../../ui/page-parts.tsx'
import { Records } from '../../ui/records.tsx'
import { CreateToken } from './create-token.tsx'
import { type Token, tokenStanding } from './model.ts'
import type { PartProps } from './part.ts'
import { RevokeToken } from './revoke-token.tsx'
import { tokenColumns } from './token-columns.tsx'
import { ACCESS } from './words.ts'

/** Tokens of the namespace, or of all: made, told of, revoked. */
export function Tokens({ page, onTold }: PartProps): JSX.Element {
  const texts = ACCESS[useLanguage()]
  const t = texts.tokens
  const { api, namespace, who } = page
  const [everywhere, setEverywhere] = useState(may(who, '*', 'tokens:read'))
  const [ended, setEnded] = useState(false)
  const [creating, setCreating] = useState(false)
  const [revoking, setRevoking] = useState<Token>()
  const path = everywhere ? '/tokens' : `/namespaces/${namespace}/tokens`
  const list = useLoad(
    async (signal) => (await api.get<{ tokens: readonly Token[] }>(path, signal)).tokens,
    [api, path],
  )
  const done = (told: string): void => {
    setCreating(false)
    setRevoking(undefined)
    onTold(told)
    list.reload()
  }
  const writes = may(who, everywhere ? '*' : namespace, 'tokens:write')
  const columns = tokenColumns({ page, everywhere, texts, onRevoke: writes ? setRevoking : undefined })
  return (
    <>
      <PageHead title={texts.parts.tokens} lead={t.lead}>
        {page.may('tokens:write') ? (
          <button
            type="button"
            class="button primary"
            onClick={() => {
              onTold(undefined)
              setCreating(true)
            }}
          >
            {t.create}
          </button>
        ) : null}
      </PageHead>
      <section class="panel list">
        <div class="bar">
          {may(who, '*', 'tokens:read') ? (
            <label>
              {t.of}
              <select
                value={everywhere ? '*' : ''}
                onChange={(event) => setEverywhere(event.currentTarget.value === '*')}
              >
                <option value="">
                  {t.here} ({namespace})
                </option>
                <option value="*">{t.everywhere}</option>
              </select>
            </label>
          ) : null}
          <label>
            <input type="checkbox" checked={ended} onChange={(event) => setEnded(event.currentTarget.checked)} />
            {t.ended}
          </label>
        </div>
        <Load of={list}>
          {(tokens) => {
            const rows = tokens.filter((token) => ended || tokenStanding(token, Date.now()) === 'live')
            return rows.length === 0 ? (
              <Empty title={t.nothing}>
                <p>{t.nothingHow}</p>
              </Empty>
            ) : (
              <Records label={t.list} rows={rows} keyOf={({ id }) => id} columns={columns} />
            )
          }}
        </Load>
        <Snippet kind="commandLine" text={`sekisho token list --namespace ${namespace}`} />
      </section>
      {creating ? <CreateToken page={page} onDone={done} onClose={() => setCreating(false)} /> : null}
      {revoking === undefined ? null : (
        <RevokeToken page={page} token={revoking} onDone={done} onClose={() => setRevoking(undefined)} />
      )}
    </>
  )
}
