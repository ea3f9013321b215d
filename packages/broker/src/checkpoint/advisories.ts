import { AMD_PRODUCTS, type PolicyContext, VENDORS } from '@sekisho/appraisal'
import type { Tee } from '@sekisho/evidence'
import type { Row } from '../storage/sql.ts'
import type { Advisory } from './admin-model.ts'
import { loadAppraisal } from './appraisals.ts'
import type { Core } from './core.ts'
import { concerns } from './decide.ts'
import { liveLeases } from './live-leases.ts'
import { type AffectedLease, BrokerError } from './model.ts'
import { rejudge } from './rejudge.ts'
import { rulesOf } from './rules.ts'
import type { Rules } from './state.ts'

const ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/
const MAX_PRODUCTS = 64
const MAX_NOTE = 4096

/** Reads an advisory of an operator. @throws BrokerError `invalid` that names the member */
export function readAdvisory(input: unknown): Advisory {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw invalid('advisory', 'an object')
  const given: Readonly<Record<string, unknown>> = { ...input }
  const stranger = Object.keys(given).find(
    (name) => !['id', 'vendor', 'products', 'tcb', 'published', 'note'].includes(name),
  )
  if (stranger !== undefined) throw invalid(`advisory.${stranger.slice(0, 32)}`, 'no such member')
  const { id, vendor, products, tcb, published, note } = given
  if (typeof id !== 'string' || !ID.test(id)) throw invalid('advisory.id', 'an id such as AMD-SB-3019')
  if (typeof vendor !== 'string' || !VENDORS.includes(vendor))
    throw invalid('advisory.vendor', `one of ${VENDORS.join(', ')}`)
  if (typeof published !== 'string' || Number.isNaN(Date.parse(published)))
    throw invalid('advisory.published', 'a time in ISO 8601')
  if (note !== undefined && (typeof note !== 'string' || note.length > MAX_NOTE))
    throw invalid('advisory.note', `text of at most ${MAX_NOTE} characters`)
  if (products !== undefined && !isProducts(products))
    throw invalid('advisory.products', `a list of at most ${MAX_PRODUCTS} names`)
  const strange = vendor === 'amd' ? products?.findIndex((one) => !isOfAmd(one)) : undefined
  if (strange !== undefined && strange >= 0)
    throw invalid(`advisory.products[${strange}]`, `one of ${AMD_PRODUCTS.join(', ')}`)
  if (tcb !== undefined && !isLevels(tcb))
    throw invalid('advisory.tcb', 'an object from component to level, of one at least')
  return {
    id,
    vendor,
    published,
    ...(products === undefined ? {} : { products }),
    ...(tcb === undefined ? {} : { tcb }),
    ...(note === undefined ? {} : { note }),
  }
}

function isProducts(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= MAX_PRODUCTS &&
    value.every((one) => typeof one === 'string' && one.length > 0 && one.length <= 64)
  )
}

function isOfAmd(product: string): boolean {
  return AMD_PRODUCTS.some((one) => one.toLowerCase() === product.toLowerCase())
}

function isLevels(value: unknown): value is Readonly<Record<string, number>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    // One that names no level would concern nobody.
    Object.keys(value).length > 0 &&
    Object.values(value).every((level) => Number.isSafeInteger(level) && Number(level) >= 0)
  )
}

function invalid(field: string, expected: string): BrokerError {
  return new BrokerError('invalid', `${field}: expected ${expected}`)
}

interface AffectedRow extends Row {
  readonly id: string
  readonly resource: string
  readonly appraisal: string
  readonly expires: number
  readonly tee: string
  readonly product: string | null
  readonly hardware_id: string | null
  readonly advisories: string
  /** As the last look found it, or as the appraisal has it. */
  readonly context: string
  /** Whether the last look found something else than the appraisal has. */
  readonly later: number
  readonly emulated: number
}

/**
 * Live leases that an advisory concerns: those whose evidence's collateral names it, and those of platforms that an
 * operator's advisory of this id describes. The id counts in whatever case it is written.
 */
export async function affectedBy(
  core: Core,
  namespace: string,
  id: string,
  at: Date,
): Promise<readonly AffectedLease[]> {
  if (!ID.test(id)) throw invalid('advisory', 'an id such as AMD-SB-3019')
  const wanted = id.toLowerCase()
  const rows = await core.db.all<AffectedRow & { readonly advisory: string | null }>(
    `SELECT l.id, l.resource, l.appraisal, l.expires, a.tee, a.product, a.hardware_id, a.advisories, a.emulated, v.body AS advisory,
       COALESCE(a.later_context, a.context) AS context, CASE WHEN a.later_context IS NULL THEN 0 ELSE 1 END AS later
     FROM leases l JOIN appraisals a ON a.id = l.appraisal
     LEFT JOIN advisories v ON v.namespace = l.namespace AND LOWER(v.id) = ? AND v.vendor = a.vendor
     WHERE l.namespace = ? AND l.state = 'live' AND l.expires >= ? AND (v.id IS NOT NULL OR LOWER(COALESCE(a.later_context, a.advisories)) LIKE ?)
     ORDER BY l.id`,
    [wanted, namespace, at.getTime(), `%"${wanted}"%`],
  )
  const found = rows
    .filter((row) => isAffected(row, row.advisory, wanted))
    .map((row) => [row.id, affected(row)] as const)
  // Two advisories whose ids differ in case alone may describe one platform.
  const now = new Map(found)
  const soon = /^intel-sa-/.test(wanted) ? await affectedSoon(core, namespace, wanted, at, now) : []
  return [...now.values(), ...soon].sort((a, b) => (a.lease < b.lease ? -1 : 1))
}

/** TEEs whose endorsements have an early channel. */
const FORETOLD = `AND a.tee IN ('sgx', 'tdx', 'azure-vtpm')`

/** Live leases, beside some, on platforms for which the TCB level to come names an advisory. Asks the vendor; who is not reached says nothing. */
async function affectedSoon(
  core: Core,
  namespace: string,
  wanted: string,
  at: Date,
  beside: ReadonlyMap<string, unknown>,
): Promise<readonly AffectedLease[]> {
  const rules = await rulesOf(core, core.db, namespace)
  const known = new Map<string, Promise<PolicyContext | undefined>>()
  const soon: AffectedLease[] = []
  for await (const page of liveLeases(core, namespace, at, FORETOLD))
    for (const lease of page) {
      if (beside.has(lease.id)) continue
      const looking = known.get(lease.appraisal) ?? contextToCome(core, rules, lease.appraisal, at)
      known.set(lease.appraisal, looking)
      const context = await looking
      if (context?.tcb.advisories.some((one) => one.toLowerCase() === wanted) !== true) continue
      const { tee, product = null, hardwareId = null } = context
      soon.push({ ...affected({ ...lease, tee, product, hardware_id: hardwareId }), forecast: true })
    }
  return soon
}

async function contextToCome(core: Core, rules: Rules, id: string, at: Date): Promise<PolicyContext | undefined> {
  const appraisal = await loadAppraisal(core, core.db, id)
  if (appraisal === undefined) return undefined
  const found = await rejudge(core, core.db, rules, appraisal, { collateral: 'now', at, request: { update: 'early' } })
  return found?.appraisal.context
}

function isAffected(row: AffectedRow, advisory: string | null, wanted: string): boolean {
  // All columns are written by this package alone.
  const context = JSON.parse(row.context) as PolicyContext
  const named = row.later === 1 ? context.tcb.advisories : (JSON.parse(row.advisories) as readonly string[])
  if (named.some((one) => one.toLowerCase() === wanted)) return true
  return advisory !== null && concerns(JSON.parse(advisory) as Advisory, context)
}

/** A row as owners see it. */
export function affected(
  row: Pick<AffectedRow, 'id' | 'resource' | 'appraisal' | 'expires' | 'tee' | 'product' | 'hardware_id' | 'emulated'>,
): AffectedLease {
  return {
    lease: row.id,
    resource: row.resource,
    appraisal: row.appraisal,
    tee: row.tee as Tee,
    expires: new Date(row.expires),
    emulated: row.emulated === 1,
    ...(row.product === null ? {} : { product: row.product }),
    ...(row.hardware_id === null ? {} : { hardwareId: row.hardware_id }),
  }
}
