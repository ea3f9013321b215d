import { parseAzureJson } from '../azure/evidence.ts'
import { encodeHclReport } from '../azure/hcl.ts'
import { encodeBase64, encodeBase64url } from '../core/base64url.ts'
import { toHex } from '../core/bytes.ts'
import { parseSignature } from '../tpm-structures/signature.ts'
import type { Certificate } from '../x509/certificate.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { certificatesIn } from './certificate-members.ts'
import { beginsWith, type Member, membersOf, objectIn, withoutMembers } from './members.ts'
import { isMembers } from './snp-structure.ts'
import { type FoundQuote, isLog, quoteAmong } from './tpm-members.ts'
import { bytesOf } from './tpm-values.ts'
import { tried } from './tried.ts'

type Members = Readonly<Record<string, unknown>>

/** What is sought lies this deep at most; JSON in an encoding is a level of its own. */
const DEEPEST = 6
const REPORT = 1184
/** Members of the form that Azure's evidence is read in, and what tells that form from others. */
export const AZURE_MEMBERS: readonly string[] = [
  'hcl_report',
  'report',
  'tpm_quote',
  'quote',
  'td_quote',
  'vcek',
  'amd_chain',
  'event_log',
]
const RESERVED: readonly string[] = [...AZURE_MEMBERS, 'version', 'platform', 'evidence']

/**
 * Evidence of an Azure confidential VM under whatever names: an HCL report, or the SNP report and the runtime claims
 * that one is made of, and a quote of the vTPM with its signature. It is told by what members hold, and written as
 * `az-snp-vtpm` and `az-tdx-vtpm` write it; what else there is stays beside it.
 *
 * @see Azure confidential VMs, guest attestation design; Confidential Containers guest components, attester az-snp-vtpm
 * @returns undefined unless there is one of each
 */
export function azureOfMembers(value: Members): Members | undefined {
  if (isRead(value)) return undefined
  const members = membersOf(value, DEEPEST, opened)
  const found = quoteAmong(members)
  const signature = found && bareSignature(found)
  const hcl = found && (reportAmong(members) ?? reportOfParts(members))
  if (found === undefined || signature === undefined || hcl === undefined) return undefined
  if ([...found.taken, ...hcl.taken].some(isOfPiece)) return undefined
  const td = members.filter((one) => beginsLike(one, TD_QUOTES))
  const tdQuote = hcl.isTd && td.length === 1 ? td[0] : undefined
  const amd = amdCertificates(members)
  const [leaf, second] = amd.filter(({ one }) => one.subject.commonName === LEAF)
  const vcek = second === undefined ? leaf?.one : undefined
  const above = amd.filter(({ one }) => one.subject.commonName !== LEAF).map(({ one }) => one)
  const log = members.find(isLog)
  const others = [tdQuote, log].filter((one) => one !== undefined)
  const taken = [...found.taken, ...hcl.taken, ...others]
  const known = vcek === undefined ? taken : [...taken, ...amd.map(({ member }) => member)]
  return {
    ...renamed(withoutMembers(value, known, opened)),
    version: 1,
    hcl_report: encodeBase64url(hcl.bytes),
    tpm_quote: {
      message: toHex(found.quote.message),
      signature: toHex(signature),
      ...(found.pcrs?.['sha256'] === undefined ? {} : { pcrs: found.pcrs['sha256'] }),
    },
    ...(vcek === undefined ? {} : { vcek: encodeBase64url(vcek.der) }),
    ...(vcek === undefined || above.length === 0 ? {} : { amd_chain: above.map(pem).join('') }),
    ...(log === undefined ? {} : { event_log: encodeBase64(bytesOf(log.value) ?? NOTHING) }),
    ...(tdQuote === undefined ? {} : { td_quote: encodeBase64url(bytesOf(tdQuote.value) ?? NOTHING) }),
  }
}

function opened(text: string): unknown {
  return objectIn(text, decodeBase64)
}

// The forms of the KBS protocol hold pieces that stand on their own: taken out of its piece, the evidence of a machine would be
// one more member beside that of a device.
function isOfPiece({ name, path }: Member): boolean {
  return [...path, name].some((one) => PIECES.includes(one))
}

const PIECES: readonly string[] = ['primary_evidence', 'additional_evidence', 'verification_requests']

const NOTHING: Uint8Array = new Uint8Array(0)

/** Names of members that are no part of Azure's evidence. */
export function aroundAzure(value: Members): readonly string[] {
  const outer = value['platform'] !== undefined && isMembers(value['evidence']) ? value['evidence'] : value
  return Object.keys(outer).filter((name) => !AZURE_MEMBERS.includes(name) && name !== 'version')
}

// Evidence in a form that is read as it is stays as it is.
function isRead(value: Members): boolean {
  if (!['hcl_report', 'report', 'evidence'].some((name) => Object.hasOwn(value, name))) return false
  return tried(() => parseAzureJson(new TextEncoder().encode(JSON.stringify(value))))?.quote !== undefined
}

// The paravisor's key signs with RSASSA and SHA-256.
function bareSignature({ signature }: FoundQuote): Uint8Array | undefined {
  const { scheme, hash, numbers } = parseSignature(signature)
  return scheme === 'rsassa' && hash === 'sha256' ? numbers[0] : undefined
}

interface FoundReport {
  readonly bytes: Uint8Array
  readonly isTd: boolean
  readonly taken: readonly Member[]
}

const HCL: Starts = { text: /^\s*(?:SENMQ|(?:0x)?48434c41)/i, numbers: [0x48, 0x43, 0x4c, 0x41] }
const TD_QUOTES: Starts = { text: /^\s*(?:B[AQ]ACAIEAAAA|(?:0x)?0[45]00020081000000)/i, numbers: [4, 0, 2, 0, 0x81] }
const HARDWARE = 32
const TD_TYPE = 0x81

interface Starts {
  readonly text: RegExp
  readonly numbers: readonly number[]
}

function beginsLike({ value }: Member, { text, numbers }: Starts): boolean {
  return typeof value === 'string' ? text.test(value.slice(0, 64)) : beginsWith(value, numbers)
}

// The SNP report in it may lie beside it once more.
function reportAmong(members: readonly Member[]): FoundReport | undefined {
  const found = members.filter((one) => beginsLike(one, HCL))
  const [bytes, second] = distinct(found.map(({ value }) => bytesOf(value)))
  if (bytes === undefined || second !== undefined) return undefined
  const hardware = toHex(bytes.subarray(HARDWARE, HARDWARE + REPORT))
  const again = members.filter((one) => isReport(one) && toHex(bytesOf(one.value) ?? NOTHING) === hardware)
  return { bytes, isTd: bytes[HARDWARE] === TD_TYPE, taken: [...found, ...again] }
}

/** Names the attestation key of the vTPM among the runtime claims. */
const KEY_ID = '"HCLAkPub"'

// The header of an HCL report is signed by nobody: what counts are the report and the very bytes of the claims.
function reportOfParts(members: readonly Member[]): FoundReport | undefined {
  const reports = members.filter(isReport)
  const claims = members.filter((one) => claimsIn(one) !== undefined)
  const [hardwareReport, second] = distinct(reports.map(({ value }) => bytesOf(value)))
  const [text, another] = distinct(claims.map(claimsIn))
  if (hardwareReport === undefined || text === undefined || second !== undefined || another !== undefined)
    return undefined
  const size = HARDWARE + REPORT + RUNTIME + text.length
  const bytes = encodeHclReport({
    headerVersion: 1,
    reportSize: size,
    requestType: 2,
    status: 0,
    hardware: 'snp',
    hardwareReport,
    runtimeDataSize: RUNTIME + text.length,
    runtimeVersion: 1,
    hash: 'sha256',
    claims: text,
    totalBytes: size,
  })
  return { bytes, isTd: false, taken: [...reports, ...claims] }
}

const RUNTIME = 20
/** SEV-SNP report: a version in 4 bytes, and SIGNATURE_ALGO at 0x34. */
const ALGORITHM_AT = 0x34

function isReport({ value }: Member): boolean {
  const length = typeof value === 'string' || Array.isArray(value) ? value.length : 0
  if (length < REPORT || length > 2 * REPORT + 16) return false
  const bytes = bytesOf(value)
  return bytes?.length === REPORT && bytes[1] === 0 && bytes[ALGORITHM_AT] === 1
}

const MAX_CLAIMS = 16384

function claimsIn({ value }: Member): Uint8Array | undefined {
  const isShort = (typeof value === 'string' || Array.isArray(value)) && value.length <= MAX_CLAIMS
  if (!isShort) return undefined
  const text = typeof value === 'string' && /^\s*\{/.test(value) ? new TextEncoder().encode(value) : bytesOf(value)
  return text?.[0] === 0x7b && new TextDecoder().decode(text).includes(KEY_ID) ? text : undefined
}

function distinct(all: readonly (Uint8Array | undefined)[]): readonly Uint8Array[] {
  return [...new Map(all.flatMap((one) => (one === undefined ? [] : [[toHex(one), one] as const]))).values()]
}

const LEAF = 'SEV-VCEK'
const AMD = 'Advanced Micro Devices'

interface Amd {
  readonly member: Member
  readonly one: Certificate
}

function amdCertificates(members: readonly Member[]): readonly Amd[] {
  const all = members.flatMap((member) => certificatesIn(member.value).map((one) => ({ member, one })))
  const ofAmd = all.filter(({ one }) => one.issuer.organization === AMD)
  return [...new Map(ofAmd.map((each) => [toHex(each.one.der), each] as const)).values()]
}

function pem({ der }: Certificate): string {
  return `-----BEGIN CERTIFICATE-----\n${encodeBase64(der).replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
}

function renamed(rest: unknown): Members {
  if (!isMembers(rest)) return {}
  return Object.fromEntries(
    Object.entries(rest).map(([name, one]) => [RESERVED.includes(name) ? `other_${name}` : name, one]),
  )
}
