import {
  architectureOf,
  type Chain,
  type NvidiaArchitecture,
  type NvidiaCollateralInput,
  parseNvidiaRim,
} from '@sekisho/evidence/nvidia'
import type { EndorsementBundle } from './bundle.ts'
import { type BundleItem, sameTcb } from './bundle-items.ts'
import { CollateralError } from './errors.ts'
import type {
  AmdCollateral,
  AmdRequest,
  CollateralSource,
  IntelCollateral,
  IntelRequest,
  NvidiaRimCollateral,
  PckCertificate,
  PckRequest,
  Window,
} from './types.ts'

/**
 * The newest collateral in the bundle for `request` whose window contains `at`: the one that begins last, and of
 * those the one with the highest evaluation data number.
 * @returns undefined when there is none
 */
export function selectIntel(bundle: EndorsementBundle, request: IntelRequest, at: Date): IntelCollateral | undefined {
  const found = itemsOf(bundle, 'intel')
    .map(({ collateral }) => collateral)
    .filter((one) => fitsIntel(one, request))
  return newest(found, at, (one) => one.tcbEvaluationDataNumber.tcbInfo)
}

/** The newest PCK certificate in the bundle for `request`, as {@link selectIntel}. */
export function selectPck(bundle: EndorsementBundle, request: PckRequest, at: Date): PckCertificate | undefined {
  const found = itemsOf(bundle, 'intel-pck').filter((item) => fitsPck(item.request, request))
  return newest(
    found.map(({ certificate }) => certificate),
    at,
  )
}

/** The newest endorsements in the bundle for `request`, as {@link selectIntel}. */
export function selectAmd(bundle: EndorsementBundle, request: AmdRequest, at: Date): AmdCollateral | undefined {
  const found = itemsOf(bundle, 'amd')
    .map(({ collateral }) => collateral)
    .filter((one) => fitsAmd(one, request))
  const best = newest(found, at)
  return request.leafGiven === true && best !== undefined ? withoutLeaf(best) : best
}

// The leaf is of whichever chip the item was made for.
function withoutLeaf({ leaf: _, chipId: __, tcb: ___, ...rest }: AmdCollateral): AmdCollateral {
  return rest
}

/** What bundles hold for one device of NVIDIA. */
export interface NvidiaSelection {
  readonly collateral: NvidiaCollateralInput
  /** The items that `collateral` is made of, for whoever keeps what a verdict rests on. */
  readonly items: readonly BundleItem[]
}

/** As many OCSP answers as the verifier takes. */
const MAX_ANSWERS = 32

/**
 * Manifests and OCSP answers for one device of NVIDIA: of the manifests for its versions the newest that holds at `at`,
 * and the 32 newest answers about certificates of its chain and of the manifests' that hold then.
 *
 * @param versions of driver and VBIOS, as the device's report names them; their case does not matter
 * @param at undefined where evidence is judged with what was kept for it: every window counts then
 * @param device what else is known of it: drivers of several architectures have the same versions, and a bundle may hold
 *   answers about a whole data centre. Without a chain, the first 32 answers
 */
export function selectNvidia(
  bundle: Pick<EndorsementBundle, 'items'>,
  versions: Readonly<Record<'driver' | 'vbios', string | undefined>>,
  at: Date | undefined,
  device: { readonly architecture?: NvidiaArchitecture | undefined; readonly chain?: Chain | undefined } = {},
): NvidiaSelection {
  const { architecture, chain } = device
  const rim = (wanted: string | undefined): NvidiaRimCollateral | undefined => {
    const found = itemsOf(bundle, 'nvidia-rim')
      .map(({ collateral }) => collateral)
      .filter(({ version }) => version.toLowerCase() === wanted?.toLowerCase())
    const own = found.filter(({ product }) => architecture === undefined || architectureOf(product) === architecture)
    // Where none holds at that time, a verdict says so, and not that there is none.
    return (at === undefined ? undefined : newest(own, at)) ?? begunLast(own) ?? begunLast(found)
  }
  const [driver, vbios] = [rim(versions.driver), rim(versions.vbios)]
  const current = itemsOf(bundle, 'nvidia-ocsp').filter(
    ({ collateral }) => at === undefined || holds(collateral.window, at),
  )
  const answers = (chain === undefined ? current : answersAbout(current, chain, [driver, vbios])).slice(0, MAX_ANSWERS)
  return {
    collateral: {
      ...(driver === undefined ? {} : { driverRim: driver.manifest }),
      ...(vbios === undefined ? {} : { vbiosRim: vbios.manifest }),
      ...(answers.length === 0 ? {} : { ocsp: answers.map(({ collateral }) => collateral.response) }),
    },
    items: [
      ...[driver, vbios].flatMap((one): BundleItem[] =>
        one === undefined ? [] : [{ kind: 'nvidia-rim', collateral: one }],
      ),
      ...answers,
    ],
  }
}

type OcspItem = Extract<BundleItem, { kind: 'nvidia-ocsp' }>

function answersAbout(
  answers: readonly OcspItem[],
  chain: Chain,
  manifests: readonly (NvidiaRimCollateral | undefined)[],
): readonly OcspItem[] {
  if (answers.length === 0) return []
  const chains = [chain, ...manifests.flatMap((one) => (one === undefined ? [] : [parseNvidiaRim(one.manifest).chain]))]
  const serials = new Set(chains.flatMap(({ certificates }) => certificates.map(({ serial }) => serial)))
  return answers
    .filter(({ collateral }) => collateral.serials.some((serial) => serials.has(serial)))
    .sort((a, b) => b.collateral.window.from - a.collateral.window.from)
}

/** A source that gives what a bundle holds for the time `at`; of Intel's collateral what a family of platforms shares. */
export function bundleSource(bundle: EndorsementBundle, at: Date): CollateralSource {
  return {
    intel: (request) =>
      found(
        ofFamily(selectIntel(bundle, request, at)),
        `${request.tee.toUpperCase()} collateral of ${request.fmspc.slice(0, 12)}`,
        at,
      ),
    pck: (request) => found(selectPck(bundle, request, at), 'PCK certificate of the platform', at),
    amd: (request) => found(selectAmd(bundle, request, at), `endorsements of ${request.product.slice(0, 32)}`, at),
  }
}

// An item may hold the chain of the machine that it was made for: others of the family have their own.
function ofFamily(one: IntelCollateral | undefined): IntelCollateral | undefined {
  if (one === undefined) return undefined
  const { pck_certificate_chain: _, ...collateral } = one.collateral
  return { ...one, collateral }
}

function found<T>(value: T | undefined, what: string, at: Date): Promise<T> {
  if (value !== undefined) return Promise.resolve(value)
  return Promise.reject(
    new CollateralError('not-found', `the bundle holds no ${what} that is valid at ${at.toISOString()}`),
  )
}

function itemsOf<K extends BundleItem['kind']>(
  { items }: Pick<EndorsementBundle, 'items'>,
  kind: K,
): readonly Extract<BundleItem, { kind: K }>[] {
  return items.filter((item): item is Extract<BundleItem, { kind: K }> => item.kind === kind)
}

function fitsIntel(
  one: IntelCollateral,
  { tee, fmspc, ca, update = 'standard', tcbEvaluationDataNumber: number }: IntelRequest,
): boolean {
  if (one.tee !== tee || one.fmspc !== fmspc.toLowerCase() || one.ca !== ca) return false
  return number === undefined ? (one.update ?? 'standard') === update : one.tcbEvaluationDataNumber.tcbInfo === number
}

// An encrypted PPID differs from quote to quote; where both name the QE, that says better which platform it is.
function fitsPck(one: PckRequest, request: PckRequest): boolean {
  const same = (a: string | undefined, b: string | undefined): boolean =>
    a !== undefined && a.toLowerCase() === b?.toLowerCase()
  if (!same(one.cpuSvn, request.cpuSvn) || one.pceSvn !== request.pceSvn || !same(one.pceId, request.pceId))
    return false
  return same(one.qeId, request.qeId) || same(one.encryptedPpid, request.encryptedPpid)
}

function fitsAmd(one: AmdCollateral, { product, vlek, chipId, tcb, leafGiven }: AmdRequest): boolean {
  if (one.product !== product || one.vlek !== vlek) return false
  if (leafGiven === true) return true
  if (vlek) return one.tcb === undefined || sameTcb(one.tcb, tcb)
  // From Turin on a hardware id is the first eight bytes of the report's chip id, and the rest is zero.
  return (
    one.chipId !== undefined &&
    chipId?.toLowerCase().slice(0, one.chipId.length) === one.chipId &&
    sameTcb(one.tcb, tcb)
  )
}

function newest<T extends { readonly window: Window }>(
  found: readonly T[],
  at: Date,
  rank: (one: T) => number = () => 0,
): T | undefined {
  if (Number.isNaN(at.getTime())) throw new TypeError('`at` must be a valid Date')
  return begunLast(
    found.filter(({ window }) => holds(window, at)),
    rank,
  )
}

function begunLast<T extends { readonly window: Window }>(
  found: readonly T[],
  rank: (one: T) => number = () => 0,
): T | undefined {
  return found.reduce<T | undefined>(
    (best, one) => (best === undefined || isNewer(one, best, rank) ? one : best),
    undefined,
  )
}

function holds({ from, to }: Window, at: Date): boolean {
  return from <= at.getTime() && at.getTime() <= to
}

function isNewer<T extends { readonly window: Window }>(a: T, b: T, rank: (one: T) => number): boolean {
  return a.window.from === b.window.from ? rank(a) > rank(b) : a.window.from > b.window.from
}
