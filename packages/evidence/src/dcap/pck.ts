import { type EvidenceError, refuse as refuseField } from '../core/errors.ts'
import type { Certificate } from '../x509/certificate.ts'
import { DerReader, TAG, type Tlv } from '../x509/der.ts'

/** What Intel certifies about a platform, from the SGX extensions of its PCK certificate. */
export interface PckExtensions {
  /** 16 bytes. */
  readonly ppid: Uint8Array
  /** SVNs of the 16 SGX TCB components. */
  readonly tcbComponents: readonly number[]
  readonly pceSvn: number
  /** 16 bytes, opaque: never compared part by part. */
  readonly cpuSvn: Uint8Array
  /** 2 bytes. */
  readonly pceId: Uint8Array
  /** 6 bytes: family, model, stepping, platform type and custom SKU. */
  readonly fmspc: Uint8Array
  readonly sgxType: number
  /** 16 bytes; Platform CA only. */
  readonly platformInstanceId: Uint8Array | undefined
  /** Platform CA only. */
  readonly configuration: PckConfiguration | undefined
}

/** How the owner has set the platform up. Undefined members are not in the certificate. */
export interface PckConfiguration {
  readonly dynamicPlatform: boolean | undefined
  readonly cachedKeys: boolean | undefined
  readonly smtEnabled: boolean | undefined
}

/** Names of the SGX types by number. */
export const SGX_TYPES: readonly string[] = ['standard', 'scalable', 'scalable-with-integrity']

const SGX_EXTENSION = '1.2.840.113741.1.13.1'
/** The extension's OID in DER, without tag and length: members add one byte each. */
const PREFIX: readonly number[] = [0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01]
const COMPONENTS = 16
const TCB = 2
const CONFIGURATION = 7

/**
 * Reads the SGX extensions of a PCK certificate. Strict: each member once, of its type and length,
 * and no member unknown to the profile.
 *
 * @throws EvidenceError
 * @see Intel SGX PCK Certificate and CRL Profile Specification, section 1.3.5
 */
export function parsePckExtensions(certificate: Certificate): PckExtensions {
  const extension = certificate.extensions.get(SGX_EXTENSION)
  if (extension === undefined) throw refuse('no SGX extensions', 0, `extension ${SGX_EXTENSION}`)
  const outer = new DerReader(extension.value, 'pck')
  const members = readMembers(outer, [], 7)
  outer.finish('sgxExtensions')
  const tcb = readMembers(need(members, TCB), [TCB], 18)
  const instance = members[6]
  const configuration = members[CONFIGURATION]
  return {
    ppid: octets(need(members, 1), 16, 'ppid'),
    tcbComponents: tcb.slice(1, COMPONENTS + 1).map((_, i) => integer(need(tcb, i + 1), 0xff, 'tcb.component')),
    pceSvn: integer(need(tcb, 17), 0xffff, 'tcb.pceSvn'),
    cpuSvn: octets(need(tcb, 18), 16, 'tcb.cpuSvn'),
    pceId: octets(need(members, 3), 2, 'pceId'),
    fmspc: octets(need(members, 4), 6, 'fmspc'),
    sgxType: readSgxType(need(members, 5)),
    platformInstanceId: instance === undefined ? undefined : octets(instance, 16, 'platformInstanceId'),
    configuration: configuration === undefined ? undefined : readConfiguration(configuration),
  }
}

function readConfiguration(from: DerReader): PckConfiguration {
  const members = readMembers(from, [CONFIGURATION], 3)
  const flag = (arc: number): boolean | undefined => members[arc]?.boolean('configuration')
  return { dynamicPlatform: flag(1), cachedKeys: flag(2), smtEnabled: flag(3) }
}

function readSgxType(from: DerReader): number {
  const type = from.smallInteger('sgxType', TAG.enumerated)
  if (type >= SGX_TYPES.length) throw refuse(`SGX type ${type}`, from.at, `0 to ${SGX_TYPES.length - 1}`)
  return type
}

/** Readers at the values of members, by the last arc of their OID. */
type Members = readonly (DerReader | undefined)[]

// SEQUENCE OF SEQUENCE { OID, value }. The OIDs differ in their last bytes only, so that nothing else of them is decoded.
function readMembers(from: DerReader, below: readonly number[], last: number): Members {
  const list = from.inside(TAG.sequence, 'sgxExtensions')
  const members: (DerReader | undefined)[] = new Array<DerReader | undefined>(last + 1).fill(undefined)
  while (!list.done) {
    const one = list.inside(TAG.sequence, 'sgxExtensions')
    const arc = lastArc(list.bytes, one.element(TAG.oid, 'sgxExtensions'), below)
    if (arc === undefined || arc < 1 || arc > last)
      throw refuse('an unknown member', list.at, 'members of the profile only')
    if (members[arc] !== undefined) throw refuse(`member ${arc} twice`, list.at, 'each member once')
    // The reader stands at the value now; whoever reads it must not find another one behind.
    const value = one.any('sgxExtensions')
    one.finish('sgxExtensions')
    one.at = value.header
    members[arc] = one
  }
  return members
}

function lastArc(bytes: Uint8Array, oid: Tlv, below: readonly number[]): number | undefined {
  const length = PREFIX.length + below.length
  if (oid.end - oid.start !== length + 1) return undefined
  for (let i = 0; i < length; i++) {
    const expected = i < PREFIX.length ? PREFIX[i] : below[i - PREFIX.length]
    if (bytes[oid.start + i] !== expected) return undefined
  }
  return bytes[oid.start + length]
}

function need(members: Members, arc: number): DerReader {
  const reader = members[arc]
  if (reader === undefined) throw refuse(`no member .${arc}`, 0, 'every member of the profile')
  return reader
}

function octets(from: DerReader, size: number, field: string): Uint8Array {
  const content = from.content(from.element(TAG.octetString, field))
  if (content.length !== size) throw refuse(`${content.length} bytes of ${field}`, from.at, `${size} bytes`)
  return content
}

function integer(from: DerReader, most: number, field: string): number {
  const value = from.smallInteger(field)
  if (value > most) throw refuse(`${field} ${value}`, from.at, `0 to ${most}`)
  return value
}

function refuse(found: string, offset: number, expected: string): EvidenceError {
  return refuseField('pck.sgxExtensions', found, expected, offset)
}
