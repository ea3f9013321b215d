import type { Job } from '../src/crypto/jobs.ts'
import { anySalt, decipher, hmac, replay, settle } from '../src/crypto/web.ts'

/** Settles jobs as a browser does, also those that brought a function of Node.js along. */
export async function settleOnTheWeb(jobs: readonly Job[]): Promise<void> {
  for (const job of jobs) {
    if (job.kind === 'replay') Object.assign(job, { by: replay })
    if (job.kind === 'hmac') Object.assign(job, { by: hmac })
    if (job.kind === 'cipher') Object.assign(job, { by: decipher })
    if (job.kind === 'signature' && job.anySalt !== undefined) Object.assign(job, { anySalt })
  }
  await settle(jobs)
}
