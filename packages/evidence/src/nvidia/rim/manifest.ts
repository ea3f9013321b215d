import { fromHex } from '../../core/bytes.ts'
import { type EvidenceError, refuse } from '../../core/errors.ts'
import { type DigestJob, type Job, type PublicKey, type SignatureJob, sha256 } from '../../crypto/jobs.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { type Chain, chainOf } from '../certificates.ts'
import { parseXml, type XmlElement } from './xml.ts'
import { readEnvelopedSignature } from './xml-signature.ts'

/** One golden value, or several of which one must match. */
export interface GoldenMeasurement {
  /** From 0 on: measurement block `index + 1` of the report. */
  readonly index: number
  /** Inactive ones compare with nothing. */
  readonly active: boolean
  readonly alternatives: readonly Uint8Array[]
  readonly size: number
  readonly name: string
}

/** A reference integrity manifest. Nothing in it is trusted before its signature and chain were checked. */
export interface NvidiaRim {
  readonly tagId: string
  readonly name: string
  /** Version of the driver or VBIOS that it describes. */
  readonly colloquialVersion: string
  /** e.g. `GH100`. */
  readonly product: string
  readonly edition: string | undefined
  readonly firmwareManufacturerId: string | undefined
  readonly measurements: readonly GoldenMeasurement[]
  readonly chain: Chain
  /** SHA-384 of the canonical document, to be computed, and as the signature says. */
  readonly computed: DigestJob
  readonly digest: Uint8Array
  /** The signature under the leaf's key; undefined when it cannot verify. */
  readonly signature: SignatureJob | undefined
  /** SHA-256 of the manifest as received. */
  readonly received: DigestJob
  readonly jobs: readonly Job[]
}

const SWID = 'http://standards.iso.org/iso/19770/-2/2015/schema.xsd'
const HASH = 'http://www.w3.org/2001/04/xmlenc#sha384'
const RIM = 'https://trustedcomputinggroup.org/resource/tcg-reference-integrity-manifest-rim-information-model/'
const MAX_INDEX = 254
const MAX_ALTERNATIVES = 64
const SIZE = 48

/**
 * Reads a manifest. Measurements and version are taken from the same tree whose canonical form is digested.
 * @throws EvidenceError
 * @see ISO/IEC 19770-2; TCG Reference Integrity Manifest Information Model
 */
export function parseNvidiaRim(bytes: Uint8Array, pool: Certificate[] = []): NvidiaRim {
  const root = parseXml(bytes)
  if (root.namespace !== SWID || root.local !== 'SoftwareIdentity')
    throw bad('SoftwareIdentity', root.name.slice(0, 64), 'a SWID tag')
  const enveloped = readEnvelopedSignature(root)
  const meta = single(root, 'Meta')
  const measurements = readMeasurements(single(root, 'Payload'))
  const chain = chainOf(enveloped.certificates, pool)
  const computed: DigestJob = { kind: 'digest', algorithm: 'sha384', data: enveloped.document }
  const received = sha256(bytes)
  const signature = signatureOf(chain.certificates[0]?.key, enveloped.signedInfo, enveloped.signature)
  const jobs: Job[] = [computed, received, ...chain.jobs]
  if (signature !== undefined) jobs.push(signature)
  return {
    tagId: need(root, 'tagId'),
    name: need(root, 'name'),
    colloquialVersion: need(meta, 'colloquialVersion'),
    product: need(meta, 'product'),
    edition: attribute(meta, 'edition'),
    firmwareManufacturerId: attribute(meta, 'FirmwareManufacturerId', RIM),
    measurements,
    chain,
    computed,
    digest: enveloped.digest,
    signature,
    received,
    jobs,
  }
}

function signatureOf(key: PublicKey | undefined, data: Uint8Array, signature: Uint8Array): SignatureJob | undefined {
  if (key?.kind !== 'P-384') return undefined
  return { kind: 'signature', scheme: 'ecdsa-p384-sha384', key, data, signature }
}

function readMeasurements(payload: XmlElement): readonly GoldenMeasurement[] {
  const found = new Map<number, GoldenMeasurement>()
  for (const child of payload.children) {
    if (typeof child === 'string') continue
    if (child.namespace !== SWID || child.local !== 'Resource' || attribute(child, 'type') !== 'Measurement')
      throw bad('Payload', child.local.slice(0, 64), 'measurements only')
    const one = readMeasurement(child)
    if (found.has(one.index)) throw bad('Resource.index', `${one.index} a second time`, 'each index once')
    found.set(one.index, one)
  }
  return [...found.values()].sort((a, b) => a.index - b.index)
}

function readMeasurement(resource: XmlElement): GoldenMeasurement {
  const index = number(resource, 'index', MAX_INDEX)
  const count = number(resource, 'alternatives', MAX_ALTERNATIVES)
  const size = number(resource, 'size', 0xffff)
  const alternatives: Uint8Array[] = []
  for (let i = 0; i < count; i++) alternatives.push(golden(resource, `Hash${i}`, size))
  let hashes = 0
  for (const { namespace } of resource.attributes) if (namespace === HASH) hashes++
  if (count === 0 || hashes !== count)
    throw bad('Resource.alternatives', `${hashes} hashes`, `${count || 'at least one'}`)
  return { index, active: flag(resource), alternatives, size, name: attribute(resource, 'name') ?? '' }
}

function golden(resource: XmlElement, name: string, size: number): Uint8Array {
  const bytes = fromHex(attribute(resource, name, HASH) ?? '?')
  if (bytes?.length !== size || size !== SIZE) throw bad(`Resource.${name}`, 'another value', `${SIZE} bytes in hex`)
  return bytes
}

function flag(element: XmlElement): boolean {
  const text = attribute(element, 'active')?.toLowerCase()
  if (text !== 'true' && text !== 'false') throw bad('Resource.active', 'another value', 'True or False')
  return text === 'true'
}

function number(element: XmlElement, name: string, max: number): number {
  const text = attribute(element, name) ?? ''
  const value = Number(text)
  if (!/^(0|[1-9]\d{0,4})$/.test(text) || value > max)
    throw bad(`Resource.${name}`, 'another value', `a number up to ${max}`)
  return value
}

/** The one child of the root with this name; a second one anywhere, whatever its namespace, is an attempt to mislead. */
function single(root: XmlElement, local: string): XmlElement {
  const [first] = root.children.filter(
    (child) => typeof child !== 'string' && child.namespace === SWID && child.local === local,
  )
  if (first === undefined || typeof first === 'string' || count(root, local) !== 1)
    throw bad(local, `${count(root, local)} of them`, 'one, as a child of the root element')
  return first
}

function count(element: XmlElement, local: string): number {
  let found = element.local === local ? 1 : 0
  for (const child of element.children) if (typeof child !== 'string') found += count(child, local)
  return found
}

function need(element: XmlElement, name: string): string {
  const value = attribute(element, name)
  if (value === undefined || value === '' || value.length > 256)
    throw bad(`${element.local}.${name}`, 'no value', 'text of 1 to 256 characters')
  return value
}

function attribute(element: XmlElement, name: string, namespace = ''): string | undefined {
  for (const one of element.attributes) if (one.local === name && one.namespace === namespace) return one.value
  return undefined
}

function bad(field: string, found: string, expected: string): EvidenceError {
  return refuse(`manifest.${field}`, found, expected)
}
