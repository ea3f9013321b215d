import type { Row } from '../storage/sql.ts'
import { loadAppraisal } from './appraisals.ts'
import type { Core } from './core.ts'
import { afterItsEnd, restsOnFiles } from './endorsement-files.ts'
import { platformChanged, rejudge } from './rejudge.ts'
import type { Rules } from './state.ts'

interface Group extends Row {
  readonly id: string
  readonly tee: string
  readonly hardware_id: string | null
  readonly collateral_sha256: string | null
  readonly reference_set: string | null
  /** Of a result with a token: that result. What its token rests on, a key with its certificates, no column says. */
  readonly own: string
}

const PAGE = 1000
/** Further passes find what was attested during the one before. */
const PASSES = 3

/** Results that are good still; an index has them. */
const GOOD = `namespace = ? AND expires >= ? AND revoked IS NULL AND outcome = 'verified'`

/** Empty for results that one may speak for; by the text of their grounds, as `storeAppraisal` writes it. */
const OWN = `CASE WHEN body LIKE '%"tee":"token"%' THEN id ELSE '' END`

/**
 * Results that are still good for a release are looked at by endorsements as they are now: one of each platform,
 * endorsements and reference set, for all that share them, and each with a token of an attestation service. Those that are
 * attested on the same meanwhile, on endorsements that were held still, end as well.
 */
export async function endResultsLookedAt(core: Core, namespace: string, rules: Rules, at: Date): Promise<void> {
  const looked = new Set<string>()
  for (let pass = 0; pass < PASSES; pass++) {
    const before = looked.size
    for await (const { id, ...shared } of groups(core, namespace, at)) {
      const key = JSON.stringify(shared)
      if (looked.has(key)) continue
      looked.add(key)
      if (await stands(core, rules, id, at)) continue
      await core.db.transaction((sql) =>
        sql.run(
          `UPDATE appraisals SET revoked = ? WHERE ${GOOD} AND tee = ? AND COALESCE(hardware_id, '') = ?
           AND COALESCE(collateral_sha256, '') = ? AND COALESCE(reference_set, '') = ? AND ${OWN} = ?`,
          [
            at.getTime(),
            namespace,
            at.getTime(),
            shared.tee,
            shared.hardware_id ?? '',
            shared.collateral_sha256 ?? '',
            shared.reference_set ?? '',
            shared.own,
          ],
        ),
      )
    }
    if (looked.size === before) return
  }
}

/** One result of each platform, endorsements and reference set, and each with a token, in pages. */
async function* groups(core: Core, namespace: string, at: Date): AsyncGenerator<Group, void, void> {
  let after = ''
  for (;;) {
    const page = await core.db.all<Group>(
      `SELECT MIN(id) AS id, tee, hardware_id, collateral_sha256, reference_set, ${OWN} AS own FROM appraisals WHERE ${GOOD}
       GROUP BY tee, hardware_id, collateral_sha256, reference_set, own HAVING MIN(id) > ? ORDER BY MIN(id) LIMIT ${PAGE}`,
      [namespace, at.getTime(), after],
    )
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return
    after = last.id
  }
}

/** Whether a result still says what holds of its platform; by the rule for leases, but that no policy is asked. */
async function stands(core: Core, rules: Rules, id: string, at: Date): Promise<boolean> {
  const appraisal = await loadAppraisal(core, core.db, id)
  if (appraisal === undefined) return true
  const found = await rejudge(core, core.db, rules, appraisal, { collateral: 'now', at, request: { refresh: true } })
  if (found === undefined || found.refusal === 'collateral-missing') return true
  const now = found.refusal === undefined ? found.appraisal : afterItsEnd(appraisal, found, at)
  return now !== undefined && !platformChanged(now.context, appraisal.context)
}

/**
 * Results that rest on other files than those that vouch now, and are good for a release still, end: whoever holds one
 * attests anew, and is judged by what holds. Those that were judged by these very files stay.
 */
export async function endResultsByFiles(core: Core, namespace: string, at: Date): Promise<void> {
  const now = at.getTime()
  await core.db.transaction((sql) =>
    sql.run(
      `UPDATE appraisals SET revoked = ? WHERE ${GOOD} AND at <= ? AND ${restsOnFiles('body')} AND body NOT LIKE ?`,
      [...[now, namespace, now, now], `%"byFiles":"${core.verifier.files ?? ''}"%`],
    ),
  )
}
