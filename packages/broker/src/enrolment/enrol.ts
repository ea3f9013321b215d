import { ensureNamespace, recordChange } from '../checkpoint/change.ts'
import type { Core } from '../checkpoint/core.ts'
import { addEvents, announce } from '../checkpoint/events.ts'
import { newSessionId } from '../checkpoint/ids.ts'
import { BrokerError } from '../checkpoint/model.ts'
import { checkNamespace } from '../checkpoint/names.ts'
import { record } from '../checkpoint/record.ts'
import type { RefusalCode } from '../checkpoint/refusal.ts'
import type { Row, Sql } from '../storage/sql.ts'
import {
  EnrolmentError,
  type EnrolmentRequest,
  isActivated,
  type PendingEnrolment,
  startEnrolment,
} from './activation.ts'
import type { Credential } from './credential.ts'
import { encodeCertificates } from './enrolled-keys.ts'
import type { ActivationOutcome, EnrolmentOutcome, EnrolmentRefused, TpmKeys } from './model.ts'

/** How long a credential may be answered. */
const WAIT_MS = 5 * 60 * 1000
const MAX_PENDING = 10_000
const MAX_PENDING_OF_A_TPM = 16
const MAX_KEYS_OF_A_TPM = 64
const MAX_KEYS = 100_000
const MAX_CERTIFICATES = 8
const MAX_CERTIFICATE = 8192
const MAX_PUBLIC = 2048

/** A credential for a machine whose endorsement key leads to a trusted maker. */
export async function enrol(
  core: Core,
  { namespace, at, ...request }: Parameters<TpmKeys['enrol']>[0],
): Promise<EnrolmentOutcome> {
  checkNamespace(namespace)
  checkSizes(request)
  const { credential, pending } = started(request)
  const path = core.verifier.tpmMakers?.pathFrom(request.ekCertificates)
  if (path === undefined)
    return refuse(core, { namespace, at, code: 'root-untrusted', ...pending, reasons: UNKNOWN_MAKER })
  const enrolment = newSessionId()
  const expires = at.getTime() + WAIT_MS
  const code = await core.db.transaction(async (sql) => {
    const fault = await faultOf(sql, namespace, pending)
    if (fault !== undefined) return fault
    await requireRoom(sql, pending, at)
    await sql.run(
      `INSERT INTO tpm_enrolments (id, namespace, secret_sha256, ak_name, ek_sha256, ek_certificates, created, expires)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        enrolment,
        namespace,
        pending.secretSha256,
        pending.akName,
        pending.ekSha256,
        encodeCertificates(path),
        at.getTime(),
        expires,
      ],
    )
    return undefined
  })
  return code === undefined
    ? { enrolment, credential, expires: new Date(expires) }
    : refuse(core, { namespace, at, code, ...pending, reasons: REASONS[code] })
}

const UNKNOWN_MAKER: readonly string[] = [
  'the certificate of the endorsement key leads to no root of a TPM maker that is trusted here: name the maker’s root when the checkpoint is started',
]
const REASONS: Readonly<Record<Fault, readonly string[]>> = {
  'tpm-key-revoked': ['a key of this TPM was revoked, and the TPM was not readmitted'],
  'enrolment-limit': [`this TPM has enrolled ${MAX_KEYS_OF_A_TPM} keys already, or the namespace ${MAX_KEYS}`],
}

type Fault = Extract<RefusalCode, 'tpm-key-revoked' | 'enrolment-limit'>

function checkSizes({ akPublic, ekPublic, ekCertificates }: EnrolmentRequest): void {
  for (const [name, { length }] of Object.entries({ akPublic, ekPublic }))
    if (length > MAX_PUBLIC) throw new BrokerError('invalid', `${name}: at most ${MAX_PUBLIC} bytes`)
  if (ekCertificates.length > MAX_CERTIFICATES || ekCertificates.some(({ length }) => length > MAX_CERTIFICATE))
    throw new BrokerError('invalid', `ekCertificates: at most ${MAX_CERTIFICATES}, of ${MAX_CERTIFICATE} bytes each`)
}

function started(request: EnrolmentRequest): { readonly credential: Credential; readonly pending: PendingEnrolment } {
  try {
    return startEnrolment(request)
  } catch (error) {
    if (error instanceof EnrolmentError) throw new BrokerError('invalid', error.message)
    throw error
  }
}

type Subject = Pick<PendingEnrolment, 'akName' | 'ekSha256'>

/** Why this TPM may not enrol this key now. */
async function faultOf(sql: Sql, namespace: string, { akName, ekSha256 }: Subject): Promise<Fault | undefined> {
  const [own] = await sql.all<{ keys: number; revoked: number | null }>(
    `SELECT COUNT(*) AS keys, MAX(revoked) AS revoked FROM tpm_keys
     WHERE namespace = ? AND (ek_sha256 = ? OR ak_name = ?)`,
    [namespace, ekSha256, akName],
  )
  if (own?.revoked !== undefined && own.revoked !== null) return 'tpm-key-revoked'
  if ((own?.keys ?? 0) >= MAX_KEYS_OF_A_TPM) return 'enrolment-limit'
  const [all] = await sql.all<{ keys: number }>('SELECT COUNT(*) AS keys FROM tpm_keys WHERE namespace = ?', [
    namespace,
  ])
  return (all?.keys ?? 0) >= MAX_KEYS ? 'enrolment-limit' : undefined
}

// Certificates are public, and namespaces cost nothing: one TPM's must not fill the room of all others.
async function requireRoom(sql: Sql, { ekSha256 }: Subject, at: Date): Promise<void> {
  const [all] = await sql.all<{ waiting: number }>(
    'SELECT COUNT(*) AS waiting FROM tpm_enrolments WHERE expires >= ?',
    [at.getTime()],
  )
  const [own] = await sql.all<{ waiting: number }>(
    'SELECT COUNT(*) AS waiting FROM tpm_enrolments WHERE ek_sha256 = ? AND expires >= ?',
    [ekSha256, at.getTime()],
  )
  if ((all?.waiting ?? 0) >= MAX_PENDING || (own?.waiting ?? 0) >= MAX_PENDING_OF_A_TPM)
    throw new BrokerError('busy', 'too many enrolments wait for their answer; try again later')
}

interface PendingRow extends Row {
  readonly namespace: string
  readonly secret_sha256: Uint8Array
  readonly ak_name: string
  readonly ek_sha256: string
  readonly ek_certificates: string
}

type Answered =
  | { readonly namespace: string; readonly akName: string; readonly decision: string }
  | { readonly fault: RefusalCode; readonly reasons: readonly string[]; readonly row: PendingRow }
  | undefined

const ID = /^[0-9a-f]{32}$/

/** Takes the answer to a credential. The enrolment is spent by it, right or wrong, in the transaction that enrols the key. */
export async function activate(
  core: Core,
  { enrolment, secret, at }: Parameters<TpmKeys['activate']>[0],
): Promise<ActivationOutcome> {
  if (!ID.test(enrolment)) return UNKNOWN
  const answered = await core.db.transaction<Answered>(async (sql) => {
    const [row] = await sql.all<PendingRow>(
      `DELETE FROM tpm_enrolments WHERE id = ? AND expires >= ?
       RETURNING namespace, secret_sha256, ak_name, ek_sha256, ek_certificates`,
      [enrolment, at.getTime()],
    )
    if (row === undefined) return undefined
    if (!isActivated({ secretSha256: row.secret_sha256 }, secret))
      return { fault: 'enrolment-failed', reasons: NOT_ACTIVATED, row }
    const fault = await faultOf(sql, row.namespace, subjectOf(row))
    if (fault !== undefined) return { fault, reasons: REASONS[fault], row }
    return { namespace: row.namespace, akName: row.ak_name, decision: await keep(core, sql, row, at) }
  })
  if (answered === undefined) return UNKNOWN
  if ('fault' in answered) {
    const { fault, reasons, row } = answered
    return refuse(core, { namespace: row.namespace, at, code: fault, ...subjectOf(row), reasons })
  }
  await announce(core, answered.namespace)
  return { akName: answered.akName, decision: answered.decision }
}

// The same for one that never was, is over, or was answered: whoever guesses learns nothing.
const UNKNOWN: EnrolmentRefused = { refused: { code: 'enrolment-unknown', decision: undefined } }
const NOT_ACTIVATED: readonly string[] = [
  'the machine did not activate the credential: it lacks the endorsement key or the attestation key',
]

function subjectOf({ ak_name, ek_sha256 }: PendingRow): Subject {
  return { akName: ak_name, ekSha256: ek_sha256 }
}

/** Who enrols is the machine itself: nobody else is asked. */
function actorOf({ akName }: Pick<Subject, 'akName'>): string {
  return `tpm:${akName}`.slice(0, 128)
}

async function keep(core: Core, sql: Sql, row: PendingRow, at: Date): Promise<string> {
  const { namespace } = row
  const subject = subjectOf(row)
  const actor = actorOf(subject)
  await ensureNamespace(sql, namespace, { actor, at })
  await sql.run(
    `INSERT INTO tpm_keys (namespace, ak_name, ek_sha256, ek_certificates, enrolled, enrolled_by) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (namespace, ak_name) DO UPDATE SET ek_sha256 = excluded.ek_sha256,
       ek_certificates = excluded.ek_certificates, enrolled = excluded.enrolled, enrolled_by = excluded.enrolled_by`,
    [namespace, row.ak_name, row.ek_sha256, row.ek_certificates, at.getTime(), actor],
  )
  const decision = await recordChange(
    core,
    sql,
    namespace,
    { actor, at },
    { what: 'tpm-key-enrolled', details: subject },
  )
  await addEvents(sql, namespace, at, [{ kind: 'tpm-key-enrolled', body: { ...subject, decision } }])
  return decision
}

interface Refusing extends Subject {
  readonly namespace: string
  readonly at: Date
  readonly code: RefusalCode
  readonly reasons: readonly string[]
}

async function refuse(core: Core, refusing: Refusing): Promise<EnrolmentRefused> {
  const { namespace, at, code, reasons, akName, ekSha256 } = refusing
  const decision = await core.db.transaction((sql) =>
    record(core, sql, {
      namespace,
      at,
      kind: 'attest',
      outcome: 'refused',
      reason: code,
      actor: actorOf({ akName }),
      emulated: false,
      body: { reasons, akName, ekSha256 },
    }),
  )
  return { refused: { code, decision } }
}

/** Forgets enrolments that nobody answered. @returns how many */
export function sweepEnrolments({ db }: Core, at: Date): Promise<number> {
  return db.transaction((sql) => sql.run('DELETE FROM tpm_enrolments WHERE expires < ?', [at.getTime()]))
}
