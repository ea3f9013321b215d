import { concatBytes, toHex } from '../core/bytes.ts'
import type { Memory, Remembered } from '../core/memory.ts'
import { type DigestJob, type Job, type PublicKey, type SignatureJob, sha256 } from '../crypto/jobs.ts'
import type { Certificate } from '../x509/certificate.ts'
import { CertificatePool, PCK_CHAIN, PckChain } from './certificates.ts'
import type { DcapCollateral } from './collateral.ts'
import { type Part, readPart, valueOf } from './part.ts'
import { bindingOf, signatureOf } from './qe.ts'
import type { Quote } from './quote.ts'

/**
 * What belongs to a platform rather than to one quote: its certificate chain, and its Quoting
 * Enclave's word for the attestation key. Only facts that never change are in here.
 */
export class Platform implements Remembered {
  readonly chain: Part<PckChain>
  readonly qeSignature: SignatureJob | undefined
  readonly qeBinding: DigestJob
  readonly attestationKey: PublicKey
  readonly certificates: readonly Certificate[]
  readonly jobs: readonly Job[]

  constructor(quote: Quote<unknown>, chain: Part<PckChain>) {
    const found = valueOf(chain)
    this.chain = chain
    this.qeSignature = signatureOf(quote.qeReport, quote.qeReportSignature, found?.key)
    this.qeBinding = bindingOf(quote)
    this.attestationKey = { kind: 'P-256', bytes: quote.attestationKey }
    this.certificates = found?.certificates ?? []
    const jobs: Job[] = [this.qeBinding]
    if (found !== undefined) jobs.push(...found.jobs)
    if (this.qeSignature !== undefined) jobs.push(this.qeSignature)
    this.jobs = jobs
  }

  /** Whether every signature verified: nothing else is worth remembering. */
  get sound(): boolean {
    const signatures = valueOf(this.chain)?.signatures ?? [undefined]
    return [...signatures, this.qeSignature].every((job) => job?.result === true)
  }
}

const ascii = new TextDecoder('latin1')

/** Parses what a quote, or its collateral, says about the platform. */
export function platformOf(
  quote: Quote<unknown>,
  { pckChain, caChain, pool }: Pick<DcapCollateral, 'pckChain' | 'caChain' | 'pool'>,
): Platform {
  const { type, data } = quote.certification
  const own = (): string => ascii.decode(data)
  const pem =
    pckChain ?? (type === 5 ? own() : type === 4 && caChain !== undefined ? `${own()}\n${caChain}` : undefined)
  const chain = readPart(pem, (text) => new PckChain(new CertificatePool(pool).parse(text, PCK_CHAIN)))
  return new Platform(quote, chain)
}

/** The digest of everything about a platform: its chain, its QE report and signature, the attestation key and the authentication data. */
export function platformKey(quote: Quote<unknown>, { pckChain, caChain }: DcapCollateral): DigestJob {
  const chain = pckChain ?? (quote.certification.type === 4 ? caChain : undefined)
  const { platformBytes } = quote
  const data = chain === undefined ? platformBytes : concatBytes(platformBytes, new TextEncoder().encode(chain))
  return sha256(data)
}

// The version says how the bytes are read, and their number where the quote's own ones end.
function nameOf({ result }: DigestJob, { header, platformBytes }: Quote<unknown>): string {
  if (result === undefined) throw new Error('a digest was not computed before it was needed')
  return `dcap:${header.version}:${platformBytes.length}:${toHex(result)}`
}

/** Looks a platform up by its settled key. */
export function recall(memory: Memory, key: DigestJob, quote: Quote<unknown>): Platform | undefined {
  const found = memory.get(nameOf(key, quote))
  return found instanceof Platform ? found : undefined
}

/** Keeps a platform whose signatures all verified. */
export function remember(memory: Memory, key: DigestJob, quote: Quote<unknown>, platform: Platform): void {
  if (platform.sound) memory.set(nameOf(key, quote), platform, key.data.length)
}
