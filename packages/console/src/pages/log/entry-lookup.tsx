import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { ApiError } from '../../api/problem.ts'
import { may } from '../../api/session.ts'
import { fragmentOf } from '../../app/route.ts'
import type { PageProps } from '../../app/session.tsx'
import { SignIn } from '../../app/sign-in.tsx'
import { isRecord, type JsonRecord, parseJson } from '../../engine/json.ts'
import { strictBase64 } from '../../log/bytes.ts'
import { type EntryStep, type Proof, proveEntry } from '../../log/consistency.ts'
import type { Checkpoint } from '../../log/note.ts'
import { tileReaderOf } from '../../log/reader.ts'
import { useLanguage } from '../../text/language.ts'
import { useAction } from '../../ui/action.ts'
import { Problem } from '../../ui/problem.tsx'
import { EntryView, ProofView } from '../../ui/proof-view.tsx'
import { Scopes } from '../../ui/scopes.tsx'
import { Panel } from '../../ui/verdict-view.tsx'
import { LOG } from './texts.ts'

interface Found {
  readonly index: number
  /** As it was when the entry was proven. */
  readonly size: number
  readonly proof: Proof<EntryStep>
  readonly entry: JsonRecord | undefined
}

/** One entry by its index, with its proof; for whoever may read decisions of all namespaces. */
export function EntryLookup({ api, who, checkpoint }: PageProps & { readonly checkpoint: Checkpoint }): JSX.Element {
  const t = LOG[useLanguage()]
  if (who.grants.length === 0)
    return (
      <Panel title={t.entry.heading}>
        <details>
          <summary>{t.signIn}</summary>
          <SignIn />
        </details>
      </Panel>
    )
  return (
    <Panel title={t.entry.heading}>
      {may(who, '*', 'decisions:read') ? (
        <Lookup api={api} checkpoint={checkpoint} />
      ) : (
        <Scopes missing="decisions:read" namespace="*" />
      )}
    </Panel>
  )
}

function Lookup({ api, checkpoint }: Pick<PageProps, 'api'> & { readonly checkpoint: Checkpoint }): JSX.Element {
  const t = LOG[useLanguage()].entry
  const [text, setText] = useState('')
  const [found, setFound] = useState<Found>()
  const { busy, error, run } = useAction()
  const index = /^\d{1,15}$/.test(text.trim()) ? Number(text.trim()) : undefined
  const look = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (index === undefined) return
    setFound(undefined)
    await run(async () => setFound(await fetchEntry(api, index, checkpoint)))
  }
  const outside = index !== undefined && index >= checkpoint.size
  return (
    <>
      <p class="faint small">{t.lead}</p>
      <form class="row" onSubmit={(event) => void look(event)}>
        <label class="row small">
          {t.label(checkpoint.size)}
          <input
            type="text"
            inputMode="numeric"
            class="index"
            autocomplete="off"
            aria-invalid={outside}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button" disabled={busy || index === undefined || outside}>
          {busy ? t.busy : t.action}
        </button>
      </form>
      <div role="status">{outside ? <p class="small">{t.none}</p> : null}</div>
      {error === undefined ? null : error instanceof ApiError && error.status === 404 ? (
        <p role="alert">{t.none}</p>
      ) : (
        <Problem error={error} />
      )}
      {found === undefined ? null : <Result found={found} />}
    </>
  )
}

async function fetchEntry(api: PageProps['api'], index: number, checkpoint: Checkpoint): Promise<Found> {
  const { entry } = await api.get<{ readonly entry: string }>(`/log/entries/${index}`)
  const bytes = strictBase64(entry) ?? new Uint8Array(0)
  const proof = await proveEntry(tileReaderOf(api), { index, bytes }, checkpoint)
  const read = parseJson(new TextDecoder().decode(bytes))
  return { index, size: checkpoint.size, proof, entry: isRecord(read) ? read : undefined }
}

function Result({ found: { index, size, proof, entry } }: { readonly found: Found }): JSX.Element {
  const t = LOG[useLanguage()].entry
  const [id, namespace] = [entry?.['id'], entry?.['namespace']]
  return (
    <>
      <ProofView proven={proof.proven} steps={proof.steps} claim={t.claim(index, size)} />
      {entry === undefined ? null : <EntryView entry={entry} />}
      {proof.proven && typeof id === 'string' && typeof namespace === 'string' ? (
        <p>
          <a href={fragmentOf({ at: 'decisions', namespace, id })}>{t.decision}</a>
        </p>
      ) : null}
    </>
  )
}
