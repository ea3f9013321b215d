import { X509Certificate } from 'node:crypto'
import { EvidenceError } from '@sekisho/evidence'
import { readTpmChain } from '@sekisho/evidence/tpm'
import type { JsonValue } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import { isRecord, type JsonRecord, listOf, textMember } from '../json.ts'
import { hexOrNull } from '../values.ts'
import { certificateValues } from './values.ts'

const USAGES: readonly string[] = [
  'digital_signature',
  'content_commitment',
  'key_encipherment',
  'data_encipherment',
  'key_agreement',
  'key_cert_sign',
  'crl_sign',
]
const GOOGLE_INSTANCE = '1.3.6.1.4.1.11129.2.1.21'

/** The certificates that a case lists, by file or by the name of an authority, with who issued them. */
export async function certificateList(files: CaseFiles, expected: JsonValue): Promise<JsonValue> {
  const cas = await authorities(files, JSON.stringify(expected))
  if (!isRecord(expected)) {
    const values: JsonValue[] = []
    for (const one of listOf(expected)) {
      const file = textMember(one, 'file') ?? ''
      values.push({ file, ...leafValues(await files.need(file), cas) })
    }
    return values
  }
  const values: Record<string, JsonValue> = {}
  for (const [name, der] of cas) values[name] = { ...certificateValues(der), issuedBy: issuersOf(der, cas) }
  return values
}

/** Endings that makers give the files of their certificates. */
const ENDINGS: readonly string[] = ['.crt', '.cer', '.pem']

// Cases call authorities by the file names of their makers, whatever ending the files have here.
async function authorities(files: CaseFiles, expected: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  for (const file of (await files.list('ca')).filter((one) => one.endsWith('.der'))) {
    const ending = ENDINGS.find((one) => expected.includes(JSON.stringify(file.replace(/\.der$/, one))))
    found.set(file.replace(/\.der$/, ending ?? '.der'), await files.need(`ca/${file}`))
  }
  return found
}

function leafValues(der: Uint8Array, cas: ReadonlyMap<string, Uint8Array>): JsonRecord {
  const chain = readTpmChain([der, ...cas.values()], [])
  const leaf = chain.links[0]?.certificate
  const instance = leaf?.extensions.get(GOOGLE_INSTANCE)?.value
  return {
    ...certificateValues(der),
    keyUsage: [...(leaf?.keyUsage ?? [])].map((bit) => USAGES[bit] ?? String(bit)),
    extendedKeyUsage: chain.facts === undefined || chain.facts instanceof EvidenceError ? null : chain.facts.usages,
    criticalExtensions: [...(leaf?.extensions ?? [])].filter(([, { critical }]) => critical).map(([oid]) => oid),
    gceInstanceExtension: hexOrNull(instance),
    issuedBy: issuersOf(der, cas),
  }
}

function issuersOf(der: Uint8Array, cas: ReadonlyMap<string, Uint8Array>): readonly string[] {
  const certificate = new X509Certificate(der)
  return [...cas].filter(([, ca]) => isIssuer(certificate, new X509Certificate(ca))).map(([name]) => name)
}

function isIssuer(certificate: X509Certificate, ca: X509Certificate): boolean {
  return (
    certificate.fingerprint256 !== ca.fingerprint256 && certificate.checkIssued(ca) && certificate.verify(ca.publicKey)
  )
}
