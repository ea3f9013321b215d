import { createDecipheriv, createPrivateKey, privateDecrypt } from 'node:crypto'
import { EvidenceError } from '@sekisho/evidence'
import {
  encodeNsmRequest,
  encodeNsmResponse,
  type KmsCiphertext,
  parseKmsCiphertext,
  parseNsmRequest,
  parseNsmResponse,
} from '@sekisho/evidence/nitro'
import type { CaseResult, Comparison, JsonValue } from './case.ts'
import { conclude, type ReasonWords, type Ruling, strangersTo, vocabularyOf } from './judged.ts'
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
  const found = await answered(() => run(new CaseFiles(folder)))
  if ('reasons' in found) return conclude(name, content, found, [], [])
  const { values = {}, comparisons } = found
  const all: Comparison[] = [...comparisons]
  const unimplemented: string[] = [...strangersTo(content, ['fields'])]
  const fields = member(member(content, 'expect'), 'fields')
  for (const [field, expected] of isRecord(fields) ? Object.entries(fields) : []) {
    const found = values[field]
    if (found === undefined) unimplemented.push(`expect.fields.${field}`)
    else all.push(...compareTree(`fields.${field}`, expected, found))
  }
  // No evidence is here whose signature could be judged: what is asked is that everything is read, and the same.
  const expected = member(member(content, 'expect'), 'verdict')
  const verdict = expected === 'valid' || expected === 'invalid' ? 'valid' : 'unverifiable'
  return conclude(name, content, { verdict, reasons: [] }, all, unimplemented)
}

const WORDS: ReasonWords = {
  'trailing-bytes': ['trailing-data', 'malformed'],
  truncated: ['truncated', 'malformed'],
  'too-large': ['too-large', 'malformed'],
  malformed: ['malformed'],
  decryption: ['decryption-failed', 'bad-padding'],
}

/** What a run came to, or that the message was refused. */
async function answered<T>(run: () => Promise<T>): Promise<T | Ruling> {
  try {
    return await run()
  } catch (error) {
    const code =
      error instanceof EvidenceError ? error.code : error instanceof DecryptionError ? 'decryption' : undefined
    if (code === undefined) throw error
    const { message } = error as Error
    return {
      verdict: 'invalid',
      reasons: WORDS[code] ?? [code],
      vocabulary: vocabularyOf(WORDS),
      decidedBy: code,
      message,
    }
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** The answer of a case, in whichever forms it has it; with the recipient's key all of them hold the same plaintext. */
async function runKms(files: CaseFiles): ReturnType<Run> {
  const names = (await files.list('.')).filter((name) => /\.(?:ber|der|cms)$/.test(name))
  const forms: (readonly [string, KmsCiphertext])[] = []
  for (const name of names) forms.push([name, parseKmsCiphertext(await files.need(name))])
  const shown = (forms.find(([name]) => name !== 'definite.der') ?? forms[0])?.[1]
  if (shown === undefined) throw new Error('the case has no answer of the key service')
  const key = await files.read('recipient.key.pem')
  if (key === undefined) return { values: kmsValues(shown), comparisons: [] }
  const plaintext = await files.read('plaintext.bin')
  const comparisons = forms.flatMap(([name, cms]) => {
    const found = hex(decrypt(cms, key))
    return plaintext === undefined ? [] : compareTree(`${name}: plaintext`, hex(plaintext), found)
  })
  return { values: { ...kmsValues(shown), plaintextHex: hex(decrypt(shown, key)) }, comparisons }
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

class DecryptionError extends Error {}

function decrypt({ encryptedKey, iv, ciphertext }: KmsCiphertext, pem: Uint8Array): Uint8Array {
  const recipient = createPrivateKey(Buffer.from(pem))
  try {
    const key = privateDecrypt({ key: recipient, oaepHash: 'sha256' }, encryptedKey)
    const cipher = createDecipheriv('aes-256-cbc', key, iv)
    return Buffer.concat([cipher.update(ciphertext), cipher.final()])
  } catch (error) {
    // Of another key, or with another padding: which of them is nobody's business.
    throw new DecryptionError('the answer does not open with the key of the recipient', { cause: error })
  }
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
