import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { SHELL } from '../../text/shell.ts'
import { useAction } from '../../ui/action.ts'
import { Dialog, Snippet } from '../../ui/page-parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { isPath, metadataOf, metadataText, type SecretSummary } from './model.ts'
import { PathField } from './path-field.tsx'
import { SECRETS, type SecretTexts } from './texts.ts'
import { useValue, ValueField } from './value-field.tsx'

interface Given {
  readonly page: PageProps
  readonly known: readonly SecretSummary[]
  /** The secret that gets a new version; undefined where the reader names one. */
  readonly of?: SecretSummary
  readonly onDone: (told: string) => void
  readonly onClose: () => void
}

/** A new secret, or a new version of one. The value is in the form's own field until it is sent, and nowhere else. */
export function AddSecret({ page, known, of, onDone, onClose }: Given): JSX.Element {
  const language = useLanguage()
  const t = SECRETS[language]
  const [path, setPath] = useState(of?.path ?? '')
  const [contentType, setContentType] = useState(of?.contentType ?? '')
  const [metadata, setMetadata] = useState(of === undefined ? '' : metadataText(of.metadata))
  const value = useValue(t)
  const sending = useAction()
  const about = metadataOf(metadata)
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (!isPath(path) || 'badLine' in about) return
    await sending.run(async () => {
      const base64 = await value.take()
      if (base64 === undefined) return
      // Saying nothing of metadata keeps what there is; of a secret that is shown here, everything is said.
      const said = of !== undefined || metadata.trim() !== ''
      const json = {
        value: base64,
        ...(said ? { metadata: about.metadata } : {}),
        ...(contentType === '' ? {} : { contentType }),
      }
      const { version } = await page.api.send<{ version: number }>(
        'PUT',
        `/namespaces/${page.namespace}/secrets/${path}`,
        { json },
      )
      value.clear()
      onDone(t.stored(path, version))
    })
  }
  return (
    <Dialog title={of === undefined ? t.add : `${t.newVersion}: ${of.path}`} onClose={onClose}>
      <form class="form" onSubmit={(event) => void submit(event)}>
        {of === undefined ? <PathField path={path} kind="secret" known={known} t={t} onPath={setPath} /> : null}
        <ValueField value={value} t={t} />
        <About
          contentType={contentType}
          metadata={metadata}
          wrong={'badLine' in about ? t.metadataWrong(about.badLine) : ''}
          t={t}
          onContentType={setContentType}
          onMetadata={setMetadata}
        />
        <p class="hint">{t.form.once}</p>
        {sending.error === undefined ? null : <Problem error={sending.error} />}
        <p class="row end">
          <button type="button" class="button" onClick={onClose}>
            {SHELL[language].cancel}
          </button>
          <button type="submit" class="button primary" disabled={sending.busy || !isPath(path) || 'badLine' in about}>
            {sending.busy ? t.form.saving : t.form.save}
          </button>
        </p>
        <Snippet kind="commandLine" text={commandOf(page.namespace, path, contentType)} />
      </form>
    </Dialog>
  )
}

function commandOf(namespace: string, path: string, contentType: string): string {
  const type = contentType === '' ? '' : ` --content-type '${contentType.replaceAll("'", "'\\''")}'`
  return `sekisho secret put ${isPath(path) ? path : 'REPOSITORY/TYPE/TAG'} FILE${type} --namespace ${namespace}`
}

function About({
  contentType,
  metadata,
  wrong,
  t,
  onContentType,
  onMetadata,
}: {
  readonly contentType: string
  readonly metadata: string
  readonly wrong: string
  readonly t: SecretTexts
  readonly onContentType: (text: string) => void
  readonly onMetadata: (text: string) => void
}): JSX.Element {
  return (
    <>
      <label for="secret-type">
        {t.form.contentType} <span class="hint">({t.form.optional})</span>
      </label>
      <input
        id="secret-type"
        type="text"
        autocomplete="off"
        spellcheck={false}
        maxLength={128}
        aria-describedby="secret-type-hint"
        value={contentType}
        onInput={(event) => onContentType(event.currentTarget.value)}
      />
      <p id="secret-type-hint" class="hint">
        {t.form.contentTypeHint}
      </p>
      <label for="secret-metadata">
        {t.form.metadata} <span class="hint">({t.form.optional})</span>
      </label>
      <textarea
        id="secret-metadata"
        rows={2}
        spellcheck={false}
        maxLength={4000}
        aria-describedby="secret-metadata-hint secret-metadata-wrong"
        value={metadata}
        onInput={(event) => onMetadata(event.currentTarget.value)}
      />
      <p id="secret-metadata-hint" class="hint">
        {t.form.metadataHint}
      </p>
      <p id="secret-metadata-wrong" class="wrong" aria-live="polite">
        {wrong}
      </p>
    </>
  )
}
