import type { Expectations } from '../verifier/model.ts'
import { affected } from './advisories.ts'
import { loadAppraisal } from './appraisals.ts'
import { type Core, compiledPolicy } from './core.ts'
import { decide, policyReasons } from './decide.ts'
import { afterItsEnd } from './endorsement-files.ts'
import { lastKnown } from './evidence-fate.ts'
import { type LiveLease, liveLeases } from './live-leases.ts'
import { type AffectedLease, BrokerError, type Forecast, type ForecastRequest } from './model.ts'
import { readSet } from './references.ts'
import { endingReasons, type RefusalCode } from './refusal.ts'
import { rejudge } from './rejudge.ts'
import { allowing } from './release.ts'
import { rulesOf } from './rules.ts'
import type { Rules, StoredAppraisal } from './state.ts'

/**
 * What would become of live leases under endorsements, TCB levels or a policy to come. Nothing is changed.
 *
 * @throws BrokerError `invalid` for levels that no platform has
 */
export async function forecast(core: Core, request: ForecastRequest): Promise<Forecast> {
  const { namespace, at, minTcb = {} } = request
  await checkLevels(minTcb)
  const rules = await rulesToCome(core, await rulesOf(core, core.db, namespace), request)
  const known = new Map<string, Promise<Fate>>()
  const fails: (AffectedLease & { code: RefusalCode; reasons: readonly string[] })[] = []
  const products = new Set<string | undefined>()
  let leases = 0
  for await (const page of liveLeases(core, namespace, at)) {
    leases += page.length
    for (const lease of page) {
      const key = `${lease.resource} ${lease.appraisal}`
      const fate = known.get(key) ?? fateOf(core, rules, request, lease)
      known.set(key, fate)
      const { code, reasons, appraisal } = await fate
      const { context } = appraisal ?? {}
      if (context?.tee === 'snp') products.add(context.product)
      if (code === undefined) continue
      const row = {
        ...lease,
        tee: context?.tee ?? '',
        product: context?.product ?? null,
        hardware_id: context?.hardwareId ?? null,
      }
      fails.push({ ...affected(row), code, reasons })
    }
  }
  return { leases, fails, unmatched: Object.keys(minTcb).filter((product) => !products.has(product)) }
}

async function checkLevels(minTcb: Exclude<ForecastRequest['minTcb'], undefined>): Promise<void> {
  const { readSnpExpectations } = await import('@sekisho/evidence/snp')
  for (const [product, levels] of Object.entries(minTcb)) {
    try {
      readSnpExpectations({ minTcb: levels })
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      throw new BrokerError('invalid', error.message.replace(/^expectations\.minTcb/, `minTcb.${product}`))
    }
  }
}

async function rulesToCome(core: Core, now: Rules, request: ForecastRequest): Promise<Rules> {
  const { policy, putReference, removeReference } = request
  const put = putReference === undefined ? undefined : readSet(putReference)
  const gone = [put?.name, removeReference]
  return {
    ...now,
    ...(policy === undefined ? {} : { policy: { version: 0, compiled: await compiledPolicy(core, policy) } }),
    // By name, as they are read: of two sets that fit alike, the first counts.
    references: [
      ...now.references.filter(({ name }) => !gone.includes(name)),
      ...(put === undefined ? [] : [put]),
    ].sort((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

interface Fate {
  readonly code?: RefusalCode
  readonly reasons: readonly string[]
  readonly appraisal?: StoredAppraisal
}

async function fateOf(core: Core, rules: Rules, request: ForecastRequest, lease: LiveLease): Promise<Fate> {
  const { at, source, update } = request
  const appraisal = await loadAppraisal(core, core.db, lease.appraisal)
  if (appraisal === undefined) return { code: 'attestation-revoked', reasons: ['the appraisal is not stored any more'] }
  const collateral = source === undefined && update === undefined ? 'as-of-then' : 'now'
  const found = await rejudge(core, core.db, rules, appraisal, {
    collateral,
    at,
    adjust: (expect) => withMinTcb(expect, request, appraisal),
    request: { ...(source === undefined ? {} : { source }), ...(update === undefined ? {} : { update }) },
  })
  if (found === undefined)
    return { code: 'attestation-revoked', reasons: ['the evidence is not stored any more'], appraisal }
  // No lease ends for that its token has ended: what would become of the rest is asked.
  const ended = collateral === 'now' ? afterItsEnd(appraisal, found, at) : undefined
  if (found.refusal !== undefined && ended === undefined)
    return { code: found.refusal, reasons: endingReasons(found.refusal, found.verdict), appraisal }
  const { context } = ended ?? found.appraisal
  const { outcome, authenticity } = context.verdict
  const answer = decide(
    { ...appraisal, outcome, authenticity, context: collateral === 'now' ? context : lastKnown(lease, context) },
    rules,
    { action: 'release', resource: lease.resource, at },
    allowing(core),
  )
  return answer.permitted
    ? { reasons: [], appraisal }
    : { code: answer.code ?? 'policy-deny', reasons: policyReasons(answer), appraisal }
}

/** Levels to come, where they are above those expected already. */
function withMinTcb(expect: Expectations, { minTcb }: ForecastRequest, { context }: StoredAppraisal): Expectations {
  const levels = context.product === undefined ? undefined : minTcb?.[context.product]
  if (levels === undefined || context.tee !== 'snp') return expect
  const before = expect['minTcb']
  const all: Record<string, number> = typeof before === 'object' && before !== null ? { ...before } : {}
  for (const [part, level] of Object.entries(levels)) all[part] = Math.max(all[part] ?? 0, level)
  return { ...expect, minTcb: all }
}
