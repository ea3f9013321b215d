import { concatBytes } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import { bytesListOf, bytesOf, lacks, messageOf, numberOf } from './proto-values.ts'
import type { ProtoField, ProtoMessage, ProtoSchema } from './protobuf.ts'

/** One field of a fixed structure: its number and name in the message, its size in bytes or its integer, and how often it is there. */
type Slot = readonly [number: number, name: string, size: number | 'u16' | 'u32', times?: number]

// In the order of the quote's bytes, which is not always that of the numbers.
const HEADER: readonly Slot[] = [
  [1, 'version', 'u16'],
  [2, 'attestation_key_type', 'u16'],
  [3, 'tee_type', 'u32'],
  [5, 'pce_svn', 2],
  [4, 'qe_svn', 2],
  [6, 'qe_vendor_id', 16],
  [7, 'user_data', 20],
]

const BODY: readonly Slot[] = [
  [1, 'tee_tcb_svn', 16],
  [2, 'mr_seam', 48],
  [3, 'mr_signer_seam', 48],
  [4, 'seam_attributes', 8],
  [5, 'td_attributes', 8],
  [6, 'xfam', 8],
  [7, 'mr_td', 48],
  [8, 'mr_config_id', 48],
  [9, 'mr_owner', 48],
  [10, 'mr_owner_config', 48],
  [11, 'rtmrs', 48, 4],
  [12, 'report_data', 64],
]

const BODY_15: readonly Slot[] = [...BODY, [13, 'tee_tcb_svn2', 16], [14, 'mr_service_td', 48]]

const QE_REPORT: readonly Slot[] = [
  [1, 'cpu_svn', 16],
  [2, 'misc_select', 'u32'],
  [3, 'reserved1', 28],
  [4, 'attributes', 16],
  [5, 'mr_enclave', 32],
  [6, 'reserved2', 32],
  [7, 'mr_signer', 32],
  [8, 'reserved3', 96],
  [9, 'isv_prod_id', 'u16'],
  [10, 'isv_svn', 'u16'],
  [11, 'reserved4', 60],
  [12, 'report_data', 64],
]

function fixed(slots: readonly Slot[]): ProtoSchema {
  return schema(slots.map(([number, name, size]) => [number, name, typeof size === 'number' ? 'bytes' : 'number']))
}

function schema(fields: readonly (readonly [number, string, ProtoField['kind']])[]): ProtoSchema {
  return { fields: Object.fromEntries(fields.map(([number, name, kind]) => [number, { name, kind }])) }
}

const CERTIFICATION: ProtoSchema = schema([
  [1, 'certificate_data_type', 'number'],
  [2, 'size', 'number'],
  [
    3,
    'qe_report_certification_data',
    schema([
      [1, 'qe_report', fixed(QE_REPORT)],
      [2, 'qe_report_signature', 'bytes'],
      [
        3,
        'qe_auth_data',
        schema([
          [1, 'parsed_data_size', 'number'],
          [2, 'data', 'bytes'],
        ]),
      ],
      [
        4,
        'pck_certificate_chain_data',
        schema([
          [1, 'certificate_data_type', 'number'],
          [2, 'size', 'number'],
          [3, 'pck_cert_chain', 'bytes'],
        ]),
      ],
    ]),
  ],
])

const SIGNED: ProtoSchema = schema([
  [1, 'signature', 'bytes'],
  [2, 'ecdsa_attestation_key', 'bytes'],
  [3, 'certification_data', CERTIFICATION],
])

const BEHIND_BODY: readonly (readonly [number, string, ProtoField['kind']])[] = [
  [3, 'signed_data_size', 'number'],
  [4, 'signed_data', SIGNED],
  [5, 'extra_bytes', 'bytes'],
]

/** `tdx.QuoteV4`. @see go-tdx-guest, tdx.proto */
export const QUOTE_V4: ProtoSchema = schema([
  [1, 'header', fixed(HEADER)],
  [2, 'td_quote_body', fixed(BODY)],
  ...BEHIND_BODY,
])

/** `tdx.QuoteV5`. @see go-tdx-guest, tdx.proto */
export const QUOTE_V5: ProtoSchema = schema([
  [1, 'header', fixed(HEADER)],
  [
    2,
    'td_quote_body_descriptor',
    schema([
      [1, 'td_quote_body_type', 'number'],
      [2, 'td_quote_body_size', 'number'],
      [3, 'td_quote_body_v5', fixed(BODY_15)],
    ]),
  ],
  ...BEHIND_BODY,
])

/**
 * The bytes of a TD quote that was taken apart into a message. The signatures over them prove that they are the
 * quoting enclave's: nothing is lost in the message, and sizes that it repeats must be those of what it holds.
 *
 * @throws EvidenceError that names the field
 * @see Intel TDX DCAP Quote Generation Library and Quote Verification Library, appendix A.3
 */
export function tdQuoteOf(quote: ProtoMessage): Uint8Array {
  const header = messageOf(quote, 'header')
  const version = numberOf(header, 'version')
  const body = version === 5n ? bodyWithDescriptor(messageOf(quote, 'td_quote_body_descriptor')) : bodyOf(quote)
  if (version !== 4n && version !== 5n) throw lacks('header.version', 'version 4 or 5')
  const signed = signedOf(messageOf(quote, 'signed_data'))
  return concatBytes(
    written(header, HEADER, 'header'),
    body,
    sized(quote, 'signed_data_size', signed),
    signed,
    bytesOf(quote, 'extra_bytes'),
  )
}

function bodyOf(quote: ProtoMessage): Uint8Array {
  return written(messageOf(quote, 'td_quote_body'), BODY, 'td_quote_body')
}

/** Number of a body descriptor to its layout. */
const BODIES: ReadonlyMap<bigint, readonly Slot[]> = new Map([
  [2n, BODY],
  [3n, BODY_15],
])

function bodyWithDescriptor(descriptor: ProtoMessage): Uint8Array {
  const type = numberOf(descriptor, 'td_quote_body_type')
  const slots = BODIES.get(type)
  if (slots === undefined) throw lacks('td_quote_body_type', 'type 2 or 3')
  const body = written(messageOf(descriptor, 'td_quote_body_v5'), slots, 'td_quote_body_v5')
  return concatBytes(integer(type, 2), sized(descriptor, 'td_quote_body_size', body), body)
}

function signedOf(signed: ProtoMessage): Uint8Array {
  const certification = messageOf(signed, 'certification_data')
  const qe = qeOf(messageOf(certification, 'qe_report_certification_data'))
  return concatBytes(
    exactly(signed, 'signature', 64),
    exactly(signed, 'ecdsa_attestation_key', 64),
    integer(numberOf(certification, 'certificate_data_type', 0xffffn), 2),
    sized(certification, 'size', qe),
    qe,
  )
}

function qeOf(data: ProtoMessage): Uint8Array {
  const auth = messageOf(data, 'qe_auth_data')
  const authData = bytesOf(auth, 'data')
  const chain = messageOf(data, 'pck_certificate_chain_data')
  const certificates = bytesOf(chain, 'pck_cert_chain')
  return concatBytes(
    written(messageOf(data, 'qe_report'), QE_REPORT, 'qe_report'),
    exactly(data, 'qe_report_signature', 64),
    sized(auth, 'parsed_data_size', authData, 2),
    authData,
    integer(numberOf(chain, 'certificate_data_type', 0xffffn), 2),
    sized(chain, 'size', certificates),
    certificates,
  )
}

function written(message: ProtoMessage, slots: readonly Slot[], path: string): Uint8Array {
  const known = new Set(slots.map(([, name]) => name))
  const other = [...message.keys()].find((name) => !known.has(name) && !isEmpty(message, name))
  if (other !== undefined) throw lacks(`${path}.${other}`, 'no such field in a body of this type')
  return concatBytes(
    ...slots.flatMap(([, name, size, times = 1]) => {
      if (size === 'u16') return [integer(numberOf(message, name, 0xffffn), 2)]
      if (size === 'u32') return [integer(numberOf(message, name, 0xffffffffn), 4)]
      const all = bytesListOf(message, name)
      if (all.length !== times || all.some(({ length }) => length !== size))
        throw lacks(`${path}.${name}`, times === 1 ? `${size} bytes, once` : `${times} times ${size} bytes`)
      return all
    }),
  )
}

function isEmpty(message: ProtoMessage, name: string): boolean {
  return (message.get(name) ?? []).every((value) => value instanceof Uint8Array && value.length === 0)
}

function exactly(message: ProtoMessage, name: string, size: number): Uint8Array {
  const bytes = bytesOf(message, name)
  if (bytes.length !== size) throw lacks(name, `${size} bytes`)
  return bytes
}

/** The size of `content`, which the message says too. */
function sized(message: ProtoMessage, name: string, content: Uint8Array, width: 2 | 4 = 4): Uint8Array {
  const said = numberOf(message, name)
  if (said === BigInt(content.length)) return integer(said, width)
  throw refuse(`protobuf.${name}`, `${said}`, `${content.length}, the size of what follows`)
}

function integer(value: bigint, width: 2 | 4): Uint8Array {
  return Uint8Array.from({ length: width }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn))
}
