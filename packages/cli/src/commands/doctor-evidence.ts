import type { ReferenceSet } from '@sekisho/appraisal'
import type { Verifier } from '@sekisho/broker'
import type { Check, Verdict } from '@sekisho/evidence'
import type { Around } from '../around.ts'
import { serveWorld } from '../checkpoint/served-world.ts'
import { openWorld } from '../checkpoint/world-file.ts'
import { inWords, readInput } from '../input.ts'
import { Answer } from '../remote/answer.ts'
import type { Client } from '../remote/client.ts'
import { RemoteError } from '../remote/problem.ts'
import { partyOf } from '../render/party.ts'
import { SEKISHO } from '../self.ts'
import type { Finding } from './doctor-finding.ts'
import { inFile } from './evidence-file.ts'
import { type NetworkFlags, sourceOf } from './source.ts'

/** Options of `sekisho doctor` that are about evidence. */
export interface EvidenceOptions extends NetworkFlags {
  readonly evidence?: string
  readonly eventLog?: string
  /** File of the emulated world that the evidence is from. */
  readonly world?: string
}

/** Checks that only a live exchange can make: the evidence answers a nonce of the checkpoint. */
const OF_ONE_EXCHANGE = /\.expect\.(freshness|report-data|nonce|user-data)$/

/**
 * The links that hang on evidence: values, endorsements, expectations, policy. They are judged here, by the code that
 * the checkpoint judges with.
 *
 * @throws CliError for evidence that cannot be read
 */
export async function evidenceLinks(
  client: Client,
  file: string,
  resource: string | undefined,
  options: EvidenceOptions,
  around: Around,
): Promise<readonly Finding[]> {
  const bytes = await readInput(file, around)
  const log = options.eventLog === undefined ? undefined : await readInput(options.eventLog, around)
  const { verifier, close } = await verifierFor(options, around)
  try {
    const received = inFile(file, () => verifier.recognise(bytes, log))
    const skeleton = verifier.comparable?.(received) ?? verifier.skeleton(received)
    const read: Finding = { link: 'evidence', state: 'good', what: `${file} is evidence of the kind ${received.tee}` }
    const { chooseReference, readReferenceSet } = await import('@sekisho/appraisal')
    const stored = new Answer(await client.get(client.in('/references'))).list('references')
    const sets = stored.map(({ raw: { created: _, lastMatched: __, unmatchedValues: ___, ...set } }) =>
      readReferenceSet(set),
    )
    const choice = chooseReference(received.tee, skeleton, sets, around.now())
    const values = valuesLink(received.tee, file, choice)
    const expect = {
      ...(choice.matched ?? choice.nearest)?.values,
      ...(verifier.emulated ? { allowEmulated: true } : {}),
    }
    const at = around.now()
    const first = (await verifier.verify(received, { expect, at })).verdict
    const waive = flat(first).flatMap(({ id, outcome }) =>
      outcome === 'unchecked' && OF_ONE_EXCHANGE.test(id) ? [id] : [],
    )
    const { verdict } = await verifier.verify(received, { expect, at, waive })
    const links = [read, values, ...verdictLinks(verdict)]
    const policy = resource === undefined ? undefined : await activePolicy(client)
    if (resource === undefined || policy === undefined || choice.matched === undefined) return links
    return [...links, await policyLink(client, policy, verdict, { reference: choice.matched.name, resource, at })]
  } finally {
    await close()
  }
}

async function verifierFor(
  options: EvidenceOptions,
  around: Around,
): Promise<{ readonly verifier: Verifier; close(): Promise<void> }> {
  const { openVerifier } = await import('@sekisho/broker')
  const { networkSource } = await import('@sekisho/collateral')
  if (options.world === undefined) {
    const source = await sourceOf(options, undefined, around)
    return { verifier: openVerifier({ source }), close: async () => undefined }
  }
  await readInput(options.world, around).catch((error: unknown) => {
    throw inWords(options.world ?? '', error)
  })
  const { world } = await openWorld(options.world, () => around.now())
  const { url, close } = await serveWorld(async () => world, 0)
  const { anchors } = world
  const intel = { baseUrl: url, kind: 'pcs', rootCrlUrl: `${url}/IntelSGXRootCA.der` } as const
  const source = networkSource({
    intel,
    amd: { baseUrl: url },
    nvidia: false,
    trustAnchors: anchors,
    now: () => around.now(),
  })
  return { verifier: openVerifier({ source, trustAnchors: anchors, arm: world.arm.endorsements() }), close }
}

function valuesLink(
  tee: string,
  file: string,
  {
    matched,
    nearest,
    differs,
  }: { readonly matched?: ReferenceSet; readonly nearest?: ReferenceSet; readonly differs: readonly string[] },
): Finding {
  if (matched !== undefined) return { link: 'values', state: 'good', what: `they are those of the set ${matched.name}` }
  const what =
    nearest === undefined
      ? `no set of reference values is for ${tee}`
      : `no set matches; the nearest is ${nearest.name}, which differs in ${differs.join(', ')}`
  return { link: 'values', state: 'broken', what, remedy: `${SEKISHO} reference from-evidence NAME ${file}` }
}

function flat({ checks }: Verdict): readonly Check[] {
  return checks.flatMap((group) => group.checks)
}

/** Two links: is the evidence genuine, by the vendor's endorsements; and is it what is expected. */
function verdictLinks(verdict: Verdict): readonly Finding[] {
  const isWish = ({ phase }: Check): boolean => phase === 'appraisal'
  const open = flat(verdict).filter(
    ({ outcome, waived, blockedBy }) =>
      outcome === 'fail' || (outcome === 'unchecked' && waived !== true && blockedBy === undefined),
  )
  const mark = verdict.emulated ? 'EMULATED: ' : ''
  const roots = verdict.anchors.map(({ name }) => name).join(', ')
  const genuine: readonly Finding[] =
    verdict.authenticity === 'proven'
      ? [{ link: 'endorsements', state: 'good', what: `${mark}genuine, resting on ${roots}` }]
      : open.filter((check) => !isWish(check)).map((check) => broken('endorsements', check))
  const wishes = open.filter(isWish).map((check) => broken('expectations', check))
  if (verdict.outcome !== 'verified') return [...genuine, ...wishes]
  return [...genuine, { link: 'expectations', state: 'good', what: 'all of them are met' }]
}

function broken(link: string, { id, reason, remedy }: Check): Finding {
  const what = `${id}: ${reason ?? 'was not looked at'}`
  return {
    link,
    state: 'broken',
    what,
    ...(remedy === undefined ? {} : { remedy: `${remedy.action} (${partyOf(remedy.by)})` }),
  }
}

/** Undefined when there is none, which is a broken link of its own. */
async function activePolicy(client: Client): Promise<string | undefined> {
  try {
    return new Answer(await client.get(client.in('/policy'))).text('text')
  } catch (error) {
    if (error instanceof RemoteError && error.problem?.status === 404) return undefined
    throw error
  }
}

async function policyLink(
  client: Client,
  text: string,
  verdict: Verdict,
  { reference, resource, at }: { readonly reference: string; readonly resource: string; readonly at: Date },
): Promise<Finding> {
  if (verdict.outcome !== 'verified')
    return {
      link: 'decision',
      state: 'broken',
      what: `no policy can permit evidence that is not verified: ${verdict.summary}`,
      remedy: 'what is broken above',
    }
  const { appraise, compilePolicies } = await import('@sekisho/appraisal')
  const { context } = appraise(verdict, { references: [reference], at, resource })
  const policies = await compilePolicies(text)
  const { permitted, reasons, errors } = policies.decide({
    action: 'release',
    namespace: client.namespace,
    resource,
    workload: 'doctor',
    context,
  })
  const by = reasons.map(({ id, line }) => `${id} (line ${line})`).join(', ')
  if (permitted) return { link: 'decision', state: 'good', what: `the policy permits it: ${by}` }
  const why = by === '' ? (errors[0] ?? 'no statement permits it') : by
  return { link: 'decision', state: 'broken', what: `the policy refuses it: ${why}`, remedy: `${SEKISHO} policy show` }
}
