import type { BundleItem } from '@sekisho/collateral'
import { canonicalJson } from '@sekisho/evidence'
import type { Around } from '../around.ts'
import { EXIT } from '../exit.ts'
import { readCollateral } from '../options/collateral-files.ts'
import { Paper, type Span } from '../render/paper.ts'
import { itemsOf } from './collateral-items.ts'

/** Options of `sekisho collateral show`. */
export interface CollateralShowOptions {
  readonly at?: Date
  readonly json?: true
}

/** Says what collateral holds and until when it is valid. No signature is checked. */
export async function collateralShowCommand(
  path: string,
  options: CollateralShowOptions,
  around: Around,
): Promise<number> {
  const { items, leftOver } = await itemsOf(await readCollateral([path], around), path)
  const at = options.at ?? around.now()
  const rows = items.map((item) => rowOf(item, at.getTime()))
  if (options.json === true) around.out(`${canonicalJson({ items: rows, leftOver })}\n`)
  else around.out(render(rows, leftOver, at, around))
  return EXIT.ok
}

interface Row {
  readonly kind: BundleItem['kind']
  readonly what: string
  readonly from: string
  readonly until: string
  readonly state: 'valid' | 'expired' | 'not yet valid'
}

function rowOf(item: BundleItem, at: number): Row {
  const { from, to } = item.kind === 'intel-pck' ? item.certificate.window : item.collateral.window
  const state = at < from ? 'not yet valid' : at > to ? 'expired' : 'valid'
  return { kind: item.kind, what: wordsOf(item), from: isoTime(from), until: isoTime(to), state }
}

function wordsOf(item: BundleItem): string {
  if (item.kind === 'intel-pck')
    return `PCK certificate of a platform with FMSPC ${item.certificate.fmspc} (${item.certificate.ca} CA)`
  if (item.kind === 'nvidia-rim') return `NVIDIA manifest of ${item.collateral.product} ${item.collateral.version}`
  if (item.kind === 'nvidia-ocsp') return `NVIDIA OCSP answer about ${item.collateral.serials.join(', ')}`
  if (item.kind === 'amd') {
    const { product, vlek, chipId, cspId, tcb } = item.collateral
    const whose =
      chipId === undefined
        ? cspId === undefined
          ? 'without a leaf'
          : `of ${cspId}`
        : `of chip ${chipId.slice(0, 16)}…`
    const levels =
      tcb === undefined
        ? ''
        : `, TCB ${Object.entries(tcb)
            .map(([name, level]) => `${name} ${level}`)
            .join(' ')}`
    return `${product} ${vlek ? 'VLEK' : 'VCEK'} chain and CRL ${whose}${levels}`
  }
  const { tee, fmspc, ca, tcbEvaluationDataNumber } = item.collateral
  return `${tee.toUpperCase()} TCB info, QE identity and CRLs of FMSPC ${fmspc} (${ca} CA), evaluation data number ${tcbEvaluationDataNumber.tcbInfo}`
}

function render(rows: readonly Row[], leftOver: readonly string[], at: Date, around: Around): string {
  const paper = new Paper(around)
  paper.line(
    0,
    2,
    `${rows.length} ${rows.length === 1 ? 'item' : 'items'}; dates judged at ${isoTime(at.getTime())}; no signature was checked.`,
  )
  for (const row of rows) {
    const state: Span = { text: row.state.toUpperCase(), tone: row.state === 'valid' ? 'good' : 'bad' }
    paper.blank().line(0, 2, row.what).line(2, 2, state, ` from ${row.from} until ${row.until}`)
  }
  for (const one of leftOver) paper.line(0, 2, `- ${one}`)
  return paper.toString()
}

function isoTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}
