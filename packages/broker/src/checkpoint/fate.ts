import type { PolicyContext } from '@sekisho/appraisal'
import type { Sql } from '../storage/sql.ts'
import type { RefusalCode } from './refusal.ts'

/** What becomes of a live lease. */
export type Fate =
  | { readonly code?: undefined }
  | {
      readonly code: RefusalCode
      readonly reasons: readonly string[]
      /** What the policy was asked about, where that is something else than the appraisal has. */
      readonly context?: PolicyContext
    }

/** Nothing more is given on an appraisal from `at` on. */
export async function revokeAppraisal(sql: Sql, id: string, at: Date): Promise<void> {
  await sql.run('UPDATE appraisals SET revoked = ? WHERE id = ? AND revoked IS NULL', [at.getTime(), id])
}
