import type { JSX } from 'preact'
import { useTexts } from '../text/language.ts'
import type { Texts } from '../text/texts.ts'
import { FaultBox, Mark } from './parts.tsx'
import type { Workbench } from './workbench.ts'

/** What stands above everything that is open: whether it is emulated, what is going on, what could not be opened. */
export function BenchNotices({ bench }: { readonly bench: Workbench }): JSX.Element {
  const t = useTexts()
  const { judged, fault, busy } = bench
  return (
    <>
      {judged?.verdict.emulated === true ? (
        <p class="emulated-bar">
          <Mark tone="emulated">{t.emulated}</Mark> {t.emulatedWhy}
        </p>
      ) : null}
      <p class="busy" role="status">
        {busy === undefined ? '' : t.busy[busy]}
      </p>
      {fault === undefined ? null : (
        <FaultBox code={fault.code} text={wordsOf(fault, t)} onDismiss={() => bench.setFault(undefined)} />
      )}
    </>
  )
}

/** A fault in the reader's language, where the page has words for it. */
export function wordsOf({ code, message }: { readonly code: string; readonly message: string }, t: Texts): string {
  if (code === 'time') return t.fault.time
  return code === 'no-evidence' ? t.fault.noEvidence : message
}
