import type { Around } from '../around.ts'
import { EXIT } from '../exit.ts'
import { sizeInWords } from '../options/retention.ts'
import { Answer } from '../remote/answer.ts'
import { type Client, clientOf } from '../remote/client.ts'
import { named } from '../remote/names.ts'
import { RemoteError } from '../remote/problem.ts'
import type { RemoteOptions } from '../remote/profile.ts'
import { counted, show, unmatchedValues } from '../remote/show.ts'
import type { Tone } from '../render/paper.ts'
import { SEKISHO } from '../self.ts'
import { type EvidenceOptions, evidenceLinks } from './doctor-evidence.ts'
import type { Finding } from './doctor-finding.ts'

const TONES: Readonly<Record<Finding['state'], Tone>> = {
  good: 'good',
  broken: 'bad',
  doubtful: 'open',
  'not-checked': 'faint',
}
const WORDS: Readonly<Record<Finding['state'], string>> = {
  good: 'ok  ',
  broken: 'FAIL',
  doubtful: 'warn',
  'not-checked': '–   ',
}

/**
 * `sekisho doctor`: walks the chain from the server to the resource and says where it breaks. Exit code 1 when a link
 * is broken.
 */
export async function doctorCommand(
  resource: string | undefined,
  options: RemoteOptions & EvidenceOptions,
  around: Around,
): Promise<number> {
  const client = await clientOf(options, around)
  const findings: Finding[] = []
  const reached = await attempt(findings, 'server', () => server(client))
  if (reached) {
    await attempt(findings, 'access', () => access(client))
    await attempt(findings, 'references', () => references(client, around))
    await attempt(findings, 'policy', () => policy(client), NO_POLICY)
    const file = options.evidence
    if (file !== undefined)
      await attempt(findings, 'evidence', () => evidenceLinks(client, file, resource, options, around))
    if (resource !== undefined)
      await attempt(
        findings,
        'resource',
        () => secret(client, named('resource', resource)),
        `${SEKISHO} secret put ${resource} FILE`,
      )
    await attempt(findings, 'decisions', () => decisions(client, resource))
    await attempt(findings, 'storage', () => operations(client))
  }
  const broken = findings.some(({ state }) => state === 'broken')
  show({ server: client.server, namespace: client.namespace, findings }, options, around, (paper) => {
    for (const { link, state, what, remedy } of findings) {
      paper.line(0, 6, { text: WORDS[state], tone: TONES[state] }, '  ', { text: link, tone: 'strong' }, `: ${what}`)
      if (remedy !== undefined) paper.line(6, 2, { text: 'mend ', tone: 'faint' }, remedy)
    }
  })
  return broken ? EXIT.rejected : EXIT.ok
}

const NO_POLICY = `${SEKISHO} policy starter NAME > policy.cedar, and ${SEKISHO} policy set policy.cedar`

/** @param missing what mends it where the checkpoint has nothing of that name */
async function attempt(
  findings: Finding[],
  link: string,
  look: () => Promise<readonly Finding[]>,
  missing?: string,
): Promise<boolean> {
  try {
    findings.push(...(await look()))
    return true
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    const remedy = error.problem?.remedy ?? remedyOf(error.problem?.status, missing)
    findings.push({ link, state: 'broken', what: error.message, ...(remedy === undefined ? {} : { remedy }) })
    return false
  }
}

function remedyOf(status: number | undefined, missing: string | undefined): string | undefined {
  if (status === undefined) return `${SEKISHO} up, or --server URL for another checkpoint`
  if (status === 401) return `${SEKISHO} login, or --token-file FILE`
  if (status === 403) return `ask whoever may do more for a token: ${SEKISHO} token create NAME --scope SCOPE`
  if (status === 404) return missing
  return status >= 500 ? 'the log of the checkpoint has the reason under the id of the request' : undefined
}

async function server(client: Client): Promise<readonly Finding[]> {
  await client.raw('/readyz')
  return [{ link: 'server', state: 'good', what: `${client.server} answers, and so does its database` }]
}

async function access(client: Client): Promise<readonly Finding[]> {
  const me = new Answer(await client.get('/me'))
  const scopes = me.list('grants').flatMap((grant) => grant.texts('scopes'))
  return [{ link: 'access', state: 'good', what: `${me.text('actor')} may ${[...new Set(scopes)].join(', ')}` }]
}

async function references(client: Client, around: Around): Promise<readonly Finding[]> {
  const sets = new Answer(await client.get(client.in('/references'))).list('references')
  if (sets.length === 0)
    return [
      {
        link: 'references',
        state: 'broken',
        what: 'there are no reference values: no evidence can be verified',
        remedy: `${SEKISHO} reference from-evidence NAME FILE, with evidence of a workload that you know`,
      },
    ]
  const names = (some: readonly Answer[]): string => some.map((set) => set.text('name')).join(', ')
  const over = sets.filter((set) => Date.parse(set.optional('expires') ?? '') <= around.now().getTime())
  const never = sets.filter((set) => !set.has('lastMatched') && !over.includes(set))
  const doubts: readonly Finding[] = [
    ...(over.length === 0
      ? []
      : [
          {
            link: 'references',
            // Nothing is left that evidence could meet.
            state: over.length === sets.length ? ('broken' as const) : ('doubtful' as const),
            what: `over, so that nothing matches: ${names(over)}`,
            remedy: `${SEKISHO} reference put NAME FILE, with a later \`expires\`; or ${SEKISHO} reference delete NAME`,
          },
        ]),
    ...(never.length === 0
      ? []
      : [{ link: 'references', state: 'doubtful' as const, what: `never matched by any evidence: ${names(never)}` }]),
    ...unmatchedValues(sets.filter((set) => !over.includes(set))).map((what) => ({
      link: 'references',
      state: 'doubtful' as const,
      what,
    })),
  ]
  if (doubts.length > 0) return doubts
  return [
    {
      link: 'references',
      state: 'good',
      what: `${counted(sets.length, 'set')}, ${sets.length === 1 ? '' : 'all '}matched by evidence`,
    },
  ]
}

async function policy(client: Client): Promise<readonly Finding[]> {
  const active = new Answer(await client.get(client.in('/policy')))
  const version = `version ${active.number('version')}`
  const { lintPolicies } = await import('@sekisho/appraisal')
  const findings = await lintPolicies(active.text('text'))
  if (findings.length === 0) return [{ link: 'policy', state: 'good', what: `${version}, nothing to say against it` }]
  return findings.map(({ line, message, remedy }) => ({
    link: 'policy',
    state: 'doubtful' as const,
    what: `${version}, line ${line}: ${message}`,
    remedy,
  }))
}

async function secret(client: Client, resource: string): Promise<readonly Finding[]> {
  const found = new Answer(await client.get(client.in(`/secrets/${resource}`)))
  return [{ link: 'resource', state: 'good', what: `${resource}: version ${found.number('version')}` }]
}

const LOOKED_AT = '100'

/**
 * The latest refusal says more than any guess, unless the secret was released since. Evidence that is refused never gets
 * as far as naming a resource: such refusals count for every one.
 */
async function decisions(client: Client, resource: string | undefined): Promise<readonly Finding[]> {
  const latest = async (outcome: string): Promise<Answer | undefined> => {
    const query = new URLSearchParams({ outcome, limit: LOOKED_AT })
    const found = new Answer(await client.get(client.in(`/decisions?${query}`))).list('decisions')
    return found.find((one) => resource === undefined || [undefined, resource].includes(one.optional('resource')))
  }
  const refused = await latest('refused')
  if (refused === undefined) return [{ link: 'decisions', state: 'good', what: 'nothing was refused lately' }]
  const released = await latest('released')
  if (released !== undefined && released.text('at') > refused.text('at'))
    return [{ link: 'decisions', state: 'good', what: `last release ${released.text('id')}, after the last refusal` }]
  // Remedies are in the tree of the verdict, which lists do not hold.
  const whole = new Answer(await client.get(client.in(`/decisions/${refused.text('id')}`)))
  const [reason] = whole.texts('reasons')
  const [remedy] = whole.list('remedies')
  return [
    {
      link: 'decisions',
      state: 'doubtful',
      what: `last refusal ${refused.text('id')}: ${refused.optional('reasonCode') ?? ''} ${reason ?? ''}`.trim(),
      ...(remedy === undefined ? {} : { remedy: remedy.text('action') }),
    },
  ]
}

type Gauge = (name: string) => number | undefined

/** What the metrics tell of the server itself. */
async function operations(client: Client): Promise<readonly Finding[]> {
  const metrics = Buffer.from(await client.raw('/metrics')).toString()
  const gauge: Gauge = (name) => {
    const [, value] = new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics) ?? []
    return value === undefined ? undefined : Number(value)
  }
  return [...storage(gauge), ...staleFiles(gauge)]
}

/** Files that were replaced by something that cannot be used. */
function staleFiles(gauge: Gauge): readonly Finding[] {
  const remedy = 'the log of the checkpoint has the reason (`"msg":"files"`): mend the files, and they are read again'
  const finding = (what: string): Finding => ({ link: 'files', state: 'broken', what, remedy })
  return [
    ...(gauge('sekisho_endorsement_files_stale') === 1
      ? [finding('those of --endorsements have changed and cannot be used: evidence is judged by what was read before')]
      : []),
    ...(gauge('sekisho_tls_files_stale') === 1
      ? [finding('certificate or key have changed and cannot be used: connections get the certificate read before')]
      : []),
  ]
}

/** What refused attestations take; anybody may send them, so that a full measure is no fault of the owner's. */
function storage(gauge: Gauge): readonly Finding[] {
  const [kept, most] = [gauge('sekisho_refused_bytes'), gauge('sekisho_refused_bytes_limit')]
  if (kept === undefined || most === undefined) return []
  const what = `${sizeInWords(kept)} of refused evidence are kept, of at most ${sizeInWords(most)}`
  if (kept < most * NEARLY) return [{ link: 'storage', state: 'good', what }]
  return [
    {
      link: 'storage',
      state: 'doubtful',
      what: `${what}: the oldest goes before its time`,
      remedy: `see in \`${SEKISHO} decision list --outcome refused\` who is refused so often, or allow more: up --keep-refused`,
    },
  ]
}

const NEARLY = 0.9
