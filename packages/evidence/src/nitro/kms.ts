import { concatBytes, equalBytes, toHex } from '../core/bytes.ts'
import { type EvidenceError, refuse } from '../core/errors.ts'
import { type BerNode, parseBer } from '../x509/ber.ts'
import { oidOf, TAG } from '../x509/der.ts'

/** What AWS KMS answers to a recipient: a data key or plaintext, encrypted to the key in an attestation document. */
export interface KmsCiphertext {
  /** Identifies the recipient's key, by a value that the service chose. */
  readonly keyIdentifier: Uint8Array
  /** The content key under RSAES-OAEP with SHA-256 and MGF1 with SHA-256. */
  readonly encryptedKey: Uint8Array
  /** AES-256-CBC: the initialisation vector, and ciphertext with PKCS #7 padding. */
  readonly iv: Uint8Array
  readonly ciphertext: Uint8Array
}

const OID = {
  envelopedData: '1.2.840.113549.1.7.3',
  data: '1.2.840.113549.1.7.1',
  oaep: '1.2.840.113549.1.1.7',
  mgf1: '1.2.840.113549.1.1.8',
  sha256: '2.16.840.1.101.3.4.2.1',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
} as const

/** Longest answer that is read, in bytes. */
export const KMS_MAX_SIZE: number = 64 * 1024

const CONTEXT_0 = 0x80
const CONTEXT_0_CONSTRUCTED = 0xa0
const CONTEXT_1_CONSTRUCTED = 0xa1

/**
 * Parses `CiphertextForRecipient`: CMS EnvelopedData of version 2 for one recipient, in BER as the service writes it.
 * Nothing protects the ciphertext's integrity but the connection that it came by.
 *
 * @throws EvidenceError
 * @see RFC 5652, sections 3 and 6; RFC 3560
 */
export function parseKmsCiphertext(bytes: Uint8Array): KmsCiphertext {
  if (bytes.length > KMS_MAX_SIZE)
    throw refuse(FIELD, `${bytes.length} bytes`, `at most ${KMS_MAX_SIZE} bytes`, KMS_MAX_SIZE, 'too-large')
  const info = sequence(parseBer(bytes, FIELD), 'ContentInfo', 2)
  expectOid(info[0], OID.envelopedData, 'contentType')
  const [enveloped] = children(info[1], CONTEXT_0_CONSTRUCTED, 'content', 1)
  const [version, recipients, content, ...more] = sequence(enveloped, 'EnvelopedData', 3)
  if (more.length > 0) throw bad(more[0], 'EnvelopedData', 'no further parts')
  expectNumber(version, 2, 'EnvelopedData.version')
  const [recipient] = children(recipients, TAG.set, 'recipientInfos', 1)
  return { ...recipientOf(recipient), ...contentOf(content) }
}

const FIELD = 'CiphertextForRecipient'

function recipientOf(node: BerNode | undefined): Pick<KmsCiphertext, 'keyIdentifier' | 'encryptedKey'> {
  const [version, identifier, algorithm, key] = sequence(node, 'KeyTransRecipientInfo', 4)
  expectNumber(version, 2, 'KeyTransRecipientInfo.version')
  if (identifier?.tag !== CONTEXT_0 || identifier.content.length === 0 || identifier.content.length > 64)
    throw bad(identifier, 'KeyTransRecipientInfo.rid', 'a subject key identifier of 1 to 64 bytes')
  expectOaep(algorithm)
  if (key?.tag !== TAG.octetString || key.content.length < 256 || key.content.length > 512)
    throw bad(key, 'KeyTransRecipientInfo.encryptedKey', 'an octet string as long as an RSA key of 2048 to 4096 bits')
  return { keyIdentifier: identifier.content, encryptedKey: key.content }
}

// OAEP with other hashes, or with a label, is not what the service writes.
function expectOaep(node: BerNode | undefined): void {
  const [algorithm, parameters] = sequence(node, 'keyEncryptionAlgorithm', 2)
  expectOid(algorithm, OID.oaep, 'keyEncryptionAlgorithm')
  const [hash, mask, ...more] = sequence(parameters, 'RSAES-OAEP-params', 2)
  const [hashAlgorithm] = children(hash, CONTEXT_0_CONSTRUCTED, 'hashAlgorithm', 1)
  expectOid(sequence(hashAlgorithm, 'hashAlgorithm', 1)[0], OID.sha256, 'hashAlgorithm')
  const [maskAlgorithm] = children(mask, CONTEXT_1_CONSTRUCTED, 'maskGenAlgorithm', 1)
  const [mgf, mgfHash] = sequence(maskAlgorithm, 'maskGenAlgorithm', 2)
  expectOid(mgf, OID.mgf1, 'maskGenAlgorithm')
  expectOid(sequence(mgfHash, 'maskGenAlgorithm', 1)[0], OID.sha256, 'maskGenAlgorithm')
  if (more.length > 0) throw bad(more[0], 'RSAES-OAEP-params', 'no label')
}

function contentOf(node: BerNode | undefined): Pick<KmsCiphertext, 'iv' | 'ciphertext'> {
  const [type, algorithm, content] = sequence(node, 'EncryptedContentInfo', 3)
  expectOid(type, OID.data, 'EncryptedContentInfo.contentType')
  const [cipher, iv] = sequence(algorithm, 'contentEncryptionAlgorithm', 2)
  expectOid(cipher, OID.aes256Cbc, 'contentEncryptionAlgorithm')
  if (iv?.tag !== TAG.octetString || iv.content.length !== 16)
    throw bad(iv, 'contentEncryptionAlgorithm.iv', '16 bytes')
  const ciphertext = pieces(content)
  if (ciphertext.length === 0 || ciphertext.length % 16 !== 0)
    throw bad(content, 'EncryptedContentInfo.encryptedContent', 'whole blocks of 16 bytes')
  return { iv: iv.content, ciphertext }
}

// One octet string under the tag, or several inside of it.
function pieces(node: BerNode | undefined): Uint8Array {
  if (node?.tag === CONTEXT_0) return node.content
  if (node?.tag !== CONTEXT_0_CONSTRUCTED || node.children.some(({ tag }) => tag !== TAG.octetString))
    throw bad(node, 'EncryptedContentInfo.encryptedContent', 'octet strings')
  return concatBytes(...node.children.map(({ content }) => content))
}

function sequence(node: BerNode | undefined, field: string, atLeast: number): readonly BerNode[] {
  return children(node, TAG.sequence, field, atLeast)
}

function children(node: BerNode | undefined, tag: number, field: string, atLeast: number): readonly BerNode[] {
  const count = node?.children.length ?? 0
  const fits = tag === TAG.sequence ? count >= atLeast : count === atLeast
  if (node === undefined || node.tag !== tag || !fits) throw bad(node, field, `tag ${hex(tag)} around ${atLeast} parts`)
  return node.children
}

function expectOid(node: BerNode | undefined, oid: string, field: string): void {
  if (node?.tag !== TAG.oid || oidOf(node.content) !== oid) throw bad(node, field, `the object identifier ${oid}`)
}

function expectNumber(node: BerNode | undefined, value: number, field: string): void {
  if (node?.tag !== TAG.integer || !equalBytes(node.content, Uint8Array.of(value)))
    throw bad(node, field, `the number ${value}`)
}

function bad(node: BerNode | undefined, field: string, expected: string): EvidenceError {
  return refuse(
    `${FIELD}.${field}`,
    node === undefined ? 'nothing' : `tag ${hex(node.tag)}`,
    expected,
    node?.offset ?? 0,
  )
}

function hex(tag: number): string {
  return `0x${toHex(Uint8Array.of(tag))}`
}
