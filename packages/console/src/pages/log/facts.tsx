import type { JSX } from 'preact'
import { toBase64 } from '../../log/bytes.ts'
import type { Checkpoint } from '../../log/note.ts'
import { useLanguage } from '../../text/language.ts'
import { saveText } from '../../ui/files.ts'
import { CopyButton, Snippet } from '../../ui/page-parts.tsx'
import { Panel } from '../../ui/verdict-view.tsx'
import { LOG } from './texts.ts'

/** The newest checkpoint that opened. */
export function Facts({ latest }: { readonly latest: Checkpoint | undefined }): JSX.Element | null {
  const t = LOG[useLanguage()].facts
  if (latest === undefined) return null
  const { size, origin, root, note } = latest
  return (
    <Panel title={t.heading}>
      <dl class="facts">
        <div>
          <dt>{t.size}</dt>
          <dd class="log-size">{size}</dd>
        </div>
        <div>
          <dt>{t.origin}</dt>
          <dd>
            <code>{origin}</code>
          </dd>
        </div>
        <div>
          <dt>{t.root}</dt>
          <dd>
            <code>{toBase64(root)}</code>
          </dd>
        </div>
      </dl>
      <details class="snippet">
        <summary>{t.note}</summary>
        <pre>
          <code>{note}</code>
        </pre>
        <p class="row">
          <CopyButton text={note} />
          <button type="button" class="button small" onClick={() => saveText(`checkpoint-${size}.txt`, note)}>
            {t.download}
          </button>
        </p>
      </details>
      <Snippet kind="commandLine" text="sekisho log checkpoint" />
    </Panel>
  )
}
