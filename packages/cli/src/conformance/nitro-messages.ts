import { createDecipheriv, privateDecrypt } from 'node:crypto'
import {
  encodeNsmRequest,
  encodeNsmResponse,
  type KmsCiphertext,
  parseKmsCiphertext,
  parseNsmRequest,
  parseNsmResponse,
} from '@sekisho/evidence/nitro'
import type { CaseResult, Comparison, JsonValue } from './case.ts'
import { conclude, strangersTo } from './judged.ts'
import { comparePlaces } from './nitro-images.ts'
import { CaseFiles, isRecord, member } from './snp-files.ts'
import { compareTree } from './snp-tree.ts'

type Run = (files: CaseFiles) => Promise<{
  readonly values?: Readonly<Record<string, JsonValue>>
  readonly comparisons: readonly Comparison[]
}>

const RUNS: Readonly<Record<string, Run>> = { 'kms-cms': runKms, 'nsm-api': runNsm, 'pcr-rules': runPlaces }

/** Runs cases of Nitro's other messages: of the security module, of the key service, and the rules of PCR3 and PCR4. */
export async function runNitroMessages(
  folder: string,
  name: string,
  content: JsonValue,
  version: string,
): Promise<CaseResult> {
  const run = RUNS[version]
  if (run === undefined) return conclude(name, content, { verdict: 'unverifiable', reasons: [] }, [], ['version'])
  const { values = {}, comparisons } = await run(new CaseFiles(folder))
  const all: Comparison[] = [...comparisons]
  const unimplemented: string[] = [...strangersTo(content, ['fields'])]
  const fields = member(member(content, 'expect'), 'fields')
  for (const [field, expected] of isRecord(fields) ? Object.entries(fields) : []) {
    const found = values[field]
    if (found === undefined) unimplemented.push(`expect.fields.${field}`)
    else all.push(...compareTree(`fields.${field}`, expected, found))
  }
  // No evidence is here whose signature could be judged: what is asked is that everything is read, and the same.
  const verdict = member(member(content, 'expect'), 'verdict') === 'valid' ? 'valid' : 'unverifiable'
  return conclude(name, content, { verdict, reasons: [] }, all, unimplemented)
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

async function runKms(files: CaseFiles): ReturnType<Run> {
  const key = await files.read('recipient.key.pem')
  if (key === undefined) {
    const cms = parseKmsCiphertext(await files.need('ciphertext-for-recipient.ber'))
    return { values: kmsValues(cms), comparisons: [] }
  }
  const comparisons: Comparison[] = []
  const indefinite = parseKmsCiphertext(await files.need('indefinite.ber'))
  const definite = parseKmsCiphertext(await files.need('definite.der'))
  const plaintext = hex(await files.need('plaintext.bin'))
  for (const [form, cms] of Object.entries({ indefinite, definite }))
    comparisons.push(...compareTree(`${form}: plaintext`, plaintext, hex(decrypt(cms, key))))
  return { values: { ...kmsValues(indefinite), plaintextHex: hex(decrypt(indefinite, key)) }, comparisons }
}

function kmsValues(cms: KmsCiphertext): Readonly<Record<string, JsonValue>> {
  // What the parser takes, and nothing else: another algorithm or version is refused.
  return {
    contentType: '1.2.840.113549.1.7.3',
    envelopedDataVersion: 2,
    recipientVersion: 2,
    keyEncryption: 'RSAES-OAEP SHA-256 / MGF1 SHA-256',
    contentEncryption: 'AES-256-CBC',
    subjectKeyIdentifierHex: hex(cms.keyIdentifier),
    encryptedKeyHex: hex(cms.encryptedKey),
    ivHex: hex(cms.iv),
    ciphertextHex: hex(cms.ciphertext),
  }
}

function decrypt({ encryptedKey, iv, ciphertext }: KmsCiphertext, pem: Uint8Array): Uint8Array {
  const key = privateDecrypt({ key: Buffer.from(pem), oaepHash: 'sha256' }, encryptedKey)
  const cipher = createDecipheriv('aes-256-cbc', key, iv)
  return Buffer.concat([cipher.update(ciphertext), cipher.final()])
}

/** Every message is read, and written again as it was; a request must not be read as an answer. */
async function runNsm(files: CaseFiles): ReturnType<Run> {
  const messages: JsonValue = JSON.parse(new TextDecoder().decode(await files.need('messages.json')))
  const comparisons: Comparison[] = []
  for (const [name, expected] of entries(member(messages, 'requests'))) {
    const request = parseNsmRequest(bytesOf(expected))
    comparisons.push(
      ...compareTree(`${name}: kind`, wordOf(name), request.kind),
      ...compareTree(`${name}: written again`, expected, hex(encodeNsmRequest(request))),
    )
  }
  for (const [name, expected] of entries(member(messages, 'responses'))) {
    const response = parseNsmResponse(bytesOf(expected))
    comparisons.push(
      ...compareTree(`${name}: kind`, wordOf(name), response.kind),
      ...compareTree(`${name}: written again`, expected, hex(encodeNsmResponse(response))),
    )
  }
  return { comparisons }
}

function wordOf(name: string): string {
  return name.split('(')[0] ?? ''
}

function entries(value: JsonValue | undefined): readonly (readonly [string, JsonValue])[] {
  return isRecord(value) ? Object.entries(value) : []
}

function bytesOf(value: JsonValue): Uint8Array {
  return new Uint8Array(Buffer.from(typeof value === 'string' ? value : '', 'hex'))
}

async function runPlaces(files: CaseFiles): ReturnType<Run> {
  return { comparisons: await comparePlaces(files) }
}
