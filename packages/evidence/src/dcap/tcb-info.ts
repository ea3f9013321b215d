import { refuse } from '../core/errors.ts'
import type { Window } from './certificates.ts'
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
  /** What the components are, in Intel's words and in brackets, where the first level tells. */
  readonly sgxNames: readonly string[]
  readonly tdxNames: readonly string[]
  readonly module: ModuleSigner | undefined
  readonly moduleIdentities: readonly ModuleIdentity[]
}

const COMPONENTS = 16
const MAX_LEVELS = 256
const MAX_IDENTITIES = 64
const MAX_ADVISORIES = 256
const MAX_NUMBER = 0xffffffff
const MAX_SVN = 0xffff

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
  const levels = records.map((one) => readTcbLevel(one, version, tdx))
  const identities =
    tdx && json.get('tdxModuleIdentities') !== undefined ? json.list('tdxModuleIdentities', MAX_IDENTITIES) : []
  const ids = identities.map((one) => one.text('id').toUpperCase())
  if (new Set(ids).size < ids.length) throw refuse('tdxModuleIdentities', 'two equal ones', 'each once')
  const named = records[0]?.object('tcb')
  return {
    id,
    version,
    window: readWindow(json),
    fmspc: json.hex('fmspc', 6),
    pceId: json.hex('pceId', 2),
    evaluationDataNumber: json.integer('tcbEvaluationDataNumber', MAX_NUMBER),
    // Intel sorts them today; a verdict must not rest on that.
    levels: descending(levels, compareLevels),
    sgxNames: readNames(named?.get('sgxtcbcomponents')),
    tdxNames: readNames(named?.get('tdxtcbcomponents')),
    module: tdx ? readModuleSigner(json.object('tdxModule')) : undefined,
    moduleIdentities: identities.map((one) => ({
      id: one.text('id'),
      ...readModuleSigner(one),
      levels: readSvnLevels(one),
    })),
  }
}

/** issueDate to nextUpdate of a signed document. */
export function readWindow(json: JsonReader): Window {
  return { from: json.time('issueDate'), until: json.time('nextUpdate') }
}

/** Levels by one SVN, highest first. @throws EvidenceError when there are none, or two of one SVN */
export function readSvnLevels(json: JsonReader): readonly SvnLevel[] {
  const levels = json.list('tcbLevels', MAX_LEVELS).map(
    (one): SvnLevel => ({
      isvSvn: one.object('tcb').integer('isvsvn', MAX_SVN),
      status: one.word('tcbStatus', PLATFORM_STATUSES),
      date: readDate(one),
      advisories: readAdvisories(one),
    }),
  )
  return descending(levels, (a, b) => b.isvSvn - a.isvSvn)
}

// Member by member: copying with a spread costs more than reading.
function readTcbLevel(json: JsonReader, version: number, tdx: boolean): TcbLevel {
  const tcb = json.object('tcb')
  return {
    sgx: version === 3 ? readComponents(tcb, 'sgxtcbcomponents') : readNumberedComponents(tcb),
    pceSvn: tcb.integer('pcesvn', MAX_SVN),
    tdx: tdx ? readComponents(tcb, 'tdxtcbcomponents') : undefined,
    status: json.word('tcbStatus', PLATFORM_STATUSES),
    date: readDate(json),
    advisories: readAdvisories(json),
  }
}

function readDate(json: JsonReader): string {
  json.time('tcbDate')
  return json.text('tcbDate')
}

function readAdvisories(json: JsonReader): readonly string[] {
  return json.get('advisoryIDs') === undefined ? [] : json.texts('advisoryIDs', MAX_ADVISORIES)
}

function readComponents(tcb: JsonReader, name: string): readonly number[] {
  return tcb.integers(name, 'svn', COMPONENTS, MAX_SVN)
}

function readNumberedComponents(tcb: JsonReader): readonly number[] {
  return Array.from({ length: COMPONENTS }, (_, i) =>
    tcb.integer(`sgxtcbcomp${`${i + 1}`.padStart(2, '0')}svn`, MAX_SVN),
  )
}

// For remedies only: whatever is no text is left out.
function readNames(components: unknown): readonly string[] {
  if (!Array.isArray(components)) return []
  return components.slice(0, COMPONENTS).map((one: unknown) => {
    if (typeof one !== 'object' || one === null) return ''
    const { type, category }: { readonly type?: unknown; readonly category?: unknown } = one
    const words = [type, category].filter((word) => typeof word === 'string' && word !== '')
    return words.length === 0 ? '' : ` (${words.join(', ').slice(0, 64)})`
  })
}

function readModuleSigner(json: JsonReader): ModuleSigner {
  return {
    mrSigner: json.hex('mrsigner', 48),
    attributes: json.hex('attributes', 8),
    attributesMask: json.hex('attributesMask', 8),
  }
}

function compareLevels(a: TcbLevel, b: TcbLevel): number {
  return compareAll(a.sgx, b.sgx) || b.pceSvn - a.pceSvn || compareAll(a.tdx ?? [], b.tdx ?? [])
}

function compareAll(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (b[i] as number) - (a[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}

function descending<T>(levels: readonly T[], compare: (a: T, b: T) => number): readonly T[] {
  if (levels.length === 0) throw refuse('tcbLevels', 'none', 'at least one')
  const follows = (one: T, i: number, all: readonly T[]): boolean => i === 0 || compare(all[i - 1] as T, one) < 0
  if (levels.every(follows)) return levels
  const sorted = [...levels].sort(compare)
  if (!sorted.every(follows)) throw refuse('tcbLevels', 'two equal ones', 'each once')
  return sorted
}

/** The identity of a module version, or undefined: `TDX_` and two hex digits, either case. */
export function moduleIdentityOf(info: TcbInfo, version: number): ModuleIdentity | undefined {
  const id = `TDX_${version.toString(16).padStart(2, '0')}`.toUpperCase()
  return info.moduleIdentities.find((one) => one.id.toUpperCase() === id)
}
