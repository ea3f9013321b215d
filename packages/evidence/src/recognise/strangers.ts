import { ATTEST, parseAttest } from '../tpm-structures/attest.ts'
import { parsePublic } from '../tpm-structures/public-area.ts'
import { parseSignature } from '../tpm-structures/signature.ts'
import { bootLogKind } from './boot-log.ts'
import { pcrsOfTools } from './tpm-others.ts'
import { tried } from './tried.ts'

const WITH = 'is read with what belongs to it, as JSON: `tpm` with `message`, `signature`, `akPublic` and `pcrs`'
const LOG = 'which proves nothing alone: it goes beside the quote of its machine'
/** TPM_GENERATED_VALUE. */
const GENERATED: readonly number[] = [0xff, 0x54, 0x43, 0x47]
/** Longest structure of a TPM that is looked at. */
const LONGEST = 4096

/** What bytes of a TPM are that are not evidence by themselves, in words; undefined for others. */
export function tpmStranger(bytes: Uint8Array): string | undefined {
  if (begins(bytes, 0)) return statement(bytes)
  if (begins(bytes, 2) && bytes.length === 2 + ((bytes[0] as number) << 8) + (bytes[1] as number))
    return "a TPM's statement in a TPM2B_ATTEST, without signature: without its size prefix, and with what belongs to it, it is read as JSON"
  const log = bootLogKind(bytes)
  if (log === 'td') return `a measured-boot log, ${LOG}`
  if (log === 'tpm') return `a measured-boot log, ${LOG}, and \`sekisho inspect\` shows what it says`
  if (bytes.length > LONGEST) return undefined
  if (tried(() => parseSignature(bytes)) !== undefined) return `a TPM's signature without the quote: the quote ${WITH}`
  if (tried(() => parsePublic(bytes)) !== undefined)
    return "the public area of a TPM's key, which proves nothing alone: it goes beside the quote that the key signed"
  if (bytes.length > 0 && tried(() => pcrsOfTools(bytes)) !== undefined)
    return 'values of PCRs, which prove nothing alone: they go beside the quote that covers them'
  return undefined
}

function begins(bytes: Uint8Array, at: number): boolean {
  return GENERATED.every((byte, i) => bytes[at + i] === byte)
}

function statement(bytes: Uint8Array): string {
  const type = tried(() => parseAttest(bytes))?.type
  const [name] = Object.entries(ATTEST).find(([, id]) => id === type) ?? []
  return name === undefined || name === 'quote'
    ? `a TPM's quote without signature: it ${WITH}`
    : `a TPM's statement of another kind (${name}): only a quote tells what a machine has booted`
}

const IMA = /^\s*\d{1,2} [0-9a-f]{40,128} [\w-]{1,32}[ \t]/
const EVENTS = /^\s*(?:---\s+)?(?:version:\s*\d+\s+)?events:\s*-\s*EventNum:/
const STATEMENT = /^\s*magic:\s*(?:0x)?ff544347\b/i

const HTML = /^\s*<(?:!doctype html|html)\b/i
const SNP_PRINTED = /\bGuest SVN:?\s+\d/i
const MEASURED =
  'measurements of an enclave, which are reference values: an enclave proves them by its attestation document'
const CLAIMS = 'claims without a signature, which nobody can check: the token that holds them is read'
const ITSELF = 'of which the signature is gone: the bytes themselves are read'

/** What text is that programs print of evidence or logs, and that is not evidence, in words; undefined for other text. */
export function printedStranger(text: string): string | undefined {
  const start = text.slice(0, 512)
  if (IMA.test(start)) return `a list of measurements of IMA, ${LOG}`
  if (EVENTS.test(start)) return 'a measured-boot log that was printed: the log itself is read, beside a quote'
  if (STATEMENT.test(start)) return "a TPM's statement that was printed: its bytes are read, with their signature"
  if (SNP_PRINTED.test(start)) return 'an SEV-SNP report that was printed: its 1184 bytes are read'
  return HTML.test(start) ? 'a page in HTML, which a web server answers in place of evidence' : undefined
}

/** Members that tell what an object is, some of each list, and what it is. */
const OBJECTS: readonly (readonly [readonly (readonly string[])[], string])[] = [
  [[['pcr'], ['digests']], `an event of a measured-boot log, ${LOG}`],
  [
    [['sig_scheme'], ['attest']],
    "a TPM's quote field by field, as the feature API gives it: its bytes are read, with their signature",
  ],
  [[['module_id'], ['pcrs', 'nitrotpm_pcrs'], ['cabundle']], `the fields of a Nitro attestation document, ${ITSELF}`],
  [[['EnclaveID', 'EnclaveName'], ['Measurements']], MEASURED],
  [[['Measurements'], ['IsSigned', 'ImageName', 'BuildMetadata']], MEASURED],
  [
    [
      ['mr_td', 'mrtd'],
      ['rt_mr0', 'rtmr0', 'rtmr_0'],
    ],
    `the fields of a TD's quote, ${ITSELF}`,
  ],
  [
    [['measurement'], ['guest_svn', 'guestSvn'], ['report_data', 'reportData']],
    `the fields of an SEV-SNP report, ${ITSELF}`,
  ],
  [[['x-ms-attestation-type', 'x-nvidia-device-type', 'x-nvidia-overall-att-result', 'attester_tcb_status']], CLAIMS],
  [[['claims'], ['result_code']], CLAIMS],
  [[['iss'], ['exp', 'iat']], CLAIMS],
]

/** The same of an object or a list in JSON. */
export function objectStranger(members: readonly string[]): string | undefined {
  const [, found] =
    OBJECTS.find(([lists]) => lists.every((names) => names.some((name) => members.includes(name)))) ?? []
  return found
}
