import { EvidenceError } from '@sekisho/evidence'
import { parsePublic, type TpmActivation } from '@sekisho/evidence/tpm'
import type { Row, Sql } from '../storage/sql.ts'
import { akNameOf } from './activation.ts'
import type { EnrolledKey } from './model.ts'

/** A key as its row has it. */
export interface KeyRow extends Row {
  readonly ak_name: string
  readonly ek_sha256: string
  readonly ek_certificates: string
  readonly enrolled: number
  readonly enrolled_by: string
  readonly revoked: number | null
  readonly revoked_by: string | null
}

/** Columns of a {@link KeyRow}. */
export const KEY_COLUMNS = 'ak_name, ek_sha256, ek_certificates, enrolled, enrolled_by, revoked, revoked_by'

/**
 * Looks up enrolled keys for a verifier: its option `activation`. Each look is at the database, so that what another
 * process revoked counts from its commit on.
 */
export function enrolledKeys(
  sql: Sql,
): (akPublic: Uint8Array, namespace: string) => Promise<TpmActivation | undefined> {
  return async (akPublic, namespace) => {
    const akName = readAkName(akPublic)
    if (akName === undefined) return undefined
    const [row] = await sql.all<Pick<KeyRow, 'ek_certificates'>>(
      'SELECT ek_certificates FROM tpm_keys WHERE namespace = ? AND ak_name = ? AND revoked IS NULL',
      [namespace, akName],
    )
    return row === undefined ? undefined : { akName, ekCertificates: decodeCertificates(row.ek_certificates) }
  }
}

/** Name of a key that came with evidence, hex; undefined when it cannot be read, which the verdict will say. */
function readAkName(akPublic: Uint8Array): string | undefined {
  try {
    const name = akNameOf(parsePublic(akPublic))
    return name === undefined ? undefined : Buffer.from(name).toString('hex')
  } catch (error) {
    if (error instanceof EvidenceError) return undefined
    throw error
  }
}

/** Whether all of these keys are enrolled, at this moment. */
export async function areEnrolled(sql: Sql, namespace: string, akNames: readonly string[]): Promise<boolean> {
  for (const akName of akNames) {
    const [row] = await sql.all<{ ak_name: string }>(
      'SELECT ak_name FROM tpm_keys WHERE namespace = ? AND ak_name = ? AND revoked IS NULL',
      [namespace, akName],
    )
    if (row === undefined) return false
  }
  return true
}

/** Certificates as a column keeps them: JSON list of base64. */
export function encodeCertificates(ders: readonly Uint8Array[]): string {
  return JSON.stringify(ders.map((der) => Buffer.from(der).toString('base64')))
}

function decodeCertificates(column: string): readonly Uint8Array[] {
  // Written by `encodeCertificates` alone.
  return (JSON.parse(column) as readonly string[]).map((text) => new Uint8Array(Buffer.from(text, 'base64')))
}

/** A row as it is listed. */
export function keyOf(row: KeyRow): EnrolledKey {
  return {
    akName: row.ak_name,
    ekSha256: row.ek_sha256,
    ekCertificates: decodeCertificates(row.ek_certificates),
    enrolled: new Date(row.enrolled),
    enrolledBy: row.enrolled_by,
    ...(row.revoked === null ? {} : { revoked: new Date(row.revoked) }),
    ...(row.revoked_by === null ? {} : { revokedBy: row.revoked_by }),
  }
}
