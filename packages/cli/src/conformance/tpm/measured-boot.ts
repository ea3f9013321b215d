import { createHash } from 'node:crypto'
import { EvidenceError } from '@sekisho/evidence'
import {
  type ExplainedBank,
  type ExplainedBootLog,
  explainBootLog,
  type PcrValues,
  parseAttest,
  parseSignature,
  readPcrs,
} from '@sekisho/evidence/tpm'
import type { CaseRunner, JsonValue } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import { type Found, same } from '../compare.ts'
import { isRecord, member, textMember } from '../json.ts'
import type { Ruling } from '../ruling.ts'
import { casesOf } from '../run.ts'
import { hex } from '../values.ts'
import { inOrderOf } from './cases.ts'
import { attestValues, signatureValues } from './values.ts'

/** Runs cases of event logs on their own, beside PCR values where a case has them. */
export const measuredBootCases: CaseRunner = casesOf({
  tees: ['measured-boot'],
  read: async (files, content) => {
    const run = await runOf(files)
    // These verdicts are about logs, and have names of their own.
    const listed = textMember(member(content, 'expect'), 'verdict') ?? ''
    const { verdict, ruling } = verdictOf(run)
    const named = { expected: listed, actual: verdict }
    return { ruling, found: foundIn(run), last: [same('verdict', listed, verdict)], named }
  },
})

interface BootRun {
  readonly files: CaseFiles
  readonly pcrs: PcrValues | undefined
  readonly log: ExplainedBootLog | undefined
  readonly error: EvidenceError | undefined
}

async function runOf(files: CaseFiles): Promise<BootRun> {
  const file = await files.readJson('tpm-pcrs.json')
  const pcrs = file === undefined ? undefined : readPcrs(file)
  try {
    return { files, pcrs, log: await explainBootLog(await files.need('event-log.bin'), pcrs), error: undefined }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return { files, pcrs, log: undefined, error }
  }
}

/** The bank to judge by: the strongest that the TPM has, and only that: none stands in for another. */
function judgedBank({ log, pcrs }: BootRun): ExplainedBank | undefined {
  const banks = log?.banks.filter(({ bank }) => pcrs === undefined || pcrs[bank] !== undefined) ?? []
  return banks.find(({ bank }) => bank === 'sha256') ?? banks[0]
}

function verdictOf(run: BootRun): { readonly verdict: string; readonly ruling: Ruling } {
  if (run.error !== undefined) return { verdict: 'malformed', ruling: refused([], run.error.message) }
  const fault = judgedBank(run)?.fault
  const differs = run.log?.banks.some(({ replay }) => (replay?.differing.length ?? 0) > 0) === true
  if (fault !== undefined && fault !== 'replay-mismatch' && run.pcrs !== undefined)
    return { verdict: 'refused', ruling: refused([fault], fault) }
  // A case that lists every bank calls the whole a mismatch when one of them is.
  if (differs) return { verdict: 'replay-mismatch', ruling: refused(['replay-mismatch'], 'a PCR differs') }
  return { verdict: run.pcrs === undefined ? 'parses' : 'replays', ruling: { verdict: 'valid', reasons: [] } }
}

function refused(reasons: readonly string[], message: string): Ruling {
  return { verdict: 'invalid', reasons, message }
}

/** What was found, by the members of a case's `expect`. */
function foundIn(run: BootRun): Found {
  const { log, error } = run
  const specId = log?.measured.log.specId
  const bank = judgedBank(run)
  return {
    parseError: error !== undefined,
    format: log?.measured.log.format,
    events: log?.measured.log.events.length,
    startupLocality: log?.measured.startupLocality,
    specVersion: specId && `${specId.major}.${specId.minor}`,
    algorithms: log?.banks.map((one) => one.bank),
    vendorInfoSize: vendorInfoSize(log),
    pcrs: byBank(log, replayedValues),
    eventTypes: eventTypes(log),
    secureBootVariable: bank?.facts.secureBoot.enabled ?? null,
    efiApplications: byBank(log, applications),
    upstreamEfiApplications: byBank(log, applications),
    eventsWhoseDigestIsNotTheHashOfTheirData: () => unboundEvents(log),
    tpmPcrs: (expected) => tpmPcrValues(run, expected),
    windows: (expected) => windowsValues(bank, expected),
    windowsPcrs: bank?.windows?.pcrs,
    vsmIdentityKeys: keyValues(bank),
    quote: () => quoteValues(run),
  }
}

function replayedValues({ log }: ExplainedBank): JsonValue {
  return Object.fromEntries(
    [...log.replays].map(([index, { result }]) => [String(index), hex(result ?? new Uint8Array(0))]),
  )
}

function byBank(log: ExplainedBootLog | undefined, value: (bank: ExplainedBank) => JsonValue): JsonValue | undefined {
  return log === undefined ? undefined : Object.fromEntries(log.banks.map((bank) => [bank.bank, value(bank)]))
}

function applications({ facts }: ExplainedBank): JsonValue {
  return facts.programs
    .filter(({ pcr, claimedOther }) => pcr === 4 && claimedOther !== true)
    .map(({ digest }) => digest)
}

// The header's own table of sizes, then a count of vendor bytes.
function vendorInfoSize(log: ExplainedBootLog | undefined): JsonValue | undefined {
  const first = log?.measured.log.events[0]
  const algorithms = log?.measured.log.specId?.algorithms.length
  return first === undefined || algorithms === undefined ? undefined : (first.data[28 + 4 * algorithms] ?? 0)
}

const TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [0x00, 'EV_PREBOOT_CERT'],
  [0x01, 'EV_POST_CODE'],
  [0x03, 'EV_NO_ACTION'],
  [0x04, 'EV_SEPARATOR'],
  [0x05, 'EV_ACTION'],
  [0x06, 'EV_EVENT_TAG'],
  [0x07, 'EV_S_CRTM_CONTENTS'],
  [0x08, 'EV_S_CRTM_VERSION'],
  [0x09, 'EV_CPU_MICROCODE'],
  [0x0a, 'EV_PLATFORM_CONFIG_FLAGS'],
  [0x0b, 'EV_TABLE_OF_DEVICES'],
  [0x0c, 'EV_COMPACT_HASH'],
  [0x0d, 'EV_IPL'],
  [0x0e, 'EV_IPL_PARTITION_DATA'],
  [0x0f, 'EV_NONHOST_CODE'],
  [0x10, 'EV_NONHOST_CONFIG'],
  [0x11, 'EV_NONHOST_INFO'],
  [0x12, 'EV_OMIT_BOOT_DEVICE_EVENTS'],
  [0x80000001, 'EV_EFI_VARIABLE_DRIVER_CONFIG'],
  [0x80000002, 'EV_EFI_VARIABLE_BOOT'],
  [0x80000003, 'EV_EFI_BOOT_SERVICES_APPLICATION'],
  [0x80000004, 'EV_EFI_BOOT_SERVICES_DRIVER'],
  [0x80000005, 'EV_EFI_RUNTIME_SERVICES_DRIVER'],
  [0x80000006, 'EV_EFI_GPT_EVENT'],
  [0x80000007, 'EV_EFI_ACTION'],
  [0x80000008, 'EV_EFI_PLATFORM_FIRMWARE_BLOB'],
  [0x80000009, 'EV_EFI_HANDOFF_TABLES'],
  [0x8000000a, 'EV_EFI_PLATFORM_FIRMWARE_BLOB2'],
  [0x8000000b, 'EV_EFI_HANDOFF_TABLES2'],
  [0x8000000c, 'EV_EFI_VARIABLE_BOOT2'],
  [0x80000010, 'EV_EFI_HCRTM_EVENT'],
  [0x800000e0, 'EV_EFI_VARIABLE_AUTHORITY'],
])

function typeName(type: number): string {
  return TYPE_NAMES.get(type) ?? `0x${type.toString(16).padStart(8, '0')}`
}

function eventTypes(log: ExplainedBootLog | undefined): JsonValue | undefined {
  if (log === undefined) return undefined
  const counts: Record<string, number> = {}
  for (const { type } of log.measured.log.events) counts[typeName(type)] = (counts[typeName(type)] ?? 0) + 1
  return counts
}

/** Types whose digest is, or is often taken to be, over the data. */
const OVER_DATA: readonly number[] = [
  0x04, 0x05, 0x06, 0x08, 0x09, 0x0a, 0x0b, 0x10, 0x11, 0x80000001, 0x80000006, 0x80000007, 0x8000000c, 0x800000e0,
]

// Of each event the first bank whose digest is not over the data.
function unboundEvents(log: ExplainedBootLog | undefined): JsonValue | undefined {
  if (log === undefined) return undefined
  const found: JsonValue[] = []
  const events = log.banks[0]?.log.events ?? []
  for (const { number, type, register, extends: isExtended, data } of events) {
    if (!isExtended || !OVER_DATA.includes(type)) continue
    const other = log.banks.find(({ bank, log: own }) => {
      const digest = own.events[number]?.digest
      return digest !== undefined && createHash(bank).update(data).digest('hex') !== hex(digest)
    })
    if (other !== undefined)
      found.push({ event: number, pcr: Number(register?.slice(3)), type: typeName(type), alg: other.bank })
  }
  return found
}

function tpmPcrValues({ log, pcrs }: BootRun, expected: JsonValue): JsonValue {
  const listed = member(expected, 'nonZeroButNotInLog')
  const mismatch: Record<string, JsonValue> = {}
  const unlogged: Record<string, JsonValue> = {}
  for (const { bank, replay, log: own } of log?.banks ?? []) {
    if (replay === undefined) continue
    mismatch[bank] = replay.differing
    // Cases do not count a PCR that a dynamic launch has not touched.
    const others = replay.unlogged.filter((index) => !own.replays.has(index))
    unlogged[bank] = inOrderOf(member(listed, bank) ?? [], others)
  }
  return { file: pcrs === undefined ? null : 'tpm-pcrs.json', mismatch, nonZeroButNotInLog: unlogged }
}

// Of a log that is refused, cases list each value once.
function windowsValues(bank: ExplainedBank | undefined, expected: JsonValue): JsonValue | undefined {
  const values = bank?.windows?.values
  if (values === undefined || bank?.fault === undefined || !isRecord(expected)) return values
  return Object.fromEntries(Object.entries(values).map(([name, list]) => [name, [...new Set(list)]]))
}

function keyValues(bank: ExplainedBank | undefined): JsonValue | undefined {
  const keys = bank?.windows?.vsmKeys
  if (keys === undefined) return undefined
  return Object.fromEntries(
    Object.entries(keys).map(([name, { pcr, bits, exponent, modulus }]) => {
      const bytes = Buffer.from(modulus, 'hex')
      return [
        name,
        {
          pcr,
          keyAlgId: 1,
          keyBits: bits,
          exponent,
          modulusSha256: createHash('sha256').update(bytes).digest('hex'),
          modulusBytes: bytes.length,
        },
      ]
    }),
  )
}

// The key that signed is not published: the digest over the PCRs can be compared, the signature cannot.
async function quoteValues({ files, pcrs }: BootRun): Promise<JsonValue> {
  const attest = parseAttest(await files.need('quote.msg'))
  const signature = parseSignature(await files.need('quote.sig'))
  const hash = createHash(signature.hash)
  for (const { bank, pcrs: indices } of attest.quote?.selections ?? []) {
    for (const index of indices) hash.update(Buffer.from(pcrs?.[bank]?.[String(index)] ?? '', 'hex'))
  }
  return {
    attest: attestValues(attest),
    pcrDigestMatches: hash.digest('hex') === hex(attest.quote?.pcrDigest ?? new Uint8Array(0)),
    signature: signatureValues(signature),
  }
}
