import type { JSX } from 'preact'
import { useLanguage } from '../../text/language.ts'
import { Panel } from '../../ui/verdict-view.tsx'
import type { Explained } from './model.ts'
import { DECISIONS } from './texts.ts'

/** Members that stand elsewhere on the page. */
const TOLD: readonly string[] = ['reasons', 'emulated', 'context', 'policy', 'lease', 'actor']

/** Everything that was recorded with a decision, of whatever kind it is. */
export function RecordPart({ decision }: { readonly decision: Explained }): JSX.Element {
  const t = DECISIONS[useLanguage()].record
  const rows = Object.entries(decision.details).filter(([name]) => !TOLD.includes(name))
  return (
    <Panel title={t.heading}>
      {rows.length === 0 ? <p class="faint">{t.none}</p> : null}
      <dl class="facts compact">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>
              <code>{name}</code>
            </dt>
            <dd>
              <code>{typeof value === 'string' ? value : JSON.stringify(value)}</code>
            </dd>
          </div>
        ))}
      </dl>
      <details class="snippet">
        <summary>{t.json}</summary>
        <pre>
          <code>{JSON.stringify(withoutTree(decision), undefined, 2)}</code>
        </pre>
      </details>
    </Panel>
  )
}

/** A verdict of another version is shown as it is; one that the page draws is long. */
function withoutTree({ verdict, ...rest }: Explained): object {
  return verdict === undefined ? rest : { ...rest, verdict: '…' }
}
