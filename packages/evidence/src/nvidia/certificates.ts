import { refuse } from '../core/errors.ts'
import type { Job, SignatureJob } from '../crypto/jobs.ts'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { DerReader, TAG } from '../x509/der.ts'
import { decodePem } from '../x509/pem.ts'
import { withPinnedKey } from '../x509/pinned-key.ts'
import { rootSignature } from '../x509/root-signature.ts'
import { WIDE } from '../x509/wide-algorithms.ts'
import { NVIDIA_ROOT_CERTIFICATES, NVIDIA_ROOT_KEYS } from './anchors.ts'

/** A certificate chain as it was given: leaf first, root last. */
export interface Chain {
  readonly certificates: readonly Certificate[]
  /** The last one. */
  readonly root: Certificate
  /** The check of each certificate's signature by the next one, of the last one by itself; undefined where it cannot verify. */
  readonly links: readonly (SignatureJob | undefined)[]
  /** All signature checks and digests of the chain. */
  readonly jobs: readonly Job[]
}

const MIN_CHAIN = 2
const MAX_CHAIN = 8

/** Makes a chain of DER certificates, in their order. @throws EvidenceError when one cannot be read */
export function chainOf(ders: readonly Uint8Array[], pool: Certificate[]): Chain {
  if (ders.length < MIN_CHAIN || ders.length > MAX_CHAIN) {
    throw refuse(
      'certificateChain',
      `${ders.length} certificates`,
      `${MIN_CHAIN} to ${MAX_CHAIN}, leaf first and root last`,
    )
  }
  const certificates = ders.map((der, i) => {
    const certificate = parseCertificate(der, pool, WIDE)
    return i === ders.length - 1 ? withPinnedKey(certificate, NVIDIA_ROOT_KEYS, pool) : certificate
  })
  const links = certificates.map((certificate, i) => {
    const issuer = certificates[i + 1]
    if (issuer === undefined) return rootSignature(certificate, NVIDIA_ROOT_CERTIFICATES)
    const { key } = issuer
    return key === undefined ? undefined : certificate.signed.by(key)
  })
  const root = certificates[certificates.length - 1] as Certificate
  const jobs: Job[] = [root.spkiDigest]
  for (const link of links) if (link !== undefined) jobs.push(link)
  for (const { digest } of certificates) jobs.push(digest)
  return { certificates, root, links, jobs }
}

/** Reads a chain of PEM certificates, as drivers and NVIDIA's tools hand it out. @throws EvidenceError */
export function parsePemChain(pem: Uint8Array, pool: Certificate[]): Chain {
  return chainOf(decodePem(new TextDecoder().decode(pem), 'CERTIFICATE', 'certificateChain'), pool)
}

/** Generations whose evidence is understood. */
export type NvidiaArchitecture = 'HOPPER' | 'BLACKWELL' | 'LS10'

/** The chip that a name begins with: `GH100 A01 GSP FMC LF` is of a GH100. */
export function chipOf(name: string | undefined): string | undefined {
  const word = name?.split(' ')[0]
  return architectureOf(word) === undefined ? undefined : word
}

/** Architecture of a chip, as certificates (`LS_10`), reports and manifests (`LS10`) spell it. */
export function architectureOf(chip: string | undefined): NvidiaArchitecture | undefined {
  if (chip === undefined) return undefined
  if (/^GH1\d\d$/.test(chip)) return 'HOPPER'
  if (/^GB[12]\d[\dXx]$/.test(chip)) return 'BLACKWELL'
  return /^LS_?10$/.test(chip) ? 'LS10' : undefined
}

const DICE_TCB_INFO = '2.23.133.5.4.1.1'
const DICE_FWID = '2.23.133.5.4.1'
const SHA384 = '2.16.840.1.101.3.4.2.2'
const DIGEST = 48

/** The DICE extension of a leaf, whichever of the two it has. */
export function diceExtension(leaf: Certificate): { readonly oid: string; readonly value: Uint8Array } | undefined {
  for (const oid of [DICE_TCB_INFO, DICE_FWID]) {
    const extension = leaf.extensions.get(oid)
    if (extension !== undefined) return { oid, value: extension.value }
  }
  return undefined
}

/**
 * Digest of the firmware that holds the attestation key, from the leaf: the first FWID of a DiceTcbInfo, or
 * the digest that ends an older extension. Undefined when the leaf has no such extension.
 *
 * @throws EvidenceError when the extension is neither
 * @see TCG DICE Attestation Architecture, section 6.1.1 (TcbInfo)
 */
export function readFwid(leaf: Certificate): Uint8Array | undefined {
  const extension = diceExtension(leaf)
  if (extension === undefined) return undefined
  const outer = new DerReader(extension.value, 'certificate.fwid')
  const fields = outer.inside(TAG.sequence, 'value')
  outer.finish('value')
  let last: DerReader | undefined
  while (!fields.done) {
    const element = fields.any('field')
    if (element.tag === FWIDS) return digestIn(fields.within(element).inside(TAG.sequence, 'fwid'))
    last = element.tag === TAG.sequence ? fields.within(element) : undefined
  }
  if (last === undefined)
    throw outer.error('malformed', 'no digest', 'a list of FWIDs, or a digest at the end', 'value')
  return digestIn(last)
}

const FWIDS = 0xa6

function digestIn(pair: DerReader): Uint8Array {
  const oid = pair.oid('hashAlg')
  const digest = pair.content(pair.element(TAG.octetString, 'digest'))
  pair.finish('fwid')
  if (oid !== SHA384 || digest.length !== DIGEST)
    throw pair.error('malformed', `${digest.length} bytes of ${oid}`, 'a SHA-384 digest', 'digest')
  return digest
}

/** Identifier of a device on NVLink: the last eight bytes of the serial number of its identity certificate. */
export function linkIdentity(identity: Certificate | undefined): string | undefined {
  return identity !== undefined && /^[0-9a-f]{18}$/.test(identity.serial) ? identity.serial.slice(2) : undefined
}
