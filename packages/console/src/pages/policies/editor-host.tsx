import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useLanguage } from '../../text/language.ts'
import type { Checked } from './check.ts'
import type { CedarEditor } from './editor/cedar-editor.ts'
import type { Vocabulary } from './editor/completion.ts'
import { POLICIES } from './languages.ts'
import type { PolicyCalls } from './model.ts'

interface Props {
  readonly calls: PolicyCalls
  readonly text: string
  readonly checked: Checked | undefined
  /** Lines of statements that no test exercises. */
  readonly untried: readonly number[]
  readonly mayReferences: boolean
  readonly onText: (text: string) => void
  readonly onReady: (editor: CedarEditor | undefined) => void
}

/** The place of the editor, whose code is loaded here; plain text where it cannot be. */
export function EditorHost(props: Props): JSX.Element {
  const t = POLICIES[useLanguage()].editor
  const { text, checked, untried, onText } = props
  const host = useRef<HTMLDivElement>(null)
  const { editor, failed } = useEditor(host, props)
  // At once: an effect that ran later would put back what has been typed on since.
  useLayoutEffect(() => editor?.setText(text), [editor, text])
  useEffect(() => {
    // What was said of another text is about other places.
    if (checked?.text === text) editor?.setProblems(checked.faults, checked.findings)
  }, [editor, checked, text])
  useEffect(() => editor?.setUnexercised(untried), [editor, untried])
  if (failed)
    return (
      <>
        <p class="caution">{t.failed}</p>
        <textarea
          rows={24}
          spellcheck={false}
          aria-label={t.label}
          value={text}
          onInput={(event) => onText(event.currentTarget.value)}
        />
      </>
    )
  return (
    <div class="editor">
      {editor === undefined ? (
        <p class="loading" role="status">
          {t.loading}
        </p>
      ) : null}
      <div ref={host} class="editor-host" />
    </div>
  )
}

function useEditor(
  host: { readonly current: HTMLDivElement | null },
  props: Props,
): { readonly editor: CedarEditor | undefined; readonly failed: boolean } {
  const t = POLICIES[useLanguage()].editor
  const [editor, setEditor] = useState<CedarEditor>()
  const [failed, setFailed] = useState(false)
  const latest = useRef(props)
  latest.current = props
  useEffect(() => {
    let wanted = true
    let made: CedarEditor | undefined
    open(props)
      .then(({ openCedarEditor, vocabulary }) => {
        if (!wanted || host.current === null) return
        made = openCedarEditor(host.current, {
          text: latest.current.text,
          label: t.label,
          untried: t.untried,
          vocabulary,
          onText: (text) => latest.current.onText(text),
        })
        setEditor(made)
        latest.current.onReady(made)
      })
      .catch(() => {
        if (wanted) setFailed(true)
      })
    return () => {
      wanted = false
      made?.destroy()
      setEditor(undefined)
      latest.current.onReady(undefined)
    }
  }, [t, props.calls])
  return { editor, failed }
}

/** The editor's code, and what it completes with; without the schema it completes less. */
async function open({
  calls,
  mayReferences,
}: Props): Promise<
  Pick<typeof import('./editor/cedar-editor.ts'), 'openCedarEditor'> & { readonly vocabulary: Vocabulary }
> {
  const [{ openCedarEditor }, { claimsOf }, schema, references] = await Promise.all([
    import('./editor/cedar-editor.ts'),
    import('./editor/schema.ts'),
    calls.schema().catch(() => ''),
    mayReferences ? calls.referenceNames().catch(() => []) : [],
  ])
  return { openCedarEditor, vocabulary: { claims: claimsOf(schema), references } }
}
