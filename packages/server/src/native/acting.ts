import type { Acting } from '@sekisho/broker'
import type { Principal } from '../access/principal.ts'
import type { Call } from '../http/call.ts'

/** Who acts, as the log of the checkpoint names them. */
export function acting({ call, who }: { readonly call: Call; readonly who: Principal }): Acting {
  return { actor: who.actor, at: call.at }
}
