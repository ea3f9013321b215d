import { EvidenceError } from '../core/errors.ts'
import type { Certificate } from '../x509/certificate.ts'
import { DerReader, TAG } from '../x509/der.ts'

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
const COMPONENTS = 16

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
  const members = readMembers(outer.inside(TAG.sequence, 'sgxExtensions'), SGX_EXTENSION, 16)
  outer.finish('sgxExtensions')
  const tcb = readMembers(need(members, '2').inside(TAG.sequence, 'tcb'), `${SGX_EXTENSION}.2`, 32)
  const configuration = take(members, '7')
  const instance = take(members, '6')
  const read: PckExtensions = {
    ppid: octets(need(members, '1'), 16, 'ppid'),
    tcbComponents: Array.from({ length: COMPONENTS }, (_, i) => integer(need(tcb, `${i + 1}`), 0xff, 'tcb.component')),
    pceSvn: integer(need(tcb, '17'), 0xffff, 'tcb.pceSvn'),
    cpuSvn: octets(need(tcb, '18'), 16, 'tcb.cpuSvn'),
    pceId: octets(need(members, '3'), 2, 'pceId'),
    fmspc: octets(need(members, '4'), 6, 'fmspc'),
    sgxType: readSgxType(need(members, '5')),
    platformInstanceId: instance === undefined ? undefined : octets(instance, 16, 'platformInstanceId'),
    configuration: configuration === undefined ? undefined : readConfiguration(configuration),
  }
  for (const name of [...members.keys(), ...tcb.keys()]) throw refuse(`unknown member .${name}`, 0, 'members of the profile only')
  return read
}

function readConfiguration(from: DerReader): PckConfiguration {
  const members = readMembers(from.inside(TAG.sequence, 'configuration'), `${SGX_EXTENSION}.7`, 8)
  const flag = (name: string): boolean | undefined => take(members, name)?.boolean('configuration')
  const configuration = { dynamicPlatform: flag('1'), cachedKeys: flag('2'), smtEnabled: flag('3') }
  for (const name of members.keys()) throw refuse(`unknown configuration .${name}`, 0, 'members of the profile only')
  return configuration
}

function readSgxType(from: DerReader): number {
  const type = from.smallInteger('sgxType', TAG.enumerated)
  if (type >= SGX_TYPES.length) throw refuse(`SGX type ${type}`, from.at, `0 to ${SGX_TYPES.length - 1}`)
  return type
}

// SEQUENCE OF SEQUENCE { OID, value }: readers at the values, by the last arc of the OID.
function readMembers(list: DerReader, prefix: string, most: number): Map<string, DerReader> {
  const members = new Map<string, DerReader>()
  while (!list.done) {
    const one = list.inside(TAG.sequence, 'sgxExtensions')
    const oid = one.oid('sgxExtensions')
    const name = oid.slice(prefix.length + 1)
    if (!oid.startsWith(`${prefix}.`)) throw refuse(`the member ${oid}`, list.at, `members below ${prefix}`)
    if (members.has(name)) throw refuse(`the member ${oid} twice`, list.at, 'each member once')
    if (members.size === most) throw refuse('more members', list.at, `at most ${most}`)
    const value = one.any('sgxExtensions')
    one.finish('sgxExtensions')
    members.set(name, new DerReader(list.bytes, 'pck', value.header, value.end))
  }
  return members
}

function take(members: Map<string, DerReader>, name: string): DerReader | undefined {
  const reader = members.get(name)
  members.delete(name)
  return reader
}

function need(members: Map<string, DerReader>, name: string): DerReader {
  const reader = take(members, name)
  if (reader === undefined) throw refuse(`no member .${name}`, 0, 'every member of the profile')
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
  return new EvidenceError('malformed', found, { field: 'pck.sgxExtensions', offset, expected })
}
