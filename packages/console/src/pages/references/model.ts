import { EXCHANGE_MEMBERS } from '@sekisho/appraisal/reference-members'
import type { Api } from '../../api/client.ts'
import type { PageProps } from '../../app/session.tsx'
import type { LeaseForecast } from '../policies/model.ts'

/** A reference set as the checkpoint keeps it. */
export interface StoredSet {
  readonly name: string
  readonly tee: string
  readonly values: Readonly<Record<string, unknown>>
  readonly owner: string
  readonly provenance: Readonly<Record<string, unknown>>
  readonly expires?: string
  readonly created: string
  readonly lastMatched?: string
  /** Of members that accept several values: those that no evidence had. */
  readonly unmatchedValues?: readonly { readonly member: string; readonly value: string }[]
}

/** What is written: the checkpoint checks it. */
export interface WrittenSet {
  readonly tee: string
  readonly values: unknown
  readonly owner?: string
  readonly provenance?: Readonly<Record<string, unknown>>
  readonly expires?: string
}

/** What became of live leases. */
export interface Reappraised {
  readonly live: number
  readonly revoked: number
}

/** What evidence would be expected to be, without what only its one exchange knows. */
export function lastingMembers(skeleton: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(skeleton).filter(([name]) => !EXCHANGE_MEMBERS.includes(name)))
}

/** Everything that the page asks about the reference sets of one namespace. */
export interface ReferenceCalls {
  list(signal?: AbortSignal): Promise<readonly StoredSet[]>
  /** Live leases that would end; undefined where the reader may not see leases. */
  forecast(
    change: { readonly put: WrittenSet & { readonly name: string } } | { readonly remove: string },
  ): Promise<LeaseForecast | undefined>
  put(name: string, set: WrittenSet): Promise<Reappraised>
  remove(name: string): Promise<Reappraised>
  import(o: {
    readonly name: string
    readonly owner: string
    readonly bytes: Uint8Array<ArrayBuffer>
  }): Promise<Reappraised & { readonly names: readonly string[] }>
}

/** The calls for one namespace. */
export function referenceCalls(api: Api, namespace: string, may: PageProps['may'], actor: string): ReferenceCalls {
  const at = `/namespaces/${namespace}`
  const one = (name: string): string => `${at}/references/${encodeURIComponent(name)}`
  return {
    list: async (signal) =>
      (await api.get<{ references: readonly StoredSet[] }>(`${at}/references`, signal)).references,
    async forecast(change) {
      if (!may('leases:read')) return undefined
      const json =
        'put' in change
          ? { putReference: { ...change.put, owner: change.put.owner ?? actor } }
          : { removeReference: change.remove }
      return api.send('POST', `${at}/forecast`, { json })
    },
    put: (name, set) => api.send('PUT', one(name), { json: set }),
    remove: (name) => api.send('DELETE', one(name)),
    import: ({ name, owner, bytes }) => {
      const query = new URLSearchParams({ name, ...(owner === '' ? {} : { owner }) })
      return api.send('POST', `${at}/references/import?${query}`, { bytes })
    },
  }
}
