import { concatBytes } from '../core/bytes.ts'
import type { Remembered } from '../core/memory.ts'
import { type Part, readPart } from '../core/part.ts'
import type { Job } from '../crypto/jobs.ts'
import type { Certificate } from '../x509/certificate.ts'
import { type Chain, parsePemChain } from './certificates.ts'
import { type OcspCandidate, type OcspResponse, parseOcspResponse, planOcsp } from './ocsp.ts'
import { type NvidiaRim, parseNvidiaRim } from './rim/manifest.ts'

/** Endorsements and reference values of a device. Everything is verified: nothing here needs to come from a trusted place. */
export interface NvidiaCollateralInput {
  /** PEM of the device's chain, leaf first and root last, where the evidence does not carry it. */
  readonly certificateChain?: Uint8Array
  /** XML of the driver's manifest. */
  readonly driverRim?: Uint8Array
  /** XML of the VBIOS's manifest. */
  readonly vbiosRim?: Uint8Array
  /** DER OCSP responses about certificates of the device's and the manifests' chains, in any order. */
  readonly ocsp?: readonly Uint8Array[]
}

const MAX_RESPONSES = 32

/** Collateral, parsed once. What was verified of it stays verified, while dates and revocation are judged on each use. */
export class NvidiaCollateral implements Remembered {
  readonly chain: Part<Chain>
  readonly driverRim: Part<NvidiaRim>
  readonly vbiosRim: Part<NvidiaRim>
  readonly ocsp: readonly Part<OcspResponse>[]
  /** Size of everything it was made from, in bytes. */
  readonly size: number
  readonly certificates: readonly Certificate[]
  readonly jobs: readonly Job[] = []
  readonly #answers = new WeakMap<Chain, readonly OcspCandidate[]>()

  /** Use {@link prepareNvidiaCollateral}. The bytes belong to the new object alone. */
  constructor(input: NvidiaCollateralInput, pool: Certificate[] = []) {
    this.chain = readPart(input.certificateChain, (pem) => parsePemChain(pem, pool))
    this.driverRim = readPart(input.driverRim, (xml) => parseNvidiaRim(xml, pool))
    this.vbiosRim = readPart(input.vbiosRim, (xml) => parseNvidiaRim(xml, pool))
    this.ocsp = (input.ocsp ?? []).map((der) => readPart(der, (bytes) => parseOcspResponse(bytes, pool)))
    this.certificates = pool
    this.size = collateralBytes(input).length
  }

  /** The answers that may be about certificates of a chain. Asked again, it gives the same jobs. */
  answersFor(chain: Chain): readonly OcspCandidate[] {
    const known = this.#answers.get(chain)
    if (known !== undefined) return known
    const responses = this.ocsp.flatMap(({ value }) => (value === undefined ? [] : [value]))
    const found = planOcsp(chain.certificates, responses)
    this.#answers.set(chain, found)
    return found
  }
}

/**
 * Reads collateral once, for many verifications. The bytes are copied. Parts that cannot be read do not
 * throw: they become failing checks that name the part.
 *
 * @throws TypeError for more than 32 OCSP responses
 */
export function prepareNvidiaCollateral(input: NvidiaCollateralInput): NvidiaCollateral {
  return new NvidiaCollateral(copyCollateral(input))
}

/** A copy that the caller cannot change. */
export function copyCollateral({
  certificateChain,
  driverRim,
  vbiosRim,
  ocsp,
}: NvidiaCollateralInput): NvidiaCollateralInput {
  if (ocsp !== undefined && ocsp.length > MAX_RESPONSES)
    throw new TypeError(`collateral.ocsp: at most ${MAX_RESPONSES} responses`)
  return {
    ...(certificateChain === undefined ? {} : { certificateChain: new Uint8Array(certificateChain) }),
    ...(driverRim === undefined ? {} : { driverRim: new Uint8Array(driverRim) }),
    ...(vbiosRim === undefined ? {} : { vbiosRim: new Uint8Array(vbiosRim) }),
    ...(ocsp === undefined ? {} : { ocsp: ocsp.map((der) => new Uint8Array(der)) }),
  }
}

/** All bytes of an input, framed so that no two inputs give the same; for keys of a memory. */
export function collateralBytes({ certificateChain, driverRim, vbiosRim, ocsp }: NvidiaCollateralInput): Uint8Array {
  const parts: Uint8Array[] = []
  const add = (tag: number, bytes: Uint8Array | undefined): void => {
    if (bytes === undefined) return
    const { length } = bytes
    parts.push(Uint8Array.of(tag, length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff), bytes)
  }
  add(0, certificateChain)
  add(1, driverRim)
  add(2, vbiosRim)
  for (const der of ocsp ?? []) add(3, der)
  return concatBytes(...parts)
}
