import { parseAzureEvidence } from '../azure/evidence.ts'
import { toHex } from '../core/bytes.ts'
import { canonicalJson } from '../core/canonical.ts'
import { type EvidenceError, refuse } from '../core/errors.ts'
import { isRecord } from '../core/input.ts'
import type { DigestJob } from '../crypto/jobs.ts'
import { parseNitroDocument } from '../nitro/document.ts'
import type { CompanionKind, Recognised } from '../recognise/index.ts'
import { parseTpmJson } from '../tpm/evidence.ts'
import { parseAttest } from '../tpm-structures/attest.ts'
import { decodeBase64 } from '../x509/pem.ts'
import type { CompositeExpectations, CompositePart, PartExpectations } from './model.ts'

type RuntimeData = Readonly<Record<string, unknown>>

/** What ties the parts to one exchange. */
export type Binding =
  /** Digests of runtime data, one for each part; settled before anything is compared. */
  | {
      readonly kind: 'runtime-data'
      readonly runtimeData: RuntimeData
      /** True when the verifier itself gave the runtime data. */
      readonly given: boolean
      readonly digests: ReadonlyMap<CompositePart, DigestJob>
    }
  | { readonly kind: 'nonce' | 'report-data'; readonly value: string }
  | { readonly kind: 'none' }

/**
 * Finds what the parts are to be bound to: runtime data that the verifier gives or that came with the evidence
 * (KBS protocol, section 5: the machine's evidence binds the text of the devices' evidence too), else a nonce or
 * report data that all must hold.
 *
 * @throws EvidenceError when the runtime data cannot be read
 */
export function bindingOf(parts: readonly CompositePart[], expect: CompositeExpectations): Binding {
  const additional = companionText(parts, 'additional-evidence')
  const runtimeData = expect.runtimeData ?? (additional === undefined ? undefined : sentRuntimeData(parts))
  if (runtimeData !== undefined) {
    const digests = new Map(parts.map((part) => [part, digestOf(part, runtimeData, additional)]))
    return { kind: 'runtime-data', runtimeData, given: expect.runtimeData !== undefined, digests }
  }
  if (expect.nonce !== undefined) return { kind: 'nonce', value: expect.nonce }
  return expect.reportData === undefined ? { kind: 'none' } : { kind: 'report-data', value: expect.reportData }
}

function digestOf({ device, recognised }: CompositePart, runtimeData: RuntimeData, additional?: string): DigestJob {
  const bound = device || additional === undefined ? runtimeData : { ...runtimeData, 'additional-evidence': additional }
  const algorithm = recognised.tee === 'ibm-se' ? 'sha512' : 'sha384'
  return { kind: 'digest', algorithm, data: new TextEncoder().encode(canonicalText(bound)) }
}

function canonicalText(value: RuntimeData): string {
  try {
    return canonicalJson(value)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw unreadable('a value that has no canonical form')
  }
}

function companionText(parts: readonly CompositePart[], kind: CompanionKind): string | undefined {
  for (const { recognised } of parts) {
    const found = recognised.companions.find((one) => one.kind === kind)
    if (found !== undefined) return new TextDecoder().decode(found.bytes)
  }
  return undefined
}

function sentRuntimeData(parts: readonly CompositePart[]): RuntimeData | undefined {
  const text = companionText(parts, 'runtime-data')
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (isRecord(value)) return { ...value }
  } catch {
    // Said below, in the same words for whatever is wrong.
  }
  throw unreadable('another value')
}

function unreadable(found: string): EvidenceError {
  return refuse('runtime-data', found, 'an object in JSON')
}

/** Whether the runtime data hold the verifier's nonce, as base64 or hexadecimal. */
export function holdsNonce(runtimeData: RuntimeData, nonce: string): boolean {
  const said = runtimeData['nonce']
  if (typeof said !== 'string') return false
  const bytes = decodeBase64(said)
  return said.toLowerCase() === nonce || (bytes !== undefined && toHex(bytes) === nonce)
}

/** Hex of what a part must hold; undefined when nobody said. */
export function boundValue(binding: Binding, part: CompositePart): string | undefined {
  if (binding.kind === 'none') return undefined
  if (binding.kind !== 'runtime-data') return binding.value
  return toHex(binding.digests.get(part)?.result ?? new Uint8Array(0))
}

const SHORTEST_FIELD = 32
const GPU_NONCE = 32
const SEV_NONCE = 16

/**
 * What the verifier of a part is to expect, so that it holds `value`. A value that is shorter than the field is
 * followed by zeros, a longer one is cut (KBS protocol, section 5).
 */
export function boundExpectations(part: CompositePart, value: string, kind: 'fresh' | 'known'): PartExpectations {
  const { recognised } = part
  const { tee } = recognised
  const reportDataIsFresh = kind === 'fresh'
  if (tee === 'nvidia-gpu') return { [reportDataIsFresh ? 'nonce' : 'reportData']: fitted(value, GPU_NONCE) }
  if (tee === 'sev') return { nonce: fitted(value, SEV_NONCE) }
  if (tee === 'token') return { nonce: value }
  if (tee === 'sgx-epid') return { reportData: value }
  const field = fieldLength(recognised)
  return { reportData: field === undefined ? value : fitted(value, field), reportDataIsFresh }
}

/** Bytes of the field, where the evidence decides; undefined for a field of 64. */
function fieldLength({ tee, evidence }: Recognised): number | undefined {
  const length =
    tee === 'tpm'
      ? parseAttest(parseTpmJson(evidence).message).extraData.length
      : tee === 'nitro'
        ? parseNitroDocument(evidence).userData?.length
        : tee === 'azure-vtpm'
          ? quotedLength(evidence)
          : undefined
  // A field that holds less than a digest proves nothing by a part of one.
  return length === undefined || length < SHORTEST_FIELD ? undefined : length
}

function quotedLength(evidence: Uint8Array): number | undefined {
  const { quote } = parseAzureEvidence(evidence)
  return quote === undefined ? undefined : parseAttest(quote.message).extraData.length
}

function fitted(value: string, bytes: number): string {
  return value.padEnd(2 * bytes, '0').slice(0, 2 * bytes)
}

/**
 * Whether hex that a part holds is `value`, followed by zeros (a nonce: by anything), or cut to no less than
 * 32 bytes.
 */
export function holds(actual: string, value: string, kind: Binding['kind']): boolean {
  if (actual === '' || value === '') return false
  if (actual.length >= value.length)
    return kind === 'nonce' ? actual.startsWith(value) : actual === value.padEnd(actual.length, '0')
  return actual.length >= 2 * SHORTEST_FIELD && value.startsWith(actual)
}
