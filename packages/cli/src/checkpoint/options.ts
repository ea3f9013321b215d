import type { EndorsementFiles, MasterKey, Retention, VerifierOptions } from '@sekisho/broker'
import type { CollateralSource } from '@sekisho/collateral'
import type { TrustAnchor } from '@sekisho/evidence'
import type { EmulatedPlatforms, OidcOptions, TlsOptions } from '@sekisho/server'
import type { WatchedFiles } from './watched-files.ts'

/** What a checkpoint is made of. */
export interface CheckpointOptions {
  /** Where an embedded database lies; with `databaseUrl` only what is made beside it. */
  readonly folder: string
  readonly databaseUrl?: string
  readonly master: MasterKey
  /** Master keys that something may still be encrypted under; it is wrapped anew under `master` while the server runs. */
  readonly former?: readonly MasterKey[]
  /** Looks for a master key to go over to while the server runs; for an embedded database. Undefined while there is none. */
  readonly nextMaster?: () => Promise<MasterKey | undefined>
  /** An OpenID provider whose tokens open the API beside our own. */
  readonly oidc?: OidcOptions
  /** Addresses of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[]
  readonly production: boolean
  /** Roots of emulated platforms; refused in production. */
  readonly emulatedAnchors: readonly TrustAnchor[]
  /** Emulated machines that sign for administrators; refused in production. */
  readonly emulated?: EmulatedPlatforms
  /** Whether what the emulated services give may have changed since this was asked last. */
  readonly worldChanged?: () => Promise<boolean>
  readonly source: CollateralSource | undefined
  readonly host: string
  readonly port: number
  /** Certificate and key; renewed ones are shown as soon as their files have changed. */
  readonly tls?: WatchedFiles<TlsOptions>
  /** URL that others reach it at; names it in attestation results and in the log. */
  readonly publicUrl?: string
  /** A one-time link is made although somebody was let in before. */
  readonly newSetupLink?: boolean
  readonly leaseSeconds?: number
  /** How often live leases are judged by endorsements as they are then, beside whenever these are seen to be others. Default 60. */
  readonly recheckMinutes?: number
  readonly retention?: Retention
  /** Event streams that may be open at once; default as the server has it. */
  readonly eventStreams?: number
  readonly version: string
  readonly console?: string
  readonly now: () => Date
  /** Takes the log lines. */
  readonly writeLog: (text: string) => void
  /** What else the verifier is made with: roots of TPM makers, and endorsements where they are not from files. */
  readonly verifier?: Pick<VerifierOptions, 'arm' | 'tpmRoots'>
  /** Endorsements from files, read again when these change. */
  readonly endorsements?: WatchedFiles<EndorsementFiles>
}
