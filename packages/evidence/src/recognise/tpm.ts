import { parseAzureJson } from '../azure/evidence.ts'
import { startsWith } from '../eventlog/text.ts'
import { parseTpmJson } from '../tpm/evidence.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { aroundAzure } from './azure-members.ts'
import { jsonFault } from './json-error.ts'
import { type Companion, type Identified, MAX_INPUT } from './model.ts'
import { isMembers } from './snp-structure.ts'
import { textOf } from './text.ts'
import { tpmOfKbs } from './tpm-kbs.ts'
import { HAS_QUOTE, mayHoldQuote, quoteOfMembers } from './tpm-members.ts'
import { type OtherQuote, quoteOfGo, quoteOfKeylime, quoteOfParsec } from './tpm-others.ts'
import { PRINTED, quoteOfPrint } from './tpm-printed.ts'
import { tried } from './tried.ts'

const BRACE = 0x7b

/**
 * Tells JSON forms whose parts only mean something together: a TPM's quote with what came with it, and the
 * evidence of an Azure confidential VM, when it has both an HCL report and a quote of the vTPM.
 */
export function identifyTpm(bytes: Uint8Array): Identified | undefined {
  if (bytes.length > MAX_INPUT) return undefined
  const first = firstLetter(bytes)
  if (first === MAP_OF_TWO) return ofOthers(() => quoteOfParsec(bytes))
  if (first !== BRACE && first !== KEYLIME_QUOTE && first !== PRINTED_QUOTE) return undefined
  const text = textOf(bytes)
  if (text === undefined) return undefined
  if (first === KEYLIME_QUOTE) return ofOthers(() => quoteOfKeylime(text))
  if (first === PRINTED_QUOTE) return PRINTED.test(text) ? ofOthers(() => quoteOfPrint(text)) : undefined
  if (GO_FORM.test(text) && jsonFault(text) === undefined) return ofOthers(() => quoteOfGo(JSON.parse(text)))
  if (!mayBeQuote(text)) return ofMembers(text)
  const azure = tried(() => parseAzureJson(bytes))
  if (azure?.quote !== undefined && startsWith(azure.hclReport, 'HCLA') && isQuote(azure.quote.message)) {
    return { tee: 'azure-vtpm', form: 'Azure confidential VM evidence', bytes, ...besideAzure(text) }
  }
  if (azure !== undefined) return undefined
  const json = tpmOfKbs(text) ?? bytes
  const tpm = tried(() => parseTpmJson(json))
  if (tpm !== undefined && isQuote(tpm.message)) return { tee: 'tpm', form: 'TPM 2.0 quote', bytes: json }
  return ofMembers(text)
}

// Certificates above the chip's and the log are of use; what else lies around is said.
function besideAzure(text: string): Pick<Identified, 'companions' | 'unused'> {
  const value: unknown = JSON.parse(text)
  if (!isMembers(value)) return {}
  const names = aroundAzure(value)
  const { amd_chain: chain, event_log: log } = value
  const bytes = typeof log === 'string' ? decodeBase64(log) : undefined
  const companions: Companion[] = []
  if (typeof chain === 'string')
    companions.push({ kind: 'certificates', from: 'amd_chain', bytes: new TextEncoder().encode(chain) })
  if (bytes !== undefined) companions.push({ kind: 'event-log', from: 'event_log', bytes })
  return {
    ...(names.length === 0 ? {} : { unused: [`what lies around it: ${names.slice(0, 12).map(named).join(', ')}`] }),
    ...(companions.length === 0 ? {} : { companions }),
  }
}

function named(name: string): string {
  return JSON.stringify(name.slice(0, 32))
}

// Text is parsed only where it has something that begins like a quote.
function ofMembers(text: string): Identified | undefined {
  if (!HAS_QUOTE.test(text) || jsonFault(text) !== undefined) return undefined
  const value: unknown = JSON.parse(text)
  return mayHoldQuote(value) ? ofOthers(() => quoteOfMembers(value)) : undefined
}

const MAP_OF_TWO = 0xa2
const KEYLIME_QUOTE = 0x72
const PRINTED_QUOTE = 0x71
const GO_FORM = /"TPMVersion"\s*:/

function ofOthers(read: () => OtherQuote | undefined): Identified | undefined {
  const found = tried(read)
  return found && { tee: 'tpm', form: 'TPM 2.0 quote', bytes: found.json, unused: found.unused }
}

// Both forms name the quote `message`. Other JSON is not parsed for them: it may be long, and hostile.
function mayBeQuote(text: string): boolean {
  return text.includes('"message"') && jsonFault(text) === undefined
}

function firstLetter(bytes: Uint8Array): number | undefined {
  return bytes.find((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d)
}

// TPM_GENERATED_VALUE, TPM_ST_ATTEST_QUOTE.
function isQuote(message: Uint8Array): boolean {
  return message[0] === 0xff && startsWith(message.subarray(1), 'TCG\x80\x18')
}
