import { toHex } from '../../core/bytes.ts'
import { EvidenceError } from '../../core/errors.ts'
import { coverOf, EV, grubLabel, type LoggedEvent } from '../../eventlog/events.ts'
import { latin1, quoted, startsWith, textOf } from '../../eventlog/text.ts'
import { EFI_GLOBAL_VARIABLE, filePathOf, guidAt, readVariable, switchOf } from '../../eventlog/uefi.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import { WIDE } from '../../x509/wide-algorithms.ts'
import { type BankLog, isBankSeparator, isErrorSeparator, measuredSecureBoot } from './measured-log.ts'
import { pcrOf } from './wbcl.ts'

/** One list of keys or hashes that secure boot goes by. */
export interface SecureBootKeys {
  /** Subjects of certificates, quoted; or that they, or a list of keys, cannot be read. */
  readonly certificates: readonly string[]
  /** Number of image hashes. */
  readonly hashes: number
}

/** What the log says of secure boot, as far as PCR 7's digests bear it out. */
export interface SecureBoot {
  /** Undefined when the log does not tell, or tells both, or that firmware had failed or never ended PCR 7. */
  readonly enabled: boolean | undefined
  /** By variable: PK, KEK, db, dbx. */
  readonly keys: Readonly<Record<string, SecureBootKeys>>
  /** Events of PCR 7 before its separator whose data do not have their digest. */
  readonly unbound: readonly number[]
  /** Whether the log has two different values. */
  readonly contradiction: boolean
}

/** A program that firmware or a loader started. */
export interface BootProgram {
  readonly pcr: number
  /** Authenticode digest, hex: measured. */
  readonly digest: string
  /** Where the log says it came from; not measured. */
  readonly claimedPath?: string
  /** True for something else in the log's words, which no digest bears out: a program can hide behind these. */
  readonly claimedOther?: true
}

/** Text of a loader that was measured. Only the text was: which kind it is of, a label in the log says. */
export interface BootText {
  readonly pcr: number
  readonly kind: 'kernel-command-line' | 'module-command-line' | 'grub-command' | 'text'
  /** Quoted, safe to print. */
  readonly text: string
}

/**
 * Something whose contents were measured into PCR 9: what GRUB read (kernel, initrd, its own files), and what Linux tags
 * as it starts, such as its initrd. That it is in PCR 9 is all that tells who measured it.
 */
export interface BootFile {
  readonly pcr: number
  /** Of the contents, in the bank's algorithm, hex: measured. */
  readonly digest: string
  /** What the log calls it, quoted, at most 128 characters and safe to print; not measured. */
  readonly claimedName?: string
  /** True where the log calls it an event of another type than these have, which no digest bears out. */
  readonly claimedOther?: true
}

/** What firmware and loaders measured, in one bank. */
export interface BootFacts {
  readonly secureBoot: SecureBoot
  readonly programs: readonly BootProgram[]
  /** The first 256. */
  readonly texts: readonly BootText[]
  /** How many more there are. */
  readonly textsLeftOut?: number
  /** All that PCR 9 has beside separators, whatever the log calls it: nothing in it can be left out by another name. */
  readonly files: readonly BootFile[]
  /** False when the log ends before firmware was left: it was cut, or the machine never got there. */
  readonly leftFirmware: boolean
  /** Google's note of the confidential technology that its firmware saw; no hardware vouches for it. */
  readonly googleTechnology?: string
}

const KEY_LISTS: readonly string[] = ['PK', 'KEK', 'db', 'dbx']
const IMAGE_SECURITY = 'd719b2cb-3d3a-4596-a3bc-dad00e67656f'
const MAX_TEXTS = 256

/**
 * Reads what a settled log of one bank proves. Of events whose digest is not over their data only the digest is a fact.
 */
export function readBootFacts(log: BankLog): BootFacts {
  const programs: BootProgram[] = []
  const texts: BootText[] = []
  const files: BootFile[] = []
  let textsLeftOut = 0
  let leftFirmware = false
  let google: string | undefined
  let firmwareWrites = true
  for (const event of log.events) {
    if (!event.extends) continue
    // What comes later into PCR 0 may be of whatever booted, whose word this is not.
    if (event.register === 'pcr0' && isBankSeparator(log, event) === 'firmware') firmwareWrites = false
    if (event.register === 'pcr9' && isBankSeparator(log, event) === undefined) files.push(fileOf(event))
    if (event.type === EV.bootApplication) programs.push(programOf(event))
    else if (isHiddenProgram(log, event)) programs.push({ ...programOf(event), claimedOther: true })
    else if (event.type === EV.ipl) textsLeftOut += addText(event, texts)
    else if (
      event.type === EV.efiAction &&
      coverOf(event) === 'all' &&
      startsWith(event.data, 'Exit Boot Services Returned with Success')
    )
      leftFirmware = true
    else if (firmwareWrites && event.type === EV.nonhostInfo && event.register === 'pcr0' && coverOf(event) === 'all')
      google ??= technologyOf(event.data)
  }
  const left = textsLeftOut === 0 ? {} : { textsLeftOut }
  const facts = { secureBoot: readSecureBoot(log), programs, texts, ...left, files, leftFirmware }
  return google === undefined ? facts : { ...facts, googleTechnology: google }
}

// UEFI_IMAGE_LOAD_EVENT: the digest is of the image; the data only says where it lay.
function programOf(event: LoggedEvent): BootProgram {
  const path = event.data.length > 32 ? filePathOf(event.data.subarray(32)) : undefined
  const program = { pcr: pcrOf(event.register), digest: toHex(event.digest) }
  return path === undefined ? program : { ...program, claimedPath: quoted(path, 128) }
}

// Types are never measured. What PCR 4 holds beside programs is text, whose digest can be made again. So can that of an
// image whose bytes stand in the log: its header tells it from text.
function isHiddenProgram(log: BankLog, event: LoggedEvent): boolean {
  if (event.register !== 'pcr4' || isBankSeparator(log, event) !== undefined) return false
  return coverOf(event) === undefined || isImage(event.data)
}

// PE and two zeros, wherever the file's first header has it.
function isImage(data: Uint8Array): boolean {
  return data.some((byte, at) => byte === 0x50 && data[at + 1] === 0x45 && data[at + 2] === 0 && data[at + 3] === 0)
}

// GNU GRUB manual, section "Measured Boot": the digest is of the file, the data is its name. Linux's EFI stub tags its own.
// Neither types nor names are measured.
function fileOf(event: LoggedEvent): BootFile {
  const { type, data } = event
  const file = { pcr: pcrOf(event.register), digest: toHex(event.digest) }
  const name = type === EV.eventTag ? taggedName(data) : type === EV.ipl ? textOf(data) : undefined
  if (name === undefined) return { ...file, claimedOther: true }
  return name === '' ? file : { ...file, claimedName: quoted(name, 128) }
}

// TCG_PCClientTaggedEvent: id, size, data.
function taggedName(data: Uint8Array): string | undefined {
  if (data.length < 8) return undefined
  const size = new DataView(data.buffer, data.byteOffset, 8).getUint32(4, true)
  return 8 + size === data.length ? textOf(data.subarray(8)) : undefined
}

/** @returns how many texts were left out, for want of room */
function addText(event: LoggedEvent, texts: BootText[]): number {
  const covers = coverOf(event)
  if (covers === undefined || covers === 'none') return 0
  if (texts.length >= MAX_TEXTS) return 1
  const label = grubLabel(event.data)
  const pcr = pcrOf(event.register)
  if (label === undefined) texts.push({ pcr, kind: 'text', text: quoted(textOf(event.data)) })
  else texts.push({ pcr, kind: KINDS[label] ?? 'text', text: quoted(latin1(event.data.subarray(label.length))) })
  return 0
}

const KINDS: Readonly<Record<string, BootText['kind']>> = {
  'grub_cmd: ': 'grub-command',
  'kernel_cmdline: ': 'kernel-command-line',
  'module_cmdline: ': 'module-command-line',
  'grub_cmd ': 'grub-command',
  'grub_kernel_cmdline ': 'kernel-command-line',
}

const TECHNOLOGIES: readonly string[] = ['none', 'AMD SEV', 'AMD SEV-ES', 'Intel TDX', 'AMD SEV-SNP']

function technologyOf(data: Uint8Array): string | undefined {
  return startsWith(data, 'GCE NonHostInfo\0') && data.length > 16
    ? (TECHNOLOGIES[data[16] as number] ?? 'unknown')
    : undefined
}

/** Secure boot as PCR 7 tells it up to its first separator: what comes later was measured by whatever booted. */
export function readSecureBoot(log: BankLog): SecureBoot {
  const keys: Record<string, SecureBootKeys> = {}
  const unbound: number[] = []
  const states = new Set<boolean>()
  // With those that the log calls something else: no digest bears out what an event is called.
  const all = new Set<boolean>()
  // Without its separator nobody knows that it was firmware that wrote all of PCR 7.
  let ended = false
  for (const event of log.events) {
    if (event.register !== 'pcr7' || !event.extends) continue
    const separates = isBankSeparator(log, event) === 'firmware'
    if (event.type === EV.separator || separates) {
      ended = separates && !isErrorSeparator(log, event)
      break
    }
    const measured = measuredSecureBoot(log, event)
    if (measured !== undefined) all.add(measured)
    if (event.type !== EV.driverConfig) continue
    if (coverOf(event) !== 'all') {
      unbound.push(event.number)
      continue
    }
    const variable = readVariable(event.data)
    if (variable === undefined) continue
    const known = variable.guid === EFI_GLOBAL_VARIABLE || variable.guid === IMAGE_SECURITY
    const state = switchOf(variable)
    if (state?.name === 'SecureBoot') for (const set of [states, all]) set.add(state.on)
    else if (known && KEY_LISTS.includes(variable.name)) keys[variable.name] = keysOf(variable.value)
  }
  const [state] = states
  return { enabled: all.size === 1 && ended ? state : undefined, keys, unbound, contradiction: all.size > 1 }
}

const X509_LIST = 'a5c059a1-94e4-4aa7-87b5-ab155c2bf072'
const MAX_LISTS = 4096
const MAX_CERTIFICATES = 64

// EFI_SIGNATURE_LIST: type, size of the list, of its header, of one entry; an entry begins with its owner's GUID.
function keysOf(value: Uint8Array): SecureBootKeys {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
  const certificates: string[] = []
  let hashes = 0
  let at = 0
  for (let lists = 0; at + 28 <= value.length && lists < MAX_LISTS; lists++) {
    const size = view.getUint32(at + 16, true)
    const header = view.getUint32(at + 20, true)
    const entry = view.getUint32(at + 24, true)
    if (size < 28 + header || size > value.length - at || entry <= 16) break
    const isX509 = guidAt(value, at) === X509_LIST
    for (let from = at + 28 + header; from + entry <= at + size; from += entry) {
      if (!isX509) hashes++
      else if (certificates.length < MAX_CERTIFICATES)
        certificates.push(subjectOf(value.subarray(from + 16, from + entry)))
    }
    at += size
  }
  if (at < value.length) certificates.push('a list that cannot be read')
  return { certificates, hashes }
}

function subjectOf(der: Uint8Array): string {
  try {
    const { commonName, organization } = parseCertificate(der, [], WIDE).subject
    return quoted(commonName ?? organization ?? '', 64)
  } catch (error) {
    // Shown only: nothing rests on a name in a list of keys.
    if (error instanceof EvidenceError) return 'a certificate that cannot be read'
    throw error
  }
}
