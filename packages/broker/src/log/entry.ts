/** What the log keeps of one decision. Digests are lower-case hex; absent members do not apply. */
export interface LogEntry {
  /** What happened: `attest`, `release`, `renew`, `revoke`, `admin` or the like. */
  readonly type: string
  /** The decision's id. */
  readonly id: string
  /** ISO 8601, UTC. */
  readonly at: string
  readonly namespace: string
  readonly outcome: string
  readonly resource?: string
  readonly evidenceSha256?: string
  readonly verdictSha256?: string
  readonly collateralSha256?: string
  readonly policySha256?: string
  /** Of the appraisal as it is stored: expectations, devices, event logs, the workload's key. See `appraisalDigest`. */
  readonly appraisalSha256?: string
  /** Of what the decision's owner is shown beside: see `detailsDigest`. Missing in entries of before there was this. */
  readonly detailsSha256?: string
  readonly referenceSet?: string
  readonly reason?: string
  readonly lease?: string
  /** Who asked, for administrative acts. */
  readonly actor?: string
  /** True when the decision rests on emulated hardware. */
  readonly emulated: boolean
}

const REQUIRED = ['type', 'id', 'at', 'namespace', 'outcome'] as const
const OPTIONAL = [
  'resource',
  'evidenceSha256',
  'verdictSha256',
  'collateralSha256',
  'policySha256',
  'appraisalSha256',
  'detailsSha256',
  'referenceSet',
  'reason',
  'lease',
  'actor',
] as const
const MEMBERS: ReadonlySet<string> = new Set([...REQUIRED, ...OPTIONAL, 'emulated'])

/** The bytes of an entry's leaf: canonical JSON (RFC 8785) in UTF-8. */
export function encodeEntry(entry: LogEntry): Uint8Array {
  // In the order of RFC 8785: of texts and truth values the runtime then writes what that asks for.
  const ordered: { readonly [K in keyof Required<LogEntry>]: LogEntry[K] } = {
    actor: entry.actor,
    appraisalSha256: entry.appraisalSha256,
    at: entry.at,
    collateralSha256: entry.collateralSha256,
    detailsSha256: entry.detailsSha256,
    emulated: entry.emulated,
    evidenceSha256: entry.evidenceSha256,
    id: entry.id,
    lease: entry.lease,
    namespace: entry.namespace,
    outcome: entry.outcome,
    policySha256: entry.policySha256,
    reason: entry.reason,
    referenceSet: entry.referenceSet,
    resource: entry.resource,
    type: entry.type,
    verdictSha256: entry.verdictSha256,
  }
  return Buffer.from(JSON.stringify(ordered))
}

/**
 * Reads what should be an entry; every member is text, but `emulated`.
 *
 * @throws TypeError naming the member
 */
export function readEntry(input: unknown): LogEntry {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw new TypeError('entry: not an object')
  const entry: Readonly<Record<string, unknown>> = { ...input }
  for (const name of REQUIRED) if (typeof entry[name] !== 'string') throw new TypeError(`entry.${name}: not a text`)
  for (const name of OPTIONAL) {
    const value = entry[name]
    if (value !== undefined && typeof value !== 'string') throw new TypeError(`entry.${name}: not a text`)
  }
  if (typeof entry['emulated'] !== 'boolean') throw new TypeError('entry.emulated: not true or false')
  for (const name of Object.keys(entry)) if (!MEMBERS.has(name)) throw new TypeError('entry: a member is not known')
  return entry as object as LogEntry
}
