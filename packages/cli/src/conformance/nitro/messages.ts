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
import type { Comparison, JsonValue } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import { ByName, compareTree, ELSEWHERE } from '../compare.ts'
import { bytesMember, entriesOf, expected, type JsonRecord, member } from '../json.ts'
import { type ReasonWords, type Ruling, vocabularyOf } from '../ruling.ts'
import { type CaseRun, unknownIn } from '../run.ts'
import { hex } from '../values.ts'
import { comparePlaces } from './images.ts'

interface Messages {
  readonly values?: JsonRecord
  readonly comparisons: readonly Comparison[]
}

const READERS: ReadonlyMap<string, (files: CaseFiles) => Promise<Messages>> = new Map([
  ['kms-cms', readKms],
  ['nsm-api', readNsm],
  ['pcr-rules', async (files: CaseFiles) => ({ comparisons: await comparePlaces(files) })],
])

/** Reads cases of Nitro's other messages: of the security module, of the key service, and the rules of PCR3 and PCR4. */
export async function readNitroMessages(files: CaseFiles, content: JsonValue, version: string): Promise<CaseRun> {
  const read = READERS.get(version)
  if (read === undefined) return unknownIn('version')
  try {
    const { values = {}, comparisons } = await read(files)
    // No evidence is here whose signature could be judged: what is asked is that everything is read, and the same.
    const listed = expected(content, 'verdict')
    const verdict = listed === 'valid' || listed === 'invalid' ? 'valid' : 'unverifiable'
    return { ruling: { verdict, reasons: [] }, found: { fields: ByName.of(values) }, first: comparisons }
  } catch (error) {
    return { ruling: refused(error), found: { fields: ELSEWHERE } }
  }
}

const WORDS: ReasonWords = {
  'trailing-bytes': ['trailing-data', 'malformed'],
  truncated: ['truncated', 'malformed'],
  'too-large': ['too-large', 'malformed'],
  malformed: ['malformed'],
  decryption: ['decryption-failed', 'bad-padding'],
}

/** What a message that is refused comes to. */
function refused(error: unknown): Ruling {
  const code = error instanceof EvidenceError ? error.code : error instanceof DecryptionError ? 'decryption' : undefined
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

/** The answer of a case, in whichever forms it has it; with the recipient's key all of them hold the same plaintext. */
async function readKms(files: CaseFiles): Promise<Messages> {
  const names = (await files.list()).filter((name) => /\.(?:ber|der|cms)$/.test(name))
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

function kmsValues(cms: KmsCiphertext): JsonRecord {
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
async function readNsm(files: CaseFiles): Promise<Messages> {
  const messages = await files.needJson('messages.json')
  return {
    comparisons: [
      ...compareMessages(member(messages, 'requests'), parseNsmRequest, encodeNsmRequest),
      ...compareMessages(member(messages, 'responses'), parseNsmResponse, encodeNsmResponse),
    ],
  }
}

function compareMessages<T extends { readonly kind: string }>(
  listed: JsonValue | undefined,
  parse: (bytes: Uint8Array) => T,
  encode: (message: T) => Uint8Array,
): readonly Comparison[] {
  return entriesOf(listed).flatMap(([name, expected]) => {
    const message = parse(bytesMember(listed, name))
    return [
      ...compareTree(`${name}: kind`, name.split('(')[0] ?? '', message.kind),
      ...compareTree(`${name}: written again`, expected, hex(encode(message))),
    ]
  })
}
