import type { Broker } from '@sekisho/broker'
import type { Authenticator } from '../access/authenticate.ts'
import type { OutcomeCounter } from '../outcomes.ts'

/** What the KBS face stands on. */
export interface KbsServices {
  readonly broker: Broker
  /** Largest body, in bytes. */
  readonly bodyLimit: number
  readonly outcomes: OutcomeCounter
  readonly auth: Authenticator
}
