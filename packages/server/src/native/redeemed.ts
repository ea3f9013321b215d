import { type CreatedToken, type LinkKeeper, redeemSetupLink } from '@sekisho/broker'
import type { Call } from '../http/call.ts'
import type { NativeServices } from './services.ts'

/** Who is named in the log where a one-time link speaks for itself. */
const ACTOR = 'setup-link'

/**
 * The token that a one-time link gives, whose making the log has; undefined for what is no link, or no longer.
 *
 * @param sessionSeconds of a session of the web page, which the token ends with
 */
export function redeemed(
  { broker, db, tokens }: Pick<NativeServices, 'broker' | 'db' | 'tokens'>,
  { at }: Call,
  secret: string,
  sessionSeconds?: number,
): Promise<CreatedToken | undefined> {
  const record: LinkKeeper['record'] = (sql, act) => broker.admin.record(sql, '*', act, { actor: ACTOR, at })
  return redeemSetupLink({ db, tokens, record }, secret, at, sessionSeconds)
}
