import type {
  CollateralSource,
  IntelServiceOptions,
  NetworkOptions,
  NvidiaServiceOptions,
  Progress,
  ProxyOptions,
} from '@sekisho/collateral'
import type { TrustAnchor } from '@sekisho/evidence'
import type { Around } from '../around.ts'
import { usageError } from '../exit.ts'
import { plain } from '../render/plain.ts'
import { shellWord } from '../render/shell-word.ts'
import { SEKISHO } from '../self.ts'

/** Options of every command that may fetch. */
export interface NetworkFlags {
  /** Nothing is asked: the cache is read. */
  readonly offline?: true
  /** A PCCS to ask instead of Intel's own service. */
  readonly pccs?: string
  /** A mirror of AMD's key service. */
  readonly kds?: string
  /** A mirror of NVIDIA's service for manifests. */
  readonly rim?: string
  /** A mirror of NVIDIA's OCSP responder. */
  readonly ocsp?: string
  /** Folder of the cache. */
  readonly cache?: string
  /** Longest that kept revocation lists and TCB info are used unasked, in milliseconds; a day without it. */
  readonly freshMs?: number
}

/**
 * The vendors' services, or the mirrors named, with the user's cache; progress goes to standard error, and to `onProgress`.
 * Without `trustAnchors`, answers must lead to the vendors' own roots.
 *
 * @throws CliError (usage) for a URL that may not be asked
 */
export async function sourceOf(
  flags: NetworkFlags,
  trustAnchors: readonly TrustAnchor[] | undefined,
  around: Around,
  onProgress: (progress: Progress) => void = () => undefined,
): Promise<CollateralSource> {
  const { diskCache, networkSource } = await import('@sekisho/collateral')
  // An empty variable is none, and no folder below the working one.
  const folder = [flags.cache, around.env['SEKISHO_CACHE']].find((one) => one !== undefined && one !== '')
  const options: NetworkOptions = {
    cache: diskCache(folder === undefined ? {} : { folder }),
    intel: intelServiceOf(flags, around),
    ...(flags.kds === undefined ? {} : { amd: { baseUrl: flags.kds } }),
    nvidia: nvidiaServiceOf(flags, around),
    ...proxyOf(around),
    ...(trustAnchors === undefined ? {} : { trustAnchors }),
    onProgress(progress) {
      around.err(`${lineOf(progress)}\n`)
      onProgress(progress)
    },
    now: () => around.now(),
    cacheOnly: flags.offline === true,
    ...(flags.freshMs === undefined ? {} : { freshMs: flags.freshMs }),
  }
  try {
    return networkSource(options)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw usageError(
      error.message.replace(OPTION, (option) => FLAGS[option] ?? option),
      error,
    )
  }
}

const OPTION = /^`(intel|amd|nvidia|proxy)\.\w+`/
const FLAGS: Readonly<Record<string, string>> = {
  '`intel.baseUrl`': '--pccs',
  '`amd.baseUrl`': '--kds',
  '`nvidia.baseUrl`': '--rim',
  '`nvidia.ocspUrl`': '--ocsp',
  '`nvidia.serviceKey`': 'SEKISHO_NVIDIA_KEY',
  '`proxy.url`': 'HTTPS_PROXY',
}

/**
 * The proxy that `HTTPS_PROXY` names, without a scheme an http: one, and the hosts of `NO_PROXY` that are asked without it. As in other programs,
 * the names in small letters go first, and an empty one means none.
 */
export function proxyOf({ env }: Pick<Around, 'env'>): { readonly proxy?: ProxyOptions } {
  const named = (name: string): string => (env[name.toLowerCase()] ?? env[name] ?? '').trim()
  const url = named('HTTPS_PROXY')
  if (url === '') return {}
  const except = named('NO_PROXY').split(/[\s,]+/)
  return { proxy: { url: /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`, except } }
}

/** NVIDIA's own services, with the key to them that `SEKISHO_NVIDIA_KEY` holds, or mirrors; where one is named, neither is told that key. */
export function nvidiaServiceOf({ rim, ocsp }: NetworkFlags, { env }: Pick<Around, 'env'>): NvidiaServiceOptions {
  const serviceKey = env['SEKISHO_NVIDIA_KEY']?.trim() ?? ''
  return {
    ...(rim === undefined ? {} : { baseUrl: rim }),
    ...(ocsp === undefined ? {} : { ocspUrl: ocsp }),
    ...(serviceKey === '' || rim !== undefined || ocsp !== undefined ? {} : { serviceKey }),
  }
}

/** Intel's own service, with the key to it that `SEKISHO_PCS_KEY` holds, or a PCCS, which is not told that key. */
export function intelServiceOf({ pccs }: NetworkFlags, { env }: Pick<Around, 'env'>): IntelServiceOptions {
  const subscriptionKey = env['SEKISHO_PCS_KEY']?.trim() ?? ''
  if (pccs !== undefined) return { baseUrl: pccs }
  return subscriptionKey === '' ? {} : { subscriptionKey }
}

function lineOf(progress: Progress): string {
  const what = plain(`${progress.what} (${progress.host})`)
  const reason = progress.reason === undefined ? '' : `: ${plain(progress.reason)}`
  switch (progress.step) {
    case 'waiting':
      return `waiting  ${Math.ceil((progress.waitMs ?? 0) / 1000)} s for ${what}`
    case 'cached':
      return `cached   ${what}${ageOf(progress)}`
    case 'stale-but-valid':
      return `cached   ${what}${ageOf(progress)}, but still valid${reason}`
    case 'not-kept':
      return `fetched  ${what}, not kept in the cache${reason}`
    default:
      return `${progress.step.padEnd(8)} ${what}`
  }
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

function ageOf({ ageMs }: Progress): string {
  if (ageMs === undefined) return ''
  if (ageMs < 0) return ', fetched by a clock that was ahead'
  if (ageMs < HOUR_MS) return `, ${Math.floor(ageMs / MINUTE_MS)} min old`
  return ageMs < 2 * DAY_MS ? `, ${Math.floor(ageMs / HOUR_MS)} h old` : `, ${Math.floor(ageMs / DAY_MS)} days old`
}

/** The command that fetches into the same cache what verifying a file lacks, as it is typed. */
export function fetchCommandFor(
  file: string,
  flags: NetworkFlags & { readonly trustAnchor?: readonly string[] },
): string {
  const options = (['pccs', 'kds', 'rim', 'ocsp', 'cache'] as const).flatMap((name) => {
    const value = flags[name]
    return value === undefined ? [] : [`--${name}`, value]
  })
  const anchors = (flags.trustAnchor ?? []).flatMap((anchor) => ['--trust-anchor', anchor])
  const words = [file === '-' ? 'FILE' : file, ...options, ...anchors]
  return `${SEKISHO} collateral fetch ${words.map(shellWord).join(' ')}`
}
