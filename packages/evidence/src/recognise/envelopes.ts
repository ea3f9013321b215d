import { EvidenceError } from '../core/errors.ts'
import type { Tee } from '../core/verdict.ts'
import { besidePaths, certificatesBeside, companionsAlong, logBeside, namesOf } from './beside.ts'
import { companionsOf, isBlank, own, spelling } from './envelope-companions.ts'
import { ENVELOPES, type Envelope } from './envelope-forms.ts'
import { jsonFault } from './json-error.ts'
import { type Companion, MAX_PARTS, type Opened, type Part } from './model.ts'
import { evidenceIn, evidenceWith, type Hit } from './search.ts'
import { measureOfQemu } from './sev-ibm.ts'
import { byteArray, isMembers, isReportStructure, reportFromStructure } from './snp-structure.ts'
import { objectStranger } from './strangers.ts'
import { textOf } from './text.ts'

type Members = Readonly<Record<string, unknown>>

/**
 * Takes a JSON value apart.
 *
 * @throws EvidenceError when it is no form that is known; it names the members that were found
 */
export function openEnvelope(value: unknown, where: string): Opened {
  const bytes = byteArray(value)
  if (bytes !== undefined && bytes.length > 0) return { name: 'array of numbers', inner: { bytes }, path: '' }
  if (typeof value === 'string')
    return { name: 'JSON string', inner: { bytes: new TextEncoder().encode(value) }, path: '' }
  if (isReportStructure(value))
    return { name: 'SEV-SNP report, field by field', inner: { bytes: reportFromStructure(value) }, path: '' }
  if (Array.isArray(value)) return openOnly(value, where)
  if (isMembers(value)) return openObject(value, where)
  throw unknownForm(where, 'a JSON value that holds no evidence')
}

function openOnly(values: readonly unknown[], where: string): Opened {
  if (values.length === 1) return { name: 'list of one', inner: { json: values[0] }, path: '[0]' }
  return openStrange(values, where)
}

function openObject(object: Members, where: string): Opened {
  const envelope = envelopeOf(object)
  const names = envelope?.members[0]
  const path = names === undefined ? undefined : spelling(object, names)
  const measure = measureOfQemu(object)
  if (measure !== undefined) return { name: 'JSON: answer of QEMU', inner: { json: measure }, path: 'data' }
  if (envelope === undefined || path === undefined) return openStrange(object, where)
  const taken = known(envelope, path)
  // Certificates in what holds other evidence belong to that.
  const beside = certificatesBeside(object, (name) => !taken.includes(name) && !holdsEvidence(object[name]))
  const named = companionsOf(object, envelope)
  const isTd = !named.some(({ kind }) => kind === 'event-log') && evidenceIn(object[path], isHolder)[0]?.tee === 'tdx'
  const companions = [...named, ...beside, ...(isTd ? logBeside(object, path) : [])]
  const others = othersOf(object, envelope, path, companions)
  const [rivals, strangers] = [rivalsOf(object, envelope, path), disguised(object, envelope, path)]
  return {
    name: `JSON: ${envelope.name}`,
    inner: { json: object[path] },
    path,
    companions,
    beside: [...besideOf(object, envelope), ...others.beside],
    rivals: [...rivals, ...strangers]
      .flatMap((name) => hitsOf(name, object[name]))
      .map(({ label, inner }) => ({ label, inner }))
      .concat(others.rivals),
    unused: [
      ...Object.entries(envelope.unused ?? {})
        .filter(([name]) => name !== path && !isBlank(own(object, name)))
        .map(([, text]) => text),
      ...rivals.map((name) => `the member ${name}, which may hold other evidence`),
      ...strangers.map((name) => `the member ${name}, which holds other evidence`),
      ...others.unused,
    ],
  }
}

/** Whether there is evidence somewhere in a value. */
export function holdsEvidence(value: unknown): boolean {
  return evidenceIn(value, isHolder).length > 0
}

function firstOf([first]: readonly unknown[]): string {
  const stranger = isMembers(first) ? objectStranger(Object.keys(first)) : undefined
  return stranger === undefined ? '' : `, the first of them ${stranger}`
}

/** An object or a list that is no form: whatever evidence is somewhere in it. */
function openStrange(object: Members | readonly unknown[], where: string): Opened {
  const hits = evidenceIn(object, isHolder)
  const [only, second] = hits
  if (only === undefined) {
    if (!isMembers(object)) throw unknownForm(where, `a list of ${object.length} values${firstOf(object)}`)
    const members = Object.keys(object)
    const about = members.some((name) => COLLATERAL.includes(name)) ? ': that is collateral, not evidence' : ''
    throw unknownForm(
      where,
      members.length === 0
        ? 'an object without members'
        : (objectStranger(members) ?? `an object with ${namesOf(members)}${about}`),
    )
  }
  const companions = companionsAlong(object, only.tee, only.path, [], () => true)
  const around = Object.entries(object).flatMap(([name, one]) =>
    name === only.path[0] || isBlank(one) || isTaken(name, companions) ? [] : [name],
  )
  const name = isMembers(object) ? 'JSON: other object' : 'JSON: list'
  if (second !== undefined) {
    const parts = partsOf(hits, where, object)
    const taken = parts.flatMap((part) => part.companions ?? [])
    const beside = besidePaths(
      object,
      hits.map(({ path }) => path),
    ).filter((one) => !isTaken(lastOf(one), taken))
    const unused = beside.length === 0 ? [] : [`what lies beside the evidence: ${namesOf(beside)}`]
    return { name, inner: only.inner, path: '', parts, unused }
  }
  const [outer = '', ...path] = only.path
  const deeper = path.length === 0 ? [] : besidePaths(Reflect.get(object, outer), [path], `${outer}.`)
  const inside = deeper.filter((one) => !isTaken(lastOf(one), companions))
  const names = isMembers(object) ? namesOf([...around, ...inside]) : 'other values of the list'
  const unused = around.length + inside.length === 0 ? [] : [`what lies around it: ${names}`]
  return { name, inner: only.inner, path: only.path.join('.'), companions, unused }
}

const lastOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1)

/** Kinds of evidence that no certificates of AMD or Intel belong to. */
const OTHERS: readonly (Tee | undefined)[] = ['nvidia-gpu', 'token', 'nitro', 'tpm']

function partsOf(hits: readonly Hit[], where: string, object: unknown): readonly Part[] {
  if (hits.length > MAX_PARTS)
    throw new EvidenceError('too-large', 'a further piece of evidence', {
      field: where,
      offset: 0,
      expected: `at most ${MAX_PARTS} pieces`,
    })
  const rivals = hits.filter(({ tee }) => !OTHERS.includes(tee))
  return hits.map((hit) => {
    const { path, tee, inner } = hit
    const around = rivals.flatMap((one) => (one === hit ? [] : [one.path]))
    return {
      label: path.length > 0 ? path.join('.') : tee === 'nvidia-gpu' ? 'devices' : tee === 'tpm' ? 'tpm' : 'machine',
      inner,
      companions: rivals.includes(hit)
        ? companionsAlong(object, tee, path, around, (value) => !holdsEvidence(value))
        : [],
    }
  })
}

/**
 * A form whose parts mean something only together, with other evidence beside these.
 *
 * @returns undefined where there is none; `form` where it is that of another form, whose reader sees the first one too
 */
export function openMixed(bytes: Uint8Array, tee: Tee, where: string): Opened | 'form' | undefined {
  const text = textOf(bytes)
  if (text === undefined || !/^\s*[[{]/.test(text) || jsonFault(text) !== undefined) return undefined
  const value: unknown = JSON.parse(text)
  const hits = evidenceWith(value, tee, isHolder)
  const [first, ...others] = hits
  if (first === undefined || others.length === 0) return undefined
  const names = isMembers(value) && tee !== 'tpm' ? (envelopeOf(value)?.members[0] ?? []) : []
  if (others.some(({ path: [name = ''] }) => names.includes(name))) return 'form'
  return {
    name: 'JSON: evidence with more beside it',
    inner: first.inner,
    path: '',
    parts: partsOf(hits, where, value),
  }
}

const COLLATERAL: readonly string[] = [
  ...['tcbInfo', 'enclaveIdentity', 'tcb_info_signature', 'qe_identity_signature', 'pck_crl', 'root_ca_crl'],
  ...['keys', 'vcekCert'],
]

function isHolder(object: object, name: string): boolean {
  const envelope = isMembers(object) ? envelopeOf(object) : undefined
  return envelope?.members[0]?.includes(name) === true
}

function envelopeOf(object: Members): Envelope | undefined {
  return ENVELOPES.find((one) => one.members.every((names) => spelling(object, names) !== undefined))
}

const LONG = 64

/** Members that the form does not know: evidence of devices stands on its own, and nothing else goes unnamed. */
function othersOf(
  object: Members,
  envelope: Envelope,
  path: string,
  companions: readonly Companion[],
): Required<Pick<Opened, 'beside' | 'unused' | 'rivals'>> {
  const names = known(envelope, path)
  const beside: Part[] = []
  const rivals: Part[] = []
  const unused: string[] = []
  const plain: string[] = []
  for (const [name, value] of Object.entries(object)) {
    if (names.includes(name) || isBlank(value) || isTaken(name, companions)) continue
    const hits = hitsOf(name, value)
    if (hits.length === 0) {
      if (typeof value === 'object' || (typeof value === 'string' && value.length >= LONG)) plain.push(name)
    } else if (hits.every(({ tee }) => tee === 'nvidia-gpu'))
      beside.push(...hits.map(({ label, inner, tee = 'nvidia-gpu' }) => ({ label, inner, tees: [tee] })))
    else {
      rivals.push(...hits.map(({ label, inner }) => ({ label, inner })))
      unused.push(`the member ${name.slice(0, LONG)}, which holds other evidence`)
    }
  }
  return { beside, rivals, unused: plain.length === 0 ? unused : [...unused, `what lies beside it: ${namesOf(plain)}`] }
}

/** Evidence in a member, labelled with its path. */
function hitsOf(name: string, value: unknown): readonly (Hit & Pick<Part, 'label'>)[] {
  return evidenceIn(value, isHolder).map((hit) => ({ ...hit, label: [name.slice(0, LONG), ...hit.path].join('.') }))
}

function known(envelope: Envelope, path: string): readonly string[] {
  return [...knownOf(envelope, path), ...CANDIDATES, ...(envelope.beside === undefined ? [] : [envelope.beside])]
}

function isTaken(name: string, companions: readonly Companion[]): boolean {
  const from = name.slice(0, LONG)
  return companions.some(
    (one) => one.from === from || [`${from}[`, `${from}.`].some((start) => one.from.startsWith(start)),
  )
}

function knownOf({ companions = {}, unused = {}, members }: Envelope, path: string): readonly string[] {
  return [path, ...Object.keys(companions), ...Object.keys(unused), ...members.slice(1).flat()]
}

const CANDIDATES: readonly string[] = [...new Set(ENVELOPES.flatMap(({ members }) => members[0] ?? []))]

// Whoever looks for another member first sees other evidence: it must not go unnamed.
function rivalsOf(object: Members, envelope: Envelope, path: string): readonly string[] {
  const known = knownOf(envelope, path)
  return CANDIDATES.filter((name) => !known.includes(name) && !isBlank(own(object, name)))
}

// Of these the form says something else: that they are certificates, say, or a nonce.
function disguised(
  object: Members,
  { companions = {}, unused = {}, members }: Envelope,
  path: string,
): readonly string[] {
  const names = [...Object.keys(companions), ...Object.keys(unused), ...members.slice(1).flat()]
  const isOther = (name: string): boolean => {
    const expected = Object.hasOwn(EXPECTED, name) ? EXPECTED[name] : undefined
    return evidenceIn(own(object, name), isHolder).some(({ tee }) => expected === undefined || tee !== expected)
  }
  return [...new Set(names)].filter((name) => name !== path && !READ.includes(name) && isOther(name))
}

/** Members of Azure's forms that have evidence in them by the form's own word, each of its own kind. */
const EXPECTED: Readonly<Record<string, Tee>> = { hcl_report: 'azure-vtpm', tpm_quote: 'tpm', quote: 'tpm' }
/** Members with evidence of whatever kind: that of devices, and with dstack the same quote again. */
const READ: readonly string[] = ['additional_evidence', 'attestation']

const MAX_BESIDE = 16

// KBS protocol, section 3: text, empty or of an object from TEE to evidence.
function besideOf(object: Members, { beside }: Envelope): readonly Part[] {
  const value = beside === undefined ? undefined : own(object, beside)
  if (beside === undefined || isBlank(value)) return []
  const devices: unknown = typeof value === 'string' && jsonFault(value) === undefined ? JSON.parse(value) : undefined
  if (!isMembers(devices) || Object.keys(devices).length === 0) {
    throw new EvidenceError('malformed', 'another value', {
      field: beside,
      offset: 0,
      expected: 'text: empty, or a JSON object from TEE to evidence',
    })
  }
  const all = Object.entries(devices)
  if (all.length > MAX_BESIDE)
    throw new EvidenceError('too-large', `${all.length} kinds of devices`, {
      field: beside,
      offset: 0,
      expected: `at most ${MAX_BESIDE}`,
    })
  return all.map(([name, json]) => {
    const tees = KBS_TEES[name]
    return { label: `${beside}/${name}`, inner: { json }, ...(tees === undefined ? {} : { tees: [tees] }) }
  })
}

/** Names of the KBS protocol, section 3. */
const KBS_TEES: Readonly<Record<string, Tee>> = {
  nvidia: 'nvidia-gpu',
  sgx: 'sgx',
  snp: 'snp',
  tdx: 'tdx',
  cca: 'cca',
  tpm: 'tpm',
  se: 'ibm-se',
  'az-snp-vtpm': 'azure-vtpm',
  'az-tdx-vtpm': 'azure-vtpm',
}

function unknownForm(where: string, found: string): EvidenceError {
  const forms = [...new Set(ENVELOPES.map((one) => one.members[0]?.[0]))].map((name) => `\`${name}\``)
  return new EvidenceError('unsupported-kind', found, {
    field: where,
    offset: 0,
    expected: `an object with one of the members ${forms.join(', ')}`,
  })
}
