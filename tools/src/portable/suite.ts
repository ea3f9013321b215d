import { canonicalJson, EvidenceError, type Verdict, type VerdictOutcome } from '@sekisho/evidence'
import { verifyIas } from '@sekisho/evidence/ias'
import { recogniseParts } from '@sekisho/evidence/recognise'
import { verifySgx } from '@sekisho/evidence/sgx'
import { verifySnp } from '@sekisho/evidence/snp'
import { prepareEventLog, type TdxOptions, verifyTdx } from '@sekisho/evidence/tdx'
import { verifyToken } from '@sekisho/evidence/token'

/**
 * One verification, as JSON that every runtime can load: byte strings stand as `{ "$hex": "…" }` and
 * times as `{ "$date": "…" }`; a TDX event log stands as its bytes.
 */
export interface PortableCase {
  readonly name: string
  /** Whose verifier judges it; `recognise` only takes the wrappers off. */
  readonly tee: 'sgx' | 'tdx' | 'snp' | 'sgx-epid' | 'token' | 'recognise'
  readonly evidence: unknown
  readonly options: unknown
}

/** What a runtime made of one case. */
export interface PortableResult {
  readonly name: string
  /** The verdict's outcome, the TEEs that were recognised, or the code of the EvidenceError. */
  readonly outcome: VerdictOutcome | `error ${string}` | `recognised ${string}`
  /** SHA-256 of the verdict's canonical JSON, or of the error's message. */
  readonly digest: string
}

/**
 * Verifies every case and digests every verdict. Knows no runtime, no file and no test runner; the
 * entries beside it bring the cases in and the results out.
 */
export async function runSuite(cases: readonly PortableCase[]): Promise<PortableResult[]> {
  const results: PortableResult[] = []
  for (const each of cases) {
    const { outcome, text } = await judge(each)
    results.push({ name: each.name, outcome, digest: await sha256(text) })
  }
  return results
}

async function judge(one: PortableCase): Promise<{ outcome: PortableResult['outcome']; text: string }> {
  try {
    const verdict = await verdictOf(one)
    if (verdict === undefined) return told(revive(one.evidence))
    return { outcome: verdict.outcome, text: canonicalJson(verdict) }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return { outcome: `error ${error.code}`, text: error.message }
  }
}

/** The verdict of a case; undefined where there is none to make. @throws EvidenceError for evidence that cannot be read */
export async function verdictOf({ tee, evidence, options }: PortableCase): Promise<Verdict | undefined> {
  return tee === 'recognise' ? undefined : await VERIFY[tee](revive(evidence), revive(options))
}

/** Every part and what came with it, byte for byte. */
function told(input: Uint8Array): { outcome: PortableResult['outcome']; text: string } {
  const parts = recogniseParts(input)
  const text = canonicalJson(
    parts.map(({ label, recognised }) => ({
      ...recognised,
      label,
      evidence: [...recognised.evidence],
      companions: recognised.companions.map((one) => ({ ...one, bytes: [...one.bytes] })),
    })),
  )
  return { outcome: `recognised ${parts.map(({ recognised }) => recognised.tee).join(' ')}`, text }
}

/** What these tests wrote out themselves is read back as what it was; the type is known where it is used. */
function revive<T>(value: unknown): T {
  return reviveValue(value) as T
}

function reviveValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reviveValue)
  if (typeof value !== 'object' || value === null) return value
  if ('$hex' in value) return bytesOf(String(value.$hex))
  if ('$date' in value) return new Date(String(value.$date))
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, reviveValue(member)]))
}

const VERIFY = {
  sgx: verifySgx,
  tdx: (evidence: Uint8Array, options: Omit<TdxOptions, 'eventLog'> & { readonly eventLog?: Uint8Array }) => {
    const { eventLog, ...others } = options
    return verifyTdx(evidence, eventLog === undefined ? others : { ...others, eventLog: prepareEventLog(eventLog) })
  },
  snp: verifySnp,
  'sgx-epid': verifyIas,
  token: verifyToken,
} as const

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))
}

/** Lower-case hex, of the text's UTF-8. */
export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
