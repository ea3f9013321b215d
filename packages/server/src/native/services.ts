import type { AccessTokens, Broker, Database, Log, Vault } from '@sekisho/broker'
import type { CollateralSource } from '@sekisho/collateral'
import type { Authenticator } from '../access/authenticate.ts'
import type { EmulatedPlatforms } from '../emulated-platforms.ts'
import type { OutcomeCounter } from '../outcomes.ts'
import type { EventStreams } from './events.ts'

/** What the native API stands on. */
export interface NativeServices {
  readonly broker: Broker
  readonly db: Database
  readonly vault: Vault
  readonly log: Log
  readonly tokens: AccessTokens
  readonly auth: Authenticator
  readonly streams: EventStreams
  readonly outcomes: OutcomeCounter
  /** Emulated machines that sign; undefined where there are none. */
  readonly emulated?: EmulatedPlatforms
  /** True where the server speaks TLS: cookies never leave it. */
  readonly secureCookies: boolean
  /** Where endorsements come from; undefined where nobody is asked. */
  readonly source: CollateralSource | undefined
}
