import { equalBytes } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import { type Window, windowOf } from './certificates.ts'
import { type JsonReader, parseJson } from './json.ts'

/** Intel's words for the state of a platform, in rising severity. */
export const PLATFORM_STATUSES = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'Revoked',
] as const

export type PlatformStatus = (typeof PLATFORM_STATUSES)[number]

/** What a level says when it is the one that matches. */
export interface Level {
  readonly status: PlatformStatus
  /** ISO 8601, as Intel wrote it. */
  readonly date: string
  readonly advisories: readonly string[]
}

/** One TCB level of a platform. */
export interface TcbLevel extends Level {
  /** SVNs of the 16 SGX components. */
  readonly sgx: readonly number[]
  readonly pceSvn: number
  /** SVNs of the 16 TDX components; undefined in TCB info for SGX. */
  readonly tdx: readonly number[] | undefined
}

/** A level of the Quoting Enclave or of the TDX module. */
export interface SvnLevel extends Level {
  readonly isvSvn: number
}

/** What Intel's TDX module says of itself. */
export interface ModuleSigner {
  readonly mrSigner: Uint8Array
  readonly attributes: Uint8Array
  readonly attributesMask: Uint8Array
}

/** Identity of one major version of the TDX module. */
export interface ModuleIdentity extends ModuleSigner {
  /** E.g. `TDX_01`. */
  readonly id: string
  readonly levels: readonly SvnLevel[]
}

/** What a component of the TCB is, in Intel's words. */
export interface ComponentName {
  readonly category: string | undefined
  readonly type: string | undefined
}

/** TCB info: the TCB levels of one FMSPC. Levels are sorted, highest first. */
export interface TcbInfo {
  readonly id: 'SGX' | 'TDX'
  readonly version: number
  readonly window: Window
  /** 6 bytes. */
  readonly fmspc: Uint8Array
  /** 2 bytes. */
  readonly pceId: Uint8Array
  readonly evaluationDataNumber: number
  readonly levels: readonly TcbLevel[]
  /** Names of the components, where the first level tells them. */
  readonly sgxNames: readonly ComponentName[]
  readonly tdxNames: readonly ComponentName[]
  readonly module: ModuleSigner | undefined
  readonly moduleIdentities: readonly ModuleIdentity[]
}

const COMPONENTS = 16
const MAX_LEVELS = 256
const MAX_IDENTITIES = 64
const MAX_ADVISORIES = 256
const MAX_NUMBER = 0xffffffff

/**
 * Parses TCB info of version 2 or 3: the exact text that Intel signed.
 * @throws EvidenceError
 * @see Intel PCS API documentation version 4, "Get TCB Info"
 */
export function parseTcbInfo(text: string): TcbInfo {
  const json = parseJson(text, 'tcbInfo')
  const version = json.integer('version', 3)
  if (version < 2) throw json.error('version', '2 or 3')
  const id = version === 2 ? 'SGX' : json.word('id', ['SGX', 'TDX'])
  if (json.integer('tcbType', MAX_NUMBER) !== 0) throw json.error('tcbType', '0')
  const tdx = id === 'TDX'
  const records = json.list('tcbLevels', MAX_LEVELS)
  return {
    id,
    version,
    window: readWindow(json),
    fmspc: json.hex('fmspc', 6),
    pceId: json.hex('pceId', 2),
    evaluationDataNumber: json.integer('tcbEvaluationDataNumber', MAX_NUMBER),
    levels: sortLevels(records.map((one) => readTcbLevel(one, version, tdx))),
    sgxNames: version === 3 ? readNames(records[0], 'sgxtcbcomponents') : [],
    tdxNames: tdx ? readNames(records[0], 'tdxtcbcomponents') : [],
    module: tdx ? readModuleSigner(json.object('tdxModule')) : undefined,
    moduleIdentities:
      tdx && json.has('tdxModuleIdentities')
        ? json.list('tdxModuleIdentities', MAX_IDENTITIES).map(readModuleIdentity)
        : [],
  }
}

/** issueDate to nextUpdate of a signed document. */
export function readWindow(json: JsonReader): Window {
  return windowOf(json.time('issueDate'), json.time('nextUpdate'))
}

/** Levels by one SVN, highest first. @throws EvidenceError when there are none, or two of one SVN */
export function readSvnLevels(json: JsonReader): readonly SvnLevel[] {
  const levels = json
    .list('tcbLevels', MAX_LEVELS)
    .map((one) => ({ isvSvn: one.object('tcb').integer('isvsvn', 0xffff), ...readLevel(one) }))
  return sorted(levels, (a, b) => b.isvSvn - a.isvSvn)
}

function readTcbLevel(json: JsonReader, version: number, tdx: boolean): TcbLevel {
  const tcb = json.object('tcb')
  return {
    sgx: version === 3 ? readComponents(tcb, 'sgxtcbcomponents') : readNumberedComponents(tcb),
    pceSvn: tcb.integer('pcesvn', 0xffff),
    tdx: tdx ? readComponents(tcb, 'tdxtcbcomponents') : undefined,
    ...readLevel(json),
  }
}

function readLevel(json: JsonReader): Level {
  json.time('tcbDate')
  return {
    status: json.word('tcbStatus', PLATFORM_STATUSES),
    date: json.text('tcbDate'),
    advisories: json.has('advisoryIDs') ? json.texts('advisoryIDs', MAX_ADVISORIES) : [],
  }
}

function readComponents(tcb: JsonReader, name: string): readonly number[] {
  const components = tcb.integers(name, 'svn', 0xffff)
  if (components.length !== COMPONENTS) throw tcb.error(name, `${COMPONENTS} components`)
  return components
}

function readNumberedComponents(tcb: JsonReader): readonly number[] {
  return Array.from({ length: COMPONENTS }, (_, i) =>
    tcb.integer(`sgxtcbcomp${String(i + 1).padStart(2, '0')}svn`, 0xffff),
  )
}

function readNames(level: JsonReader | undefined, name: string): readonly ComponentName[] {
  if (level === undefined) return []
  const word = (json: JsonReader, member: string): string | undefined =>
    json.has(member) ? json.text(member) : undefined
  return level
    .object('tcb')
    .list(name, COMPONENTS)
    .map((one) => ({ category: word(one, 'category'), type: word(one, 'type') }))
}

function readModuleSigner(json: JsonReader): ModuleSigner {
  return {
    mrSigner: json.hex('mrsigner', 48),
    attributes: json.hex('attributes', 8),
    attributesMask: json.hex('attributesMask', 8),
  }
}

function readModuleIdentity(json: JsonReader): ModuleIdentity {
  return { id: json.text('id'), ...readModuleSigner(json), levels: readSvnLevels(json) }
}

// Intel sorts them today; a verdict must not rest on that.
function sortLevels(levels: readonly TcbLevel[]): readonly TcbLevel[] {
  return sorted(
    levels,
    (a, b) => descending(a.sgx, b.sgx) || b.pceSvn - a.pceSvn || descending(a.tdx ?? [], b.tdx ?? []),
  )
}

function sorted<T>(levels: readonly T[], compare: (a: T, b: T) => number): readonly T[] {
  if (levels.length === 0) throw refuse('no TCB levels', 'at least one')
  const inOrder = [...levels].sort(compare)
  for (let i = 1; i < inOrder.length; i++) {
    if (compare(inOrder[i - 1] as T, inOrder[i] as T) === 0) throw refuse('two equal TCB levels', 'each level once')
  }
  return inOrder
}

function descending(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (b[i] as number) - (a[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}

function refuse(found: string, expected: string): EvidenceError {
  return new EvidenceError('malformed', found, { field: 'tcbLevels', offset: 0, expected })
}

/** The identity of a module version, or undefined: `TDX_` and two hex digits, either case. */
export function moduleIdentityOf(info: TcbInfo, version: number): ModuleIdentity | undefined {
  const id = `TDX_${version.toString(16).padStart(2, '0')}`.toUpperCase()
  return info.moduleIdentities.find((one) => one.id.toUpperCase() === id)
}

/** Whether `value`, under `mask`, is `expected`. */
export function equalUnderMask(value: Uint8Array, mask: Uint8Array, expected: Uint8Array): boolean {
  return equalBytes(
    value.map((byte, i) => byte & (mask[i] ?? 0)),
    expected,
  )
}
