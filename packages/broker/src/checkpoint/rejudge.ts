import type { PolicyContext } from '@sekisho/appraisal'
import type { Tee } from '@sekisho/evidence'
import { isRecord } from '../json.ts'
import type { Sql } from '../storage/sql.ts'
import { FROM_FILES } from '../verifier/from-files.ts'
import type { Expectations, JudgeRequest, Received } from '../verifier/model.ts'
import { storedBytes } from './appraisals.ts'
import type { Core } from './core.ts'
import { type Evaluated, expectationsOf, judgeAgain, type Piece, referenceFor } from './evaluate.ts'
import { pieceName } from './recorded-evidence.ts'
import { referenceDigest } from './rules.ts'
import type { Grounds, PlatformState, Rules, StoredAppraisal } from './state.ts'

/** How stored evidence is to be judged again. */
export interface Rejudging {
  /**
   * `as-of-then`: with the endorsements that were kept, at the time of the appraisal. `now`: with those to be had.
   * `files`: at the time of the appraisal, what files vouch for with those that the operator gives now, all else as of then.
   */
  readonly collateral: 'as-of-then' | 'now' | 'files'
  readonly at: Date
  /** Beside what the reference values and the binding expect. */
  readonly adjust?: (expect: Expectations, grounds: Grounds) => Expectations
  readonly request?: Pick<JudgeRequest, 'source' | 'update' | 'refresh'>
}

/**
 * Judges an appraisal's evidence again. The nonce was checked when it was fresh: what binds it is expected as it was then.
 * @returns undefined when the evidence is not stored any more
 */
export async function rejudge(
  core: Core,
  sql: Sql,
  rules: Rules,
  appraisal: StoredAppraisal,
  how: Rejudging,
): Promise<Evaluated | undefined> {
  const pieces: Piece[] = []
  for (const [i, grounds] of appraisal.grounds.entries()) {
    const kept = await storedBytes(sql, grounds.collateral)
    const evidence = await storedBytes(sql, grounds.evidence)
    if (evidence === undefined) return undefined
    const eventLog = grounds.eventLog === undefined ? undefined : await storedBytes(sql, grounds.eventLog)
    const received = receivedOf(grounds.tee, { evidence, eventLog, kept })
    const { values, matched } = referenceFor(core, rules, received, how.at)
    const expect = expectationsOf(core, values, grounds.bound)
    const isOfThen = how.collateral === 'files' && !FROM_FILES.includes(grounds.tee)
    const then = how.collateral === 'as-of-then' || isOfThen
    pieces.push({
      name: pieceName(grounds.tee, i),
      received,
      request: {
        expect: how.adjust === undefined ? expect : how.adjust(expect, grounds),
        at: how.collateral === 'now' ? how.at : new Date(appraisal.at),
        namespace: appraisal.namespace,
        ...(then && kept !== undefined ? { kept } : {}),
        ...how.request,
      },
      ...(matched === undefined ? {} : { reference: matched.name }),
    })
  }
  return judgeAgain(core, pieces, how.at)
}

/** What is stored of a piece of evidence. */
interface StoredParts {
  readonly evidence: Uint8Array
  readonly eventLog: Uint8Array | undefined
  /** Its endorsements, as they are kept. */
  readonly kept: Uint8Array | undefined
}

/** Evidence as it was received, put together again from what is stored of it. */
export function receivedOf(tee: Tee, { evidence, eventLog, kept }: StoredParts): Received {
  return {
    tee,
    form: tee,
    evidence,
    wrappers: [],
    // A certificate that only the host handed out cannot be asked for: it is in what was kept.
    companions: tee === 'snp' && kept !== undefined ? [{ kind: 'certificate-table', from: 'kept', bytes: kept }] : [],
    unused: [],
    ...(eventLog === undefined ? {} : { eventLog }),
  }
}

/**
 * Whether all reference sets that an appraisal met are in force, as they were when it met them, and so are the exceptions by
 * which the states of its platforms were accepted.
 */
export function stillReferenced(
  { grounds, context }: Pick<StoredAppraisal, 'grounds' | 'context'>,
  rules: Rules,
  at: Date,
): boolean {
  return grounds.every(({ reference, referenceSha256, tcb }, i) => {
    const set = rules.references.find(({ name }) => name === reference)
    if (set === undefined || referenceDigest(set) !== referenceSha256) return false
    const state = i === 0 ? lastState(context, tcb) : tcb
    if (state !== undefined && !isExcepted(set.values, state, at)) return false
    return set.expires === undefined || at.getTime() < Date.parse(set.expires)
  })
}

// A later look may have found the first platform in another state. Its advisories are then among those of all devices.
function lastState({ tcb: { status } }: PolicyContext, then: PlatformState | undefined): PlatformState | undefined {
  if (status === then?.status) return then
  return status === undefined || status === 'UpToDate' ? undefined : { status, advisories: [] }
}

/** Whether a platform that no vendor calls up to date is one that a set accepts at a time; true for a set without exceptions. */
function isExcepted(values: Expectations, { status, advisories: found }: PlatformState, at: Date): boolean {
  // Of Azure's evidence it is in the part about the hardware.
  const { acceptTcb: exceptions }: Expectations = isRecord(values['hardware']) ? values['hardware'] : values
  if (!Array.isArray(exceptions)) return true
  return exceptions.some((one: unknown) => {
    const { statuses, advisories, until } = isRecord(one) ? one : {}
    return (
      Array.isArray(statuses) &&
      statuses.includes(status) &&
      Array.isArray(advisories) &&
      found.every((advisory) => advisories.includes(advisory)) &&
      at.getTime() <= Date.parse(String(until))
    )
  })
}

/** Whether two contexts differ in what policies see of the platform. */
export function platformChanged(now: PolicyContext, before: PolicyContext): boolean {
  const same =
    now.tcb.status === before.tcb.status &&
    [...now.tcb.advisories].sort().join() === [...before.tcb.advisories].sort().join()
  return !same
}
