import { type Appraisal, appraise, chooseReference, type MetValues, type ReferenceSet } from '@sekisho/appraisal'
import { EvidenceError, type TcbClaim, TEES, toHex, type Verdict } from '@sekisho/evidence'
import { sha256 } from '../verifier/bytes.ts'
import {
  type Expectations,
  type JudgeRequest,
  type KeptCollateral,
  type Received,
  UnboundEvidence,
} from '../verifier/model.ts'
import type { JudgedEvidence } from './appraisals.ts'
import { deviceDigest, initDataDigest, primaryDigest } from './binding.ts'
import { combine } from './combine.ts'
import type { Core } from './core.ts'
import { boundExpectations, initDataExpectation, initDataFault } from './init-data.ts'
import type { AttestRequest, BindingHash } from './model.ts'
import { teeName } from './names.ts'
import { meetsFloor, type RefusalCode, refusalOf } from './refusal.ts'
import { referenceDigest } from './rules.ts'
import type { Grounds, Rules } from './state.ts'

/** What became of evidence: judged, or not even readable. */
export type Evaluation =
  | { readonly unreadable: RefusalCode; readonly reason: string }
  | {
      readonly unreadable?: undefined
      readonly judged: readonly [JudgedEvidence, ...JudgedEvidence[]]
      readonly verdict: Verdict
      readonly appraisal: Appraisal
      /** Undefined when the verdict meets the floor. */
      readonly refusal: RefusalCode | undefined
      /** What is wrong beside the verdict, in plain sentences. */
      readonly faults: readonly string[]
      /** Digest of the init-data that came along, hex. */
      readonly initData: string | undefined
    }

const MAX_DEVICES = 8

/** Judges what a workload sent: its primary evidence, and that of every further device, each by its own reference values. */
export async function evaluate(
  core: Core,
  rules: Rules,
  request: AttestRequest,
  hash: BindingHash,
): Promise<Evaluation> {
  const { runtimeData, additionalEvidence = '', at } = request
  try {
    const received = core.verifier.recognise(request.evidence, request.eventLog)
    const named = request.tee === undefined ? received.tee : teeName(request.tee)
    if (named !== received.tee && TEES.some((tee) => tee === named))
      return {
        unreadable: 'session-mismatch',
        reason: `the evidence is of ${received.tee}, and ${named} was announced`,
      }
    if (core.verifier.isDevice(received)) return { unreadable: 'evidence-unbound', reason: DEVICE_ALONE }
    const sent = request.initData === undefined ? undefined : initDataDigest(request.initData)
    if (request.initData !== undefined && sent === undefined)
      return {
        unreadable: 'evidence-unreadable',
        reason: 'init-data: expected TOML of version 0.1.0 that names its hash algorithm',
      }
    const initData = sent === undefined ? undefined : initDataExpectation(received.tee, sent)
    if (sent !== undefined && initData === undefined)
      return { unreadable: 'evidence-unreadable', reason: `init-data: evidence of ${received.tee} has no place for it` }
    const digest = primaryDigest(runtimeData, additionalEvidence, hash)
    const { namespace } = request
    const primary = await judgeOne(core, rules, { name: 'cpu-0', received, digest, initData, at, namespace })
    const devices = await judgeDevices(core, rules, request, hash)
    const concluded = conclude([primary, ...devices], at)
    if (sent === undefined || initData === undefined) return concluded
    const fault = initDataFault(core.verifier.skeleton(received), initData)
    return withInitData(concluded, toHex(sent), fault)
  } catch (error) {
    // Evidence is hostile until proven otherwise: that it cannot be read is an answer, not a failure of ours.
    if (error instanceof UnboundEvidence) return { unreadable: 'evidence-unbound', reason: error.message }
    if (error instanceof EvidenceError) return { unreadable: 'evidence-unreadable', reason: error.message }
    throw error
  }
}

// The key that a secret is encrypted to is in the machine's memory, and of that a device says nothing.
const DEVICE_ALONE =
  'a GPU answers to any nonce, of whoever drives it, on any machine: alone it does not show that the key is in a TEE, ' +
  'and nothing can be released on it; send it as additional evidence, beside that of its confidential VM'

interface OnePiece {
  readonly name: string
  readonly received: Received
  readonly digest: Uint8Array
  readonly initData: Expectations | undefined
  readonly at: Date
  /** Whose enrolled keys count; none when undefined. */
  readonly namespace: string | undefined
}

async function judgeOne(core: Core, rules: Rules, piece: OnePiece): Promise<JudgedEvidence> {
  const { name, received, digest, initData, at, namespace } = piece
  const { tee } = received
  const choice = referenceFor(core, rules, received, at)
  const bound: Expectations = {
    ...core.verifier.binding(received, digest),
    ...initData,
  }
  const expect = expectationsOf(core, choice.values, bound)
  const request = { expect, at, ...(namespace === undefined ? {} : { namespace }) }
  const { verdict, collateral, enrolledKey, files, missing } = await core.verifier.verify(received, request)
  const grounds: Grounds = {
    tee,
    evidence: sha256(received.evidence),
    collateral: collateral.sha256,
    expect,
    bound,
    ...(received.eventLog === undefined ? {} : { eventLog: sha256(received.eventLog) }),
    ...(choice.matched === undefined
      ? {}
      : { reference: choice.matched.name, referenceSha256: referenceDigest(choice.matched) }),
    ...platformState(verdict.claims.tcb),
    ...(enrolledKey === undefined ? {} : { enrolledKey }),
    ...(files === undefined ? {} : { files }),
  }
  return {
    ...{ name, received, verdict, collateral, grounds },
    ...(choice.over === undefined ? {} : { fault: choice.over }),
    ...(choice.unmet === undefined ? {} : { unmet: choice.unmet }),
    ...(missing === undefined ? {} : { missing }),
    ...(choice.matched === undefined
      ? {}
      : { met: { name: choice.matched.name, sha256: referenceDigest(choice.matched), values: choice.met ?? {} } }),
  }
}

// Of the launch and of now, as a verdict asks it of an exception.
function platformState(tcb: TcbClaim & { readonly current?: Pick<TcbClaim, 'advisories'> }): Pick<Grounds, 'tcb'> {
  const { status, advisories = [], current } = tcb
  if (status === undefined || status === 'UpToDate') return {}
  return { tcb: { status, advisories: [...new Set([...advisories, ...(current?.advisories ?? [])])] } }
}

/** The reference values to compare with: those that are met, else the nearest, so that the failing check names both sides. */
export function referenceFor(
  core: Core,
  rules: Rules,
  received: Received,
  at: Date,
): {
  readonly values: Expectations
  readonly matched?: ReferenceSet
  readonly met?: MetValues
  readonly over?: string
  readonly unmet?: string
} {
  const skeleton = core.verifier.comparable?.(received) ?? core.verifier.skeleton(received)
  const { matched, nearest, differs, met = {} } = chooseReference(received.tee, skeleton, rules.references, at)
  if (matched !== undefined) return { values: matched.values, matched, met }
  if (nearest === undefined)
    return { values: {}, unmet: `no reference set is for evidence of ${received.tee}: store one with what is known` }
  const { name, values, expires } = nearest
  if (expires === undefined || !differs.every((member) => member === 'expires'))
    return {
      values,
      unmet: `the reference set ${name} comes nearest, and differs in ${differs.slice(0, 8).join(', ')}`,
    }
  return {
    values,
    over: `the reference set ${name} would be met, and is over since ${expires}: write it anew with a later end`,
  }
}

/** Everything that is expected. What only the checkpoint itself may allow is taken from nobody else. */
export function expectationsOf(core: Core, values: Expectations, bound: Expectations): Expectations {
  const { allowEmulated: _emulated, reportData: _data, nonce: _nonce, reportDataIsFresh: _fresh, ...reference } = values
  const { allowDebug, ...rest } = reference
  return {
    ...boundExpectations(rest, bound),
    ...(allowDebug === true && !core.production ? { allowDebug } : {}),
    ...(core.verifier.emulated && !core.production ? { allowEmulated: true } : {}),
  }
}

async function judgeDevices(
  core: Core,
  rules: Rules,
  { additionalEvidence: text = '', runtimeData, at, namespace }: AttestRequest,
  hash: BindingHash,
): Promise<readonly JudgedEvidence[]> {
  if (text === '') return []
  const devices = Object.entries(readDevices(text))
  const digest = deviceDigest(runtimeData, hash)
  const judged: JudgedEvidence[] = []
  for (const [i, [tee, evidence]] of devices.entries()) {
    const received = core.verifier.recognise(evidence)
    if (received.tee !== teeName(tee)) throw unreadableDevices(`evidence of ${received.tee} under another name`)
    // A TEE has several names, and its devices stand in one list: under two names, one device would count as two.
    if (judged.some((one) => one.received.tee === received.tee))
      throw unreadableDevices(`evidence of ${received.tee} under two names`)
    const name = `${received.tee}-${i}`
    judged.push(await judgeOne(core, rules, { name, received, digest, initData: undefined, at, namespace }))
  }
  return judged
}

function readDevices(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.keys(value).length <= MAX_DEVICES
    )
      return value
  } catch {
    // Said below, in the same words for whatever is wrong.
  }
  throw unreadableDevices('another value')
}

function unreadableDevices(found: string): EvidenceError {
  return new EvidenceError('malformed', found, {
    field: 'additional_evidence',
    offset: 0,
    expected: `an object of at most ${MAX_DEVICES} devices, from TEE to evidence`,
  })
}

type Judged = Exclude<Evaluation, { readonly unreadable: RefusalCode }>

/** Reference values may pin host data of their own: that they are met does not say that the text is what was launched. */
function withInitData(judged: Judged, initData: string, fault: string | undefined): Judged {
  if (fault === undefined) return { ...judged, initData }
  const { refusal = 'init-data-mismatch' } = judged
  const isOnlyThat = refusal === 'reference-mismatch' || refusal === 'reference-missing'
  return {
    ...judged,
    initData,
    faults: [fault, ...judged.faults],
    refusal: isOnlyThat ? 'init-data-mismatch' : refusal,
  }
}

function conclude(judged: readonly [JudgedEvidence, ...JudgedEvidence[]], at: Date): Judged {
  const [primary, ...devices] = judged
  const verdict = combine(
    primary.verdict,
    devices.map(({ name, verdict: one }) => ({ name, verdict: one })),
  )
  const references = judged.flatMap(({ grounds }) => grounds.reference ?? [])
  const appraisal = appraise(verdict, { references, at })
  const referenced = judged.every(({ grounds }) => grounds.reference !== undefined)
  const refusal = refusalFor(verdict, referenced)
  // A verdict that meets the floor has nothing to name: the reason is then what no set was met for.
  const isUnnamed = refusal === 'reference-missing' && meetsFloor(verdict)
  const faults = [
    ...judged.flatMap(({ fault, unmet }) => fault ?? (isUnnamed ? (unmet ?? []) : [])),
    ...judged.flatMap(missingOf),
  ]
  return { judged, verdict, appraisal, refusal, faults, initData: undefined }
}

/** Of evidence that is no forgery, and that nothing proves. */
function missingOf({ missing, verdict }: JudgedEvidence): readonly string[] {
  if (missing === undefined || verdict.authenticity !== 'unproven') return []
  return [UNHAD + missing.slice(0, MAX_MISSING)]
}

/** Begins the reason that tells what a source answered that did not give endorsements. */
export const UNHAD = 'endorsements could not be had: '

const MAX_MISSING = 512

/** Evidence passes when its verdict meets the floor and reference values in force were met; the nearest ones are not enough. */
function refusalFor(verdict: Verdict, referenced: boolean): RefusalCode | undefined {
  if (!meetsFloor(verdict)) return refusalOf(verdict, referenced)
  return referenced ? undefined : 'reference-missing'
}

/** What judging stored evidence again gave. */
export interface Evaluated {
  readonly verdict: Verdict
  readonly appraisal: Appraisal
  /** Undefined when it passes. */
  readonly refusal: RefusalCode | undefined
  /** Whether each piece meets a reference set in force. */
  readonly referenced: boolean
  /** Of each piece, in order. */
  readonly collateral: readonly KeptCollateral[]
}

/** One piece of stored evidence, and how it is judged now. */
export interface Piece {
  readonly name: string
  readonly received: Received
  readonly request: JudgeRequest
  /** Name of the reference set in force that it meets. */
  readonly reference?: string
}

/** Judges stored evidence again. */
export async function judgeAgain(core: Core, pieces: readonly Piece[], at: Date): Promise<Evaluated> {
  const parts: { name: string; verdict: Verdict }[] = []
  const collateral: KeptCollateral[] = []
  for (const { name, received, request } of pieces) {
    const judged = await core.verifier.verify(received, request)
    parts.push({ name, verdict: judged.verdict })
    collateral.push(judged.collateral)
  }
  const [primary, ...devices] = parts
  if (primary === undefined) throw new TypeError('an appraisal without evidence')
  const verdict = combine(primary.verdict, devices)
  const references = pieces.flatMap(({ reference }) => reference ?? [])
  const referenced = pieces.every(({ reference }) => reference !== undefined)
  const appraisal = appraise(verdict, { references, at })
  return { verdict, appraisal, refusal: refusalFor(verdict, referenced), referenced, collateral }
}
