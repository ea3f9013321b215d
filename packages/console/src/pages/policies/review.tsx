import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError } from '../../api/problem.ts'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { useAction } from '../../ui/action.ts'
import { Snippet } from '../../ui/page-parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { DiffView } from './diff-view.tsx'
import type { Draft } from './draft.ts'
import { History, Leases } from './effect.tsx'
import { POLICIES } from './languages.ts'
import type { Activated, PolicyCalls } from './model.ts'
import { useEffectOf } from './use-effect-of.ts'

/** What comes before a text is in force: its differences, what it would have decided, which leases would end. */
export function Review({
  calls,
  namespace,
  draft,
  next,
  may,
  onBack,
  onDone,
  onConflict,
}: {
  readonly calls: PolicyCalls
  readonly namespace: string
  readonly draft: Draft
  /** The number that the version would have. */
  readonly next: number
  readonly may: PageProps['may']
  readonly onBack: () => void
  readonly onDone: (done: Activated) => void
  /** Somebody else was quicker. */
  readonly onConflict: () => void
}): JSX.Element {
  const t = POLICIES[useLanguage()]
  const effect = useEffectOf(calls, draft.text, may)
  const [note, setNote] = useState('')
  const { busy, error, run } = useAction()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  const put = async (): Promise<void> => {
    await run(async () => {
      try {
        onDone(await calls.put({ text: draft.text, note: note.trim(), basedOn: draft.basedOn }))
      } catch (thrown) {
        if (thrown instanceof ApiError && thrown.status === 409) return onConflict()
        throw thrown
      }
    })
  }
  const failed = !effect.known && !effect.report.busy && !effect.forecast.busy
  return (
    <section class="panel review" aria-labelledby="review">
      <div class="row between">
        <h2 id="review" ref={heading} tabIndex={-1}>
          {t.review.heading(next)}
        </h2>
        <button type="button" class="button small" onClick={onBack}>
          {t.review.back}
        </button>
      </div>
      <div class="review-columns">
        <div>
          <History namespace={namespace} report={effect.report} />
          <Leases namespace={namespace} forecast={effect.forecast} />
        </div>
        <div>
          <h3>{t.review.textHeading}</h3>
          <DiffView before={draft.baseText} after={draft.text} />
        </div>
      </div>
      {error === undefined ? null : <Problem error={error} />}
      {may('policy:write') ? (
        <div class="put">
          <div class="form">
            <label for="policy-note">{t.review.note}</label>
            <input
              id="policy-note"
              type="text"
              maxLength={1024}
              aria-describedby="policy-note-hint"
              value={note}
              onInput={(event) => setNote(event.currentTarget.value)}
            />
            <p id="policy-note-hint" class="small faint">
              {t.review.noteHint}
            </p>
          </div>
          <p class="row">
            <button type="button" class="button primary" disabled={busy || !effect.known} onClick={() => void put()}>
              {busy ? t.review.putting : t.review.put}
            </button>
            <span class="small faint" role="status">
              {effect.known ? '' : failed ? t.review.unsure : t.review.mustKnow}
            </span>
          </p>
        </div>
      ) : (
        <p class="faint">{t.editor.readOnly}</p>
      )}
      <Snippet
        kind="commandLine"
        text={`sekisho policy dry-run policy.cedar\nsekisho policy set policy.cedar${note.trim() === '' ? '' : ` --note ${quoted(note.trim())}`}`}
      />
    </section>
  )
}

/** A text as a shell takes it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
