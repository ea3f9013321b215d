import type { Tee, Verdict } from '@sekisho/evidence'
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { doorOf } from '../../engine/doors.ts'
import { useTexts } from '../../text/language.ts'
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
  const [titles, setTitles] = useState<Readonly<Record<string, string>>>({})
  useEffect(() => {
    let current = true
    if (tee === undefined) return undefined
    titlesOf(tee).then(
      (found) => {
        if (current) setTitles(found)
      },
      // A kind of evidence that this page does not know, or code that could not be loaded: the verdict is shown without.
      () => undefined,
    )
    return () => {
      current = false
    }
  }, [tee])
  return titles
}

async function titlesOf(tee: Tee): Promise<Readonly<Record<string, string>>> {
  return (await doorOf(tee)).titles
}
