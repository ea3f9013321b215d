import { canonicalJson, EvidenceError, type TrustAnchor } from '@sekisho/evidence'
import {
  type Companion,
  type Recognised,
  type RecognisedPart,
  recognise,
  recogniseParts,
} from '@sekisho/evidence/recognise'
import { isAnchorFile, readAnchors } from './anchors.ts'
import { textOf } from './bytes.ts'
import { attempt, type Collateral, noCollateral, takeCollateral } from './collateral.ts'
import { doorOf, needsOf } from './doors.ts'
import {
  type Answers,
  type GivenFile,
  type Judged,
  MAX_FILE,
  type OpenedEvidence,
  type Place,
  type Requests,
  type VerifyInput,
  WHOLE,
} from './messages.ts'

/** What the worker does, by what it is asked. Every function is given bytes that nobody has looked at yet. */
export const WORK: { readonly [K in keyof Requests]: (input: Requests[K]) => Promise<Answers[K]> } = {
  place: ({ file, part }) => placeOf(file, part),
  anchor: ({ file }) => readAnchors(bounded(file).bytes),
  verify: judge,
}

/** Finds out what a file is: anchors, endorsements, an event log, or else evidence. @throws EvidenceError, TypeError */
async function placeOf(file: GivenFile, part: number): Promise<Place> {
  const { bytes } = bounded(file)
  if (isAnchorFile(bytes)) return { as: 'anchors', anchors: await readAnchors(bytes) }
  if (isEventLog(bytes)) return { as: 'event-log' }
  const what = takeCollateral(file, noCollateral())
  if (what !== undefined) return { as: 'endorsement', what }
  return { as: 'evidence', opened: await open(bytes, part) }
}

function bounded(file: GivenFile): GivenFile {
  if (file.bytes.length > MAX_FILE) throw new TypeError(`a file of more than ${MAX_FILE} bytes`)
  return file
}

// The signature of the first event: TCG PC Client Platform Firmware Profile, section 10.4.5.1.
const SPEC_ID_AT = 32
const SPEC_ID = 'Spec ID Event'

function isEventLog(bytes: Uint8Array): boolean {
  return textOf(bytes.subarray(SPEC_ID_AT, SPEC_ID_AT + SPEC_ID.length)) === SPEC_ID
}

async function open(bytes: Uint8Array, part: number): Promise<OpenedEvidence> {
  const all = recogniseParts(bytes)
  if (isWhole(all, part)) return (await import('./whole.ts')).openWhole(bytes, all.map(labelOf))
  const found = piece(bytes, all, part)
  const door = await doorOf(found.tee)
  return {
    tee: found.tee,
    form: found.form,
    evidence: found.evidence,
    wrappers: found.wrappers.map(({ name }) => name),
    companions: found.companions.map(({ kind, from }) => `${kind} (${from})`),
    unused: found.unused,
    parts: all.map(labelOf),
    part: Math.max(part, 0),
    fields: door.fields(found.evidence),
    needs: needsOf(door, found.evidence),
    skeleton: attempt(() => door.skeleton(found.evidence)) ?? {},
  }
}

/** Whether the pieces are judged as one: several, or one whose wrapper somebody signed. */
function isWhole(all: readonly RecognisedPart[], part: number): boolean {
  return part === WHOLE && (all.length > 1 || all.some(({ recognised }) => isSigned(recognised)))
}

function isSigned({ companions }: Recognised): boolean {
  return companions.some(({ kind }) => kind === 'signed-wrapper')
}

function labelOf({ label, recognised }: RecognisedPart): string {
  return label === '' ? recognised.form : label
}

/** The piece of evidence at `part`. A file with one only is read so, whichever was asked for. */
function piece(bytes: Uint8Array, all: readonly RecognisedPart[], part: number): Recognised {
  if (all.length === 1) return recognise(bytes)
  const found = all[part]?.recognised
  if (found === undefined) throw new TypeError(`the file has ${all.length} pieces of evidence`)
  return found
}

async function judge(input: VerifyInput): Promise<Judged> {
  const all = recogniseParts(input.file)
  if (isWhole(all, input.part)) {
    const { judgeWhole } = await import('./whole.ts')
    return judgeWhole(input, judgePiece)
  }
  const found = piece(input.file, all, input.part)
  const { verdict, titles } = await judgePiece(found, input)
  return { verdict, canonical: canonicalJson(verdict), titles }
}

/** Judges one piece of evidence by its own TEE's door. */
async function judgePiece(found: Recognised, input: VerifyInput): Promise<Omit<Judged, 'canonical'>> {
  const door = await doorOf(found.tee)
  const verdict = await door.verify({
    evidence: found.evidence,
    at: new Date(input.at),
    collateral: gathered(found, input.files),
    expect: input.expect,
    waive: input.waive,
    trustAnchors: anchorsFor(door.roots(found.evidence), input),
    eventLog: input.eventLog ?? found.companions.find(({ kind }) => kind === 'event-log')?.bytes,
  })
  return { verdict, titles: door.titles }
}

/** The vendor's roots and the given ones, without those that are not to be trusted; undefined where the vendor's stand alone. */
function anchorsFor(
  roots: readonly TrustAnchor[],
  { anchors, distrust }: VerifyInput,
): readonly TrustAnchor[] | undefined {
  if (anchors.length === 0 && distrust.length === 0) return undefined
  return [...roots, ...anchors].filter(({ id }) => !distrust.includes(id))
}

/**
 * What came with the evidence, and over it what was given as files. Of the former only what AMD and Intel sign: keys and
 * reference values that are trusted as they are come from whoever judges, never from the sender.
 */
function gathered({ companions }: Recognised, files: readonly GivenFile[]): Collateral {
  const brought = noCollateral()
  for (const companion of companions) takeCompanion(companion, brought)
  const { crl, ...snp } = brought.snp
  const collateral = noCollateral()
  Object.assign(collateral.snp, snp)
  collateral.beside = { snp: crl === undefined ? {} : { crl }, intel: brought.intel }
  for (const file of files) takeCollateral(file, collateral)
  return collateral
}

function takeCompanion({ kind, label, bytes }: Companion, into: Collateral): void {
  if (kind === 'certificate-table') into.snp.certificateTable = bytes
  const part = label?.toLowerCase()
  if (
    kind === 'certificates' &&
    (part === 'vcek' || part === 'vlek' || part === 'ask' || part === 'asvk' || part === 'ark')
  )
    into.snp[part] = bytes
  else if (kind === 'certificates' || kind === 'endorsements') attempt(() => takeCollateral({ name: '', bytes }, into))
}

/** What went wrong, for a person. Errors that are nobody's input are told as what they are. */
export function faultOf(error: unknown): { readonly message: string; readonly code: string } {
  if (error instanceof EvidenceError) return { message: error.message, code: error.code }
  return { message: error instanceof Error ? error.message : String(error), code: 'refused' }
}
