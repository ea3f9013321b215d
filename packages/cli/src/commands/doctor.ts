import type { Around } from '../around.ts'
import { EXIT } from '../exit.ts'
import { Answer } from '../remote/answer.ts'
import { type Client, clientOf, RemoteError } from '../remote/client.ts'
import type { RemoteOptions } from '../remote/profile.ts'
import { resourcePath } from '../remote/resource.ts'
import { counted, show } from '../remote/show.ts'
import type { Tone } from '../render/paper.ts'
import { doorOf } from '../tee/doors.ts'
import { readEvidence } from './evidence-file.ts'

/** One link of the chain. */
interface Finding {
  readonly link: string
  readonly state: 'good' | 'broken' | 'doubtful' | 'not-checked'
  readonly what: string
  /** What mends it. */
  readonly remedy?: string
}

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
  options: RemoteOptions & { readonly evidence?: string },
  around: Around,
): Promise<number> {
  const client = await clientOf(options, around)
  const findings: Finding[] = []
  const reached = await attempt(findings, 'server', () => server(client))
  if (reached) {
    await attempt(findings, 'access', () => access(client))
    await attempt(findings, 'references', () => references(client))
    await attempt(findings, 'policy', () => policy(client))
    if (options.evidence !== undefined)
      await attempt(findings, 'evidence', () => evidence(client, options.evidence ?? '', around))
    if (resource !== undefined) await attempt(findings, 'resource', () => secret(client, resourcePath(resource)))
    await attempt(findings, 'decisions', () => decisions(client, resource))
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

async function attempt(findings: Finding[], link: string, look: () => Promise<readonly Finding[]>): Promise<boolean> {
  try {
    findings.push(...(await look()))
    return true
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    findings.push({ link, state: 'broken', what: error.message })
    return false
  }
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

async function references(client: Client): Promise<readonly Finding[]> {
  const sets = new Answer(await client.get(client.in('/references'))).list('references')
  if (sets.length === 0)
    return [
      {
        link: 'references',
        state: 'broken',
        what: 'there are no reference values: no evidence can be verified',
        remedy: 'sekisho reference from-evidence NAME FILE, with evidence of a workload that you know',
      },
    ]
  const never = sets.filter((set) => !set.has('lastMatched')).map((set) => set.text('name'))
  if (never.length === 0)
    return [
      {
        link: 'references',
        state: 'good',
        what: `${counted(sets.length, 'set')}, ${sets.length === 1 ? '' : 'all '}matched by evidence`,
      },
    ]
  return [{ link: 'references', state: 'doubtful', what: `never matched by any evidence: ${never.join(', ')}` }]
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

/** Whether the evidence's own values are those of a set: what the checkpoint would compare it with. */
async function evidence(client: Client, file: string, around: Around): Promise<readonly Finding[]> {
  const { tee, evidence } = await readEvidence(file, around)
  const skeleton = (await doorOf(tee)).skeleton(evidence)
  const { chooseReference, readReferenceSet } = await import('@sekisho/appraisal')
  const stored = new Answer(await client.get(client.in('/references'))).list('references')
  const sets = stored.map(({ raw: { created: _, lastMatched: __, ...set } }) => readReferenceSet(set))
  const { matched, nearest, differs } = chooseReference(tee, skeleton, sets, around.now())
  const read: Finding = { link: 'evidence', state: 'good', what: `${file} is evidence of the kind ${tee}` }
  if (matched !== undefined)
    return [read, { link: 'values', state: 'good', what: `they are those of the set ${matched.name}` }]
  const what =
    nearest === undefined
      ? `no set of reference values is for ${tee}`
      : `no set matches; the nearest is ${nearest.name}, which differs in ${differs.join(', ')}`
  return [read, { link: 'values', state: 'broken', what, remedy: `sekisho reference from-evidence NAME ${file}` }]
}

async function secret(client: Client, resource: string): Promise<readonly Finding[]> {
  const found = new Answer(await client.get(client.in(`/secrets/${resource}`)))
  return [{ link: 'resource', state: 'good', what: `${resource}: version ${found.number('version')}` }]
}

/** The latest refusal says more than any guess, unless the secret was released since. */
async function decisions(client: Client, resource: string | undefined): Promise<readonly Finding[]> {
  const latest = async (outcome: string): Promise<Answer | undefined> => {
    const query = new URLSearchParams({ outcome, limit: '1', ...(resource === undefined ? {} : { resource }) })
    return new Answer(await client.get(client.in(`/decisions?${query}`))).list('decisions')[0]
  }
  const refused = await latest('refused')
  if (refused === undefined) return [{ link: 'decisions', state: 'good', what: 'nothing was refused yet' }]
  const released = await latest('released')
  if (released !== undefined && released.text('at') > refused.text('at'))
    return [{ link: 'decisions', state: 'good', what: `last release ${released.text('id')}, after the last refusal` }]
  const [reason] = refused.texts('reasons')
  const [remedy] = refused.list('remedies')
  return [
    {
      link: 'decisions',
      state: 'doubtful',
      what: `last refusal ${refused.text('id')}: ${refused.optional('reasonCode') ?? ''} ${reason ?? ''}`.trim(),
      ...(remedy === undefined ? {} : { remedy: remedy.text('action') }),
    },
  ]
}
