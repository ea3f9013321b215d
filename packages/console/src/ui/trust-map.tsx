import type { TrustAnchor, Verdict } from '@sekisho/evidence'
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Judged } from '../engine/messages.ts'
import { fallen, trustMapOf } from '../map/model.ts'
import { useTexts } from '../text/language.ts'
import { useLoad } from './load.tsx'
import { Mark } from './parts.tsx'
import { DrawingPanel, WordsPanel } from './trust-panels.tsx'
import { Panel } from './verdict-view.tsx'
import { faultIn, type Workbench } from './workbench.ts'

/** Whom a verdict trusts, drawn and in words, and what falls when an anchor is no longer trusted. */
export function TrustMapView({ bench, judged }: { readonly bench: Workbench; readonly judged: Judged }): JSX.Element {
  const t = useTexts().map
  const { distrust, setDistrust, without, fault } = useWhatIf(bench)
  const shown = without?.verdict ?? judged.verdict
  const before = trustMapOf(judged.verdict)
  const map = trustMapOf(shown)
  return (
    <>
      <DrawingPanel map={map} anchors={before.anchors} distrust={distrust} />
      <Panel title={t.anchorsHeading}>
        <p class="faint">{before.anchors.length === 0 ? t.noAnchors : t.anchorsHint}</p>
        <ul class="plain toggles">
          {before.anchors.map((anchor) => (
            <AnchorToggle
              key={anchor.id}
              anchor={anchor}
              off={distrust.includes(anchor.id)}
              onToggle={(off) =>
                setDistrust(off ? [...distrust, anchor.id] : distrust.filter((id) => id !== anchor.id))
              }
            />
          ))}
        </ul>
        {fault === undefined ? null : (
          <p class="caution" role="alert">
            {fault}
          </p>
        )}
        <div role="status">
          {without === undefined ? null : <Fall before={judged.verdict} after={without.verdict} />}
        </div>
      </Panel>
      <WordsPanel map={map} />
    </>
  )
}

/** Has the evidence judged again without the anchors that the reader took away. */
function useWhatIf(bench: Workbench): {
  readonly distrust: readonly string[]
  readonly setDistrust: (ids: readonly string[]) => void
  readonly without: Judged | undefined
  readonly fault: string | undefined
} {
  const [distrust, setDistrust] = useState<readonly string[]>([])
  const { judgeWithout } = bench
  const { value: without, error } = useLoad(
    async () => (distrust.length === 0 ? undefined : judgeWithout(distrust)),
    [distrust, judgeWithout],
  )
  const fault = error === undefined ? undefined : faultIn(error).message
  return { distrust, setDistrust, without, fault }
}

function AnchorToggle({
  anchor,
  off,
  onToggle,
}: {
  anchor: TrustAnchor
  off: boolean
  onToggle: (off: boolean) => void
}): JSX.Element {
  const t = useTexts()
  return (
    <li>
      <label class="tick">
        <input type="checkbox" checked={off} onChange={(event) => onToggle(event.currentTarget.checked)} />
        <span>
          {anchor.name} <span class="faint">{anchor.vendor}</span>{' '}
          {anchor.emulated === true ? <Mark tone="emulated">{t.emulated}</Mark> : null}
        </span>
      </label>
    </li>
  )
}

function Fall({ before, after }: { before: Verdict; after: Verdict }): JSX.Element {
  const t = useTexts()
  const checks = fallen(before, after)
  if (checks.length === 0) return <p>{t.map.fallsNothing}</p>
  return (
    <>
      <p>
        <strong>{t.map.becomes(t.verdict.words[after.outcome])}</strong>
      </p>
      <p>{t.map.falls(checks.length)}</p>
      <ul class="plain fall">
        {checks.map(({ id, reason }) => (
          <li key={id}>
            <code>{id}</code> <span class="faint">{reason}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
