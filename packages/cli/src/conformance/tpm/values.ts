import { createHash, X509Certificate } from 'node:crypto'
import { EvidenceError } from '@sekisho/evidence'
import {
  type Attest,
  algorithmId,
  attributeNames,
  parseAttest,
  parsePublic,
  type TpmPublic,
  type TpmSignature,
} from '@sekisho/evidence/tpm'
import type { JsonValue } from '../case.ts'
import type { JsonRecord } from '../json.ts'
import { hex, iso, sha256Hex } from '../values.ts'

/** A statement that may be followed by bytes that do not belong to it: cases list its fields also where it is refused for them. */
export function lookAtAttest(bytes: Uint8Array): { readonly attest: Attest; readonly trailing: number } {
  try {
    return { attest: parseAttest(bytes), trailing: 0 }
  } catch (error) {
    if (!(error instanceof EvidenceError) || error.code !== 'trailing-bytes') throw error
    return { attest: parseAttest(bytes.subarray(0, error.offset)), trailing: bytes.length - error.offset }
  }
}

/** A statement as cases write it. */
export function attestValues(attest: Attest): JsonValue {
  const { clockInfo, quote } = attest
  return {
    magic: attest.magic.toString(16).padStart(8, '0'),
    type: attest.type.toString(16).padStart(4, '0'),
    qualifiedSigner: hex(attest.qualifiedSigner),
    extraData: hex(attest.extraData),
    clock: Number(clockInfo.clock),
    resetCount: clockInfo.resetCount,
    restartCount: clockInfo.restartCount,
    safe: clockInfo.safe ? 1 : 0,
    firmwareVersion: attest.firmwareVersion.toString(16).padStart(16, '0'),
    ...(quote === undefined
      ? {}
      : {
          pcrSelect: quote.selections.map(({ bank, pcrs }) => ({ hash: bank, pcrs })),
          pcrDigest: hex(quote.pcrDigest),
        }),
  }
}

/** A signature's header as cases write it. */
export function signatureValues({ scheme, hash }: TpmSignature): JsonValue {
  return { alg: scheme, hash }
}

const SYMMETRIC: Readonly<Record<number, string>> = { 0x0006: 'aes', 0x0026: 'camellia', 0x0043: 'cfb', 0x0013: 'sm4' }

/** A public area as cases write it. */
export function publicValues(bytes: Uint8Array): JsonValue {
  const area = parsePublic(bytes)
  const { scheme, symmetric } = area
  return {
    type: area.type,
    nameAlg: area.nameAlg,
    attributes: attributeNames(area),
    attributesRaw: area.attributes.toString(16).padStart(8, '0'),
    authPolicy: hex(area.authPolicy),
    ...(symmetric === undefined
      ? {}
      : {
          symmetric: {
            alg: SYMMETRIC[symmetric.algorithm] ?? null,
            keyBits: symmetric.keyBits,
            mode: SYMMETRIC[symmetric.mode] ?? null,
          },
        }),
    scheme: scheme?.name ?? 'null',
    schemeHash: scheme?.hash ?? null,
    keyBits: area.keyBits,
    exponent: area.exponent ?? null,
    curve: area.curve ?? null,
    name: nameOf(area),
  }
}

/** Name of a public area, hex. */
export function nameOf({ nameAlg, bytes }: TpmPublic): string {
  const digest = createHash(nameAlg).update(bytes).digest('hex')
  return algorithmId(nameAlg).toString(16).padStart(4, '0') + digest
}

/** What a certificate says, as cases write it. Files of cases are known data, and shown only. */
export function certificateValues(der: Uint8Array): JsonRecord {
  const certificate = new X509Certificate(der)
  return {
    subject: nameText(certificate.subject),
    issuer: nameText(certificate.issuer),
    notBefore: iso(Date.parse(certificate.validFrom)),
    notAfter: iso(Date.parse(certificate.validTo)),
    sha256: sha256Hex(der),
    spkiSha256: sha256Hex(certificate.publicKey.export({ type: 'spki', format: 'der' })),
    selfSigned: certificate.checkIssued(certificate),
  }
}

// RFC 4514: last attribute first, with its special characters escaped.
function nameText(lines: string | undefined): string {
  if (lines === undefined || lines === '') return ''
  return lines
    .split('\n')
    .reverse()
    .map((line) => line.replace(/(?<!\\),/g, '\\,'))
    .join(',')
}
