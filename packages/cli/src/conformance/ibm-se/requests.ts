import { createHash, X509Certificate } from 'node:crypto'
import {
  parseHostKeyDocument,
  parseSeExchange,
  parseSeRequest,
  readSeAdditionalData,
  type SeHeader,
  seRequestFlags,
  verifyIbmSeSync,
} from '@sekisho/evidence/ibm-se'
import type { JsonValue } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import { holds } from '../ruling.ts'
import { hexOrNull, iso, sha256Hex } from '../values.ts'
import { opened, type Values } from './values.ts'

/** Values of a response, opened with the key of the case. */
export async function attestationValues(files: CaseFiles, evidence: Uint8Array, header: SeHeader): Promise<Values> {
  const { entries } = parseSeExchange(evidence)
  const part = (name: 'request' | 'measurement' | 'additional' | 'userData' | 'configUid'): Uint8Array =>
    entries[name].bytes ?? new Uint8Array(0)
  const request = parseSeRequest(part('request'))
  const sent = await sentRequest(files, part('request'))
  const secrets = opened(sent, await files.need('protection-key.bin'))
  const additional = readSeAdditionalData(part('additional'), seRequestFlags(parseSeRequest(sent).flags))
  const host = keyHash(await files.need('hkd.crt'))
  const image = hexOrNull(additional.imageHostKeyHash)
  return {
    fields: {
      configUidHex: hexOrNull(part('configUid')),
      nonceHex: hexOrNull(secrets?.nonce),
      measurementKeyHex: hexOrNull(secrets?.measurementKey),
      measurementHex: hexOrNull(part('measurement')),
      imagePhkh: image,
      attestationPhkh: hexOrNull(additional.attestationHostKeyHash),
      // Named by the case; it is in the slots of request and header.
      expectedHostKeyHash:
        request.slots.some((slot) => hexOrNull(slot.hostKeyHash) === host) && header.slots.length > 0 ? host : null,
      userDataHex: hexOrNull(part('userData')),
    },
  }
}

/** Cases with a changed request list what the request said before: the one of the case, as it was sent. */
async function sentRequest(files: CaseFiles, echoed: Uint8Array): Promise<Uint8Array> {
  if (opened(echoed, await files.need('protection-key.bin')) !== undefined) return echoed
  return parseSeExchange(await files.need('request.pvattest')).entries.request.bytes ?? echoed
}

function keyHash(file: Uint8Array): string {
  return createHash('sha256').update(parseHostKeyDocument(file).keyHash.data).digest('hex')
}

/** Values of a request alone. */
export async function requestValues(files: CaseFiles): Promise<Values> {
  const bytes = await files.need('arcb.bin')
  const request = parseSeRequest(bytes)
  const secrets = opened(bytes, await files.need('protection-key.bin'))
  return {
    fields: {
      ivHex: hexOrNull(request.iv),
      flagsHex: request.flags.toString(16).padStart(16, '0'),
      measurementAlgorithm: request.measurementAlgorithm,
      measurementKeyHex: hexOrNull(secrets?.measurementKey),
      nonceHex: hexOrNull(secrets?.nonce),
      size: request.bytes.length,
      authBinHex: hexOrNull(request.bytes.subarray(48, 64)),
    },
  }
}

const FLAG_NAMES = {
  nonce: 'nonce',
  imageHostKey: 'image-phkh',
  attestationHostKey: 'attestation-phkh',
  secretStore: 'secret-store-hash',
  firmwareState: 'firmware-state',
} as const

/** Values of a request for a real machine, whose signing certificate is not at hand. */
export async function z16Values(files: CaseFiles, at: Date): Promise<Values> {
  const evidence = await files.need('request.pvattest')
  const key = await files.need('protection-key.bin')
  const document = await files.need('hkd.pem')
  const { entries, bytes } = parseSeExchange(evidence)
  const requestBytes = entries.request.bytes ?? new Uint8Array(0)
  const request = parseSeRequest(requestBytes)
  const secrets = opened(requestBytes, key)
  const verdict = verifyIbmSeSync(evidence, { at, files: [document], protectionKey: key })
  const flags = seRequestFlags(request.flags)
  return {
    fields: {
      exchange: {
        version: 256,
        size: bytes.length,
        arcb: { offset: entries.request.offset, size: entries.request.size },
        measurementSize: entries.measurement.size,
        additionalSize: entries.additional.size,
        userData: hexOrNull(entries.userData.bytes),
        configUid: hexOrNull(entries.configUid.bytes),
      },
      arcb: {
        ivHex: hexOrNull(request.iv),
        keySlots: request.slots.length,
        encryptedSize: request.encrypted.length,
        flagsHex: request.flags.toString(16).padStart(16, '0'),
        flags: (Object.keys(FLAG_NAMES) as (keyof typeof FLAG_NAMES)[])
          .filter((name) => flags[name])
          .map((name) => FLAG_NAMES[name]),
        measurementAlgorithm: request.measurementAlgorithm,
        keySlotHashHex: hexOrNull(request.slots[0]?.hostKeyHash),
        tagHex: hexOrNull(request.tag),
      },
      decrypted: { measurementKeyHex: hexOrNull(secrets?.measurementKey), nonceHex: hexOrNull(secrets?.nonce) },
      hkd: documentValues(document),
    },
    // Without a signing certificate nothing is proven, whatever opens.
    rows:
      holds(verdict, 'ibm-se.request.tag') === true &&
      verdict.authenticity === 'unproven' &&
      holds(verdict, 'ibm-se.signing-key.present') === undefined,
  }
}

function documentValues(file: Uint8Array): JsonValue {
  const { certificate } = parseHostKeyDocument(file)
  const points = new TextDecoder('latin1')
    .decode(certificate.extensions.get('2.5.29.31')?.value ?? new Uint8Array(0))
    .match(/https?:\/\/[\x21-\x7e]+/g)
  return {
    subjectCN: certificate.subject.commonName ?? null,
    issuerOU: certificate.issuer.organizationalUnit ?? null,
    serialHex: certificate.serial,
    notBefore: iso(certificate.notBefore),
    notAfter: iso(certificate.notAfter),
    publicKeyHash: keyHash(file),
    crlDistributionPoint: points ?? [],
  }
}

/** Values of real certificates. */
export async function productionValues(files: CaseFiles): Promise<Values> {
  const authority = new X509Certificate(await files.need('digicert-code-signing-ca1.pem'))
  return {
    fields: {
      hkd2022: documentValues(await files.need('hkd-2022.pem')),
      digicertCa1: {
        sha256: sha256Hex(new Uint8Array(authority.raw)),
        spkiSha256: sha256Hex(new Uint8Array(authority.publicKey.export({ type: 'spki', format: 'der' }))),
        notAfter: iso(new Date(authority.validTo).getTime()),
        issuerCN: /CN=([^\n]*)/.exec(authority.issuer)?.[1] ?? null,
      },
    },
  }
}
