import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { useTexts } from '../text/language.ts'
import type { ExampleName, Texts } from '../text/texts.ts'
import { loadExample } from './examples.ts'
import { readFiles } from './files.ts'
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
  const files = async (list: readonly File[]): Promise<void> => {
    const read = await readFiles(list, t)
    if ('code' in read) bench.setFault(read)
    else await bench.open({ files: read })
  }
  useArrivals(bench, t, files, setOver)
  const text = (words: string): Promise<void> =>
    bench.open({ files: [{ name: 'text', bytes: new TextEncoder().encode(words) }] })
  const example = async (name: ExampleName): Promise<void> => {
    const found = await loadExample(name)
    if (found === undefined) bench.setFault({ message: t.fault.example, code: 'example' })
    else await bench.open(found)
  }
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
          onFiles={(list) => void files(list)}
          onText={(words) => void text(words)}
          onExample={(name) => void example(name)}
        />
      ) : (
        <Opened key={inputs.evidence.file.name} bench={bench} evidence={inputs.evidence} />
      )}
    </div>
  )
}

function wordsOf({ code, message }: { readonly code: string; readonly message: string }, t: Texts): string {
  if (code === 'time') return t.fault.time
  return code === 'no-evidence' ? t.fault.noEvidence : message
}

/** What reaches the page from outside: drops, pastes, and the evidence in a link. */
function useArrivals(
  bench: Workbench,
  t: Texts,
  onFiles: (list: readonly File[]) => Promise<void>,
  onOver: (over: boolean) => void,
): void {
  useEffect(() => {
    const linked = linkedIn(location.hash)
    if (linked === 'bad') bench.setFault({ message: t.fault.link, code: 'link' })
    else if (linked !== undefined) {
      const { file, at } = linked
      void bench.open({ files: [{ name: 'link', bytes: file }], ...(at === undefined ? {} : { at }) })
    }
    // Once: what the address said when the page came up.
  }, [])
  useEffect(() => {
    const dragged = (event: DragEvent): void => {
      event.preventDefault()
      onOver(event.type === 'dragover')
    }
    const dropped = (event: DragEvent): void => {
      event.preventDefault()
      onOver(false)
      const list = [...(event.dataTransfer?.files ?? [])]
      if (list.length > 0) void onFiles(list)
    }
    const pasted = (event: ClipboardEvent): void => {
      if (event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement) return
      const list = [...(event.clipboardData?.files ?? [])]
      const words = event.clipboardData?.getData('text/plain') ?? ''
      if (list.length > 0) void onFiles(list)
      else if (words.trim() !== '')
        void bench.open({ files: [{ name: 'text', bytes: new TextEncoder().encode(words) }] })
    }
    addEventListener('dragover', dragged)
    addEventListener('dragleave', dragged)
    addEventListener('drop', dropped)
    addEventListener('paste', pasted)
    return () => {
      removeEventListener('dragover', dragged)
      removeEventListener('dragleave', dragged)
      removeEventListener('drop', dropped)
      removeEventListener('paste', pasted)
    }
  }, [bench.open, onFiles, onOver])
}
