import { EvidenceError } from '@sekisho/evidence'
import { type Companion, recognise } from '@sekisho/evidence/recognise'
import { parseSnpJson, type SnpCollateralInput } from '@sekisho/evidence/snp'
import { isRecord } from '../json.ts'
import type { Received } from './model.ts'

/**
 * Finds the evidence in what an attester sent: bytes, or a JSON value such as the `primary_evidence` of the KBS
 * protocol (section 6). Nothing is verified.
 *
 * @throws EvidenceError
 */
export function receive(evidence: unknown, eventLog?: Uint8Array): Received {
  const found = evidence instanceof Uint8Array ? recognise(evidence) : fromJson(evidence)
  const log = eventLog ?? found.companions.find(({ kind }) => kind === 'event-log')?.bytes
  return log === undefined ? found : { ...found, eventLog: log }
}

function fromJson(value: unknown): Received {
  if (typeof value === 'string') return recognise(Buffer.from(value))
  if (!isRecord(value)) throw noEvidence('a value that is no object')
  if (isSample(value)) throw noEvidence('sample evidence, which proves nothing')
  if (isRecord(value['attestation_report'])) return snpStructure(value) ?? recognise(jsonBytes(value))
  if (isRecord(value['tpm_quote']) && value['hcl_report'] === undefined) return recognise(jsonBytes(kbsTpm(value)))
  const { token } = value
  if (Array.isArray(token) && token.length <= MAX_TOKEN && token.every(isByte)) return recognise(Uint8Array.from(token))
  return recognise(jsonBytes(value))
}

// KBS protocol, section 6: a CCA token as a list of numbers. Longer ones are no tokens.
const MAX_TOKEN = 64 * 1024

function isByte(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255
}

// KBS protocol, section 6: `sample` and `sampledevice` are signed by nobody.
function isSample(value: Readonly<Record<string, unknown>>): boolean {
  return Object.hasOwn(value, 'svn') && Object.hasOwn(value, 'report_data')
}

const LABELS: readonly (keyof SnpCollateralInput)[] = ['vcek', 'vlek', 'ask', 'asvk', 'ark', 'crl']

/** The newest form of the structure is read without writing it out and parsing it again. */
function snpStructure(value: Readonly<Record<string, unknown>>): Received | undefined {
  try {
    const { report, collateral } = parseSnpJson(value)
    const companions: Companion[] = LABELS.flatMap((label) => {
      const bytes = collateral[label]
      return bytes === undefined
        ? []
        : [{ kind: 'certificates', from: 'cert_chain', label: label.toUpperCase(), bytes }]
    })
    return { tee: 'snp', form: 'SEV-SNP report', evidence: report, wrappers: [], companions, unused: [] }
  } catch (error) {
    // An older form: `recognise` knows them all, and says what is wrong with one that is none.
    if (error instanceof EvidenceError) return undefined
    throw error
  }
}

/** `{"tpm_quote":{"signature","message","pcrs"},"ak_public"}`, base64, as the form that the verifier reads. */
function kbsTpm({
  tpm_quote: quote,
  ak_public: akPublic,
  ak_certificates: certificates,
  event_log: eventLog,
}: Readonly<Record<string, unknown>>): object {
  const { signature, message, pcrs } = isRecord(quote) ? quote : {}
  return {
    tpm: {
      message,
      signature,
      ...(akPublic === undefined ? {} : { akPublic: pemBody(akPublic) }),
      ...(pcrs === undefined ? {} : { pcrs: Array.isArray(pcrs) ? bankOf(pcrs) : pcrs }),
      ...(certificates === undefined ? {} : { certificates }),
      ...(eventLog === undefined ? {} : { eventLog }),
    },
  }
}

function pemBody(value: unknown): unknown {
  if (typeof value !== 'string' || !value.startsWith('-----BEGIN PUBLIC KEY-----')) return value
  return value.replace(/-----[A-Z ]+-----/g, '').replace(/\s/g, '')
}

/** All registers of the SHA-256 bank in their order: hex, or base64. */
function bankOf(values: readonly unknown[]): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const hex = values.map((one) =>
    typeof one === 'string' && one.length === 44 ? Buffer.from(one, 'base64').toString('hex') : one,
  )
  return { sha256: Object.fromEntries(hex.map((one, i) => [String(i), one])) }
}

function jsonBytes(value: unknown): Uint8Array {
  try {
    return Buffer.from(JSON.stringify(value))
  } catch (error) {
    // The runtime's own bound on nesting.
    if (error instanceof RangeError) throw noEvidence('a value that is nested too deeply')
    throw error
  }
}

function noEvidence(found: string): EvidenceError {
  return new EvidenceError('unsupported-kind', found, {
    field: 'primary_evidence',
    offset: 0,
    expected: 'evidence of a TEE that is verified here',
  })
}
