import { canonicalJson, toHex } from '@sekisho/evidence'
import type { Around } from '../around.ts'
import { EXIT, usageError } from '../exit.ts'
import { readInput } from '../input.ts'
import { type Difference, renderDiff } from '../render/diff.ts'
import type { Field } from '../tee/door.ts'
import { doorOf } from '../tee/doors.ts'
import { evidenceIn, holdsEvidence, inFile } from './evidence-file.ts'

/** Options of `sekisho diff`. */
export interface DiffOptions {
  readonly json?: true
  readonly verbose?: true
}

/** Compares two pieces of evidence, several with several, or two logs, field by field; exit code 0 when nothing differs, else 1. */
export async function diffCommand(a: string, b: string, options: DiffOptions, around: Around): Promise<number> {
  if (a === '-' && b === '-') throw usageError('only one of the two can be standard input')
  const [left, right] = await readSides(a, b, around)
  const named = compare(left.fields, right.fields)
  const differences = named.length === 0 ? inBytes(left.whole, right.whole) : named
  const same =
    left.fields.length +
    right.fields.length -
    differences.length -
    differences.filter((one) => one.a !== undefined && one.b !== undefined).length
  const equal = same / 2
  if (options.json === true) {
    const side = (one: Side): object => ({ tee: one.tee, form: one.form })
    around.out(`${canonicalJson({ a: side(left), b: side(right), equal, differences })}\n`)
  } else {
    around.out(
      renderDiff({ a: { name: a, form: left.form }, b: { name: b, form: right.form }, equal, differences }, around),
    )
  }
  return differences.length === 0 ? EXIT.ok : EXIT.rejected
}

interface Side {
  readonly tee: string
  readonly form: string
  readonly fields: readonly Field[]
  /** The pieces of evidence as they are. */
  readonly whole: readonly Uint8Array[]
}

async function readSides(a: string, b: string, around: Around): Promise<readonly [Side, Side]> {
  const left = await readInput(a, around)
  const right = await readInput(b, around)
  const { comparableLogs, isTpmLog, readLog } = await import('./boot-log.ts')
  if (!isTpmLog(left) || !isTpmLog(right)) return [await readSide(a, left), await readSide(b, right)]
  const [fieldsA, fieldsB] = comparableLogs(await readLog(a, left), await readLog(b, right))
  const side = (fields: readonly Field[], log: Uint8Array): Side => ({
    tee: 'tpm',
    form: 'TPM measured-boot log, which proves nothing alone',
    fields,
    whole: [log],
  })
  return [side(fieldsA, left), side(fieldsB, right)]
}

async function readSide(path: string, bytes: Uint8Array): Promise<Side> {
  const { endorsementIn } = await import('./endorsement-fields.ts')
  const decoded = holdsEvidence(bytes) ? undefined : endorsementIn(path, bytes)
  // Of certificates and lists a field has the digest; DER and PEM of the same are the same.
  if (decoded !== undefined) return { tee: 'none', ...decoded, whole: decoded.form.startsWith('X.509') ? [] : [bytes] }
  const read = evidenceIn(path, bytes)
  if (read.recognised !== undefined) {
    const { recognised } = read
    const door = await doorOf(recognised.tee)
    return {
      tee: recognised.tee,
      form: recognised.form,
      fields: inFile(path, () => door.fields(recognised.evidence)),
      whole: [recognised.evidence],
    }
  }
  const { compositeParts } = await import('@sekisho/evidence/composite')
  const parts = inFile(path, () => compositeParts(read.bytes))
  const fields: Field[] = []
  for (const { name, recognised } of parts) {
    const door = await doorOf(recognised.tee)
    const own = inFile(`${path} (${name})`, () => door.fields(recognised.evidence))
    fields.push(...own.map((field) => ({ ...field, path: `${name}.${field.path}` })))
  }
  return {
    tee: 'composite',
    form: `${parts.length} pieces of evidence`,
    fields,
    whole: parts.map(({ recognised }) => recognised.evidence),
  }
}

const SHOWN = 16

/** What no field tells, such as a certificate's signature: where bytes begin to be others, and sixteen of them. */
function inBytes(a: readonly Uint8Array[], b: readonly Uint8Array[]): readonly Difference[] {
  return a.flatMap((one, i) => {
    const [left, right] = [comparable(one), comparable(b[i] ?? new Uint8Array())]
    const longer = left.length > right.length ? left : right
    const at = longer.findIndex((_, index) => left[index] !== right[index])
    if (at < 0) return []
    const path = `${a.length === 1 ? '' : `piece ${i + 1}, `}what no field tells, from byte ${at} of ${longer.length}`
    return [{ path, a: { value: shown(left, at) }, b: { value: shown(right, at) } }]
  })
}

// JSON may be laid out in another way and say the same.
function comparable(evidence: Uint8Array): Uint8Array {
  if (evidence[0] !== 0x7b && evidence[0] !== 0x5b) return evidence
  try {
    return new TextEncoder().encode(canonicalJson(JSON.parse(new TextDecoder().decode(evidence))))
  } catch {
    // It only begins like JSON.
    return evidence
  }
}

function shown(bytes: Uint8Array, at: number): string {
  return at < bytes.length ? toHex(bytes.subarray(at, at + SHOWN)) : 'ends before it'
}

function compare(a: readonly Field[], b: readonly Field[]): readonly Difference[] {
  const right = new Map(b.map((field) => [field.path, field]))
  const left = new Set(a.map((field) => field.path))
  const found: Difference[] = []
  for (const field of a) {
    const other = right.get(field.path)
    if (other?.value !== field.value) found.push(differenceOf(field, other))
  }
  for (const field of b) if (!left.has(field.path)) found.push(differenceOf(undefined, field))
  return found
}

function differenceOf(a: Field | undefined, b: Field | undefined): Difference {
  const side = (field: Field): { readonly value: string; readonly meaning?: string } =>
    field.meaning === undefined
      ? { value: String(field.value) }
      : { value: String(field.value), meaning: field.meaning }
  return {
    path: a?.path ?? b?.path ?? '',
    ...(a === undefined ? {} : { a: side(a) }),
    ...(b === undefined ? {} : { b: side(b) }),
  }
}
