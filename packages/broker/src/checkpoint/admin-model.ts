import type { JsonWebKey } from 'node:crypto'
import type { Tee } from '@sekisho/evidence'
import type { Sql } from '../storage/sql.ts'
import type { KeyType } from '../vault/key-material.ts'

/** What looking at live leases again gave. */
export interface Reappraised {
  /** Leases that were live and passed. */
  readonly live: number
  readonly revoked: number
}

/** A vulnerability that an operator wants policies to see. */
export interface Advisory {
  /** E.g. `AMD-SB-3019`: letters, digits, `.`, `_`, `:` and `-`, at most 64. */
  readonly id: string
  /** As the claims spell it: `intel`, `amd`, … */
  readonly vendor: string
  /** Product generations that it concerns; all of the vendor's when absent. */
  readonly products?: readonly string[]
  /** Component versions below which it concerns a platform; whatever its TCB when absent. */
  readonly tcb?: Readonly<Record<string, number>>
  /** ISO 8601. */
  readonly published: string
  readonly note?: string
}

/** Who did something, as logs name them: a token's id, `console`, `cli`. At most 128 characters. */
export interface Acting {
  readonly actor: string
  readonly at: Date
}

/** What administrators do. Every change is written to the log. */
export interface BrokerAdmin {
  /** @returns false for one that exists already: nothing is changed then, and nothing recorded */
  createNamespace(name: string, by: Acting): Promise<boolean>
  namespaces(): Promise<readonly string[]>
  /**
   * Activates a new version and looks at all live leases again.
   *
   * @param by `basedOn`: the version that is believed to be active, 0 for none
   * @throws PolicyError for a policy that is none; BrokerError `conflict` when another version than `basedOn` is active
   */
  setPolicy(
    namespace: string,
    text: string,
    by: Acting & { readonly note?: string; readonly basedOn?: number },
  ): Promise<{ readonly version: number } & Reappraised>
  /** Activates an older version again. @throws BrokerError `not-found` */
  rollback(namespace: string, version: number, by: Acting): Promise<{ readonly version: number } & Reappraised>
  policy(
    namespace: string,
  ): Promise<{ readonly version: number; readonly text: string; readonly sha256: string } | undefined>
  policyVersions(namespace: string): Promise<readonly PolicyVersion[]>
  /** One version with its text; undefined when there is none of that number. */
  policyVersion(namespace: string, version: number): Promise<(PolicyVersion & { readonly text: string }) | undefined>
  /**
   * Writes a set in the place of the one of its name.
   *
   * @param by `merge`: values that it does not name stay, whoever wrote them meanwhile
   */
  putReference(
    namespace: string,
    set: unknown,
    by: Acting & { readonly merge?: true },
  ): Promise<{ readonly name: string } & Reappraised>
  /**
   * Writes sets, each in the place of the one of its name: all of them or none, so that no lease is looked at by some.
   *
   * @param by `name`: what leases that end of several are told, for the name of a set; `merge`: as for one set
   */
  putReferences(
    namespace: string,
    sets: readonly unknown[],
    by: Acting & { readonly name: string; readonly merge?: true },
  ): Promise<Reappraised>
  deleteReference(namespace: string, name: string, by: Acting): Promise<Reappraised>
  references(namespace: string): Promise<readonly StoredReference[]>
  putAdvisory(namespace: string, advisory: unknown, by: Acting): Promise<{ readonly id: string } & Reappraised>
  /** Takes an advisory back, by its id as it was written. @throws BrokerError `not-found` */
  deleteAdvisory(namespace: string, id: string, by: Acting): Promise<Reappraised>
  advisories(namespace: string): Promise<readonly Advisory[]>
  putSecret(
    namespace: string,
    secret: {
      readonly path: string
      readonly bytes: Uint8Array
      readonly contentType?: string
      readonly metadata?: Readonly<Record<string, string>>
    },
    by: Acting,
  ): Promise<{ readonly version: number }>
  deleteSecret(namespace: string, path: string, by: Acting): Promise<boolean>
  generateKey(
    namespace: string,
    key: { readonly path: string; readonly type: KeyType },
    by: Acting,
  ): Promise<{ readonly version: number; readonly publicJwk?: JsonWebKey }>
  /** Writes an administrative act that was done elsewhere (a token made, a key rotated) to the log; inside a transaction. */
  record(
    sql: Sql,
    namespace: string,
    act: { readonly what: string; readonly details: Readonly<Record<string, unknown>> },
    by: Acting,
  ): Promise<string>
}

/** One version of a namespace's policy. */
export interface PolicyVersion {
  readonly version: number
  readonly sha256: string
  readonly created: Date
  readonly createdBy: string
  readonly note?: string
  readonly active: boolean
}

/** A reference set with its history. */
export interface StoredReference {
  readonly name: string
  readonly tee: Tee
  readonly values: Readonly<Record<string, unknown>>
  readonly owner: string
  readonly provenance: unknown
  readonly expires?: string
  readonly created: Date
  /** When evidence that passed met it last, with the values it has now; never, when absent. */
  readonly lastMatched?: Date
  /** Of members that accept several values: the values that no evidence ever had, though it met the set. Lower case; not empty. */
  readonly unmatchedValues?: readonly { readonly member: string; readonly value: string }[]
}
