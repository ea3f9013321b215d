import {
  type BundleItem,
  describeNvidiaOcsp,
  describeNvidiaRim,
  type EndorsementBundle,
  readBundle,
  writeBundle,
} from '@sekisho/collateral'
import { toHex } from '@sekisho/evidence'
import {
  deviceFacts,
  NVIDIA_ROOTS,
  type NvidiaCollateralInput,
  type NvidiaVerifyOptions,
  nvidiaSkeleton,
  parseNvidiaReport,
  splitNvidiaEvidence,
  verifyNvidiaNodeSync,
  verifyNvidiaSync,
} from '@sekisho/evidence/nvidia'
import { keep, lasting, NOTHING_KEPT } from './bytes.ts'
import type { Door, KeptCollateral, Surroundings } from './model.ts'

const NONCE = 32
// As many answers as the verifier takes.
const MAX_ANSWERS = 32

/** NVIDIA GPUs and NVSwitches: one device, or all of a node. */
export function nvidiaDoor(around: Surroundings): Door {
  return {
    skeleton: ({ evidence }) =>
      lasting(nvidiaSkeleton(splitNvidiaEvidence(evidence).map(({ report }) => parseNvidiaReport(report)))),
    isDevice: () => true,
    // KBS protocol, section 6: the device's nonce is the first 32 bytes of the digest.
    binding: (_received, digest) => ({ nonce: toHex(digest.subarray(0, NONCE)) }),
    async verify({ evidence }, { expect, at, waive, kept: given }) {
      const items = given === undefined ? itemsOf(around.options.bundles ?? []) : readKept(given)
      const used = new Set<NvidiaItem>()
      const collateral = (report: Uint8Array): NvidiaCollateralInput => {
        const chosen = choose(items, report, given === undefined ? at : undefined)
        for (const item of [chosen.driver, chosen.vbios, ...chosen.ocsp]) if (item !== undefined) used.add(item)
        return inputOf(chosen)
      }
      const options: NvidiaVerifyOptions = {
        at,
        expect,
        memory: around.memory,
        ...around.anchors(NVIDIA_ROOTS),
        ...(waive === undefined ? {} : { waive }),
      }
      const [first, ...others] = splitNvidiaEvidence(evidence)
      const verdict =
        first !== undefined && others.length === 0
          ? verifyNvidiaSync(evidence, { ...options, collateral: collateral(first.report) })
          : verifyNvidiaNodeSync([{ evidence, collateral }], options)
      return { verdict, collateral: given === undefined ? keptOf([...used]) : keep(given) }
    },
  }
}

type NvidiaItem = Extract<BundleItem, { readonly kind: 'nvidia-rim' | 'nvidia-ocsp' }>

function itemsOf(bundles: readonly EndorsementBundle[]): readonly NvidiaItem[] {
  return bundles.flatMap(({ items }) =>
    items.filter((item): item is NvidiaItem => item.kind === 'nvidia-rim' || item.kind === 'nvidia-ocsp'),
  )
}

interface Chosen {
  readonly driver: NvidiaItem | undefined
  readonly vbios: NvidiaItem | undefined
  readonly ocsp: readonly NvidiaItem[]
}

/** Manifests for the versions that a report names, and OCSP answers: all, or those that hold at `at`. */
function choose(items: readonly NvidiaItem[], report: Uint8Array, at: Date | undefined): Chosen {
  const now = at?.getTime()
  const holds = ({ collateral: { window } }: NvidiaItem): boolean =>
    now === undefined || (window.from <= now && now <= window.to)
  const { versions } = deviceFacts(parseNvidiaReport(report))
  const manifest = (kind: 'driver' | 'vbios'): NvidiaItem | undefined => {
    const wanted = versions[kind]?.toLowerCase()
    const fitting = items
      .filter((item) => item.kind === 'nvidia-rim' && item.collateral.version.toLowerCase() === wanted)
      .sort((a, b) => b.collateral.window.from - a.collateral.window.from)
    // Where none holds any more, a verdict says so, and not that there is none.
    return fitting.find(holds) ?? fitting[0]
  }
  const ocsp = items.filter((item) => item.kind === 'nvidia-ocsp' && holds(item)).slice(0, MAX_ANSWERS)
  return { driver: manifest('driver'), vbios: manifest('vbios'), ocsp }
}

function inputOf({ driver, vbios, ocsp }: Chosen): NvidiaCollateralInput {
  const manifest = (item: NvidiaItem | undefined): Uint8Array | undefined =>
    item?.kind === 'nvidia-rim' ? item.collateral.manifest : undefined
  const [driverRim, vbiosRim] = [manifest(driver), manifest(vbios)]
  return {
    ...(driverRim === undefined ? {} : { driverRim }),
    ...(vbiosRim === undefined ? {} : { vbiosRim }),
    ...(ocsp.length === 0
      ? {}
      : { ocsp: ocsp.flatMap((item) => (item.kind === 'nvidia-ocsp' ? [item.collateral.response] : [])) }),
  }
}

/** As a bundle, which `sekisho verify --collateral` takes. */
function keptOf(items: readonly NvidiaItem[]): KeptCollateral {
  return items.length === 0 ? NOTHING_KEPT : keep(Buffer.from(writeBundle({ items })))
}

function readKept(bytes: Uint8Array): readonly NvidiaItem[] {
  if (bytes.length === 0) return []
  const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
  const parts = new Map<string, unknown>(Object.entries(typeof value === 'object' && value !== null ? value : {}))
  return parts.has('format') ? itemsOf([readBundle(bytes)]) : ofParts(parts)
}

/** What former versions kept: the parts of one device by their names. */
function ofParts(parts: ReadonlyMap<string, unknown>): readonly NvidiaItem[] {
  const list = parts.get('ocsp')
  const bytes = (one: unknown): Uint8Array => Buffer.from(String(one), 'base64')
  return [
    ...['driverRim', 'vbiosRim'].flatMap((name): readonly NvidiaItem[] =>
      parts.has(name) ? [{ kind: 'nvidia-rim', collateral: describeNvidiaRim(bytes(parts.get(name))) }] : [],
    ),
    ...(Array.isArray(list) ? list : []).map(
      (one): NvidiaItem => ({ kind: 'nvidia-ocsp', collateral: describeNvidiaOcsp(bytes(one)) }),
    ),
  ]
}
