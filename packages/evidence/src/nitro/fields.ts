import { COSE_ALGORITHMS } from '../cbor/sign1.ts'
import { allZero, toHex } from '../core/bytes.ts'
import type { Field } from '../core/fields.ts'
import { isoTime } from '../core/time.ts'
import type { NitroDocument } from './document.ts'

const SOURCE = 'AWS Nitro Enclaves, attestation process, section 2'
const COSE = 'RFC 9052, section 4.2'

const MEANINGS: readonly (readonly [index: number, meaning: string])[] = [
  [0, 'the whole image: kernel, command line and all ramdisks'],
  [1, 'kernel, command line and the first ramdisk'],
  [2, 'the ramdisks of the application'],
  [3, "the parent instance's IAM role"],
  [4, "the parent instance's id"],
  [8, 'the certificate of whoever signed the image'],
]

/** Every field of a document, with its place in the bytes that were parsed and what it means. */
export function nitroFields(document: NitroDocument): readonly Field[] {
  const { cose } = document
  // Views on the input know their own offset; the payload's is known from the start of the input.
  const base = cose.payload.byteOffset - cose.payloadOffset
  const placed = (path: string, value: Uint8Array, meaning?: string): Field => ({
    path,
    offset: value.byteOffset - base,
    length: value.length,
    value: toHex(value),
    ...(meaning === undefined ? {} : { meaning }),
    source: path.startsWith('cose') ? COSE : SOURCE,
  })
  const optional = (path: string, value: Uint8Array | null | undefined): Field =>
    value instanceof Uint8Array
      ? placed(path, value, value.length === 0 ? 'an empty byte string, which is not null' : undefined)
      : { path, value: value === null ? 'null' : 'absent', source: SOURCE }
  return [
    { path: 'cose.tagged', value: cose.tagged, meaning: 'whether CBOR tag 18 is around the document', source: COSE },
    placed('cose.protected', cose.protected, COSE_ALGORITHMS.get(cose.algorithm ?? 0)?.name),
    { path: 'document.device', value: document.device, source: SOURCE },
    { path: 'document.module_id', value: document.moduleId, source: SOURCE },
    { path: 'document.digest', value: document.digest, source: SOURCE },
    { path: 'document.timestamp', value: document.timestamp, meaning: isoTime(document.timestamp), source: SOURCE },
    ...document.pcrs.map(({ index, value }) =>
      placed(`document.pcrs[${index}]`, value, meaningOf(document, index, value)),
    ),
    placed('document.certificate', document.certificate, 'the leaf, which signed the document'),
    ...document.cabundle.map((one, i) => placed(`document.cabundle[${i}]`, one, i === 0 ? 'the root' : undefined)),
    optional('document.public_key', document.publicKey),
    optional('document.user_data', document.userData),
    optional('document.nonce', document.nonce),
    ...Object.entries(document.unknown).map(([name, value]) =>
      placed(`document[${JSON.stringify(name)}]`, value, 'a member without a known meaning'),
    ),
    placed('cose.signature', cose.signature, 'r, then s'),
  ]
}

function meaningOf({ device }: NitroDocument, index: number, value: Uint8Array): string | undefined {
  const meaning = device === 'nsm' ? MEANINGS.find(([one]) => one === index)?.[1] : undefined
  if (!allZero(value)) return meaning
  return device === 'nsm' && index < 3 ? `${meaning}; zero: debug mode` : 'not extended'
}
