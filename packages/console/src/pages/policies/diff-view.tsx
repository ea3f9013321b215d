import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { useLanguage } from '../../text/language.ts'
import { type DiffLine, diffLines, hunksOf } from '../../ui/diff.ts'
import { POLICIES } from './languages.ts'

const SIGNS = { gone: '−', new: '+', same: ' ' } as const

/** Two texts, line by line: what changed, and three lines around. */
export function DiffView({ before, after }: { readonly before: string; readonly after: string }): JSX.Element {
  const t = POLICIES[useLanguage()]
  const lines = useMemo(() => diffLines(before, after), [before, after])
  const hunks = hunksOf(lines)
  if (hunks.length === 0) return <p class="faint">{t.versions.equal}</p>
  const count = (kind: DiffLine['kind']): number => lines.filter((line) => line.kind === kind).length
  return (
    <>
      <p class="small faint">{t.diff.counted(count('gone'), count('new'))}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section class="diff" aria-label={t.diff.label} tabIndex={0}>
        {hunks.map((hunk, i) => (
          <div key={hunk[0]?.before ?? hunk[0]?.after} class="hunk">
            {i === 0 ? null : (
              <p class="skipped" title={t.diff.skipped}>
                ⋯
              </p>
            )}
            {hunk.map((line) => (
              <Line key={`${line.before} ${line.after}`} line={line} />
            ))}
          </div>
        ))}
      </section>
    </>
  )
}

function Line({ line: { kind, text, before, after } }: { readonly line: DiffLine }): JSX.Element {
  const t = POLICIES[useLanguage()].diff
  return (
    <div class={`line line-${kind}`}>
      <span class="number" aria-hidden="true">
        {before}
      </span>
      <span class="number" aria-hidden="true">
        {after}
      </span>
      <span class="diff-sign" aria-hidden="true">
        {SIGNS[kind]}
      </span>
      {kind === 'same' ? null : <span class="unseen">{t[kind]}: </span>}
      <code>{text}</code>
    </div>
  )
}
