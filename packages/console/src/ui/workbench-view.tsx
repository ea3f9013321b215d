import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { useTexts } from '../text/language.ts'
import type { Texts } from '../text/texts.ts'
import { useIntake } from './intake.ts'
import { Opened } from './opened.tsx'
import { FaultBox, Mark } from './parts.tsx'
import { linkedIn } from './permalink.ts'
import { Welcome } from './welcome.tsx'
import type { Workbench } from './workbench.ts'

/** The workbench: evidence that is open, or the place to open some. */
export function WorkbenchView({ bench }: { readonly bench: Workbench }): JSX.Element {
  const t = useTexts()
  const [over, setOver] = useState(false)
  const { inputs, judged, fault, busy } = bench
  const intake = useIntake(bench, setOver)
  useLinked(bench, t)
  const emulated = judged?.verdict.emulated === true
  return (
    <div class={over ? 'over' : ''}>
      {emulated ? (
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
      {inputs.evidence === undefined ? (
        <Welcome
          onFiles={(list) => void intake.files(list)}
          onText={(words) => void intake.text(words)}
          onExample={(name) => void intake.example(name)}
        />
      ) : (
        <Opened key={inputs.evidence.file.name} bench={bench} evidence={inputs.evidence} />
      )}
    </div>
  )
}

/** A fault in the reader's language, where the page has words for it. */
export function wordsOf({ code, message }: { readonly code: string; readonly message: string }, t: Texts): string {
  if (code === 'time') return t.fault.time
  return code === 'no-evidence' ? t.fault.noEvidence : message
}

/** The evidence in the link that the page was opened by. */
function useLinked(bench: Workbench, t: Texts): void {
  useEffect(() => {
    const linked = linkedIn(location.hash)
    if (linked === 'bad') bench.setFault({ message: t.fault.link, code: 'link' })
    else if (linked !== undefined) {
      const { file, at } = linked
      void bench.open({ files: [{ name: 'link', bytes: file }], ...(at === undefined ? {} : { at }) })
    }
    // Once: what the address said when the page came up.
  }, [])
}
