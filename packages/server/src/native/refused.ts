import { HttpError } from '../http/errors.ts'
import type { OutcomeCounter } from '../outcomes.ts'

/**
 * Counts a refusal, and words its answer: a short code, and the id under which the owner of the namespace finds why.
 *
 * @param decision undefined where nothing was recorded: nobody could be held to it
 * @param emulated whether the evidence is known to be of an emulated platform, which the answer says then
 */
export function refused(
  outcomes: OutcomeCounter,
  status: number,
  code: string,
  decision: string | undefined,
  emulated = false,
): HttpError {
  outcomes.refused(code)
  return new HttpError(
    status,
    code,
    decision === undefined
      ? 'refused; no decision was recorded, as nothing shows whose it would be'
      : 'refused; the owner of the namespace finds the reason under the id of the decision',
    { members: { ...(decision === undefined ? {} : { decision }), ...(emulated ? { emulated } : {}) } },
  )
}
