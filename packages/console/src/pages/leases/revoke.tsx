import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError } from '../../api/problem.ts'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { SHELL } from '../../text/shell.ts'
import { useAction } from '../../ui/action.ts'
import { Dialog, Snippet } from '../../ui/page-parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import type { Held } from './model.ts'
import { LEASES } from './words.ts'

/** What is written into the log of a reason, at most. */
const MAX_REASON = 256
const SHOWN = 20

/**
 * Asks for the reason, then ends leases one after the other. One that is over already is passed over; those whose turn has
 * not come when the dialog is closed are left alone.
 */
export function Revoke({
  page,
  leases,
  onDone,
  onClose,
}: {
  readonly page: PageProps
  readonly leases: readonly Held[]
  readonly onDone: (told: string) => void
  readonly onClose: () => void
}): JSX.Element {
  const language = useLanguage()
  const t = LEASES[language]
  const [reason, setReason] = useState('')
  const [at, setAt] = useState(0)
  const revoking = useAction()
  const isClosed = useRef(false)
  useEffect(
    () => () => {
      isClosed.current = true
    },
    [],
  )
  const submit = (event: Event): void => {
    event.preventDefault()
    void revoking.run(async () => {
      let revoked = 0
      // What was revoked before something went wrong is over already when it is tried again.
      for (const [i, { id }] of leases.entries()) {
        if (isClosed.current) break
        setAt(i + 1)
        if (await revokeOne(page, id, reason.trim())) revoked++
      }
      onDone(t.revoked(revoked))
    })
  }
  return (
    <Dialog title={t.revokeTitle(leases.length)} onClose={onClose}>
      <form class="form" onSubmit={submit}>
        <ul class="plain small">
          {leases.slice(0, SHOWN).map(({ id, resource }) => (
            <li key={id}>
              <strong>{resource}</strong> <code class="faint">{id}</code>
            </li>
          ))}
          {leases.length > SHOWN ? <li>…</li> : null}
        </ul>
        <p class="small">{t.revokeWhat}</p>
        <label for="reason">{t.reason}</label>
        <input
          id="reason"
          type="text"
          autocomplete="off"
          maxLength={MAX_REASON}
          aria-describedby="reason-hint"
          value={reason}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
        <p id="reason-hint" class="hint">
          {t.reasonHint}
        </p>
        {revoking.error === undefined ? null : <Problem error={revoking.error} />}
        <p class="row end">
          <span class="faint small" role="status">
            {revoking.busy ? t.revoking(at, leases.length) : ''}
          </span>
          <button type="button" class="button" onClick={onClose}>
            {SHELL[language].cancel}
          </button>
          <button type="submit" class="button danger" disabled={revoking.busy}>
            {t.revokeAct}
          </button>
        </p>
        <Snippet kind="commandLine" text={leases.map(({ id }) => commandOf(id, reason, page.namespace)).join('\n')} />
      </form>
    </Dialog>
  )
}

/** @returns false for one that was over already */
async function revokeOne({ api, namespace }: PageProps, id: string, reason: string): Promise<boolean> {
  try {
    const json = reason === '' ? {} : { reason }
    await api.send('POST', `/namespaces/${namespace}/leases/${id}/revoke`, { json })
    return true
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false
    throw error
  }
}

function commandOf(id: string, reason: string, namespace: string): string {
  const why = reason.trim() === '' ? '' : ` --reason '${reason.trim().replaceAll("'", "'\\''")}'`
  return `sekisho lease revoke ${id}${why} --namespace ${namespace}`
}
