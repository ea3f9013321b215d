import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { useLanguage, useTexts } from '../../text/language.ts'
import { useAction } from '../../ui/action.ts'
import { readFiles } from '../../ui/files.ts'
import { Snippet } from '../../ui/page-parts.tsx'
import { FaultBox, FileButton } from '../../ui/parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { useTurns } from '../../ui/turns.ts'
import { REFERENCES } from './languages.ts'
import type { ReferenceProps } from './props.ts'

/** Imports what a build or a vendor wrote. */
export function ImportForm({ calls, sets, go, again }: ReferenceProps): JSX.Element {
  const t = REFERENCES[useLanguage()]
  const texts = useTexts()
  const [file, setFile] = useState<{ readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }>()
  const [name, setName] = useState('')
  const [owner, setOwner] = useState('')
  const [fault, setFault] = useState<{ readonly message: string; readonly code: string }>()
  const { busy, error, run } = useAction()
  const begin = useTurns()
  const choose = async (list: readonly File[]): Promise<void> => {
    const isLast = begin()
    setFault(undefined)
    const files = await readFiles(list.slice(0, 1), texts)
    if (!isLast()) return
    if ('code' in files) return setFault(files)
    const [one] = files
    if (one !== undefined) setFile({ name: one.name, bytes: new Uint8Array(one.bytes) })
  }
  const submit = (event: Event): void => {
    event.preventDefault()
    if (file === undefined) return
    void run(async () => {
      const { names, live, revoked } = await calls.import({ name, owner: owner.trim(), bytes: file.bytes })
      again()
      go(undefined, t.said.stored(names.join(', '), live, revoked))
    })
  }
  return (
    <form class="panel set-form" aria-labelledby="import-form" onSubmit={submit}>
      <h2 id="import-form">{t.importing.heading}</h2>
      <p class="faint">{t.importing.lead}</p>
      {fault === undefined ? null : (
        <FaultBox code={fault.code} text={fault.message} onDismiss={() => setFault(undefined)} />
      )}
      <p class="row">
        <FileButton label={t.importing.file} look="primary" onFiles={(files) => void choose(files)} />
        {file === undefined ? null : (
          <span role="status">
            {t.importing.chosen}: <code>{file.name}</code>
          </span>
        )}
      </p>
      <div class="form fields">
        <label for="import-name">{t.importing.name}</label>
        <input
          id="import-name"
          type="text"
          required
          maxLength={64}
          autocomplete="off"
          spellcheck={false}
          aria-describedby="import-name-hint"
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <p id="import-name-hint" class="small faint">
          {t.importing.nameHint}
        </p>
        <label for="import-owner">{t.form.owner}</label>
        <input
          id="import-owner"
          type="text"
          maxLength={256}
          aria-describedby="import-owner-hint"
          value={owner}
          onInput={(event) => setOwner(event.currentTarget.value)}
        />
        <p id="import-owner-hint" class="small faint">
          {t.form.ownerHint}
        </p>
      </div>
      {sets.some((set) => set.name === name) ? <p class="caution">{t.importing.replaces}</p> : null}
      {error === undefined ? null : <Problem error={error} />}
      <p>
        <button type="submit" class="button primary" disabled={busy || file === undefined || name === ''}>
          {busy ? t.importing.sending : t.importing.send}
        </button>
      </p>
      <Snippet
        kind="commandLine"
        text={`sekisho reference import ${name === '' ? 'NAME' : name} ${file?.name ?? 'FILE'}`}
      />
    </form>
  )
}
