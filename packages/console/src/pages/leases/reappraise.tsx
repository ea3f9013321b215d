import type { JSX } from 'preact'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { useAction } from '../../ui/action.ts'
import { Confirm, Snippet } from '../../ui/page-parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { LEASES } from './words.ts'

/** Asks, then has every live lease looked at again. */
export function Reappraise({
  page: { api, namespace },
  onDone,
  onClose,
}: {
  readonly page: PageProps
  readonly onDone: (told: string) => void
  readonly onClose: () => void
}): JSX.Element {
  const t = LEASES[useLanguage()]
  const looking = useAction()
  const path = `/namespaces/${namespace}/reappraise`
  const look = (): void => {
    void looking.run(async () => {
      const { live, revoked } = await api.send<{ live: number; revoked: number }>('POST', path, { json: {} })
      onDone(t.looked(live, revoked))
    })
  }
  return (
    <Confirm title={t.reappraise} action={t.reappraiseAct} busy={looking.busy} onYes={look} onNo={onClose}>
      <p>{t.reappraiseWhat}</p>
      <p class="faint small" role="status">
        {looking.busy ? t.reappraising : ''}
      </p>
      {looking.error === undefined ? null : <Problem error={looking.error} />}
      <Snippet kind="commandLine" text={`sekisho lease reappraise --namespace ${namespace}`} />
    </Confirm>
  )
}
