import type { Database } from './sql.ts'

/** One step of the schema. Steps that were released are never edited; new ones are added at the end. */
interface Migration {
  readonly version: number
  /** Statements in the common subset; {@link dialect} turns the types in capitals in braces into each database's own. */
  readonly statements: readonly string[]
}

/** Type names that differ. `SERIAL_KEY` is a primary key that the database counts up. */
const TYPES: Readonly<Record<Database['kind'], Readonly<Record<string, string>>>> = {
  sqlite: {
    INT: 'INTEGER',
    BLOB: 'BLOB',
    SERIAL_KEY: 'INTEGER PRIMARY KEY AUTOINCREMENT',
    WITHOUT_ROWID: 'WITHOUT ROWID',
  },
  postgres: {
    INT: 'BIGINT',
    BLOB: 'BYTEA',
    SERIAL_KEY: 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
    WITHOUT_ROWID: '',
  },
}

/** A statement of the schema in the words of one database. */
export function dialect(kind: Database['kind'], statement: string): string {
  return statement.replace(/\{([A-Z_]+)\}/g, (_, name: string) => {
    const word = TYPES[kind][name]
    if (word === undefined) throw new TypeError(`the schema names an unknown type ${name}`)
    return word
  })
}

/**
 * The schema. Times are milliseconds since 1970 UTC; truth values are 0 and 1; `body`, `metadata`
 * and the like are JSON texts; digests in TEXT columns are lower-case hex.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    statements: [
      `CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)`,
      `CREATE TABLE namespaces (name TEXT PRIMARY KEY, created {INT} NOT NULL)`,

      `CREATE TABLE secrets (
        namespace TEXT NOT NULL, path TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('secret', 'key')),
        metadata TEXT NOT NULL, created {INT} NOT NULL, deleted {INT},
        PRIMARY KEY (namespace, path))`,
      `CREATE TABLE secret_versions (
        namespace TEXT NOT NULL, path TEXT NOT NULL, version {INT} NOT NULL, content_type TEXT,
        data_key_wrapped {BLOB} NOT NULL, master_key_id TEXT NOT NULL, nonce {BLOB} NOT NULL, ciphertext {BLOB} NOT NULL,
        created {INT} NOT NULL, created_by TEXT NOT NULL,
        PRIMARY KEY (namespace, path, version))`,
      `CREATE INDEX secret_versions_master_key ON secret_versions (master_key_id)`,

      `CREATE TABLE reference_sets (
        namespace TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, created {INT} NOT NULL, created_by TEXT NOT NULL,
        expires {INT}, last_matched {INT}, deleted {INT},
        PRIMARY KEY (namespace, name))`,
      `CREATE TABLE policy_versions (
        namespace TEXT NOT NULL, version {INT} NOT NULL, text TEXT NOT NULL, sha256 TEXT NOT NULL,
        created {INT} NOT NULL, created_by TEXT NOT NULL, note TEXT,
        PRIMARY KEY (namespace, version))`,
      `CREATE TABLE policy_active (namespace TEXT PRIMARY KEY, version {INT} NOT NULL)`,
      `CREATE TABLE advisories (
        id TEXT NOT NULL, namespace TEXT NOT NULL, vendor TEXT NOT NULL, body TEXT NOT NULL, created {INT} NOT NULL,
        PRIMARY KEY (namespace, id))`,

      `CREATE TABLE sessions (
        id TEXT PRIMARY KEY, namespace TEXT NOT NULL, protocol TEXT NOT NULL, tee TEXT NOT NULL, nonce TEXT NOT NULL,
        created {INT} NOT NULL, expires {INT} NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('challenged', 'attested', 'spent')), body TEXT NOT NULL)`,
      `CREATE INDEX sessions_expires ON sessions (expires)`,
      `CREATE TABLE evidence (sha256 TEXT PRIMARY KEY, bytes {BLOB} NOT NULL, created {INT} NOT NULL)`,
      `CREATE TABLE verdicts (sha256 TEXT PRIMARY KEY, body TEXT NOT NULL)`,
      `CREATE TABLE appraisals (
        id TEXT PRIMARY KEY, namespace TEXT NOT NULL, at {INT} NOT NULL, session TEXT, evidence_sha256 TEXT NOT NULL,
        verdict_sha256 TEXT NOT NULL, collateral_sha256 TEXT, tee TEXT NOT NULL, product TEXT, hardware_id TEXT,
        tcb_status TEXT, advisories TEXT NOT NULL, outcome TEXT NOT NULL, status TEXT NOT NULL, emulated {INT} NOT NULL,
        context TEXT NOT NULL, tee_key TEXT, reference_set TEXT,
        vendor TEXT NOT NULL, expires {INT} NOT NULL, revoked {INT}, body TEXT NOT NULL)`,
      `CREATE INDEX appraisals_namespace ON appraisals (namespace, at)`,
      `CREATE TABLE decisions (
        id TEXT PRIMARY KEY, namespace TEXT NOT NULL, at {INT} NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('attest', 'release', 'renew', 'revoke', 'admin')),
        outcome TEXT NOT NULL CHECK (outcome IN ('released', 'refused', 'renewed', 'revoked', 'attested', 'changed')),
        resource TEXT, appraisal TEXT, policy_version {INT}, reason_code TEXT, body TEXT NOT NULL, leaf_index {INT})`,
      `CREATE INDEX decisions_namespace ON decisions (namespace, id)`,
      `CREATE TABLE leases (
        id TEXT PRIMARY KEY, namespace TEXT NOT NULL, resource TEXT NOT NULL, appraisal TEXT NOT NULL, decision TEXT NOT NULL,
        holder_key_sha256 TEXT NOT NULL, secret_hash TEXT NOT NULL, created {INT} NOT NULL, expires {INT} NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('live', 'revoked', 'expired')), ended {INT}, ended_reason TEXT)`,
      `CREATE INDEX leases_state ON leases (namespace, state, expires)`,
      `CREATE INDEX leases_appraisal ON leases (appraisal)`,

      `CREATE TABLE log_leaves (idx {INT} PRIMARY KEY, hash {BLOB} NOT NULL, entry {BLOB} NOT NULL)`,
      `CREATE TABLE log_nodes (
        level {INT} NOT NULL, idx {INT} NOT NULL, hash {BLOB} NOT NULL, PRIMARY KEY (level, idx)) {WITHOUT_ROWID}`,
      `CREATE TABLE log_head (
        id {INT} PRIMARY KEY CHECK (id = 1), size {INT} NOT NULL, frontier {BLOB} NOT NULL, verifier_key TEXT NOT NULL)`,

      `CREATE TABLE api_tokens (
        id TEXT PRIMARY KEY, namespace TEXT NOT NULL, hash {BLOB} NOT NULL UNIQUE, scopes TEXT NOT NULL, name TEXT NOT NULL,
        created {INT} NOT NULL, expires {INT}, last_used {INT}, revoked {INT})`,
      `CREATE TABLE events (
        seq {SERIAL_KEY}, namespace TEXT NOT NULL, at {INT} NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL)`,
      `CREATE INDEX events_namespace ON events (namespace, seq)`,
    ],
  },
  {
    version: 2,
    statements: [
      `CREATE TABLE tpm_enrolments (
        id TEXT PRIMARY KEY, namespace TEXT NOT NULL, secret_sha256 {BLOB} NOT NULL, ak_name TEXT NOT NULL,
        ek_sha256 TEXT NOT NULL, ek_certificates TEXT NOT NULL, created {INT} NOT NULL, expires {INT} NOT NULL)`,
      `CREATE INDEX tpm_enrolments_expires ON tpm_enrolments (expires)`,
      `CREATE INDEX tpm_enrolments_ek ON tpm_enrolments (namespace, ek_sha256)`,
      `CREATE TABLE tpm_keys (
        namespace TEXT NOT NULL, ak_name TEXT NOT NULL, ek_sha256 TEXT NOT NULL, ek_certificates TEXT NOT NULL,
        enrolled {INT} NOT NULL, enrolled_by TEXT NOT NULL, revoked {INT}, revoked_by TEXT,
        PRIMARY KEY (namespace, ak_name))`,
      `CREATE INDEX tpm_keys_ek ON tpm_keys (namespace, ek_sha256)`,
    ],
  },
  {
    version: 3,
    statements: [
      // What refused attestations rest on, evidence and verdicts alike: kept for a while, apart from what is kept for good.
      `CREATE TABLE refused_evidence (
        sha256 TEXT PRIMARY KEY, bytes {BLOB} NOT NULL, size {INT} NOT NULL, seen {INT} NOT NULL)`,
      `CREATE INDEX refused_evidence_seen ON refused_evidence (seen, size)`,
      `CREATE INDEX appraisals_refused ON appraisals (verdict_sha256) WHERE outcome <> 'verified'`,
    ],
  },
  {
    version: 4,
    statements: [
      // Appraisals that leases rested on before they moved to another: what was decided on them stays provable.
      `CREATE TABLE used_appraisals (id TEXT PRIMARY KEY)`,
      `INSERT INTO used_appraisals (id) SELECT DISTINCT appraisal FROM decisions
        WHERE appraisal IS NOT NULL AND outcome IN ('released', 'renewed', 'revoked')`,
    ],
  },
  {
    version: 5,
    statements: [
      // What verdicts have in common, as the pieces of text around the holes. A verdict with a template has for its body
      // what fills them; one without is whole, as all were before.
      `CREATE TABLE verdict_templates (sha256 TEXT PRIMARY KEY, body TEXT NOT NULL)`,
      `ALTER TABLE verdicts ADD COLUMN template TEXT`,
    ],
  },
  {
    version: 6,
    statements: [
      // Whether any verdict is left that a template was made for.
      `CREATE INDEX verdicts_template ON verdicts (template) WHERE template IS NOT NULL`,
    ],
  },
  {
    version: 7,
    statements: [
      // Keys that sign attestation results; the first start moves the one that `settings` held before here.
      `CREATE TABLE result_keys (
        kid TEXT PRIMARY KEY, state TEXT NOT NULL CHECK (state IN ('next', 'current', 'retired', 'revoked')), sealed TEXT,
        created {INT} NOT NULL, activated {INT}, retired {INT}, accepted_until {INT}, revoked {INT})`,
      `CREATE UNIQUE INDEX result_keys_one ON result_keys (state) WHERE state IN ('next', 'current')`,
      // The key of the result that a lease was granted on; none where a session was shown, or evidence since.
      `ALTER TABLE leases ADD COLUMN result_key TEXT`,
      `CREATE INDEX leases_result_key ON leases (result_key) WHERE result_key IS NOT NULL`,
    ],
  },
  {
    version: 8,
    statements: [
      // What policies see of an appraisal as a later look found it, where that is something else than 'context' has.
      `ALTER TABLE appraisals ADD COLUMN later_context TEXT`,
      // Results that are good still: each look asks for them, among all that ever were.
      `CREATE INDEX appraisals_good ON appraisals (namespace, expires) WHERE revoked IS NULL AND outcome = 'verified'`,
    ],
  },
  {
    version: 9,
    statements: [
      // Of members that accept several values, those that evidence met: JSON, from the member to its values.
      `ALTER TABLE reference_sets ADD COLUMN matched_values TEXT`,
    ],
  },
]
