import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { useEngine } from '../../app/engine.ts'
import { EngineError } from '../../engine/client.ts'
import type { OpenedEvidence } from '../../engine/messages.ts'
import { useLanguage, useTexts } from '../../text/language.ts'
import { readFiles } from '../../ui/files.ts'
import { FaultBox, FileButton } from '../../ui/parts.tsx'
import { useTurns } from '../../ui/turns.ts'
import { EvidenceForm } from './evidence-form.tsx'
import { REFERENCES } from './languages.ts'
import type { ReferenceProps } from './props.ts'

interface Found {
  /** The how-manieth that was opened: two files may have one name. */
  readonly turn: number
  readonly name: string
  readonly opened: OpenedEvidence
}

/** A set made of what a piece of evidence says: read in the browser, by the same worker as the workbench. */
export function EvidencePage(props: ReferenceProps): JSX.Element {
  const t = REFERENCES[useLanguage()].evidence
  const texts = useTexts()
  const engine = useEngine()
  const [found, setFound] = useState<Found>()
  const [fault, setFault] = useState<{ readonly message: string; readonly code: string }>()
  const [busy, setBusy] = useState(false)
  const begin = useTurns()
  const open = async (list: readonly File[]): Promise<void> => {
    const isLast = begin()
    setFault(undefined)
    setBusy(true)
    try {
      const files = await readFiles(list.slice(0, 1), texts)
      if (!isLast()) return
      if ('code' in files) return setFault(files)
      const [file] = files
      if (file === undefined) return
      const place = await engine.ask('place', { file, part: 0 })
      if (!isLast()) return
      if (place.as === 'evidence')
        setFound((before) => ({ turn: (before?.turn ?? 0) + 1, name: file.name, opened: place.opened }))
      else setFault({ message: t.noEvidence, code: place.as })
    } catch (error) {
      if (!isLast()) return
      setFault(
        error instanceof EngineError
          ? { message: error.code === 'time' ? texts.fault.time : error.message, code: error.code }
          : { message: String(error), code: 'unreadable' },
      )
    } finally {
      if (isLast()) setBusy(false)
    }
  }
  useDrop((files) => void open(files))
  const pick = (label: string, look: 'primary' | 'quiet'): JSX.Element => (
    <FileButton label={label} look={look} onFiles={(files) => void open(files)} />
  )
  return (
    <>
      <section class="panel set-form" aria-labelledby="from-evidence" aria-busy={busy}>
        <h2 id="from-evidence">{t.heading}</h2>
        <p class="faint">{t.lead}</p>
        {fault === undefined ? null : (
          <FaultBox code={fault.code} text={fault.message} onDismiss={() => setFault(undefined)} />
        )}
        {found === undefined ? (
          <div class="drop small-drop">
            <p class="drop-title">{t.drop}</p>
            <p class="row centre">{pick(t.pick, 'primary')}</p>
          </div>
        ) : (
          <p class="row">
            <strong>{t.found(found.opened.form)}</strong> <code class="faint">{found.name}</code>{' '}
            {pick(t.other, 'quiet')}
          </p>
        )}
        <p role="status">{busy ? t.reading : ''}</p>
      </section>
      {found === undefined ? null : (
        <EvidenceForm key={found.turn} {...props} name={found.name} opened={found.opened} />
      )}
    </>
  )
}

/** Files may be dropped anywhere on the page. */
function useDrop(onFiles: (files: readonly File[]) => void): void {
  useEffect(() => {
    const over = (event: DragEvent): void => event.preventDefault()
    const dropped = (event: DragEvent): void => {
      event.preventDefault()
      const files = [...(event.dataTransfer?.files ?? [])]
      if (files.length > 0) onFiles(files)
    }
    addEventListener('dragover', over)
    addEventListener('drop', dropped)
    return () => {
      removeEventListener('dragover', over)
      removeEventListener('drop', dropped)
    }
  })
}
