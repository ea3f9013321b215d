import type { JSX } from 'preact'
import type { PageProps } from '../../app/session.tsx'
import { Mark, Moment } from '../../ui/parts.tsx'
import type { Column } from '../../ui/records.tsx'
import { isOwn, SCOPES, type Token, tokenStanding } from './model.ts'
import type { AccessTexts } from './texts.ts'

const TONES = { live: 'proven', revoked: 'refuted', expired: 'plain' } as const

/** What is told of tokens. */
export function tokenColumns({
  page: { who },
  everywhere,
  texts,
  onRevoke,
}: {
  readonly page: PageProps
  readonly everywhere: boolean
  readonly texts: AccessTexts
  /** For readers who may. */
  readonly onRevoke: ((token: Token) => void) | undefined
}): readonly Column<Token>[] {
  const t = texts.tokens
  const never = <span class="faint">{t.never}</span>
  return [
    {
      title: t.name,
      look: 'head',
      cell: (token) => (
        <>
          <strong>{token.name}</strong> {isOwn(token, who) ? <Mark tone="excluded">{t.own}</Mark> : null}
          <div class="faint small">
            <code>{token.id}</code>
          </div>
        </>
      ),
    },
    ...(everywhere
      ? [
          {
            title: t.namespace,
            cell: ({ namespace }: Token) => (namespace === '*' ? t.everywhere : namespace),
          },
        ]
      : []),
    { title: t.scopes, cell: ({ scopes }) => <Scopes scopes={scopes} texts={texts} /> },
    { title: t.created, cell: ({ created }) => <Moment iso={created} day /> },
    { title: t.lastUsed, cell: ({ lastUsed }) => (lastUsed === undefined ? never : <Moment iso={lastUsed} />) },
    {
      title: t.expires,
      cell: ({ expires, revoked }) =>
        revoked !== undefined ? <Moment iso={revoked} /> : expires === undefined ? never : <Moment iso={expires} />,
    },
    {
      title: t.state,
      cell: (token) => {
        const standing = tokenStanding(token, Date.now())
        return <Mark tone={TONES[standing]}>{texts.states[standing]}</Mark>
      },
    },
    ...(onRevoke === undefined ? [] : [acts(texts, onRevoke)]),
  ]
}

function acts(texts: AccessTexts, onRevoke: (token: Token) => void): Column<Token> {
  return {
    title: texts.tokens.acts,
    look: 'acts',
    cell: (token) =>
      tokenStanding(token, Date.now()) === 'live' ? (
        <button
          type="button"
          class="button small"
          aria-label={texts.revokeOf(token.name)}
          onClick={() => onRevoke(token)}
        >
          {texts.tokens.revoke}
        </button>
      ) : null,
  }
}

function Scopes({ scopes, texts }: { readonly scopes: readonly string[]; readonly texts: AccessTexts }): JSX.Element {
  return (
    <ul class="plain-scopes">
      {scopes.map((scope) => {
        const known = scope === 'admin' ? scope : SCOPES.find((one) => one === scope)
        return (
          <li key={scope} title={scope}>
            {known === undefined ? <code>{scope}</code> : texts.scopes[known]}
          </li>
        )
      })}
    </ul>
  )
}
