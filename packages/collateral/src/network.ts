import { setTimeout as wait } from 'node:timers/promises'
import type { TrustAnchor } from '@sekisho/evidence'
import { type AmdService, amdCollateral } from './amd.ts'
import { VENDOR_ROOTS } from './anchors.ts'
import { CollateralError } from './errors.ts'
import { httpClient } from './http.ts'
import {
  type EvaluationNumber,
  evaluationNumbers,
  type IntelService,
  intelCollateral,
  pckCertificate,
} from './intel.ts'
import { type NvidiaService, nvidiaOcsp, nvidiaRim } from './nvidia-service.ts'
import { obtainer } from './obtain.ts'
import {
  AMD_KDS_URL,
  INTEL_PCS_URL,
  INTEL_ROOT_CRL_URL,
  type IntelServiceOptions,
  type NetworkOptions,
  NVIDIA_OCSP_URL,
  NVIDIA_RIM_URL,
  type NvidiaServiceOptions,
  type ProxyOptions,
} from './options.ts'
import { type Origin, readBaseUrl, readTlsPins, type TlsPins } from './origins.ts'
import { isDirect, readProxy } from './proxy.ts'
import type { CollateralSource, IntelTee } from './types.ts'

/** A source that asks the vendors' services, or the mirrors it is pointed at, and keeps good answers in a cache. */
export interface NetworkSource extends CollateralSource {
  /** TCB evaluation data numbers that Intel's service offers for `tee`, highest first. */
  evaluationNumbers(tee: IntelTee): Promise<readonly EvaluationNumber[]>
}

/**
 * Makes a source that asks Intel's, AMD's and NVIDIA's services. It can reach no host but those configured; an answer
 * that is not what was asked for, not signed under a trusted root or not valid now is refused and never kept.
 *
 * @throws TypeError when an option is not well-formed
 */
export function networkSource(options: NetworkOptions = {}): NetworkSource {
  const { cache, limits = {}, signal, trustAnchors = VENDOR_ROOTS } = options
  const intel = intelService(options.intel ?? {}, trustAnchors)
  const amd: AmdService = {
    base: readBaseUrl(options.amd?.baseUrl ?? AMD_KDS_URL, 'amd.baseUrl'),
    anchors: trustAnchors,
  }
  const nvidia = options.nvidia === false ? undefined : nvidiaService(options.nvidia ?? {}, options.trustAnchors)
  const now = options.now ?? ((): Date => new Date())
  const http = httpClient({
    origins: throughProxy(originsOf(intel, amd, nvidia, options), options.proxy),
    limits,
    signal,
    now,
    sleep: options.sleep ?? pause,
    random: options.random ?? Math.random,
  })
  let since = 0
  const obtain = obtainer({
    http: options.cacheOnly === true ? undefined : http,
    cache,
    now,
    giveEnded: options.giveEnded === true,
    freshMs: readFreshMs(options.freshMs),
    since: () => since,
    onProgress: options.onProgress ?? (() => undefined),
  })
  return {
    intel: (request) => intelCollateral(request, intel, obtain),
    pck: (request) => pckCertificate(request, intel, obtain),
    amd: (request) => amdCollateral(request, amd, obtain),
    ...(nvidia === undefined
      ? {}
      : {
          nvidia: {
            rim: (request) => nvidiaRim(request, nvidia, obtain),
            ocsp: (request) => nvidiaOcsp(request, nvidia, obtain),
          },
        }),
    renew() {
      since = now().getTime()
    },
    evaluationNumbers: (tee) => evaluationNumbers(tee, intel, obtain),
  }
}

function intelService(options: IntelServiceOptions, anchors: readonly TrustAnchor[]): IntelService {
  return {
    kind: options.kind ?? (options.baseUrl === undefined ? 'pcs' : 'pccs'),
    base: readBaseUrl(options.baseUrl ?? INTEL_PCS_URL, 'intel.baseUrl'),
    rootCrl: readBaseUrl(options.rootCrlUrl ?? INTEL_ROOT_CRL_URL, 'intel.rootCrlUrl'),
    subscriptionKey: options.subscriptionKey,
    anchors,
  }
}

function nvidiaService(options: NvidiaServiceOptions, anchors: readonly TrustAnchor[] | undefined): NvidiaService {
  const { serviceKey } = options
  if (serviceKey !== undefined && !/^[\x21-\x7e]{1,4096}$/.test(serviceKey))
    throw new TypeError('`nvidia.serviceKey` must be printable ASCII without spaces')
  return {
    rims: readBaseUrl(options.baseUrl ?? NVIDIA_RIM_URL, 'nvidia.baseUrl'),
    ocsp: readBaseUrl(options.ocspUrl ?? NVIDIA_OCSP_URL, 'nvidia.ocspUrl'),
    serviceKey,
    anchors,
  }
}

function originsOf(
  intel: IntelService,
  amd: AmdService,
  nvidia: NvidiaService | undefined,
  options: NetworkOptions,
): readonly Origin[] {
  const pins = (pem: string | undefined, option: string): TlsPins | undefined =>
    pem === undefined ? undefined : readTlsPins(pem, option)
  const origins: Origin[] = [
    { origin: intel.base.origin, tls: pins(options.intel?.tlsCertificates, 'intel.tlsCertificates') },
    { origin: amd.base.origin, tls: pins(options.amd?.tlsCertificates, 'amd.tlsCertificates') },
  ]
  // A PCCS serves the root CRL itself: Intel's host is not to be reached beside it.
  if (intel.kind === 'pcs') origins.push({ origin: intel.rootCrl.origin, tls: undefined })
  if (nvidia !== undefined && options.nvidia !== false) {
    origins.push({ origin: nvidia.rims.origin, tls: pins(options.nvidia?.tlsCertificates, 'nvidia.tlsCertificates') })
    origins.push({ origin: nvidia.ocsp.origin, tls: undefined })
  }
  // One mirror may be both services: what is pinned for either holds for it.
  return origins.sort((a, b) => Number(b.tls !== undefined) - Number(a.tls !== undefined))
}

function throughProxy(origins: readonly Origin[], options: ProxyOptions | undefined): readonly Origin[] {
  if (options === undefined) return origins
  const proxy = readProxy(options)
  return origins.map((one) => (isDirect(new URL(one.origin), options.except) ? one : { ...one, proxy }))
}

async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, signal === undefined ? {} : { signal })
  } catch (cause) {
    throw new CollateralError('aborted', 'ended by the caller while waiting', { cause })
  }
}

function readFreshMs(value: number | undefined): number {
  if (value === undefined) return Number.POSITIVE_INFINITY
  if (!(value >= 0)) throw new TypeError('`freshMs`: expected milliseconds, 0 or more')
  return value
}
