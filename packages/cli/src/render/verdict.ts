import type { Check, CheckGroup, Outcome, Verdict } from '@sekisho/evidence'
import { ibmSeCatalogue } from '@sekisho/evidence/ibm-se'
import { nvidiaCatalogue } from '@sekisho/evidence/nvidia'
import { sgxCatalogue } from '@sekisho/evidence/sgx'
import { snpCatalogue } from '@sekisho/evidence/snp'
import { tdxCatalogue } from '@sekisho/evidence/tdx'
import { writeBoots } from './boot.ts'
import { digestText } from './digest.ts'
import { Paper, type PaperOptions, type Span, type Tone } from './paper.ts'
import { partyOf } from './party.ts'

/** What is shown beside the verdict itself. */
export interface VerdictView {
  readonly verdict: Verdict
  /** Every check, not only those that did not pass. */
  readonly verbose: boolean
  /** Wrappers taken off, and what lay in them unused; one line each. */
  readonly remarks: readonly string[]
  /** Expectations to copy, as YAML; undefined when nothing is missing. */
  readonly expectations: string | undefined
}

const NAME_WIDTH = 15

/** The verdict for a person: the word first, then why, who vouches for what, what would mend it, and the tree. */
export function renderVerdict(view: VerdictView, options: PaperOptions): string {
  const paper = new Paper(options)
  writeHead(paper, view)
  writeRemedies(paper, view.verdict)
  writeVouchers(paper, view)
  writeTree(paper, view)
  writeBoots(paper, view.verdict)
  writeAssumed(paper, view.verdict)
  writeNotes(paper, view)
  if (view.expectations !== undefined && view.expectations !== '{}\n') writeExpectations(paper, view.expectations)
  return paper.toString()
}

const TONE_OF_VERDICT: Readonly<Record<Verdict['outcome'], Tone>> = {
  verified: 'good',
  rejected: 'bad',
  incomplete: 'open',
}

function writeHead(paper: Paper, { verdict }: VerdictView): void {
  const word: Span = { text: verdict.outcome.toUpperCase(), tone: TONE_OF_VERDICT[verdict.outcome] }
  const emulated: readonly Span[] = verdict.emulated ? [{ text: ' EMULATED', tone: 'bad' }] : []
  paper.line(0, 2, word, ...emulated, `  ${verdict.format}, judged at ${verdict.at}`)
  paper.line(0, 2, `${verdict.summary}.`)
}

/** The checks of a verdict, and of its parts, which say more precisely what to do: those first. */
function allChecks({ checks, parts = [] }: Verdict): readonly Check[] {
  return [...parts.flatMap(({ verdict }) => allChecks(verdict)), ...checks.flatMap((group) => group.checks)]
}

/** Vendors as they spell themselves. */
const VENDORS: Readonly<Record<string, string>> = {
  intel: 'Intel',
  amd: 'AMD',
  aws: 'AWS',
  arm: 'Arm',
  nvidia: 'NVIDIA',
  ibm: 'IBM',
  google: 'Google',
  microsoft: 'Microsoft',
}

function writeRemedies(paper: Paper, verdict: Verdict): void {
  const open = allChecks(verdict).filter((check) => isOpen(check) && check.remedy !== undefined)
  if (open.length === 0) return
  paper.heading('What would make it pass')
  const seen = new Set<string>()
  for (const check of open) {
    const { remedy } = check
    if (remedy === undefined || seen.has(remedy.action)) continue
    seen.add(remedy.action)
    paper.line(2, 4, markOf(check.outcome), ' ', { text: check.id, tone: 'strong' }, ': ', remedy.action, {
      text: ` (${partyOf(remedy.by)})`,
      tone: 'faint',
    })
  }
}

function writeVouchers(paper: Paper, view: VerdictView): void {
  const { verdict } = view
  const { claims } = verdict
  paper.heading('Who vouches for what')
  const entry = (name: string, ...value: (Span | string)[]): void => void paper.entry(2, NAME_WIDTH, name, ...value)
  if (verdict.authenticity !== 'proven') {
    entry('', {
      text: `these claims are ${verdict.authenticity}: nobody vouches for them`,
      tone: verdict.authenticity === 'refuted' ? 'bad' : 'open',
    })
  }
  for (const anchor of verdict.anchors) {
    entry('anchor', `${anchor.name} of ${anchor.vendor}`, {
      text: ` (${anchor.id}, key ${anchor.spkiSha256.slice(0, 16)}…)`,
      tone: 'faint',
    })
  }
  if (verdict.anchors.length === 0) entry('anchor', { text: 'none: no chain to a trusted root', tone: 'open' })
  for (const [name, ...value] of endorsements(view)) entry(name, ...value)
  entry('product', productText(verdict))
  entry('TCB', tcbText(verdict))
  // Some evidence has none: a GPU that a service judged, certificates of a platform.
  if (claims.launchMeasurement !== '') entry('measurement', claims.launchMeasurement)
  for (const [name, value] of Object.entries(claims.runtimeMeasurements)) entry(name, digestText(value))
  if (claims.signer !== undefined)
    entry('signer', digestText(claims.signer), claims.svn === undefined ? '' : `, security version ${claims.svn}`)
  if (claims.hostData !== undefined) entry('launch data', digestText(claims.hostData))
  if (claims.userData !== '') entry('report data', digestText(claims.userData))
  entry('evidence', `${verdict.evidence.length} bytes, SHA-256 ${verdict.evidence.sha256}`)
  for (const { name, verdict: part } of verdict.parts ?? []) {
    const { launchMeasurement, debug } = part.claims
    const measured = launchMeasurement === '' ? 'no measurement' : `measurement ${launchMeasurement}`
    const vouched = part.authenticity === 'proven' ? '' : `${part.authenticity}: `
    entry(
      `part ${name}`,
      { text: vouched, tone: part.authenticity === 'refuted' ? 'bad' : 'open' },
      `${productText(part)}; TCB ${tcbText(part)}; ${measured}${debug ? '; debug mode is on' : ''}`,
    )
  }
}

function productText({ claims: { vendor, product } }: Verdict): string {
  const maker = VENDORS[vendor] ?? vendor
  return product === undefined ? `${maker}, product not told` : `${maker} ${product}`
}

type Entry = readonly [name: string, ...value: (Span | string)[]]

function endorsements({ verdict, verbose }: VerdictView): readonly Entry[] {
  const { collateral } = verdict
  if (collateral.length === 0) return []
  if (verbose) {
    return collateral.map((part) => {
      const window = part.from === undefined ? '' : ` valid ${part.from} to ${part.until ?? 'ever'}`
      return ['endorsement', part.name, { text: `${window}, SHA-256 ${part.sha256}`, tone: 'faint' }] as const
    })
  }
  // ISO 8601 in UTC sorts as text.
  const latest = collateral.reduce((best, part) => ((part.from ?? '') > (best.from ?? '') ? part : best))
  const first = collateral.reduce((best, part) => ((part.until ?? '~') < (best.until ?? '~') ? part : best))
  const names = collateral.map((part) => part.name).join(', ')
  // Certificates of first-generation SEV have no dates at all.
  if (latest.from === undefined && first.until === undefined) return [['endorsements', names]]
  const from = `${latest.from ?? '?'} (${latest.name})`
  const until = `${first.until ?? '?'} (${first.name})`
  const isNever = latest.from !== undefined && first.until !== undefined && latest.from > first.until
  const text = isNever
    ? `never valid together: one from ${from}, one until ${until}`
    : `together valid from ${from} until ${until}`
  return [
    ['endorsements', names],
    ['', { text, tone: 'faint' }],
  ]
}

function tcbText(verdict: Verdict): string {
  const { tcb } = verdict.claims
  const components = Object.entries(tcb.components).map(([name, svn]) => `${name} ${svn}`)
  const parts = [tcb.status ?? 'no status published by the vendor']
  if (tcb.date !== undefined) parts.push(`level of ${tcb.date}`)
  if (tcb.advisories !== undefined)
    parts.push(tcb.advisories.length === 0 ? 'no advisories' : `advisories ${tcb.advisories.join(', ')}`)
  if (components.length > 0 && components.length <= 8) parts.push(components.join(', '))
  return parts.join('; ')
}

const WORD: Readonly<Record<Outcome, string>> = {
  pass: 'pass',
  fail: 'FAIL',
  unchecked: 'OPEN',
  'not-applicable': 'n/a ',
}
const TONE: Readonly<Record<Outcome, Tone>> = {
  pass: 'good',
  fail: 'bad',
  unchecked: 'open',
  'not-applicable': 'faint',
}

function markOf(outcome: Outcome): Span {
  return { text: WORD[outcome], tone: TONE[outcome] }
}

function writeTree(paper: Paper, view: VerdictView): void {
  paper.heading('Checks')
  writeGroups(paper, view.verdict, view.verbose, 2)
}

/** The checks of a verdict, and below them those of its parts, each under its name. */
function writeGroups(paper: Paper, { checks, parts = [] }: Verdict, verbose: boolean, indent: number): void {
  for (const group of checks) {
    paper.line(
      indent,
      5,
      markOf(group.outcome),
      ' ',
      { text: titleOf(group), tone: 'strong' },
      { text: `  ${countsOf(group)}`, tone: 'faint' },
    )
    for (const check of group.checks) {
      if (verbose || isOpen(check) || check.waived === true) writeCheck(paper, check, verbose, indent + 5)
    }
  }
  for (const { name, verdict } of parts) {
    paper.line(
      indent,
      5,
      { text: WORD_OF_PART[verdict.outcome], tone: TONE_OF_VERDICT[verdict.outcome] },
      ' ',
      { text: `part ${name}`, tone: 'strong' },
      { text: `  ${verdict.format}: ${verdict.summary}`, tone: 'faint' },
    )
    writeGroups(paper, verdict, verbose, indent + INSET)
  }
}

/** Columns by which the checks of a part stand further in. */
const INSET = 5
const WORD_OF_PART: Readonly<Record<Verdict['outcome'], string>> = {
  verified: 'pass',
  rejected: 'FAIL',
  incomplete: 'OPEN',
}

const CATALOGUE: Readonly<Record<string, string>> = {
  ...sgxCatalogue,
  ...tdxCatalogue,
  ...snpCatalogue,
  ...nvidiaCatalogue,
  ...ibmSeCatalogue,
}

/** What a check establishes, or a group is about. */
function titleOf({ id, title }: Check | CheckGroup): string {
  return title ?? CATALOGUE[id] ?? id
}

function writeCheck(paper: Paper, check: Check, verbose: boolean, indent: number): void {
  const waived: readonly Span[] = check.waived === true ? [{ text: ' waived by you', tone: 'open' }] : []
  paper.line(indent, 5, markOf(check.outcome), ' ', check.id, ...waived, ': ', check.reason)
  if (!verbose && !isOpen(check)) return
  const inner = indent + 5
  if (verbose) paper.line(inner, 2, { text: `${titleOf(check)}; ${check.source}`, tone: 'faint' })
  if (check.expected !== undefined) paper.line(inner, 9, { text: 'expected ', tone: 'faint' }, check.expected)
  if (check.actual !== undefined) paper.line(inner, 9, { text: 'found    ', tone: 'faint' }, check.actual)
  if (check.anchor !== undefined && verbose) paper.line(inner, 9, { text: 'rests on ', tone: 'faint' }, check.anchor)
}

/** Whether a check keeps the verdict from being better, by itself. */
function isOpen(check: Check): boolean {
  return (
    check.outcome === 'fail' ||
    (check.outcome === 'unchecked' && check.waived !== true && check.blockedBy === undefined)
  )
}

function countsOf(group: CheckGroup): string {
  const count = (test: (check: Check) => boolean): number => group.checks.filter(test).length
  const counts: readonly (readonly [number, string])[] = [
    [count((check) => check.outcome === 'pass'), 'passed'],
    [count((check) => check.outcome === 'fail'), 'failed'],
    [count((check) => check.outcome === 'unchecked' && check.waived === true), 'waived'],
    [
      count((check) => check.outcome === 'unchecked' && check.waived !== true && check.blockedBy === undefined),
      'not made',
    ],
    [count((check) => check.blockedBy !== undefined), 'not reached'],
    [count((check) => check.outcome === 'not-applicable'), 'not applicable'],
  ]
  return counts
    .filter(([many]) => many > 0)
    .map(([many, what]) => `${many} ${what}`)
    .join(', ')
}

function writeAssumed(paper: Paper, verdict: Verdict): void {
  if (verdict.assumed.length === 0) return
  paper.heading('Relied on without evidence')
  for (const one of verdict.assumed)
    paper.line(2, 2, `- ${one.statement}`, { text: ` (${one.because})`, tone: 'faint' })
}

function writeNotes(paper: Paper, view: VerdictView): void {
  const notes = [...view.remarks, ...view.verdict.notes.map((note) => note.text)]
  if (notes.length === 0) return
  paper.heading('Notes')
  for (const note of notes) paper.line(2, 2, `- ${note}`)
}

function writeExpectations(paper: Paper, yaml: string): void {
  paper.heading('To say what you expect')
  paper.line(2, 2, 'If these are the values you want, keep them in a file and pass it with `--expect FILE`:')
  paper.blank().verbatim(4, yaml.trimEnd())
}
