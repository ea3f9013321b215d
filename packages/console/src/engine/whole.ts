import { canonicalJson } from '@sekisho/evidence'
import {
  type CompositeExpectations,
  type CompositePart,
  compositeParts,
  verifyComposite,
} from '@sekisho/evidence/composite'
import type { Recognised } from '@sekisho/evidence/recognise'
import { attempt, noCollateral, takeCollateral } from './collateral.ts'
import { doorOf, needsOf } from './doors.ts'
import {
  type EndorsementNeed,
  type Field,
  type Judged,
  type OpenedEvidence,
  type VerifyInput,
  WHOLE,
} from './messages.ts'

/** Decodes all pieces of evidence of a file, each under its name. @throws EvidenceError */
export async function openWhole(bytes: Uint8Array, labels: readonly string[]): Promise<OpenedEvidence> {
  const parts = compositeParts(bytes)
  const fields: Field[] = []
  const needs: (readonly EndorsementNeed[])[] = []
  const skeletons: Record<string, Readonly<Record<string, unknown>>> = {}
  for (const { name, recognised } of parts) {
    const { evidence, tee } = recognised
    const door = await doorOf(tee)
    // Offsets count in a piece, and what is shown as bytes is the file.
    for (const { offset: _offset, length: _length, path, ...field } of door.fields(evidence))
      fields.push({ ...field, path: `${name}: ${path}` })
    needs.push(...needsOf(door, evidence))
    // What binds the pieces to an exchange is none of theirs to say.
    const { reportData: _data, nonce: _nonce, ...own } = attempt(() => door.skeleton(evidence)) ?? {}
    skeletons[name] = own
  }
  const of = (list: (one: Recognised) => readonly string[]): readonly string[] => [
    ...new Set(parts.flatMap(({ recognised }) => list(recognised))),
  ]
  return {
    tee: leadOf(parts).recognised.tee,
    form: parts.map(({ recognised }) => recognised.form).join(' + '),
    evidence: bytes,
    wrappers: of(({ wrappers }) => wrappers.map(({ name }) => name)),
    companions: of(({ companions }) => companions.map(({ kind, from }) => `${kind} (${from})`)),
    unused: of(({ unused }) => unused),
    parts: labels,
    part: WHOLE,
    fields,
    needs,
    skeleton: { parts: skeletons },
  }
}

// GPUs may come first, and under any name: the machine is what is none.
function leadOf(parts: readonly CompositePart[]): CompositePart {
  const lead = parts.find(({ device, recognised }) => !device && recognised.tee !== 'nvidia-gpu') ?? parts[0]
  if (lead === undefined) throw new Error('a whole without parts')
  return lead
}

/**
 * Judges all pieces of evidence of a file as one. What is expected is of the whole, and of its parts by their names. An
 * event log that was given is the machine's.
 *
 * @throws EvidenceError for a piece that cannot be read, TypeError for expectations that make no sense
 */
export async function judgeWhole(
  input: VerifyInput,
  judgePiece: (found: Recognised, input: VerifyInput) => Promise<Omit<Judged, 'canonical'>>,
): Promise<Judged> {
  const lead = leadOf(compositeParts(input.file)).name
  const titles: Record<string, string> = {}
  const keys = keysIn(input)
  const verdict = await verifyComposite(input.file, {
    at: new Date(input.at),
    // The verifier reads them member by member, and refuses what it does not know.
    expect: input.expect as CompositeExpectations,
    waive: input.waive,
    ...(keys === undefined ? {} : { wrapperKeys: { jwks: keys } }),
    door: async ({ part, expect, waive }) => {
      const eventLog = part.name === lead ? input.eventLog : undefined
      const judged = await judgePiece(part.recognised, { ...input, expect, waive, eventLog })
      Object.assign(titles, judged.titles)
      return judged.verdict
    },
  })
  return { verdict, canonical: canonicalJson(verdict), titles }
}

// The same files may hold the keys of tokens among the parts: they say nothing of a wrapper where there is none.
function keysIn({ file, files }: VerifyInput): string | undefined {
  const isSigned = compositeParts(file).some(({ wrappedBy }) => wrappedBy.length > 0)
  if (!isSigned) return undefined
  const collateral = noCollateral()
  for (const one of files) takeCollateral(one, collateral)
  return collateral.keySets.at(-1)?.jwks
}
