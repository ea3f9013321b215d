import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { useTexts } from '../text/language.ts'
import type { Texts } from '../text/texts.ts'
import { BenchNotices } from './bench-notices.tsx'
import { useIntake } from './intake.ts'
import { Opened } from './opened.tsx'
import { linkedIn } from './permalink.ts'
import { Welcome } from './welcome.tsx'
import type { Workbench } from './workbench.ts'

/** The workbench: evidence that is open, or the place to open some. */
export function WorkbenchView({ bench }: { readonly bench: Workbench }): JSX.Element {
  const t = useTexts()
  const [over, setOver] = useState(false)
  const { inputs } = bench
  const intake = useIntake(bench, setOver)
  useLinked(bench, t)
  return (
    <div class={over ? 'over' : ''}>
      <BenchNotices bench={bench} />
      {inputs.evidence === undefined ? (
        <Welcome
          onFiles={(list) => void intake.files(list)}
          onText={(words) => void intake.text(words)}
          onExample={(name) => void intake.example(name)}
        />
      ) : (
        <Opened key={inputs.evidence.file} bench={bench} evidence={inputs.evidence} />
      )}
    </div>
  )
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
