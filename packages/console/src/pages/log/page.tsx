import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { PageProps } from '../../app/session.tsx'
import { canCheck } from '../../log/note.ts'
import { useLanguage } from '../../text/language.ts'
import { PROOF } from '../../text/proof.ts'
import { SHELL } from '../../text/shell.ts'
import { Load, useLoad } from '../../ui/load.tsx'
import { PageHead, Snippet } from '../../ui/page-parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { KeyChoice, useChosenKey } from '../../ui/proof-view.tsx'
import { Panel } from '../../ui/verdict-view.tsx'
import { Compare } from './compare.tsx'
import { EntryLookup } from './entry-lookup.tsx'
import { Facts } from './facts.tsx'
import './log.css'
import { ReceiptCheck } from './receipt-check.tsx'
import { Seen } from './seen.tsx'
import { LOG } from './texts.ts'
import { useLog } from './use-log.ts'

/** The log: what it signs, whether it keeps to it, single entries, and receipts from anywhere. */
export function LogPage(props: PageProps): JSX.Element {
  const language = useLanguage()
  const t = LOG[language]
  const served = useLoad(() => props.api.text('/log/key'), [props.api])
  return (
    <>
      <PageHead title={SHELL[language].pages.log} lead={t.lead} />
      {canCheck() ? null : <p class="caution">{PROOF[language].cannot}</p>}
      <Load of={served}>{(key) => (canCheck() ? <Checking {...props} served={key} /> : <pre>{key}</pre>)}</Load>
    </>
  )
}

function Checking(props: PageProps & { readonly served: string }): JSX.Element {
  const { api, served } = props
  const t = LOG[useLanguage()]
  const [pinned, setPinned] = useState('')
  const chosen = useChosenKey(served, pinned)
  const log = useLog(api, chosen.key)
  const opened = log.sightings.flatMap(({ checkpoint }) => (checkpoint === undefined ? [] : [checkpoint]))
  const latest = opened.at(-1)
  return (
    <>
      {log.error === undefined ? null : <Problem error={log.error} onAgain={log.look} />}
      <Seen log={log} />
      <div class="log-columns">
        <div>
          <Facts latest={latest} />
          {latest === undefined ? null : <EntryLookup {...props} checkpoint={latest} />}
        </div>
        <div>
          <Panel title={t.facts.key}>
            <KeyChoice chosen={chosen} text={pinned} onText={setPinned} />
            <Snippet kind="commandLine" text="sekisho log key -o log.key" />
          </Panel>
          <ReceiptCheck verifier={chosen.key} />
        </div>
      </div>
      <Compare api={api} verifier={chosen.key} seen={opened} />
    </>
  )
}
