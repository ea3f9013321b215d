import { sourceFor } from '@sekisho/collateral/requests'
import { snpFound, snpPartsOf, snpRequests } from '@sekisho/collateral/requests/amd'
import { allZero, toHex } from '@sekisho/evidence'
import {
  AMD_ROOTS,
  parseSnpReport,
  prepareSnpCollateral,
  reportProduct,
  type SnpCollateral,
  type SnpCollateralInput,
  type SnpReport,
  snpSkeleton,
  VMPL_HOST,
  verifySnpSync,
} from '@sekisho/evidence/snp'
import { fullBinding, keep, lasting, sha256 } from './bytes.ts'
import { snpPartsOfCompanions, writeSnpTable } from './certificate-table.ts'
import { type Held, holdFor, holding, RETRY_MS } from './held.ts'
import {
  type Door,
  type Expectations,
  type Judged,
  type JudgeRequest,
  type KeptCollateral,
  type Received,
  type Surroundings,
  UnboundEvidence,
} from './model.ts'
import { trying } from './trying.ts'

/** Endorsements ready to be used, and as they are kept. */
export interface SnpEndorsed {
  readonly collateral: SnpCollateral
  readonly kept: KeptCollateral
  /** See {@link Judged.missing}. */
  readonly missing?: string
  /** Keeps them ready for the next report of the platform. */
  hold(): void
}

const UNBOUND =
  'the host asked for this report and chose its report data: it names no key of the guest, and nothing can be released ' +
  'on it; have the guest ask for a report of its own'

type Prepared = Pick<SnpEndorsed, 'collateral' | 'kept' | 'missing'>

/** SEV-SNP. */
export function snpDoor(around: Surroundings): Door {
  const endorse = snpEndorser(around)
  return {
    skeleton: ({ evidence }) => skeletonOf(parseSnpReport(bareReport(evidence))),
    binding({ evidence }, digest) {
      // Whatever a reference set allows of such reports: nobody may be given a secret on data that the host chose.
      if (parseSnpReport(bareReport(evidence)).vmpl === VMPL_HOST) throw new UnboundEvidence(UNBOUND)
      return fullBinding(digest)
    },
    async verify(received, request) {
      const { expect, at, waive } = request
      const endorsed = await endorse(parseSnpReport(bareReport(received.evidence)), received, request)
      const { collateral, kept, missing } = endorsed
      const options = { at, expect, collateral, ...around.anchors(AMD_ROOTS) }
      const verdict = verifySnpSync(received.evidence, waive === undefined ? options : { ...options, waive })
      // Whoever sends forgeries must not push the good ones out.
      if (verdict.authenticity !== 'refuted') endorsed.hold()
      return { verdict, collateral: kept, ...(missing === undefined ? {} : { missing }) }
    },
  }
}

const REPORT_SIZE = 1184

function bareReport(evidence: Uint8Array): Uint8Array {
  return evidence.length > REPORT_SIZE ? evidence.subarray(0, REPORT_SIZE) : evidence
}

/** A set may name the signer of the launch instead of the one measurement. */
function skeletonOf(report: SnpReport): Expectations {
  return {
    ...lasting(snpSkeleton(report)),
    ...(allZero(report.idKeyDigest) ? {} : { idKeyDigest: [toHex(report.idKeyDigest)] }),
    ...(allZero(report.authorKeyDigest) ? {} : { authorKeyDigest: [toHex(report.authorKeyDigest)] }),
  }
}

/** Finds endorsements of reports: what came along, and for what that lacks, held ones or the source's. */
export function snpEndorser(
  around: Surroundings,
): (report: SnpReport, received: Pick<Received, 'companions'>, request: JudgeRequest) => Promise<SnpEndorsed> {
  let found: Held<Asked> = holding(around.maxHeld)
  const prepared: Held<Prepared> = holding(around.maxHeld)
  let whole: Held<Prepared> = holding(around.maxHeld)
  const lists: Held<string> = holding(around.maxHeld)
  // Another revocation list counts from now on for every platform, however its endorsements came along: nothing that was
  // held before is used any more, also where the list is why a platform is refused and nothing is held.
  const learn = (issuer: string, crl: Uint8Array | undefined): void => {
    if (crl === undefined) return
    const [before, now] = [lists.get(issuer, 0), sha256(crl)]
    lists.set(issuer, now, Number.POSITIVE_INFINITY)
    if (before === undefined || before === now) return
    found = holding(around.maxHeld)
    whole = holding(around.maxHeld)
  }
  const ready = (parts: SnpCollateralInput): Prepared => {
    const kept = keep(writeSnpTable(parts))
    const known = prepared.get(kept.sha256, 0)
    if (known !== undefined) return known
    const made: Prepared = { collateral: prepareSnpCollateral({ certificateTable: kept.bytes }), kept }
    return made
  }
  return async (report, received, request) => {
    if (request.kept !== undefined) return { ...ready({ certificateTable: request.kept }), hold: NOTHING_TO_HOLD }
    const key = keyOf(report, received)
    const now = request.at.getTime()
    const own = request.source !== undefined || request.refresh === true
    const known = own ? undefined : whole.get(key, now)
    if (known !== undefined) return { ...known, hold: NOTHING_TO_HOLD }
    const given = snpPartsOfCompanions(received.companions)
    const { parts: asked, missing, holdMs } = await ask(report, given, request, around, found)
    if (request.source === undefined) {
      // By the root as well: an emulated machine of a product has other endorsements than a real one.
      const issuer = `amd ${reportProduct(report) ?? ''} ${asked.ark === undefined ? '' : sha256(asked.ark)}`
      learn(issuer, asked.crl)
      around.noted(issuer, asked.crl)
    }
    const bare = ready({ ...asked, ...given, ...(asked.crl === undefined ? {} : { crl: asked.crl }) })
    const made = missing === undefined ? bare : { ...bare, missing }
    const hold = (): void => {
      prepared.set(made.kept.sha256, bare, Number.POSITIVE_INFINITY)
      if (request.source === undefined) whole.set(key, made, now + (asked.crl === undefined ? RETRY_MS : holdMs))
    }
    return { ...made, hold }
  }
}

const NOTHING_TO_HOLD = (): void => undefined

function keyOf(report: SnpReport, { companions }: Pick<Received, 'companions'>): string {
  const digests = companions
    .filter(({ kind }) => kind === 'certificates' || kind === 'certificate-table' || kind === 'endorsements')
    .map(({ bytes, label }) => `${label ?? ''}:${sha256(bytes)}`)
  return [
    report.version,
    reportProduct(report),
    report.keyInfo,
    toHex(report.chipId),
    toHex(report.reportedTcb),
    ...digests,
  ].join()
}

async function ask(
  report: SnpReport,
  given: SnpCollateralInput,
  request: JudgeRequest,
  around: Surroundings,
  found: Held<Asked>,
): Promise<Asked> {
  const source = request.source ?? (await sourceFor(around.options.bundles ?? [], around.options.source, request.at))
  if (source === undefined) return NOTHING
  const leaf = given.vlek ?? given.vcek
  const requests = snpRequests(report, leaf)
  const key = JSON.stringify(requests)
  const now = request.at.getTime()
  const own = request.source !== undefined
  const known = own || request.refresh === true ? undefined : found.get(key, now)
  if (known !== undefined) return known
  let missing: string | undefined
  const missed = (what: string): void => {
    missing = what
  }
  const answer = await trying(() => snpFound(report, source, leaf, missed), around.trouble, missed)
  if (answer === undefined) return missing === undefined ? NOTHING : { ...NOTHING, missing }
  // A chip that the source does not know may be known to it soon, and the list is not for a leaf that comes along.
  if (missing !== undefined) return { parts: snpPartsOf(answer), holdMs: RETRY_MS, missing }
  const holdMs = holdFor(answer.window, now, around.holdMs)
  const asked: Asked = { parts: snpPartsOf(answer), holdMs }
  if (!own) found.set(key, asked, now + holdMs)
  return asked
}

/** What a source gave, and how long it may be used unasked. */
interface Asked {
  readonly parts: SnpCollateralInput
  readonly holdMs: number
  /** Why endorsements could not be had. */
  readonly missing?: string
}

const NOTHING: Asked = { parts: {}, holdMs: RETRY_MS }
