import { createECDH, createHash, X509Certificate } from 'node:crypto'
import {
  encodeSeHeader,
  findSeHeader,
  openSeKeySlot,
  parseHostKeyDocument,
  parseSeHeader,
  readSeHeaderSecrets,
  type SeHeader,
  seHeaderJob,
  sePageDigests,
  unpaddedPoint,
} from '@sekisho/evidence/ibm-se'
import type { JsonValue } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import { bytesMember, listOf, member, textMember } from '../json.ts'
import { hexOrNull, sha256Hex } from '../values.ts'
import { openGcm, type Values } from './values.ts'

/** A slot, opened by the customer's side of the key agreement. */
export async function keySlotValues(files: CaseFiles): Promise<Values> {
  const scalar = (await files.need('customer-private-scalar.bin')).slice(-66)
  const slotFile = await files.need('keyslot.bin')
  const host = parseHostKeyDocument(new Uint8Array(new X509Certificate(await files.need('host-cert.pem')).raw))
  const slot = {
    hostKeyHash: slotFile.subarray(0, 32),
    wrappedKey: slotFile.subarray(32, 64),
    tag: slotFile.subarray(64),
  }
  const found = await openSeKeySlot(slot, agreedSecret(scalar, host.certificate.key?.bytes ?? new Uint8Array(0)))
  const hash = createHash('sha256').update(host.keyHash.data).digest('hex')
  return {
    fields: {
      hostKeyHash: hash === hexOrNull(slot.hostKeyHash) ? hash : null,
      wrappedKeyHex: hexOrNull(slot.wrappedKey),
      tagHex: hexOrNull(slot.tag),
      keyEncryptionKeyHex: hexOrNull(found.keyEncryptionKey),
    },
    rows: hexOrNull(found.protectionKey) === hexOrNull(await files.need('protection-key.bin')),
  }
}

function agreedSecret(scalar: Uint8Array, point: Uint8Array): Uint8Array {
  const ecdh = createECDH('secp521r1')
  ecdh.setPrivateKey(scalar)
  return new Uint8Array(ecdh.computeSecret(Buffer.concat([Buffer.of(4), point])))
}

/** A header, parsed, encoded again, and opened where the case has keys. */
export async function headerValues(files: CaseFiles): Promise<Values> {
  const bytes = await files.need('se-header.bin')
  const header = parseSeHeader(bytes)
  const inputs = await files.readJson('inputs.json')
  const changed = await files.read('se-header-flags-changed.bin')
  const known = inputs ?? null
  const key = bytesMember(known, 'protectionKeyHex')
  const fields = {
    size: bytes.length,
    version: 256,
    ivHex: hexOrNull(header.iv),
    keySlots: header.slots.length,
    encryptedSize: header.encrypted.length,
    pages: Number(header.pages),
    pcfHex: header.pcf.toString(16).padStart(16, '0'),
    pldHex: hexOrNull(header.pld),
    aldHex: hexOrNull(header.ald),
    tldHex: hexOrNull(header.tld),
    tagHex: hexOrNull(header.tag),
    keySlotHashes: header.slots.map((slot) => hexOrNull(slot.hostKeyHash)),
    customerPublicHex: hexOrNull(header.customerKey),
    sha256: sha256Hex(bytes),
    flagsChanged:
      changed !== undefined && openGcm(seHeaderJob(parseSeHeader(changed), key)) === undefined ? 'tag-mismatch' : null,
  }
  const opens = inputs === undefined || (await headerOpens(files, header, known, key))
  return { fields, rows: opens && hexOrNull(encodeSeHeader(header)) === hexOrNull(bytes) && discoveryHolds(bytes) }
}

async function headerOpens(files: CaseFiles, header: SeHeader, known: JsonValue, key: Uint8Array): Promise<boolean> {
  const plain = openGcm(seHeaderJob(header, key))
  if (plain === undefined) return false
  const secrets = readSeHeaderSecrets(plain)
  const psw = member(known, 'psw')
  const same =
    hexOrNull(secrets.customerCommunicationKey) === textMember(known, 'cckHex') &&
    hexOrNull(secrets.imageKey) === textMember(known, 'xtsKeyHex') &&
    secrets.pswMask.toString(16).padStart(16, '0') === textMember(psw, 'maskHex') &&
    secrets.pswAddress.toString(16).padStart(16, '0') === textMember(psw, 'addressHex') &&
    secrets.scf.toString(16).padStart(16, '0') === textMember(known, 'scfHex')
  return same && (await slotsOpen(header, known, key)) && componentsFit(await storedComponents(files, known), header)
}

/** Each host key of the case opens its own slot. */
async function slotsOpen(header: SeHeader, known: JsonValue, key: Uint8Array): Promise<boolean> {
  const hosts = member(known, 'hostKeys')
  const customer = unpaddedPoint(header.customerKey)
  if (!Array.isArray(hosts) || customer === undefined) return false
  for (const [i, host] of hosts.entries()) {
    const slot = header.slots[i]
    const found = slot && (await openSeKeySlot(slot, agreedSecret(bytesMember(host, 'privateScalarHex'), customer)))
    if (hexOrNull(found?.protectionKey) !== hexOrNull(key)) return false
  }
  return true
}

async function storedComponents(files: CaseFiles, known: JsonValue): Promise<Parameters<typeof sePageDigests>[0]> {
  const stored: { address: bigint; tweak: Uint8Array; data: Uint8Array }[] = []
  for (const [i, one] of listOf(member(known, 'components')).entries()) {
    stored.push({
      address: BigInt(Number(member(one, 'address'))),
      tweak: bytesMember(one, 'tweakHex'),
      data: await files.need(`component-${i}.enc`),
    })
  }
  return stored
}

function componentsFit(stored: Parameters<typeof sePageDigests>[0], header: SeHeader): boolean {
  const digests = sePageDigests(stored)
  return (
    BigInt(digests.pages) === header.pages &&
    (['pld', 'ald', 'tld'] as const).every(
      (name) => createHash('sha512').update(digests[name].data).digest('hex') === hexOrNull(header[name]),
    )
  )
}

/** The ways not to find a header that the notes list. */
function discoveryHolds(bytes: Uint8Array): boolean {
  const late = new Uint8Array(0x13000)
  late.set(bytes, 0x12000)
  const shifted = new Uint8Array(0x2000)
  shifted.set(bytes, 8)
  return (
    findSeHeader(bytes.subarray(1)) === undefined &&
    findSeHeader(shifted) === undefined &&
    findSeHeader(late)?.headerOffset === 0x12000
  )
}
