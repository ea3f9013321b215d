import { equalBytes } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import { type Memory, memoryName } from '../core/memory.ts'
import type { Job, SignatureJob } from '../crypto/jobs.ts'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { knownRoots, rootSignature } from '../x509/root-signature.ts'
import { AWS_NITRO_ROOT_CERTIFICATES } from './anchors.ts'
import type { NitroPayload } from './document.ts'

/** One certificate of the chain, or why it cannot be read. */
export interface Link {
  /** e.g. `the root`, `the leaf`. */
  readonly name: string
  readonly certificate: Certificate | undefined
  readonly error: EvidenceError | undefined
}

/** The chain that a document brings along, root first, leaf last. */
export interface NitroChain {
  readonly links: readonly Link[]
  /** The check of each link with the key of the one before; of the root with its own. Undefined when it cannot verify. */
  readonly signatures: readonly (SignatureJob | undefined)[]
}

/** All certificates, root first, and the name that a memory knows them by. */
export function chainOf({ cabundle, certificate }: NitroPayload): readonly [name: string, ders: readonly Uint8Array[]] {
  return [memoryName('nitro', certificate), [...cabundle, certificate]]
}

/** The certificates of the same bytes, parsed before. */
export function recallChain(memory: Memory, payload: NitroPayload): readonly Certificate[] | undefined {
  const [name, ders] = chainOf(payload)
  const certificates = memory.get(name)?.certificates ?? []
  const same =
    certificates.length === ders.length && ders.every((der, i) => equalBytes(der, (certificates[i] as Certificate).der))
  return same ? certificates : undefined
}

/**
 * Parses the chain; what cannot be read is named, not thrown.
 * @param known the certificates of the same bytes, parsed before, root first
 */
export function readChain({ cabundle, certificate }: NitroPayload, known?: readonly Certificate[]): NitroChain {
  const pool = knownRoots(AWS_NITRO_ROOT_CERTIFICATES)
  const links = [...cabundle, certificate].map((der, i): Link => {
    const name = i === cabundle.length ? 'the leaf' : i === 0 ? 'the root' : `certificate ${i + 1} of the bundle`
    try {
      return { name, certificate: known?.[i] ?? parseCertificate(der, pool), error: undefined }
    } catch (error) {
      if (error instanceof EvidenceError) return { name, certificate: undefined, error }
      throw error
    }
  })
  return { links, signatures: links.map((link, i) => check(link, links[i - 1])) }
}

function check({ certificate }: Link, issuer: Link | undefined): SignatureJob | undefined {
  if (issuer === undefined) return certificate && rootSignature(certificate, AWS_NITRO_ROOT_CERTIFICATES)
  const key = issuer.certificate?.key
  return key === undefined ? undefined : certificate?.signed.by(key)
}

/** Jobs of a chain. */
export function chainJobs({ links, signatures }: NitroChain): readonly Job[] {
  const jobs: Job[] = []
  for (const job of signatures) if (job !== undefined) jobs.push(job)
  for (const { certificate } of links) if (certificate !== undefined) jobs.push(certificate.digest)
  return jobs
}
