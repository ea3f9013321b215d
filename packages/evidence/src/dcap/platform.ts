import { concatBytes, toHex } from '../core/bytes.ts'
import type { Memory, Remembered } from '../core/memory.ts'
import type { DigestJob, Job, PublicKey, SignatureJob } from '../crypto/jobs.ts'
import type { Certificate } from '../x509/certificate.ts'
import { PCK_CHAIN, PckChain, parseChainPem } from './certificates.ts'
import type { DcapCollateral } from './collateral.ts'
import { ABSENT, type Part, readPart } from './part.ts'
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
    const found = chain.state === 'present' ? chain.value : undefined
    this.chain = chain
    this.qeSignature = signatureOf(quote.qeReport, quote.qeReportSignature, found?.key)
    this.qeBinding = bindingOf(quote)
    this.attestationKey = { kind: 'P-256', bytes: quote.attestationKey }
    this.certificates = found?.certificates ?? []
    this.jobs = [...(found?.jobs ?? []), this.qeBinding, ...(this.qeSignature === undefined ? [] : [this.qeSignature])]
  }

  /** Whether every signature verified: nothing else is worth remembering. */
  get sound(): boolean {
    const signatures = this.chain.state === 'present' ? this.chain.value.signatures : [undefined]
    return [...signatures, this.qeSignature].every((job) => job?.result === true)
  }
}

/** Parses what a quote, or its collateral, says about the platform. */
export function platformOf(quote: Quote<unknown>, collateral: DcapCollateral): Platform {
  const pem = chainPem(quote, collateral)
  return new Platform(
    quote,
    pem === undefined
      ? ABSENT
      : readPart(pem, (text) => new PckChain(parseChainPem(text, PCK_CHAIN, [...collateral.certificates]))),
  )
}

const ascii = new TextDecoder('latin1')

function chainPem(quote: Quote<unknown>, collateral: DcapCollateral): string | undefined {
  if (collateral.pckChain !== undefined) return collateral.pckChain
  return quote.certification.type === 5 ? ascii.decode(quote.certification.data) : undefined
}

/** What a memory has under the digest of everything about a platform. */
export interface Recalled {
  readonly key: string
  readonly size: number
  readonly platform: Platform | undefined
}

/** Looks a platform up: by the digest of its chain, its QE report and signature, the attestation key and the authentication data. */
export function* recallPlatform(
  quote: Quote<unknown>,
  collateral: DcapCollateral,
  memory: Memory,
): Generator<readonly Job[], Recalled, void> {
  const data =
    collateral.pckChain === undefined
      ? quote.platformBytes
      : concatBytes(quote.platformBytes, new TextEncoder().encode(collateral.pckChain))
  const digest: DigestJob = { kind: 'digest', algorithm: 'sha256', data }
  yield [digest]
  const key = `dcap:${toHex(digest.result ?? new Uint8Array(0))}`
  const found = memory.get(key)
  return { key, size: data.length, platform: found instanceof Platform ? found : undefined }
}

/** Keeps a platform whose signatures all verified. */
export function remember(memory: Memory, recalled: Recalled, platform: Platform): void {
  if (recalled.platform === undefined && platform.sound) memory.set(recalled.key, platform, recalled.size)
}
