import type { Tee, Verdict } from '@sekisho/evidence'
import type { JSX } from 'preact'
import { doorOf } from '../../engine/doors.ts'
import { useTexts } from '../../text/language.ts'
import { useLoad } from '../../ui/load.tsx'
import { Mark, Moment } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { VerdictBody } from '../../ui/verdict-view.tsx'

/** A verdict as it was recorded: nothing of it can be changed any more. */
export function RecordedVerdict({
  verdict,
  titles,
}: {
  readonly verdict: Verdict
  readonly titles: Readonly<Record<string, string>>
}): JSX.Element {
  const t = useTexts()
  return (
    <>
      <p class="recorded-line">
        <Mark tone={verdict.outcome}>{t.verdict.words[verdict.outcome] ?? verdict.outcome}</Mark>
        {verdict.emulated ? <Mark tone="emulated">{t.emulated}</Mark> : null}
        <span>
          <Said text={verdict.summary} stop="." />
        </span>
        <span class="faint small">
          {verdict.format} · {t.verdict.authenticity[verdict.authenticity]} · {t.verdict.judgedAt}{' '}
          <Moment iso={verdict.at} seconds />
        </span>
      </p>
      <VerdictBody verdict={verdict} titles={titles} remarks={[]} waive={verdict.waived} why={false} />
    </>
  )
}

/** What each check of a TEE establishes; loaded with that TEE's code, and the ids of checks stand for themselves until then. */
export function useTitles(tee: Tee | undefined): Readonly<Record<string, string>> {
  // A kind of evidence that this page does not know, or code that could not be loaded: the verdict is shown without.
  const { value } = useLoad(async () => (tee === undefined ? NO_TITLES : (await doorOf(tee)).titles), [tee])
  return value ?? NO_TITLES
}

const NO_TITLES: Readonly<Record<string, string>> = {}
