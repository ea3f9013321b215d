import type { Verdict } from '@sekisho/evidence'
import type { JSX } from 'preact'
import { type Layer, type PartyStanding, type Standing, type TrustMap, trustMapOf } from '../map/model.ts'
import { useTexts } from '../text/language.ts'
import { Mark } from './parts.tsx'
import { Said } from './said.tsx'
import { type DrawingProps, TrustDrawing } from './trust-drawing.tsx'
import { Panel } from './verdict-view.tsx'

const STANDINGS: readonly Standing[] = ['proven', 'assumed', 'excluded', 'inside', 'unknown', 'refuted']

/** Whom a verdict that was recorded trusts: drawn, and in words. */
export function RecordedTrustMap({ verdict }: { readonly verdict: Verdict }): JSX.Element {
  const map = trustMapOf(verdict)
  return (
    <>
      <DrawingPanel map={map} anchors={map.anchors} distrust={[]} />
      <WordsPanel map={map} />
    </>
  )
}

/** The drawing, and what its marks mean. */
export function DrawingPanel({ map, anchors, distrust }: DrawingProps): JSX.Element {
  const t = useTexts().map
  return (
    <Panel title={t.heading}>
      <p class="faint">{t.lead}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: on a narrow screen the drawing is moved with the arrow keys */}
      <section class="drawing" tabIndex={0} aria-label={t.heading}>
        <TrustDrawing map={map} anchors={anchors} distrust={distrust} />
      </section>
      <ul class="legend">
        {STANDINGS.map((standing) => (
          <li key={standing}>
            <Mark tone={standing}>{t.standings[standing]}</Mark> <span class="small">{t.standingHints[standing]}</span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

/** What the drawing shows, in words. */
export function WordsPanel({ map }: { readonly map: TrustMap }): JSX.Element {
  const t = useTexts().map
  return (
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
            {t.because}:{' '}
            {because.map((one, i) => (
              <span key={one}>
                {i === 0 ? '' : t.between}
                <Said text={one} />
              </span>
            ))}
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
          {t.because}: {typeof because === 'string' ? t.reasons[because] : <Said text={because.statement} />}
        </div>
      </div>
    </li>
  )
}
