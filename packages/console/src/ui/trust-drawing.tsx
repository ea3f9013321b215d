import type { TrustAnchor } from '@sekisho/evidence'
import type { JSX } from 'preact'
import type { Layer, PartyStanding, TrustMap } from '../map/model.ts'
import { useTexts } from '../text/language.ts'

const WIDTH = 760
const SLAB = 62
const GAP = 8
const TOP = 34
const TOWER_X = 250
const TOWER_WIDTH = 300
const ANCHOR_X = 600
const PARTY_WIDTH = 214
const PARTY = 44

/** What is drawn. */
export interface DrawingProps {
  readonly map: TrustMap
  readonly anchors: readonly TrustAnchor[]
  /** Ids of anchors that the reader does not trust, for a moment. */
  readonly distrust: readonly string[]
}

/**
 * The map as a drawing: parties on the left, layers in the middle with silicon at the bottom, anchors on the right.
 * The same stands below it in words, which is what a screen reader reads.
 */
export function TrustDrawing({ map, anchors, distrust }: DrawingProps): JSX.Element {
  const t = useTexts().map
  const slabs = [...map.layers].reverse()
  const tower = slabs.length * (SLAB + GAP) - GAP
  const height = TOP + Math.max(tower, map.parties.length * (PARTY + GAP), anchors.length * (PARTY + GAP)) + 16
  const base = TOP + tower
  return (
    <svg class="trust" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={t.drawing}>
      <text class="map-head" x={PARTY_WIDTH / 2} y={18} text-anchor="middle">
        {t.partiesHeading}
      </text>
      <text class="map-head" x={TOWER_X + TOWER_WIDTH / 2} y={18} text-anchor="middle">
        {t.tower}
      </text>
      <text class="map-head" x={ANCHOR_X + 80} y={18} text-anchor="middle">
        {t.anchors}
      </text>
      <rect class="map-boundary" x={TOWER_X - 12} y={TOP - 10} width={TOWER_WIDTH + 24} height={tower + 20} rx={12} />
      {slabs.map((layer, i) => (
        <Slab key={layer.id} layer={layer} y={TOP + i * (SLAB + GAP)} />
      ))}
      {map.parties.map((party, i) => (
        <Party key={party.id} party={party} y={TOP + i * (PARTY + GAP)} />
      ))}
      {anchors.map((anchor, i) => (
        <Anchor
          key={anchor.id}
          anchor={anchor}
          off={distrust.includes(anchor.id)}
          y={base - PARTY - i * (PARTY + GAP)}
          to={base - SLAB / 2}
        />
      ))}
    </svg>
  )
}

function Slab({ layer: { id, standing }, y }: { layer: Layer; y: number }): JSX.Element {
  const t = useTexts().map
  return (
    <g class={`slab stands-${standing}`}>
      <rect x={TOWER_X} y={y} width={TOWER_WIDTH} height={SLAB} rx={8} />
      <text class="slab-name" x={TOWER_X + 16} y={y + 26}>
        {t.layers[id]}
      </text>
      <text class="slab-standing" x={TOWER_X + TOWER_WIDTH - 16} y={y + 26} text-anchor="end">
        {t.standings[standing]}
      </text>
      <text class="slab-hint" x={TOWER_X + 16} y={y + 46}>
        {t.layerHints[id]}
      </text>
    </g>
  )
}

function Party({ party: { id, standing }, y }: { party: PartyStanding; y: number }): JSX.Element {
  const t = useTexts().map
  const middle = y + PARTY / 2
  const reach = standing === 'excluded' ? TOWER_X - 22 : TOWER_X - 12
  return (
    <g class={`party stands-${standing}`}>
      <line x1={PARTY_WIDTH} x2={reach} y1={middle} y2={middle} />
      {standing === 'excluded' ? <path d={`M${reach} ${middle - 8}v16`} /> : <circle cx={reach} cy={middle} r={4} />}
      <rect x={0.5} y={y} width={PARTY_WIDTH} height={PARTY} rx={8} />
      <text class="party-name" x={12} y={y + 18}>
        {t.parties[id]}
      </text>
      <text class="slab-hint" x={12} y={y + 34}>
        {t.standings[standing]}
      </text>
    </g>
  )
}

function Anchor({ anchor, off, y, to }: { anchor: TrustAnchor; off: boolean; y: number; to: number }): JSX.Element {
  const t = useTexts()
  const middle = y + PARTY / 2
  const name = anchor.name.length > 21 ? `${anchor.name.slice(0, 20)}…` : anchor.name
  return (
    <g class={off ? 'anchor off' : 'anchor'}>
      <path class="anchor-line" d={`M${ANCHOR_X} ${middle}H${ANCHOR_X - 19}V${to}H${TOWER_X + TOWER_WIDTH}`} />
      <rect x={ANCHOR_X} y={y} width={WIDTH - ANCHOR_X - 1} height={PARTY} rx={8} />
      <text class="party-name" x={ANCHOR_X + 10} y={y + 18}>
        {name}
      </text>
      <text class="slab-hint" x={ANCHOR_X + 10} y={y + 34}>
        {anchor.emulated === true ? t.emulated : anchor.vendor}
      </text>
    </g>
  )
}
