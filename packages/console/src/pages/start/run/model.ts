import type { ReceiptProof } from '../../../log/receipt.ts'

/** Steps of the guided run, in their order. */
export const STEPS = [
  'namespace',
  'secret',
  'policy',
  'reference',
  'refused',
  'why',
  'attested',
  'released',
  'receipt',
  'advisory',
  'line',
  'lost',
] as const

/** One of {@link STEPS}. */
export type StepId = (typeof STEPS)[number]

/** The steps behind this one are for those who want to see a lease being lost. */
export const LAST_NEEDED: StepId = 'receipt'

/** What is wrong with the machine at first. */
export type Flaw = 'debug' | 'measurement'

/** Who calls: the owner with a token, or the workload with none. */
export type Caller = 'owner' | 'workload'

/** One thing that was done in a step: a call to the checkpoint, or what the page made by itself. */
export type Act =
  | {
      readonly did: 'call'
      readonly caller: Caller
      readonly method: string
      readonly path: string
      /** JSON, shortened to be read. */
      readonly body: string | undefined
      /** Undefined while there is no answer. */
      readonly answer: { readonly status: number | 'ok'; readonly body: string } | undefined
    }
  | { readonly did: 'key' | 'binding' | 'decrypted'; readonly text: string }

/** A lease as its holder has it. */
export interface Lease {
  readonly id: string
  readonly secret: string
  readonly expires: string
}

/** What would make a refusal pass, and who can do it. */
export interface Remedy {
  readonly action: string
  readonly by: string
}

/** What the run knows so far; each step adds to it. */
export interface Facts {
  /** What is kept, as the reader typed it. */
  readonly secret: string
  readonly flaw: Flaw
  /** The namespace was there before this run. */
  readonly again?: boolean
  readonly secretVersion?: number
  readonly policyVersion?: number
  readonly measurement?: string
  readonly refusal?: { readonly code: string; readonly decision: string }
  readonly reasons?: readonly string[]
  readonly remedies?: readonly Remedy[]
  readonly key?: CryptoKeyPair
  readonly session?: string
  readonly lease?: Lease
  /** The release. */
  readonly decision?: string
  /** What the page decrypted. */
  readonly opened?: string
  readonly receipt?: unknown
  readonly proof?: ReceiptProof
  readonly affected?: number
  readonly dryRun?: string
  /** Version of the policy with the line. */
  readonly forbiddenBy?: number
  /** What the workload was told of its lease. */
  readonly told?: { readonly kind: string; readonly reason: string | undefined }
  readonly renewal?: { readonly code: string; readonly decision: string }
}

/** Where the run takes place. */
export const NAMESPACE = 'first-run'

/** What it is about. */
export const RESOURCE = 'first/run/password'

/** The reference set. */
export const REFERENCE = 'first-run'

/** The advisory that the emulated vendor publishes. */
export const ADVISORY = 'AMD-SB-EMULATED-1'

/** The machine as it should be. */
export const MACHINE = { tee: 'snp', product: 'Milan' } as const

/** What the workload is measured to be that nobody knows. */
export const UNKNOWN_MEASUREMENT: string = '5e'.repeat(48)

/** The policy: whoever is verified, not in debug and known may have what is asked for. */
export const POLICY = `// Emulated machines, for trying out: a production server refuses them before any policy.
@id("known-guests")
@allow("emulated-allowed")
permit (principal, action, resource)
when {
  context.emulated &&
  context.verdict.outcome == "verified" &&
  !context.debug &&
  !context.references.isEmpty()
};
`

/** The one line that the advisory costs. */
export const FORBID = `@id("no-milan")
forbid (principal, action, resource)
when { context has product && context.product == "Milan" };
`
