import { useEffect } from 'preact/hooks'
import { useTexts } from '../text/language.ts'
import type { ExampleName } from '../text/texts.ts'
import { loadExample } from './examples.ts'
import { readFiles } from './files.ts'
import type { Workbench } from './workbench.ts'

/** The ways in which evidence comes to the page. */
export interface Intake {
  files(list: readonly File[]): Promise<void>
  text(words: string): Promise<void>
  example(name: ExampleName): Promise<void>
}

/** Opens on the workbench what comes by button; what is dropped or pasted anywhere comes too, while this is shown. */
export function useIntake(bench: Workbench, onOver: (over: boolean) => void): Intake {
  const t = useTexts()
  const intake: Intake = {
    async files(list) {
      const read = await readFiles(list, t)
      if ('code' in read) bench.setFault(read)
      else await bench.open({ files: read })
    },
    text: (words) => bench.open({ files: [{ name: 'text', bytes: new TextEncoder().encode(words) }] }),
    async example(name) {
      const found = await loadExample(name)
      if (found === undefined) bench.setFault({ message: t.fault.example, code: 'example' })
      else await bench.open(found)
    },
  }
  useArrivals(intake, onOver)
  return intake
}

function useArrivals({ files, text }: Intake, onOver: (over: boolean) => void): void {
  useEffect(() => {
    const dragged = (event: DragEvent): void => {
      event.preventDefault()
      onOver(event.type === 'dragover')
    }
    const dropped = (event: DragEvent): void => {
      event.preventDefault()
      onOver(false)
      const list = [...(event.dataTransfer?.files ?? [])]
      if (list.length > 0) void files(list)
    }
    const pasted = (event: ClipboardEvent): void => {
      if (event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement) return
      const list = [...(event.clipboardData?.files ?? [])]
      const words = event.clipboardData?.getData('text/plain') ?? ''
      if (list.length > 0) void files(list)
      else if (words.trim() !== '') void text(words)
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
  }, [files, text, onOver])
}
