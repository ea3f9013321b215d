import type { TrustAnchor } from '@sekisho/evidence'
import type { CollateralCache } from './cache.ts'
import type { Progress } from './types.ts'

/** Intel's Provisioning Certification Service. */
export const INTEL_PCS_URL = 'https://api.trustedservices.intel.com'
/** Where Intel publishes the CRL of its root CA, DER. */
export const INTEL_ROOT_CRL_URL = 'https://certificates.trustedservices.intel.com/IntelSGXRootCA.der'
/** AMD's Key Distribution Service. */
export const AMD_KDS_URL = 'https://kdsintf.amd.com'

/** NVIDIA's service for reference integrity manifests. */
export const NVIDIA_RIM_URL = 'https://rim.attestation.nvidia.com'
/** NVIDIA's OCSP responder. */
export const NVIDIA_OCSP_URL = 'https://ocsp.ndis.nvidia.com'

/** A service and how to reach it. */
export interface ServiceOptions {
  /** Scheme, host, port and an optional path in front of the API's. `https:` except for loopback addresses. */
  readonly baseUrl?: string
  /**
   * PEM of the CA, or of the server's own certificate, that this service's TLS certificate must lead to,
   * instead of the public CAs. A server that shows exactly a certificate given here may have any name in
   * it: self-signed PCCS certificates seldom have the right one.
   */
  readonly tlsCertificates?: string
}

/** How to reach Intel's PCS or a PCCS. */
export interface IntelServiceOptions extends ServiceOptions {
  /** A PCCS gives the root CRL itself, and is told the QE id. Default: `pccs` when `baseUrl` is given, else `pcs`. */
  readonly kind?: 'pcs' | 'pccs'
  /** Where the root CA CRL is (`pcs` only). */
  readonly rootCrlUrl?: string
  /** Sent as `Ocp-Apim-Subscription-Key`, to the host of `baseUrl` only, for PCK certificates only. */
  readonly subscriptionKey?: string
}

/** How to reach NVIDIA's services: `baseUrl` is that for manifests. */
export interface NvidiaServiceOptions extends ServiceOptions {
  /** OCSP responder, of which `tlsCertificates` says nothing unless it is at the same host. */
  readonly ocspUrl?: string
  /** Sent to both as a bearer token. NVIDIA's services answer without one too. */
  readonly serviceKey?: string
}

/** A forward proxy. Services at loopback addresses are asked without it. */
export interface ProxyOptions {
  /** `http:` or `https:`, host and port, perhaps with user and password: a secret then, which no error repeats. */
  readonly url: string
  /**
   * Hosts that are asked without it: a name stands for itself and what is below it, with or without a dot before it; `*` for all.
   * A port may follow. Ranges of addresses (`10.0.0.0/8`) are not known.
   */
  readonly except?: readonly string[]
}

/** Bounds on a single request and on its repetition. Times are milliseconds. */
export interface HttpLimits {
  /** For one attempt, from connecting to the last byte; as long again for a free connection, of four to a service. Default 20000. */
  readonly timeoutMs?: number
  /** Between two pieces of an answer. Default 8000. */
  readonly idleMs?: number
  /** Attempts in all after 429, 503, other 5xx and broken connections. Default 4. */
  readonly attempts?: number
  /**
   * Longest wait before another attempt. A service that asks for more ends the request as `throttled`, and so does every
   * further one to it, unasked, for as long as it wished (a day at most). Default 30000.
   */
  readonly maxWaitMs?: number
}

/** What a network source works with. Everything absent has the vendor's own service or the system as default. */
export interface NetworkOptions {
  readonly intel?: IntelServiceOptions
  readonly amd?: ServiceOptions
  /** `false`: no service of NVIDIA is asked, as where the others are emulated. */
  readonly nvidia?: NvidiaServiceOptions | false
  /** Default: none. The environment is not looked at. */
  readonly proxy?: ProxyOptions
  /** Without one, nothing is kept between calls. */
  readonly cache?: CollateralCache
  readonly limits?: HttpLimits
  /** Nothing is asked: answers come from the cache, however old, while they are valid. What is not there is `not-found`. */
  readonly cacheOnly?: boolean
  /**
   * An answer that is genuine and whose validity has ended is given where no other is held, so that a verdict says "expired"
   * and not "missing": for whoever looks at every date. It is never kept. Default: such an answer is `stale`.
   */
  readonly giveEnded?: boolean
  /**
   * Longest that a kept answer of the kind that is issued anew (revocation lists, TCB info, identities) is given without
   * asking again, in milliseconds. Default a day: a server that is to hear of a revocation sooner says so here.
   */
  readonly freshMs?: number
  /** Roots that answers must lead to, instead of the vendors' pinned ones. */
  readonly trustAnchors?: readonly TrustAnchor[]
  readonly onProgress?: (progress: Progress) => void
  readonly signal?: AbortSignal
  /** The clock; default the system's. */
  readonly now?: () => Date
  /** Waits; default a timer. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Numbers in [0, 1) for jitter; default Math.random. */
  readonly random?: () => number
}
