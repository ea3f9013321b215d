import type { KeyObject } from 'node:crypto'
import { type CompiledPolicies, compilePolicies } from '@sekisho/appraisal'
import type { Verdict } from '@sekisho/evidence'
import type { Log } from '../log/log.ts'
import type { Database } from '../storage/sql.ts'
import type { Vault } from '../vault/vault.ts'
import { sha256 } from '../verifier/bytes.ts'
import { type Held, holding } from '../verifier/held.ts'
import type { Verifier } from '../verifier/model.ts'
import type { BrokerLimits, BrokerOptions, Retention } from './options.ts'
import type { ResultKeys } from './result-keys.ts'
import type { Forgotten, Rules, StoredAppraisal } from './state.ts'
import type { VerdictWriter } from './verdict-text.ts'

/** What the parts of a broker share. */
export interface Core {
  readonly db: Database
  readonly vault: Vault
  readonly log: Log
  readonly verifier: Verifier
  readonly resultKeys: ResultKeys
  readonly sessionKey: KeyObject
  readonly issuer: string
  readonly verifierId: { readonly developer: string; readonly build: string }
  readonly production: boolean
  readonly leaseMs: number
  readonly limits: Required<BrokerLimits>
  readonly retention: Required<Retention>
  /** Rules in force by namespace, good for as long as their epoch is the database's. */
  readonly rules: Held<Rules>
  /** Compiled policies by the digest of their text. */
  readonly compiled: Held<CompiledPolicies>
  /** Appraisals never change: those in use need not be read twice. */
  readonly appraisals: Held<StoredAppraisal>
  /**
   * Ids of sessions that this process opened, until their evidence comes: they need not be looked up then. Whether another
   * process was faster is asked when they are spent, in the database.
   */
  readonly opened: Held<true>
  /** Up to when sessions are forgotten, as it was looked up lately, and when that was. */
  readonly forgotten: { known?: Forgotten & { readonly at: number } }
  /** Appraisals of sessions that this process answered well. Nothing changes such a session any more; it only ends. */
  readonly answered: Held<{ readonly appraisal: string; readonly namespace: string }>
  /** Writers of verdicts, by TEE. */
  readonly writers: Map<Verdict['tee'], VerdictWriter>
  /** Digests of what is known to be stored already. */
  readonly stored: Held<true>
  /** Of reference sets whose last match was noted lately: what was noted. */
  readonly noted: Held<string>
}

const LIMITS: Required<BrokerLimits> = {
  sessionSeconds: 300,
  tokenSeconds: 300,
  maxEvidence: 2 * 1024 * 1024,
}
const RETENTION: Required<Retention> = { refusedDays: 30, refusedBytes: 256 * 1024 * 1024, eventDays: 30 }
const LEASE_SECONDS = 3600
const HELD_APPRAISALS = 2048
const HELD_SESSIONS = 4096
const HELD_NAMESPACES = 1024
const HELD_POLICIES = 64
const HELD_DIGESTS = 4096

/** Options with their defaults. */
export function coreOf(options: BrokerOptions, resultKeys: ResultKeys): Core {
  const { db, vault, log, verifier, sessionKey, issuer, production } = options
  return {
    db,
    vault,
    log,
    verifier,
    resultKeys,
    sessionKey,
    issuer,
    production,
    verifierId: options.verifierId ?? { developer: 'Sekisho', build: '0.1.0' },
    leaseMs: (options.leaseSeconds ?? LEASE_SECONDS) * 1000,
    limits: { ...LIMITS, ...options.limits },
    retention: { ...RETENTION, ...options.retention },
    rules: holding(HELD_NAMESPACES),
    compiled: holding(HELD_POLICIES),
    appraisals: holding(HELD_APPRAISALS),
    opened: holding(HELD_SESSIONS),
    forgotten: {},
    answered: holding(HELD_SESSIONS),
    writers: new Map(),
    stored: holding(HELD_DIGESTS),
    noted: holding(HELD_DIGESTS),
  }
}

/** A policy, compiled once for as long as it is in use. @throws PolicyError */
export async function compiledPolicy(core: Core, text: string): Promise<CompiledPolicies> {
  const key = sha256(text)
  const known = core.compiled.get(key, 0)
  if (known !== undefined) return known
  const made = await compilePolicies(text)
  core.compiled.set(key, made, Number.POSITIVE_INFINITY)
  return made
}
