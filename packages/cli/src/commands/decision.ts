import type { Around } from '../around.ts'
import { Answer } from '../remote/answer.ts'
import { clientOf } from '../remote/client.ts'
import { named } from '../remote/names.ts'
import type { RemoteOptions } from '../remote/profile.ts'
import { show, showRows, when } from '../remote/show.ts'
import type { Tone } from '../render/paper.ts'
import { partyOf } from '../render/party.ts'
import { toYaml } from '../render/yaml.ts'

const TONES: Readonly<Record<string, Tone>> = { released: 'good', renewed: 'good', refused: 'bad', revoked: 'bad' }

const FILTERS = ['outcome', 'kind', 'tee', 'reason', 'resource', 'workload'] as const

/** `sekisho decision list` */
export async function decisionListCommand(
  options: RemoteOptions & { readonly [K in (typeof FILTERS)[number]]?: string } & { readonly limit?: number },
  around: Around,
): Promise<number> {
  const client = await clientOf(options, around)
  const query = new URLSearchParams()
  for (const name of FILTERS) if (options[name] !== undefined) query.set(name, options[name])
  if (options.limit !== undefined) query.set('limit', String(options.limit))
  const answer = await client.get(client.in(`/decisions${query.size === 0 ? '' : `?${query}`}`))
  return showRows(
    answer,
    options,
    around,
    new Answer(answer).list('decisions'),
    [
      { title: 'AT', value: (row) => when(row.text('at')) },
      { title: 'OUTCOME', value: outcomeOf, tone: (row) => TONES[row.text('outcome')] },
      { title: 'RESOURCE', value: (row) => row.optional('resource') ?? '–' },
      { title: 'REASON', value: (row) => row.optional('reasonCode') ?? '–' },
      { title: 'ID', value: (row) => row.text('id') },
    ],
    'Nothing was decided yet.',
  )
}

function outcomeOf(row: Answer): string {
  return `${row.text('outcome')}${row.flag('emulated') ? ' EMULATED' : ''}`
}

/** `sekisho decision show`: for the owner, everything that a refused workload is not told. */
export async function decisionShowCommand(
  id: string,
  options: RemoteOptions & { readonly verbose?: true },
  around: Around,
): Promise<number> {
  const path = `/decisions/${named('decision', id)}`
  const client = await clientOf(options, around)
  const answer = await client.get(client.in(path))
  const decision = new Answer(answer)
  const tree =
    options.verbose === true && decision.has('verdict') && options.json !== true
      ? await verdictText(decision.object('verdict'), around)
      : undefined
  const exitCode = show(answer, options, around, (paper) => {
    const outcome = decision.text('outcome')
    const tone = TONES[outcome]
    paper.line(
      0,
      2,
      { text: outcome.toUpperCase(), ...(tone === undefined ? {} : { tone }) },
      ...(decision.flag('emulated') ? [{ text: ' EMULATED', tone: 'bad' } as const] : []),
      `  ${decision.optional('resource') ?? decision.text('kind')}, ${when(decision.text('at'))}`,
    )
    const code = decision.optional('reasonCode')
    if (code !== undefined) paper.entry(2, 12, 'reason', code)
    for (const reason of decision.texts('reasons')) paper.line(2, 2, reason)
    const remedies = decision.list('remedies')
    if (remedies.length > 0) paper.heading('What would make it pass')
    for (const remedy of remedies)
      paper.line(2, 4, remedy.text('action'), { text: ` (${partyOf(remedy.text('by'))})`, tone: 'faint' })
    if (decision.has('details')) {
      paper.heading('Recorded')
      for (const [name, value] of Object.entries(decision.object('details').raw))
        if (!TOLD_ABOVE.includes(name) && name !== 'context') paper.entry(2, 18, name, wordsOf(name, value))
      if (decision.object('details').has('context')) {
        paper.heading('What the policy saw')
        paper.verbatim(2, toYaml(decision.object('details').object('context').raw).trimEnd())
      }
    }
  })
  if (tree !== undefined) around.out(`\n${tree}`)
  return exitCode
}

/** Details that stand higher up already. */
const TOLD_ABOVE: readonly string[] = ['reasons', 'emulated']

function wordsOf(name: string, value: unknown): string {
  if (name === 'policy' && Array.isArray(value))
    return (
      value
        .map((one) => new Answer(one))
        .map(statementOf)
        .join(', ') || 'no statement applied'
    )
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function statementOf(statement: Answer): string {
  return `${statement.text('effect')} ${statement.text('id')} (line ${statement.number('line')})`
}

/** The whole tree of a verdict, as `verify --verbose` draws it. */
export async function verdictText(verdict: Answer, around: Around): Promise<string> {
  const { readVerdict } = await import('../remote/verdict.ts')
  const { renderVerdict } = await import('../render/verdict.ts')
  return renderVerdict(
    { verdict: readVerdict(verdict.raw), verbose: true, remarks: [], expectations: undefined },
    around,
  )
}
