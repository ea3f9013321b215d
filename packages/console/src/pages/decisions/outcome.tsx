import type { JSX } from 'preact'
import { useLanguage, useTexts } from '../../text/language.ts'
import { Mark } from '../../ui/parts.tsx'
import { DECISIONS } from './texts.ts'

const TONES: Readonly<Record<string, string>> = {
  released: 'pass',
  renewed: 'pass',
  attested: 'excluded',
  refused: 'fail',
  revoked: 'unchecked',
}

/** The word for an outcome, and that no hardware vouches for it. */
export function OutcomeMark({
  outcome,
  emulated,
}: {
  readonly outcome: string
  readonly emulated: boolean
}): JSX.Element {
  const t = DECISIONS[useLanguage()]
  return (
    <span class="marks">
      <Mark tone={TONES[outcome] ?? 'plain'}>{t.outcomes[outcome] ?? outcome}</Mark>
      {emulated ? <EmulatedMark /> : null}
    </span>
  )
}

/** That no hardware vouches for something. */
export function EmulatedMark(): JSX.Element {
  return <Mark tone="emulated">{useTexts().emulated}</Mark>
}
