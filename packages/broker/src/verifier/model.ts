import type { CollateralSource, EndorsementBundle } from '@sekisho/collateral'
import type { Memory, TrustAnchor, Verdict } from '@sekisho/evidence'
import type { Recognised } from '@sekisho/evidence/recognise'
import type { TpmActivation } from '@sekisho/evidence/tpm'
import type { TpmMakers, TpmRoots } from '../enrolment/makers.ts'

/** Evidence without its wrappers, with what travelled beside it. As untrusted as it came. */
export interface Received extends Recognised {
  /** The measured-boot log that came along, in the envelope or beside it. */
  readonly eventLog?: Uint8Array
}

/** An expectations object of the TEE, as its `read…Expectations` takes it. */
export type Expectations = Readonly<Record<string, unknown>>

/** Endorsements in the form in which they are kept, for judging again as of their time. */
export interface KeptCollateral {
  /** SHA-256 of `bytes`, lower-case hex. */
  readonly sha256: string
  /**
   * SEV-SNP: a GHCB certificate table. Intel: `collateral.json` as the field's tools exchange it. NVIDIA: an
   * endorsement bundle. Arm, services, enrolled TPMs: JSON. All can be given to `sekisho verify --collateral`. Empty where the evidence brings everything itself.
   */
  readonly bytes: Uint8Array
}

/** How one piece of evidence is to be judged. */
export interface JudgeRequest {
  readonly expect: Expectations
  readonly at: Date
  /** Ids of checks that may stay unmade. */
  readonly waive?: readonly string[]
  /** Judge with exactly these endorsements, as {@link KeptCollateral} has them, and ask nobody. */
  readonly kept?: Uint8Array
  /**
   * With `kept`: everything that vouched then vouches, whatever was revoked since. For showing that a decision was right, never
   * for making one.
   */
  readonly past?: true
  /** Ask this source instead of the verifier's own: a forecast. Nothing of it is remembered. */
  readonly source?: CollateralSource
  /** Intel: ask for this update channel; `early` is the TCB level that will be the standard one. */
  readonly update?: 'standard' | 'early'
  /** Ask the source again, although an answer is held. */
  readonly refresh?: boolean
  /** Whose enrolled keys of TPMs count; none without it. */
  readonly namespace?: string
}

/** What judging gives. */
export interface Judged {
  readonly verdict: Verdict
  readonly collateral: KeptCollateral
  /** Name of the TPM's attestation key, hex, where it was vouched for by being enrolled. */
  readonly enrolledKey?: string
  /** Why a source did not give endorsements that were asked for, in its words; for the owner, who may ask the wrong one. */
  readonly missing?: string
  /** Where files vouch for the evidence, those by which it was judged, as {@link Verifier.files} has them. */
  readonly files?: string
}

/** Evidence that cannot name a session: however genuine it is, nothing is released on it. The message says why. */
export class UnboundEvidence extends Error {
  override readonly name = 'UnboundEvidence'
}

/** What the checkpoint needs of evidence: one door for every TEE. */
export interface Verifier {
  /** True when emulated roots are trusted. */
  readonly emulated: boolean
  /** Who may vouch for a TPM's endorsement key. Without it no TPM is enrolled. */
  readonly tpmMakers?: TpmMakers
  /** SHA-256 over the operator's files by which evidence is judged now that only such files vouch for, hex. */
  readonly files?: string
  /**
   * Finds the evidence in a KBS `primary_evidence` object, another JSON value, or bytes. Nothing is verified.
   * @throws EvidenceError when it is none that is known
   */
  recognise(evidence: unknown, eventLog?: Uint8Array): Received
  /** Expectations that this evidence would meet, user data left out. @throws EvidenceError when it cannot be read */
  skeleton(received: Received): Expectations
  /** What reference sets are compared with: the skeleton, with whatever else they may pin. Without it the skeleton. @throws EvidenceError */
  comparable?(received: Received): Readonly<Record<string, unknown>>
  /**
   * The expectations that bind evidence to a digest of the verifier's making: report data, padded or cut to the
   * hardware's field (specs of the KBS protocol, section 5).
   * @param digest SHA-384 over nonce and key
   * @throws UnboundEvidence for evidence in which a workload cannot name a session
   */
  binding(received: Received, digest: Uint8Array): Expectations
  /**
   * Whether evidence is of devices only, which answer to whoever drives them: it shows nothing of where a key is.
   * @throws EvidenceError when it cannot be read
   */
  isDevice(received: Received): boolean
  /**
   * What a session's nonce must be where the TEE answers requests: text that no other session has, and the same again for
   * the same bytes. Undefined where any random nonce will do.
   * @param tee in our spelling; one that is not known will be found out by its evidence
   * @param nonce 32 bytes of this session alone
   */
  challenge?(tee: string, nonce: Uint8Array): string | undefined
  /**
   * Judges evidence. Where collateral cannot be had, the verdict says what stays unchecked.
   * @throws EvidenceError when the evidence cannot be read
   * @throws TypeError when an expectation is none
   */
  verify(received: Received, request: JudgeRequest): Promise<Judged>
  /** Has the source ask the vendors once more for what was fetched before now, when it is asked for it. */
  renew?(): void
}

/** What judging guests of IBM Secure Execution takes beside their answers. */
export interface SecureExecution {
  /** Host key documents, IBM's signing certificate, those above it, and revocation lists; PEM or DER. */
  readonly files?: readonly Uint8Array[]
  /** Headers of the images that may run, or the images; at most 64. Answers name none: each is tried. */
  readonly images?: readonly Uint8Array[]
  /** Attestation requests, bare or as `pvattest`, with the key of 32 bytes that was kept when each was made: a secret. At most 8. */
  readonly requests?: readonly { readonly request: Uint8Array; readonly protectionKey: Uint8Array }[]
}

/** Keys of one attestation service. */
export interface TokenKeys {
  /** `iss` of the tokens that they sign, exactly. */
  readonly issuer: string
  /** JSON Web Key Set, got from the issuer itself. */
  readonly jwks: string
  /** Revocation lists of the authorities above these keys, DER. A key of this set that has no certificates is not judged without an answer. */
  readonly crls?: readonly Uint8Array[]
}

/** What judging tokens of attestation services takes. */
export interface TokenServices {
  readonly keySets?: readonly TokenKeys[]
  /** Revocation lists, DER, of any authority: each counts for the tokens whose key has certificates under it. At most 16, with those of a set. */
  readonly crls?: readonly Uint8Array[]
}

/** What a verifier is made with. */
export interface VerifierOptions {
  /** Asked for endorsements; a source with a cache, usually. Without one only what comes with the evidence counts. */
  readonly source?: CollateralSource
  /** Endorsements that need not be asked for. */
  readonly bundles?: readonly EndorsementBundle[]
  /** Roots beside the vendors': emulators'. Every one must say `emulated: true`. */
  readonly trustAnchors?: readonly TrustAnchor[]
  /** Remembers what was verified once; default one of its own, 32 MiB. */
  readonly memory?: Memory
  /** How long endorsements are used before the source is asked again, in seconds. Default 300. */
  readonly holdSeconds?: number
  /** Most platforms whose endorsements are held at once. Default 1024. */
  readonly maxHeld?: number
  /** Arm CCA and PSA: keys and reference values, JSON. */
  readonly arm?: { readonly keys?: string; readonly referenceValues?: string }
  /** IBM Secure Execution: whom to believe, what may run, and what guests are asked. */
  readonly secureExecution?: SecureExecution
  /** Attestation services: keys by issuer, and whose keys no longer count. */
  readonly tokens?: TokenServices
  /** TPM: looks up the activation of an attestation key, by its TPMT_PUBLIC; `enrolledKeys` of a database is one. */
  readonly activation?: (
    akPublic: Uint8Array,
    namespace: string,
  ) => TpmActivation | undefined | Promise<TpmActivation | undefined>
  /** TPM: roots of makers that the operator vouches for, beside those that are known. They are not emulated. */
  readonly tpmRoots?: TpmRoots
  /** Told when a source did not give what was asked; for the log of the process. */
  readonly onTrouble?: (what: string) => void
  /**
   * Told when a source gives another revocation list, other TCB information or another status of a certificate than it did
   * before: time to judge anew what rests on them. `what` names the vendor and what they are for.
   */
  readonly onNews?: (what: string) => void
}

/** What the operator gives as files, and may replace while the verifier runs. */
export type EndorsementFiles = Pick<VerifierOptions, 'arm' | 'bundles' | 'secureExecution' | 'tokens'>

/** A verifier whose files can be replaced. */
export interface OpenedVerifier extends Verifier {
  /** Asks the source anew for whatever comes next: what it gave before is held no more. */
  forget(): void
  /**
   * Judges by these files from now on; what is missing among them is given no more. Evidence that is being judged meanwhile is
   * judged by the former.
   *
   * @returns whether the bundles are others, too
   * @throws TypeError as opening does; then the former files stay
   */
  replaceFiles(files: EndorsementFiles): { readonly bundles: boolean }
}

/** What the doors share: the verifier's own things, with defaults filled in. */
export interface Surroundings {
  readonly options: VerifierOptions
  readonly memory: Memory
  readonly holdMs: number
  readonly maxHeld: number
  readonly trouble: (what: string) => void
  /** Notes what a source gave for a question, to tell when it gives something else. */
  readonly noted: (question: string, answer: Uint8Array | undefined) => void
  /** The vendor's roots together with the emulated ones; undefined for the vendor's alone. */
  anchors(vendor: readonly TrustAnchor[]): { readonly trustAnchors?: readonly TrustAnchor[] }
}

/** One TEE's part of a {@link Verifier}. */
export interface Door {
  skeleton(received: Received): Expectations
  /** See {@link Verifier.comparable}. */
  comparable?(received: Received): Readonly<Record<string, unknown>>
  binding(received: Received, digest: Uint8Array): Expectations
  verify(received: Received, request: JudgeRequest): Promise<Judged>
  /** See {@link Verifier.isDevice}; without it, evidence of this kind is of machines. */
  isDevice?(received: Received): boolean
  /** See {@link Verifier.challenge}. */
  challenge?(nonce: Uint8Array): string | undefined
}
