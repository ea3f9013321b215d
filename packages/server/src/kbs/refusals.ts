import type { AttestOutcome, ReleaseOutcome } from '@sekisho/broker'
import type { Call } from '../http/call.ts'
import type { OutcomeCounter } from '../outcomes.ts'
import { KbsError, type KbsErrorName } from './errors.ts'
import { RESOURCE_SHAPE } from './paths.ts'

/**
 * The error of a refused attestation: a short code, the id under which the owner finds the reason, and whether the evidence is
 * emulated. Evidence of the kind `sample` gets a sentence of its own, because the first trial of every guest without hardware sends it.
 */
export function attestRefusal(
  call: Call,
  outcome: AttestOutcome,
  evidence: unknown,
  outcomes: OutcomeCounter,
): KbsError {
  const code = outcome.refusal?.code ?? 'evidence-rejected'
  const sentence = isSample(evidence)
    ? 'sample evidence is signed by nobody and is never accepted'
    : 'attestation refused'
  const { emulated } = outcome
  return refusal(
    call,
    'AttestationError',
    { code, id: outcome.refusal?.id ?? outcome.decision, sentence, emulated },
    outcomes,
  )
}

interface Worded {
  readonly kbs: KbsErrorName
  readonly sentence: string
  /** 404 makes a client stop; 401 makes it run the handshake again. */
  readonly status?: 404 | 503
}

const NO_TOKEN: Worded = { kbs: 'TokenNotFound', sentence: 'there is no attestation token: attest first' }
const BAD_TOKEN: Worded = {
  kbs: 'TokenVerifierError',
  sentence: 'the attestation token is not to be believed any more',
}
const RELEASE_WORDS: Readonly<Record<string, Worded>> = {
  'not-found': { kbs: 'PluginInternalError', sentence: 'there is no such resource', status: 404 },
  'resource-invalid': { kbs: 'InvalidRequestPath', sentence: RESOURCE_SHAPE },
  'session-unknown': NO_TOKEN,
  'session-expired': NO_TOKEN,
  'not-attested': NO_TOKEN,
  'session-mismatch': NO_TOKEN,
  'namespace-mismatch': BAD_TOKEN,
  'token-invalid': BAD_TOKEN,
  'token-expired': BAD_TOKEN,
  'attestation-revoked': BAD_TOKEN,
  'key-unsupported': { kbs: 'JweError', sentence: 'nothing can be encrypted to this key' },
  busy: { kbs: 'PluginInternalError', sentence: 'too much is going on; try again', status: 503 },
}
/** The very words of the protocol's servers. */
const DENIED: Worded = { kbs: 'PolicyDeny', sentence: 'Access denied by policy' }

/** The error of a refused release. */
export function releaseRefusal(
  call: Call,
  { code, decision, emulated }: NonNullable<ReleaseOutcome['refused']>,
  outcomes: OutcomeCounter,
): KbsError {
  const worded = RELEASE_WORDS[code] ?? DENIED
  return refusal(call, worded.kbs, { code, id: decision, emulated, ...worded }, outcomes)
}

interface Refusing {
  readonly code: string
  readonly id: string | undefined
  readonly sentence: string
  /** Whether the evidence is known to be of an emulated platform. */
  readonly emulated: boolean | undefined
  readonly status?: number
}

function refusal(call: Call, name: KbsErrorName, o: Refusing, outcomes: OutcomeCounter): KbsError {
  outcomes.refused(o.code)
  call.facts.code = o.code
  if (o.id !== undefined) call.facts.decision = o.id
  const detail = [
    `refused: ${o.code}`,
    o.sentence,
    ...(o.id === undefined ? [] : [`decision ${o.id}`]),
    ...(o.emulated === true ? ['EMULATED'] : []),
  ].join('; ')
  return new KbsError(name, detail, {
    code: o.code,
    facts: { decision: o.id, emulated: o.emulated },
    ...(o.status === undefined ? {} : { status: o.status }),
  })
}

function isSample(evidence: unknown): boolean {
  return typeof evidence === 'object' && evidence !== null && 'svn' in evidence && 'report_data' in evidence
}
