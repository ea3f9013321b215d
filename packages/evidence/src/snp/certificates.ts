import type { Certificate } from '../x509/certificate.ts'
import { DerReader, TAG } from '../x509/der.ts'

/** The two kinds of key that sign reports: of the chip, or of a cloud provider's fleet. */
export type LeafRole = 'vcek' | 'vlek'

/** The AMD extensions of a VCEK or VLEK; absent ones are undefined. @see AMD 57230, VCEK certificate extensions */
export interface LeafExtensions {
  readonly structVersion: number | undefined
  /** e.g. `Milan-B0`, `Genoa`. */
  readonly productName: string | undefined
  /** Security patch levels by the last arcs of their OID, `3.1` to `3.9`. */
  readonly levels: ReadonlyMap<string, number>
  /** Chip id; VCEK only. */
  readonly hwId: Uint8Array | undefined
  /** Whether the chip id was wrapped in a DER OCTET STRING. */
  readonly hwIdWrapped: boolean
  /** Cloud provider, e.g. `CN=cc-us-east-2.amazonaws.com`; VLEK only. */
  readonly cspId: string | undefined
}

/** AMD's arc, with the dot that follows it. */
const ARC = '1.3.6.1.4.1.3704.1.'
const MAX_TEXT = 256

/** Names of the extensions as AMD spells them, by their last arcs. */
export const LEVEL_NAMES: Readonly<Record<string, string>> = {
  '3.1': 'blSPL',
  '3.2': 'teeSPL',
  '3.3': 'snpSPL',
  '3.4': 'spl4',
  '3.5': 'spl5',
  '3.6': 'spl6',
  '3.7': 'spl7',
  '3.8': 'ucodeSPL',
  '3.9': 'fmcSPL',
}

// Written out once: looking up a text that was just put together costs more than all the rest.
const LEVELS = Object.entries(LEVEL_NAMES).map(([arc, name]) => [arc, ARC + arc, name] as const)
const OID = { structVersion: `${ARC}1`, productName: `${ARC}2`, hwId: `${ARC}4`, cspId: `${ARC}5` } as const

/**
 * Reads the AMD extensions of a leaf. Unknown ones below AMD's arc are left alone.
 * @throws EvidenceError when a known one is not strict DER of its type
 */
export function readLeafExtensions(certificate: Certificate): LeafExtensions {
  const levels = new Map<string, number>()
  for (const [arc, oid, name] of LEVELS) {
    const level = integer(certificate, oid, name)
    if (level !== undefined) levels.set(arc, level)
  }
  const hwId = certificate.extensions.get(OID.hwId)?.value
  const wrapped = hwId !== undefined && (hwId.length === 66 || hwId.length === 10)
  return {
    structVersion: integer(certificate, OID.structVersion, 'structVersion'),
    productName: text(certificate, OID.productName, 'productName'),
    levels,
    hwId: hwId === undefined ? undefined : wrapped ? unwrap(hwId) : rawId(hwId),
    hwIdWrapped: wrapped,
    cspId: text(certificate, OID.cspId, 'cspID'),
  }
}

function integer(certificate: Certificate, oid: string, name: string): number | undefined {
  const value = certificate.extensions.get(oid)?.value
  if (value === undefined) return undefined
  const from = new DerReader(value, 'leaf.extensions')
  const level = from.smallInteger(name)
  from.finish(name)
  if (level > 255) throw from.error('malformed', `${level}`, 'a level of 0 to 255', name)
  return level
}

function text(certificate: Certificate, oid: string, name: string): string | undefined {
  const value = certificate.extensions.get(oid)?.value
  if (value === undefined) return undefined
  const from = new DerReader(value, 'leaf.extensions')
  const content = from.content(from.element(TAG.ia5String, name))
  from.finish(name)
  let read = ''
  for (const code of content.subarray(0, MAX_TEXT + 1)) read += String.fromCharCode(code)
  if (content.length > MAX_TEXT || !/^[\x20-\x7e]*$/.test(read)) {
    throw from.error('malformed', 'other characters', `at most ${MAX_TEXT} printable ASCII characters`, name)
  }
  return read
}

// The length decides, never the first byte: raw ids begin with 0x04 or 0x02 too.
function unwrap(value: Uint8Array): Uint8Array {
  const from = new DerReader(value, 'leaf.extensions')
  const content = from.content(from.element(TAG.octetString, 'hwID'))
  from.finish('hwID')
  return content
}

function rawId(value: Uint8Array): Uint8Array {
  if (value.length === 64 || value.length === 8) return value
  throw new DerReader(value, 'leaf.extensions').error(
    'malformed',
    `${value.length} bytes`,
    'a chip id of 64 or 8 bytes',
    'hwID',
  )
}

/** Role that a leaf's own common name says. */
export function leafRole(certificate: Certificate): LeafRole | undefined {
  const name = certificate.subject.commonName
  return name === 'SEV-VCEK' ? 'vcek' : name === 'SEV-VLEK' ? 'vlek' : undefined
}

/** Role and product of a common name such as `SEV-Milan` (ASK) or `SEV-VLEK-Milan` (ASVK). */
export function intermediateOf(
  commonName: string | undefined,
): { readonly role: LeafRole; readonly product: string } | undefined {
  if (
    commonName === undefined ||
    !commonName.startsWith('SEV-') ||
    commonName === 'SEV-VCEK' ||
    commonName === 'SEV-VLEK'
  )
    return undefined
  if (commonName.startsWith('SEV-VLEK-')) return { role: 'vlek', product: commonName.slice(9) }
  return { role: 'vcek', product: commonName.slice(4) }
}
