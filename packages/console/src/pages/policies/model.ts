import type { DryRunReport, PolicyTestReport, StarterPolicy } from '@sekisho/appraisal'
import type { Api } from '../../api/client.ts'
import { ApiError } from '../../api/problem.ts'

/** The policy in force; version 0 and no text where there is none. */
export interface ActivePolicy {
  readonly version: number
  readonly text: string
}

/** One version, without its text. */
export interface VersionInfo {
  readonly version: number
  readonly created: string
  readonly createdBy: string
  readonly note?: string
  readonly active: boolean
}

/** What a reviewer would say of a statement. */
export interface Finding {
  readonly code: string
  readonly severity: string
  /** Counted from 1. */
  readonly line: number
  readonly message: string
  readonly remedy: string
}

/** A live lease that would end. */
export interface FallingLease {
  readonly lease: string
  readonly resource: string
  readonly tee: string
  readonly product?: string
  readonly expires: string
  readonly code: string
  readonly reasons: readonly string[]
  readonly emulated?: boolean
}

/** What would become of live leases. */
export interface LeaseForecast {
  readonly leases: number
  readonly fails: readonly FallingLease[]
}

/** What became of live leases when a version was put in force. */
export interface Activated {
  readonly version: number
  readonly live: number
  readonly revoked: number
}

/** Everything that the page asks about the policies of one namespace. */
export interface PolicyCalls {
  active(signal?: AbortSignal): Promise<ActivePolicy>
  versions(signal?: AbortSignal): Promise<readonly VersionInfo[]>
  text(version: number, signal?: AbortSignal): Promise<string>
  lint(text: string, signal: AbortSignal): Promise<readonly Finding[]>
  dryRun(text: string, signal: AbortSignal): Promise<DryRunReport>
  forecast(text: string, signal: AbortSignal): Promise<LeaseForecast>
  test(text: string, cases: readonly unknown[]): Promise<PolicyTestReport>
  starters(signal?: AbortSignal): Promise<readonly StarterPolicy[]>
  schema(): Promise<string>
  /** Names of reference sets, for completion. */
  referenceNames(): Promise<readonly string[]>
  /** @throws ApiError 409 when another version than `basedOn` is in force */
  put(policy: { readonly text: string; readonly note: string; readonly basedOn: number }): Promise<Activated>
  rollBack(version: number): Promise<Activated>
}

/** The calls for one namespace. */
export function policyCalls(api: Api, namespace: string): PolicyCalls {
  const at = `/namespaces/${namespace}`
  const post = <T>(path: string, json: unknown, signal?: AbortSignal): Promise<T> =>
    api.send<T>('POST', at + path, { json, ...(signal === undefined ? {} : { signal }) })
  return {
    active: (signal) => orNone(api.get<ActivePolicy>(`${at}/policy`, signal)),
    versions: async (signal) =>
      (await api.get<{ versions: readonly VersionInfo[] }>(`${at}/policy/versions`, signal)).versions,
    text: async (version, signal) => (await api.get<ActivePolicy>(`${at}/policy/versions/${version}`, signal)).text,
    lint: async (text, signal) =>
      (await post<{ findings: readonly Finding[] }>('/policy/lint', { text }, signal)).findings,
    dryRun: (text, signal) => post('/policy/dry-run', { text }, signal),
    forecast: (policy, signal) => post('/forecast', { policy }, signal),
    test: (text, cases) => post('/policy/test', { text, cases }),
    starters: async (signal) =>
      (await api.get<{ starters: readonly StarterPolicy[] }>('/policy/starters', signal)).starters,
    schema: () => api.text('/api/v1/policy/schema'),
    referenceNames: async () =>
      (await api.get<{ references: readonly { name: string }[] }>(`${at}/references`)).references.map(
        ({ name }) => name,
      ),
    put: ({ text, note, basedOn }) =>
      api.send('PUT', `${at}/policy`, { json: { text, basedOn, ...(note === '' ? {} : { note }) } }),
    rollBack: (version) => post('/policy/rollback', { version }),
  }
}

async function orNone(asked: Promise<ActivePolicy>): Promise<ActivePolicy> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return { version: 0, text: '' }
    throw error
  }
}
