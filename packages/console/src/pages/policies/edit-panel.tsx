import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { Snippet } from '../../ui/page-parts.tsx'
import { Mark } from '../../ui/parts.tsx'
import type { Checked } from './check.ts'
import { type Draft, isChanged } from './draft.ts'
import type { CedarEditor } from './editor/cedar-editor.ts'
import { EditorHost } from './editor-host.tsx'
import { Findings } from './findings.tsx'
import { POLICIES } from './languages.ts'
import type { PolicyCalls } from './model.ts'
import { Starters } from './starters.tsx'

/** The editor, what is said of its text, and the way to put it in force. */
export function EditPanel({
  calls,
  draft,
  checked,
  untried,
  aim,
  may,
  onText,
  onReview,
}: {
  readonly calls: PolicyCalls
  readonly draft: Draft
  readonly checked: Checked | undefined
  readonly untried: readonly number[]
  /** A line to go to, as soon as the editor is seen. */
  readonly aim: number | undefined
  readonly may: PageProps['may']
  readonly onText: (text: string) => void
  /** Undefined while another choice has to be made first. */
  readonly onReview: (() => void) | undefined
}): JSX.Element {
  const t = POLICIES[useLanguage()]
  const editor = useRef<CedarEditor>()
  useEffect(() => {
    if (aim !== undefined) editor.current?.goTo(aim, 1)
  }, [aim])
  const changed = isChanged(draft)
  const faulty = checked === undefined || checked.text !== draft.text || checked.faults.length > 0
  return (
    <div class="columns policy-columns">
      <section class="panel" aria-labelledby="policy-editor">
        <div class="row between">
          <h2 id="policy-editor">{t.editor.heading}</h2>
          <span class="row">
            {changed ? (
              <>
                <Mark tone="incomplete">{t.editor.changed}</Mark>
                <button type="button" class="button small" onClick={() => onText(draft.baseText)}>
                  {t.editor.discard}
                </button>
              </>
            ) : draft.basedOn === 0 ? null : (
              <Mark tone="verified">{t.editor.unchanged}</Mark>
            )}
          </span>
        </div>
        <EditorHost
          calls={calls}
          text={draft.text}
          checked={checked}
          untried={untried}
          mayReferences={may('references:read')}
          onText={onText}
          onReady={(made) => {
            editor.current = made
          }}
        />
        <p class="small faint keys">{t.editor.keys}</p>
        <Snippet
          kind="commandLine"
          text={
            'sekisho policy show > policy.cedar\nsekisho policy lint policy.cedar\nsekisho policy dry-run policy.cedar\nsekisho policy set policy.cedar'
          }
        />
      </section>
      <div>
        <Findings checked={checked} text={draft.text} onGo={(line, column) => editor.current?.goTo(line, column)} />
        <section class="panel">
          <p>
            <button
              type="button"
              class="button primary"
              disabled={!changed || faulty || onReview === undefined || draft.text.trim() === ''}
              onClick={onReview}
            >
              {t.editor.review}
            </button>
          </p>
          <p class="small faint">
            {changed && faulty && checked?.text === draft.text ? t.editor.faultsFirst : t.editor.reviewHint}
          </p>
          {may('policy:write') ? null : <p class="small faint">{t.editor.readOnly}</p>}
        </section>
        <Starters calls={calls} guarded={changed && draft.text.trim() !== ''} onUse={onText} />
      </div>
    </div>
  )
}
