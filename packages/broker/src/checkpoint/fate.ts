import type { PolicyContext } from '@sekisho/appraisal'
import type { Core } from './core.ts'
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

/** Nothing more is given on an appraisal. */
export async function revokeAppraisal(core: Core, id: string, at: Date): Promise<void> {
  await core.db.transaction((sql) =>
    sql.run('UPDATE appraisals SET revoked = ? WHERE id = ? AND revoked IS NULL', [at.getTime(), id]),
  )
}
