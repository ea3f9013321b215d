import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { fragmentOf } from '../../app/route.ts'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { Notice, SubMenu } from '../../ui/records.tsx'
import { Machines } from './machines.tsx'
import { Namespaces } from './namespaces.tsx'
import type { PartProps } from './part.ts'
import { Tokens } from './tokens.tsx'
import { ACCESS } from './words.ts'
import { You } from './you.tsx'
import './access.css'

const PARTS = ['tokens', 'machines', 'namespaces', 'you'] as const

const VIEWS: Readonly<Record<(typeof PARTS)[number], (props: PartProps) => JSX.Element>> = {
  tokens: Tokens,
  machines: Machines,
  namespaces: Namespaces,
  you: You,
}

/** Who may reach the checkpoint: tokens, machines, namespaces, and the reader. */
export function AccessPage(page: PageProps): JSX.Element {
  const t = ACCESS[useLanguage()]
  const [told, tell] = useState<string>()
  const here = PARTS.find((part) => part === page.id) ?? 'tokens'
  const View = VIEWS[here]
  return (
    <>
      <SubMenu
        label={t.parts.menu}
        parts={PARTS.map((part) => ({
          name: t.parts[part],
          href: fragmentOf({ at: 'access', namespace: page.namespace, id: part === 'tokens' ? undefined : part }),
          here: part === here,
        }))}
      />
      <Notice text={told} />
      <View key={here} page={page} onTold={tell} />
    </>
  )
}
