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
import type { CaseRunner, JsonValue } from './case.ts'
import { compareMembers, type Observer } from './compare-members.ts'
import { conclude, expectedMembers, type Ruling } from './judged.ts'
import { CaseFiles, isRecord, member, textMember } from './snp-files.ts'
import { inOrderOf } from './tpm.ts'
import { attestValues, hex, signatureValues } from './tpm-values.ts'

/** Runs cases of event logs on their own, beside PCR values where a case has them. */
export const measuredBootCases: CaseRunner = {
  tees: ['measured-boot'],
  run: async (folder, name, content) => {
    const run = await runOf(new CaseFiles(folder))
    const { comparisons, unimplemented } = await compareMembers(expectedMembers(content), run, OBSERVERS)
    // These verdicts are about logs, and have names of their own.
    const expected = textMember(member(content, 'expect'), 'verdict') ?? ''
    const found = verdictOf(run, expected)
    comparisons.push({ path: 'verdict', expected, actual: found.verdict, equal: expected === found.verdict })
    const { expect, ...rest } = isRecord(content) ? content : { expect: null }
    const listed = isRecord(expect)
      ? Object.fromEntries(Object.entries(expect).filter(([key]) => key !== 'verdict'))
      : {}
    return {
      ...conclude(name, { ...rest, expect: listed }, found.ruled, comparisons, unimplemented),
      tee: 'measured-boot',
      expectedVerdict: expected,
      actualVerdict: found.verdict,
    }
  },
}

interface BootRun {
  readonly files: CaseFiles
  readonly pcrs: PcrValues | undefined
  readonly log: ExplainedBootLog | undefined
  readonly error: EvidenceError | undefined
}

async function runOf(files: CaseFiles): Promise<BootRun> {
  const file = await files.read('tpm-pcrs.json')
  const pcrs = file === undefined ? undefined : readPcrs(JSON.parse(new TextDecoder().decode(file)))
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

function verdictOf(run: BootRun, expected: string): { readonly verdict: string; readonly ruled: Ruling } {
  if (run.error !== undefined) return { verdict: 'malformed', ruled: ruled([], run.error.message) }
  const fault = judgedBank(run)?.fault
  const differs = run.log?.banks.some(({ replay }) => (replay?.differing.length ?? 0) > 0) === true
  if (fault !== undefined && fault !== 'replay-mismatch' && run.pcrs !== undefined)
    return { verdict: 'refused', ruled: ruled([fault], fault) }
  // A case that lists every bank calls the whole a mismatch when one of them is.
  if (differs) return { verdict: 'replay-mismatch', ruled: ruled(['replay-mismatch'], 'a PCR differs') }
  return { verdict: run.pcrs === undefined ? 'parses' : 'replays', ruled: { ...ruled([], expected), verdict: 'valid' } }
}

function ruled(reasons: readonly string[], message: string): Ruling {
  return { verdict: 'invalid', reasons, message }
}

/** What was found, member by member of a case's `expect`. */
const OBSERVERS: Readonly<Record<string, Observer<BootRun>>> = {
  parseError: ({ error }) => error !== undefined,
  format: ({ log }) => log?.measured.log.format,
  events: ({ log }) => log?.measured.log.events.length,
  startupLocality: ({ log }) => log?.measured.startupLocality,
  specVersion: ({ log }) => {
    const spec = log?.measured.log.specId
    return spec === undefined ? undefined : `${spec.major}.${spec.minor}`
  },
  algorithms: ({ log }) => log?.banks.map(({ bank }) => bank),
  vendorInfoSize: ({ log }) => vendorInfoSize(log),
  pcrs: ({ log }) =>
    byBank(log, ({ log: bank }) =>
      Object.fromEntries(
        [...bank.replays].map(([index, { result }]) => [String(index), hex(result ?? new Uint8Array(0))]),
      ),
    ),
  eventTypes: ({ log }) => eventTypes(log),
  secureBootVariable: (run) => secureBootVariable(run),
  efiApplications: ({ log }) => byBank(log, applications),
  upstreamEfiApplications: ({ log }) => byBank(log, applications),
  eventsWhoseDigestIsNotTheHashOfTheirData: ({ log }) => unboundEvents(log),
  tpmPcrs: (run, expected) => tpmPcrValues(run, expected),
  windows: (run, expected) => windowsValues(judgedBank(run), expected),
  windowsPcrs: (run) => judgedBank(run)?.windows?.pcrs,
  vsmIdentityKeys: (run) => keyValues(judgedBank(run)),
  quote: quoteValues,
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

function secureBootVariable(run: BootRun): JsonValue {
  return judgedBank(run)?.facts.secureBoot.enabled ?? null
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
