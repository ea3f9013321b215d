import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { parseJson } from '../../engine/json.ts'
import type { VerifierKey } from '../../log/note.ts'
import { proveReceipt } from '../../log/receipt.ts'
import { useLanguage } from '../../text/language.ts'
import { useLoad } from '../../ui/load.tsx'
import { Snippet } from '../../ui/page-parts.tsx'
import { FileButton } from '../../ui/parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { EntryView, ProofView } from '../../ui/proof-view.tsx'
import { useTurns } from '../../ui/turns.ts'
import { Panel } from '../../ui/verdict-view.tsx'
import { LOG } from './texts.ts'

/** Bytes that a receipt can have: an entry, 64 hashes and a checkpoint. */
const MOST_BYTES = 256 * 1024

interface Given {
  readonly name: string
  readonly value: unknown
}

/** Checks a receipt from a file, with nothing but the key; nothing of it is sent. */
export function ReceiptCheck({ verifier }: { readonly verifier: VerifierKey | undefined }): JSX.Element {
  const t = LOG[useLanguage()].receipt
  const [given, setGiven] = useState<Given>()
  const [fault, setFault] = useState<string>()
  const begin = useTurns()
  const take = async (files: readonly File[]): Promise<void> => {
    const [file] = files
    if (file === undefined) return
    const isLast = begin()
    setGiven(undefined)
    setFault(undefined)
    if (file.size > MOST_BYTES) return setFault(t.tooLarge)
    // A folder that was dropped is a file here, without any text.
    const value = parseJson(await file.text().catch(() => ''))
    if (!isLast()) return
    if (value === undefined) setFault(t.notJson)
    else setGiven({ name: file.name, value })
  }
  useDrop((files) => void take(files))
  return (
    <Panel title={t.heading}>
      <p class="faint small">{t.lead}</p>
      <div class="drop-receipt">
        <FileButton label={t.pick} look="primary" onFiles={(files) => void take(files)} />
        <span class="faint small">{t.drop}</span>
      </div>
      {fault === undefined ? null : (
        <p class="caution" role="alert">
          {fault}
        </p>
      )}
      {given === undefined || verifier === undefined ? null : <Checked given={given} verifier={verifier} />}
      <Snippet kind="commandLine" text="sekisho log check-receipt receipt.json --key log.key" />
    </Panel>
  )
}

/** Files that are dropped anywhere on the page. */
function useDrop(onFiles: (files: readonly File[]) => void): void {
  const latest = useRef(onFiles)
  latest.current = onFiles
  useEffect(() => {
    const over = (event: DragEvent): void => event.preventDefault()
    const drop = (event: DragEvent): void => {
      event.preventDefault()
      latest.current([...(event.dataTransfer?.files ?? [])])
    }
    document.addEventListener('dragover', over)
    document.addEventListener('drop', drop)
    return () => {
      document.removeEventListener('dragover', over)
      document.removeEventListener('drop', drop)
    }
  }, [])
}

function Checked({ given, verifier }: { readonly given: Given; readonly verifier: VerifierKey }): JSX.Element {
  const t = LOG[useLanguage()].receipt
  const { value: proof, error } = useLoad(() => proveReceipt(given.value, verifier), [given, verifier])
  const { receipt, checkpoint } = proof ?? {}
  return (
    <>
      <p class="small">
        <code>{given.name}</code>
      </p>
      {error === undefined ? null : <Problem error={error} />}
      {proof === undefined ? null : (
        <ProofView
          proven={proof.proven}
          steps={proof.steps}
          claim={t.claim(receipt?.index ?? 0, receipt?.size ?? 0, checkpoint?.origin ?? '')}
        />
      )}
      {receipt === undefined ? null : <EntryView entry={receipt.entry} />}
    </>
  )
}
