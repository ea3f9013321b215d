import { type Json, type JsonObject, memberOf } from '../core/json.ts'
import type { Claims } from '../core/verdict.ts'
import type { EarAppraisal } from '../eat/ear.ts'
import { DEBUG_STATES } from '../eat/names.ts'

/** What a service says about the evidence that it saw, in one shape. */
export interface Statement {
  readonly isolation: Claims['isolation']
  /** What was attested, as the service names it: `sgx`, `sevsnpvm`, `GCP_INTEL_TDX`, … */
  readonly attested: string
  readonly debug: boolean
  readonly measurement: string
  readonly signer?: string | undefined
  readonly svn?: number | undefined
  /** SGX: which enclave of its signer it is (ISVPRODID). */
  readonly productId?: number | undefined
  readonly reportData: string
  readonly hostData?: string | undefined
  /** TDX: RTMR0 to RTMR3, which what booted has extended. */
  readonly rtmrs?: readonly string[] | undefined
  readonly tcbStatus?: string | undefined
  readonly tcbDate?: string | undefined
  readonly advisories?: readonly string[] | undefined
  readonly nonces: readonly string[]
  /** EAR: what the verifier appraised, and by which policies. */
  readonly appraisals?: readonly EarAppraisal[] | undefined
  /** Azure: security versions of SEV-SNP's parts, by their names in reports. */
  readonly svns?: Readonly<Record<string, number>> | undefined
  /** Azure: what the service says of the system that booted above a paravisor. */
  readonly guest?: Guest | undefined
  /** Azure: the service's policy, by its hash in base64url. */
  readonly policyHash?: string | undefined
  /** Azure: what the service's policy came to. */
  readonly compliance?: string | undefined
  /** Confidential Space: where the container runs, and what whoever started it has set. */
  readonly container?: Container | undefined
  /** EAT of no known service: what it says of a device. */
  readonly eat?: EatStatement | undefined
  /** The service's own judgement, where it is bad: what did not match. */
  readonly objections: readonly string[]
  /** Intel Trust Authority: policies that did not match. */
  readonly unmatched?: readonly string[] | undefined
  /** Where the claims contradict themselves, or break a rule of their profile. */
  readonly faults?: readonly string[] | undefined
  /** A claim that tokens of this service always have, and this one lacks. */
  readonly missing: string | undefined
}

/** What an entity attestation token says of a device and of its submodules; the issuer's word, and nothing beside it. */
export interface EatStatement {
  /** Lower-case hex. */
  readonly ueid: string | undefined
  /** Whether only software that the maker of the device allows can have booted. */
  readonly oemBoot: boolean | undefined
  /** Submodules of which it is said that debugging is on, and those of which nothing is said. */
  readonly debuggable: readonly string[]
  readonly silent: readonly string[]
  /** Submodules that are tokens or digests. */
  readonly closed: readonly string[]
  /** Names of measurements that failed, of those that were not made or found nothing, and how many there are. */
  readonly failed: readonly string[]
  readonly unmade: readonly string[]
  readonly results: number
  /** Claims sets of the submodules, by their names with `/` between them. */
  readonly submodules: readonly (readonly [name: string, claims: JsonObject])[]
}

/** The system in a machine of Azure. */
export interface Guest {
  readonly secureBoot: boolean | undefined
  /** Names of claims by which somebody can debug it, or start drivers of their own. */
  readonly debuggable: readonly string[]
}

/** What runs in a Confidential Space beside the image. */
export interface Container {
  /** The command line in full. */
  readonly args: readonly string[]
  /** The part of it that replaces the image's own; empty where nobody replaced it. */
  readonly commandOverride: readonly string[]
  /** Variables beside the image's own, or in their place. */
  readonly environmentOverride: Readonly<Record<string, string>>
  readonly supportAttributes: readonly string[]
  readonly projectId: string | undefined
}

/** What is said by claims that say nothing. */
export const NOTHING: Statement = {
  isolation: 'none',
  attested: '',
  debug: true,
  measurement: '',
  reportData: '',
  nonces: [],
  objections: [],
  missing: undefined,
}

/**
 * Whether one of these says that debugging is not off, by what EAT calls its state. It stands beside the word of the hardware: a
 * token that says both is not believed.
 *
 * @see RFC 9711, section 4.2.9
 */
export function deniesDisabled(...all: readonly Json[]): boolean {
  const states = all.map((one) => memberOf(one, 'dbgstat')).filter((state) => state !== undefined)
  return states.some((state) => typeof state !== 'string' || !DEBUG_STATES.slice(1).includes(state))
}

/** A name in quotation marks, cut to 64 characters. */
export function quoted(text: string | undefined): string {
  return JSON.stringify((text ?? '').slice(0, 64))
}

/** Lower-case hex of up to 128 bytes; empty for anything else. */
export function hexOf(value: Json | undefined): string {
  return typeof value === 'string' && value.length <= 256 && /^([0-9a-fA-F]{2})*$/.test(value)
    ? value.toLowerCase()
    : ''
}

/** A whole number from 0; undefined for anything else. */
export function integerOf(value: Json | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
