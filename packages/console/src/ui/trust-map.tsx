import type { TrustAnchor, Verdict } from '@sekisho/evidence'
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Judged } from '../engine/messages.ts'
import { fallen, type Layer, type PartyStanding, type Standing, trustMapOf } from '../map/model.ts'
import { useTexts } from '../text/language.ts'
import { Mark } from './parts.tsx'
import { TrustDrawing } from './trust-drawing.tsx'
import { Panel } from './verdict-view.tsx'
import { faultIn, type Workbench } from './workbench.ts'

const STANDINGS: readonly Standing[] = ['proven', 'assumed', 'excluded', 'inside', 'unknown', 'refuted']

/** Whom a verdict trusts, drawn and in words, and what falls when an anchor is no longer trusted. */
export function TrustMapView({ bench, judged }: { readonly bench: Workbench; readonly judged: Judged }): JSX.Element {
  const t = useTexts().map
  const { distrust, setDistrust, without, fault } = useWhatIf(bench)
  const shown = without?.verdict ?? judged.verdict
  const before = trustMapOf(judged.verdict)
  const map = trustMapOf(shown)
  return (
    <>
      <Panel title={t.heading}>
        <p class="faint">{t.lead}</p>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: on a narrow screen the drawing is moved with the arrow keys */}
        <section class="drawing" tabIndex={0} aria-label={t.heading}>
          <TrustDrawing map={map} anchors={before.anchors} distrust={distrust} />
        </section>
        <ul class="legend">
          {STANDINGS.map((standing) => (
            <li key={standing}>
              <Mark tone={standing}>{t.standings[standing]}</Mark>{' '}
              <span class="small">{t.standingHints[standing]}</span>
            </li>
          ))}
        </ul>
      </Panel>
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
      <Panel title={t.list}>
        <ol class="plain layers" reversed>
          {[...map.layers].reverse().map((layer) => (
            <LayerInWords key={layer.id} layer={layer} />
          ))}
        </ol>
        <h3>{t.partiesHeading}</h3>
        <ul class="plain layers">
          {map.parties.map((party) => (
            <PartyInWords key={party.id} party={party} />
          ))}
        </ul>
      </Panel>
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
  const [without, setWithout] = useState<Judged>()
  const [fault, setFault] = useState<string>()
  const { judgeWithout } = bench
  useEffect(() => {
    let current = true
    if (distrust.length === 0) {
      setWithout(undefined)
      setFault(undefined)
      return undefined
    }
    judgeWithout(distrust).then(
      (found) => {
        if (!current) return
        setWithout(found)
        setFault(undefined)
      },
      (error: unknown) => {
        if (current) setFault(faultIn(error).message)
      },
    )
    return () => {
      current = false
    }
  }, [distrust, judgeWithout])
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

function LayerInWords({ layer: { id, standing, because } }: { layer: Layer }): JSX.Element {
  const t = useTexts().map
  return (
    <li>
      <Mark tone={standing}>{t.standings[standing]}</Mark>
      <div>
        <strong>{t.layers[id]}</strong> <span class="faint">{t.layerHints[id]}</span>
        {because.length === 0 ? null : (
          <div class="small">
            {t.because}: {because.join('; ')}
          </div>
        )}
      </div>
    </li>
  )
}

function PartyInWords({ party: { id, standing, because } }: { party: PartyStanding }): JSX.Element {
  const t = useTexts().map
  return (
    <li>
      <Mark tone={standing}>{t.standings[standing]}</Mark>
      <div>
        <strong>{t.parties[id]}</strong>
        <div class="small">
          {t.because}: {typeof because === 'string' ? t.reasons[because] : because.statement}
        </div>
      </div>
    </li>
  )
}
