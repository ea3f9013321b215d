import { equalBytes, fromHex } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import type { Tee } from '../core/verdict.ts'
import { identify, openBinary, strangerOf } from './binary.ts'
import { openCmw, openCmwJson } from './cmw.ts'
import { holdsEvidence, openEnvelope, openMixed } from './envelopes.ts'
import { openGoogleJson } from './google.ts'
import {
  type Companion,
  type Identified,
  MAX_INPUT,
  MAX_PARTS,
  MAX_WRAPPERS,
  type Opened,
  type Part,
  type Recognised,
  type RecognisedPart,
} from './model.ts'
import { underKnownNames } from './other-names.ts'
import { isForm } from './search.ts'
import { structureOf } from './structured.ts'
import { openText, textOf } from './text.ts'
import { openBundles } from './token.ts'
import { KEYLIME } from './tpm-others.ts'
import { tried } from './tried.ts'
import { openWritten } from './written.ts'

/**
 * Finds the evidence in what somebody was handed: a raw report or quote, or one in hexadecimal,
 * base64, PEM, a conceptual message wrapper, one of the JSON envelopes in which attesters send them, the
 * answer of a guest device, or up to four of these around each other. Nothing is verified.
 *
 * @param input at most 10,000,000 bytes
 * @throws EvidenceError that names the wrapper, says at which byte what was expected, and what was tried; also
 *   for a wrapper around several pieces of evidence, none of which is the first: see {@link recogniseParts}
 */
export function recognise(input: Uint8Array): Recognised {
  const [only] = unwrap({ bytes: within(input), where: 'input', around: NOTHING_AROUND, label: '' }, 'one')
  if (only === undefined) throw new Error('nothing was recognised, and nothing refused')
  return only.recognised
}

/**
 * As {@link recognise}, of every piece of evidence in the input: the messages of a collection, and the evidence
 * of devices beside that of the machine they are in. One piece alone has an empty label.
 *
 * @throws EvidenceError when one of them cannot be recognised, and for more than 64
 */
export function recogniseParts(input: Uint8Array): readonly RecognisedPart[] {
  return unwrap({ bytes: within(input), where: 'input', around: NOTHING_AROUND, label: '' }, 'all')
}

function within(input: Uint8Array): Uint8Array {
  if (input.length <= MAX_INPUT) return input
  throw new EvidenceError('too-large', `${input.length} bytes`, {
    field: 'input',
    offset: MAX_INPUT,
    expected: `at most ${MAX_INPUT} bytes`,
  })
}

type Around = Pick<Recognised, 'wrappers' | 'companions' | 'unused'>

const NOTHING_AROUND: Around = { wrappers: [], companions: [], unused: [] }

/** Bytes with their wrappers partly off. */
interface Wrapped {
  readonly bytes: Uint8Array
  readonly where: string
  readonly around: Around
  readonly label: string
  /** What the wrapper around these says that they are. */
  readonly tees?: readonly Tee[]
}

/** One piece, every piece, or every piece of what lies beside others, which refuses none. */
type Which = 'one' | 'all' | 'rival'

function unwrap(outer: Wrapped, which: Which): readonly RecognisedPart[] {
  const others: RecognisedPart[] = []
  const rivals: (() => readonly RecognisedPart[])[] = []
  let at = outer
  for (;;) {
    at = { ...at, bytes: underKnownNames(at.bytes) ?? at.bytes }
    const cmw = openCmw(at.bytes)
    const found = cmw === undefined ? identify(at.bytes) : undefined
    const mixed =
      found !== undefined && MIXED.includes(found.tee) ? openMixed(at.bytes, found.tee, at.where) : undefined
    if (found !== undefined && mixed === undefined)
      return withoutRivals([{ label: at.label, recognised: finish(found, at) }, ...others], rivals, which, outer.where)
    const opened = cmw ?? (typeof mixed === 'object' ? mixed : openOne(at.bytes, at.where))
    const around = taken(at, which === 'one' ? namingOthers(opened) : opened)
    const [, second] = opened.parts ?? []
    if (second !== undefined) {
      if (which === 'one') throw several(opened.parts ?? [], at.where)
      const parts = (opened.parts ?? []).flatMap((part) => unwrapPart(part, { ...at, around }, which))
      return withoutRivals([...others, ...parts], rivals, which, outer.where)
    }
    const from = at
    for (const part of opened.rivals ?? []) rivals.push(() => unwrapPart(part, { ...from, around, label: '' }, 'rival'))
    // Companions are of the machine, but a wrapper that somebody signed is around the devices too.
    const signed = at.around.companions.filter(({ kind }) => kind === 'signed-wrapper')
    for (const part of which === 'one' ? [] : (opened.beside ?? []))
      others.push(...unwrapPart(part, { ...at, around: { ...around, companions: signed, unused: [] } }, which))
    if (others.length > MAX_PARTS) throw tooMany(at.where)
    at = into(opened, { ...at, around })
  }
}

/**
 * What was found, where no evidence is left over that its form does not carry: it would be judged by nobody, and a verdict on
 * the rest be taken for one on the whole. The same piece again is none, a token is what a service says and may be any program's,
 * and devices are named where one piece is asked for.
 */
function withoutRivals(
  found: readonly RecognisedPart[],
  rivals: readonly (() => readonly RecognisedPart[])[],
  which: Which,
  where: string,
): readonly RecognisedPart[] {
  const taken = (one: Recognised): boolean =>
    found.some(({ recognised: { tee, evidence } }) => tee === one.tee && equalBytes(evidence, one.evidence))
  // What cannot be opened is no evidence, and its member was named.
  const left = rivals.flatMap((open) =>
    (tried(open) ?? []).filter(({ recognised: one }) => !taken(one) && one.tee !== 'token'),
  )
  if (which === 'rival') return [...found, ...left]
  const over = left.find(({ recognised }) => which === 'all' || recognised.tee !== 'nvidia-gpu')
  if (over === undefined) return found
  const forms = found.map(({ recognised }) => recognised.form).join(', ')
  throw new EvidenceError(
    'unsupported-kind',
    `${over.recognised.form} in ${over.label.slice(0, 128)} beside ${forms}`,
    {
      field: where,
      offset: 0,
      expected: SEVERAL,
    },
  )
}

const SEVERAL =
  'one piece of evidence in this form; several are carried by a collection (CMW), or by `primary_evidence` with `additional_evidence`'

/** Whose JSON forms are objects that other evidence may stand in as well. */
const MIXED: readonly Tee[] = ['nvidia-gpu', 'azure-vtpm', 'tpm']

// What is not taken is said, and what nobody will check.
function namingOthers(opened: Opened): Opened {
  const { beside = [], unused = [], companions = [] } = opened
  const others = beside.length === 0 ? [] : ['the evidence of further devices']
  const signed = companions.some(({ kind }) => kind === 'signed-wrapper') ? [SIGNED] : []
  return { ...opened, unused: [...signed, ...unused, ...others] }
}

const SIGNED = 'the signature around the wrapper, which nobody has checked'

function taken({ bytes, where, around }: Wrapped, opened: Opened): Around {
  if (around.wrappers.length === MAX_WRAPPERS) throw tooDeep(where)
  return {
    wrappers: [...around.wrappers, { name: opened.name, length: bytes.length }],
    companions: [...around.companions, ...(opened.companions ?? [])],
    unused: [...around.unused, ...(opened.unused ?? [])],
  }
}

function into({ inner, path, tees }: Opened, from: Wrapped): Wrapped {
  if (!('bytes' in inner)) throw new Error('a JSON value was left unopened')
  const where = path === '' ? from.where : `${from.where}.${path}`
  const kinds = tees ?? from.tees
  return {
    bytes: inner.bytes,
    where,
    around: from.around,
    label: from.label,
    ...(kinds === undefined ? {} : { tees: kinds }),
  }
}

function unwrapPart(part: Part, from: Wrapped, which: Which): readonly RecognisedPart[] {
  const label = from.label === '' ? part.label : `${from.label}/${part.label}`
  const where = `${from.where}.${part.label.slice(0, 64)}`
  const bytes = 'bytes' in part.inner ? part.inner.bytes : new TextEncoder().encode(JSON.stringify(part.inner.json))
  const companions = [...from.around.companions, ...(part.companions ?? [])]
  return unwrap(
    {
      bytes,
      where,
      around: { ...from.around, companions },
      label,
      ...(part.tees === undefined ? {} : { tees: part.tees }),
    },
    which,
  )
}

function several(parts: readonly Part[], where: string): EvidenceError {
  const labels = parts.slice(0, 8).map(({ label }) => JSON.stringify(label.slice(0, 32)))
  return new EvidenceError('unsupported-kind', `${parts.length} pieces of evidence: ${labels.join(', ')}`, {
    field: where,
    offset: 0,
    expected: 'one piece; several are taken one by one',
  })
}

function tooMany(where: string): EvidenceError {
  return new EvidenceError('too-large', 'a further piece of evidence', {
    field: where,
    offset: 0,
    expected: `at most ${MAX_PARTS} pieces`,
  })
}

/** Takes one wrapper off bytes; a JSON envelope goes together with the encoding of the member inside. */
function openOne(bytes: Uint8Array, where: string): Opened {
  const binary = openBinary(bytes)
  if (binary !== undefined) return binary
  const text = textOf(bytes)
  if (text === undefined) return openStructured(bytes, where)
  const opened = openWritten(text, where)
  return 'json' in opened.inner ? openJson(opened.inner.json, where) : opened
}

/** A structure of somebody's own around evidence, in CBOR or MessagePack. */
function openStructured(bytes: Uint8Array, where: string): Opened {
  const structure = structureOf(bytes)
  if (structure === undefined) throw unknownBytes(bytes, where)
  const { name, value, signed } = structure
  if (typeof value === 'string') {
    const inner = fromHex(value)
    if (inner === undefined || identify(inner) === undefined) throw unknownBytes(bytes, where)
    return { name: `${name} byte string`, inner: { bytes: inner }, path: '' }
  }
  if (!holdsEvidence(value)) throw unknownBytes(bytes, where)
  const opened = openJson(value, where, name)
  return signed ? { ...opened, unused: [SIGNED, ...(opened.unused ?? [])] } : opened
}

// A value inside a value inside a value is one wrapper per object; encodings of members are part of it.
function openJson(json: unknown, where: string, format = 'JSON'): Opened {
  const names: string[] = []
  const paths: string[] = []
  const companions: Companion[] = []
  const unused: string[] = []
  const beside: Part[] = []
  const rivals: Part[] = []
  let value = json
  for (let depth = 0; depth < 2 * MAX_WRAPPERS; depth++) {
    const at = [where, ...paths].join('.')
    const leaf = depth === 0 ? undefined : leafOf(value)
    if (leaf !== undefined) {
      const name = [format, names.toReversed().join(' in ')].join(': ')
      return { name, inner: { bytes: leaf }, path: paths.join('.'), companions, unused, beside, rivals }
    }
    const cmw = openCmwJson(value, at)
    if (cmw !== undefined) {
      companions.push(...(cmw.companions ?? []))
      return { ...cmw, path: paths.join('.'), unused: [...unused, ...(cmw.unused ?? [])], companions, beside, rivals }
    }
    const opened = openBundles(value) ?? openGoogleJson(value) ?? openEnvelope(value, at)
    unused.push(...(opened.unused ?? []))
    rivals.push(...(opened.rivals ?? []))
    if (opened.parts !== undefined) {
      const name = opened.name.replace(/^JSON/, format)
      return { ...opened, name, path: paths.join('.'), companions, unused, beside, rivals }
    }
    beside.push(...(opened.beside ?? []))
    if (opened.name.startsWith('JSON: ')) names.push(opened.name.slice(6))
    if (opened.path !== '') paths.push(opened.path)
    companions.push(...(opened.companions ?? []))
    if ('bytes' in opened.inner) {
      const inner = typeof value === 'string' ? memberBytes(value, at) : { bytes: opened.inner.bytes }
      unused.push(...(inner.unused ?? []))
      rivals.push(...(inner.rivals ?? []))
      return {
        name: [format, names.toReversed().join(' in ')].filter((part) => part !== '').join(': '),
        inner: { bytes: inner.bytes },
        path: paths.join('.'),
        companions,
        unused,
        beside,
        rivals,
      }
    }
    value = opened.inner.json
  }
  throw tooDeep(where)
}

function leafOf(value: unknown): Uint8Array | undefined {
  if (!isForm(value)) return undefined
  const bytes = new TextEncoder().encode(JSON.stringify(value))
  return identify(bytes) === undefined ? undefined : bytes
}

// A token in compact form is text as it is, and so is a quote of Keylime.
const COMPACT = /^\s*eyJ[\w-]*\.[\w-]+\.[\w-]*\s*$/

function memberBytes(text: string, where: string): Pick<Opened, 'unused' | 'rivals'> & { readonly bytes: Uint8Array } {
  const plain = { bytes: new TextEncoder().encode(text) }
  if (COMPACT.test(text) || KEYLIME.test(text)) return plain
  const { inner, unused = [], rivals = [] } = openText(text, where)
  return 'bytes' in inner ? { bytes: inner.bytes, unused, rivals } : plain
}

function finish(found: Identified, { around, tees, where }: Wrapped): Recognised {
  if (tees !== undefined && !tees.includes(found.tee))
    throw new EvidenceError('malformed', `evidence of another kind (${found.form})`, {
      field: where,
      offset: 0,
      expected: `what its media type says: evidence of the kind ${tees.join(', ')}`,
    })
  return {
    tee: found.tee,
    form: found.form,
    evidence: new Uint8Array(found.bytes),
    wrappers: around.wrappers,
    companions: [...around.companions, ...(found.companions ?? [])],
    unused: [...around.unused, ...(found.unused ?? [])],
  }
}

function unknownBytes(bytes: Uint8Array, where: string): EvidenceError {
  const stranger = strangerOf(bytes)
  return new EvidenceError('unsupported-kind', stranger ?? `${bytes.length} bytes that begin like nothing known`, {
    field: where,
    offset: 0,
    expected:
      "an SEV-SNP report (version in 4 bytes, algorithm 1 at byte 52), an SGX or TDX quote (version 3, 4 or 5, key type 2, Intel's vendor id at byte 12), or other evidence that `sekisho support` lists",
  })
}

function tooDeep(where: string): EvidenceError {
  return new EvidenceError('too-large', 'a further wrapper', {
    field: where,
    offset: 0,
    expected: `at most ${MAX_WRAPPERS} wrappers around evidence`,
  })
}
