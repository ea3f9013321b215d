import type { JSX } from 'preact'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { useAction } from '../../ui/action.ts'
import { Confirm, Snippet } from '../../ui/page-parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { isOwn, type Token } from './model.ts'
import { ACCESS } from './words.ts'

/** Asks, then ends a token. */
export function RevokeToken({
  page: { api, who, namespace },
  token,
  onDone,
  onClose,
}: {
  readonly page: PageProps
  readonly token: Token
  readonly onDone: (told: string) => void
  readonly onClose: () => void
}): JSX.Element {
  const texts = ACCESS[useLanguage()]
  const t = texts.tokens
  const revoking = useAction()
  // A token of this namespace is ended by whoever may do so here; others need the right everywhere.
  const path = token.namespace === namespace ? `/namespaces/${namespace}/tokens/${token.id}` : `/tokens/${token.id}`
  const revoke = async (): Promise<void> => {
    await api.send('DELETE', path)
    onDone(texts.revoked(token.name))
  }
  return (
    <Confirm
      title={texts.revokeTitle(token.name)}
      action={t.revokeAct}
      busy={revoking.busy}
      onYes={() => void revoking.run(revoke)}
      onNo={onClose}
    >
      <p>{t.revokeWhat}</p>
      {isOwn(token, who) ? <p class="caution">{t.revokeOwn}</p> : null}
      {revoking.error === undefined ? null : <Problem error={revoking.error} />}
      <Snippet kind="commandLine" text={commandOf(token)} />
    </Confirm>
  )
}

function commandOf({ id, namespace }: Token): string {
  if (namespace !== '*') return `sekisho token revoke ${id} --namespace ${namespace}`
  return `curl -X DELETE ${location.origin}/api/v1/tokens/${id} \\\n  -H "authorization: Bearer $SEKISHO_TOKEN"`
}
