import type { TrustAnchor, Verdict } from '@sekisho/evidence'

/** Longest file that is read, in bytes; longer ones are refused before a byte of them is. */
export const MAX_FILE = 10_000_000

/** In place of the number of a piece of evidence: all of the file's as one, where there are several. */
export const WHOLE = -1

/** A file as the page was given it. */
export interface GivenFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** One decoded field, as every TEE's `…Fields` function gives it. */
export interface Field {
  readonly path: string
  readonly offset?: number
  readonly length?: number
  readonly value: string | number | boolean
  readonly meaning?: string
  readonly source?: string
}

/** What a file turned out to be. */
export type Place =
  | { readonly as: 'evidence'; readonly opened: OpenedEvidence }
  | { readonly as: 'endorsement'; readonly what: string }
  | { readonly as: 'anchors'; readonly anchors: readonly TrustAnchor[] }
  | { readonly as: 'event-log' }

/** What names a platform to whoever has its endorsements: the body of `POST /endorsements`. Nothing else of the evidence is in it. */
export type EndorsementNeed = Partial<
  Readonly<Record<'amd' | 'intel' | 'intelPlatform', Readonly<Record<string, unknown>>>>
>

/** Evidence without its wrappers, decoded and not verified. */
export interface OpenedEvidence {
  readonly tee: string
  readonly form: string
  /** Bytes as they are judged: all offsets count in these. */
  readonly evidence: Uint8Array
  /** Outermost first. */
  readonly wrappers: readonly string[]
  /** What came along, in words. */
  readonly companions: readonly string[]
  /** What lay in the wrappers and is not looked at. */
  readonly unused: readonly string[]
  /** Names of all pieces of evidence in the file; this is the one at `part`, or {@link WHOLE}. */
  readonly parts: readonly string[]
  readonly part: number
  readonly fields: readonly Field[]
  /** What to ask a checkpoint for endorsements with: for each piece of evidence alternatives, of which one will do; empty where they come otherwise. */
  readonly needs: readonly (readonly EndorsementNeed[])[]
  /** Expectations that this very evidence would meet. */
  readonly skeleton: Readonly<Record<string, unknown>>
}

/** What a verification is made with. */
export interface VerifyInput {
  /** The file as it was given, with its wrappers. */
  readonly file: Uint8Array
  readonly part: number
  readonly files: readonly GivenFile[]
  readonly eventLog: Uint8Array | undefined
  readonly expect: Readonly<Record<string, unknown>>
  readonly waive: readonly string[]
  /** Roots trusted beside the vendors'. */
  readonly anchors: readonly TrustAnchor[]
  /** Ids of anchors that are not to be trusted, whoever's they are. */
  readonly distrust: readonly string[]
  /** The time to judge at, in milliseconds since 1970. */
  readonly at: number
}

/** A verdict, and what the page needs beside it. */
export interface Judged {
  readonly verdict: Verdict
  /** Canonical JSON of the verdict, as the command line prints it. */
  readonly canonical: string
  /** What each check establishes, by its id, where the verdict does not say so itself. */
  readonly titles: Readonly<Record<string, string>>
}

/** What the page asks of the worker; each has an answer of the same name in {@link Answers}. */
export interface Requests {
  readonly place: { readonly file: GivenFile; readonly part: number }
  readonly anchor: { readonly file: GivenFile }
  readonly verify: VerifyInput
}

/** The worker's answers. */
export interface Answers {
  readonly place: Place
  readonly anchor: readonly TrustAnchor[]
  readonly verify: Judged
}

/** Names of what can be asked. */
export type Ask = keyof Requests

/** What went wrong, in the words of whoever noticed. */
export interface Fault {
  readonly message: string
  /** Code of an EvidenceError, or `time`, `crash`. */
  readonly code: string
}

/** One message to the worker. */
export type ToWorker = {
  readonly [K in Ask]: { readonly id: number; readonly ask: K; readonly input: Requests[K] }
}[Ask]

/** One message back. */
export type FromWorker =
  | { readonly id: number; readonly value: Answers[Ask] }
  | { readonly id: number; readonly fault: Fault }
