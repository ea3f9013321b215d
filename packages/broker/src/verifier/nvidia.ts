import {
  type BundleItem,
  describeNvidiaOcsp,
  describeNvidiaRim,
  mergeBundles,
  readBundle,
  writeBundle,
} from '@sekisho/collateral'
import { type NvidiaDevice, nvidiaDevice, nvidiaItems, nvidiaSelection } from '@sekisho/collateral/requests/nvidia'
import { toHex } from '@sekisho/evidence'
import {
  NVIDIA_ROOTS,
  type NvidiaCollateralInput,
  type NvidiaVerifyOptions,
  nvidiaSkeleton,
  parseNvidiaReport,
  parseOcspResponse,
  splitNvidiaEvidence,
  verifyNvidiaNodeSync,
  verifyNvidiaSync,
} from '@sekisho/evidence/nvidia'
import { keep, keptObject, lasting, NOTHING_KEPT, sha256 } from './bytes.ts'
import { type Held, holding, RETRY_MS } from './held.ts'
import type { Door, JudgeRequest, KeptCollateral, Surroundings } from './model.ts'

const NONCE = 32

/** NVIDIA GPUs and NVSwitches: one device, or all of a node. */
export function nvidiaDoor(around: Surroundings): Door {
  const itemsFor = finder(around)
  return {
    skeleton: ({ evidence }) =>
      lasting(nvidiaSkeleton(splitNvidiaEvidence(evidence).map(({ report }) => parseNvidiaReport(report)))),
    isDevice: () => true,
    // KBS protocol, section 6: the device's nonce is the first 32 bytes of the digest.
    binding: (_received, digest) => ({ nonce: toHex(digest.subarray(0, NONCE)) }),
    async verify({ evidence }, request) {
      const { expect, at, waive, kept: given } = request
      const split = splitNvidiaEvidence(evidence)
      const devices = split.map(nvidiaDevice)
      const { items, missing } = given === undefined ? await itemsFor(devices, request) : { items: readKept(given) }
      const selections = new Map(
        devices.map((one) => [toHex(one.report), nvidiaSelection(one, items, given === undefined ? at : undefined)]),
      )
      const used = new Set<BundleItem>()
      const collateral = (report: Uint8Array): NvidiaCollateralInput => {
        const selected = selections.get(toHex(report))
        for (const item of selected?.items ?? []) used.add(item)
        return selected?.collateral ?? {}
      }
      const options: NvidiaVerifyOptions = {
        at,
        expect,
        memory: around.memory,
        ...around.anchors(NVIDIA_ROOTS),
        ...(waive === undefined ? {} : { waive }),
      }
      const [first, ...others] = split
      const verdict =
        first !== undefined && others.length === 0
          ? verifyNvidiaSync(evidence, { ...options, collateral: collateral(first.report) })
          : verifyNvidiaNodeSync([{ evidence, collateral }], options)
      return {
        verdict,
        collateral: given === undefined ? keptOf([...used]) : keep(given),
        ...(missing === undefined ? {} : { missing }),
      }
    },
  }
}

interface FoundItems {
  readonly items: readonly BundleItem[]
  /** See {@link Judged.missing}. */
  readonly missing?: string
}

/** Finds manifests and OCSP answers for devices: the bundles', and for what they lack, held ones or the source's. */
function finder(
  around: Surroundings,
): (devices: readonly NvidiaDevice[], request: JudgeRequest) => Promise<FoundItems> {
  const held: Held<FoundItems> = holding(around.maxHeld)
  return async (devices, { at, source: own, refresh }) => {
    const bundled = (around.options.bundles ?? []).flatMap((bundle) => bundle.items)
    const services = (own ?? around.options.source)?.nvidia
    if (services === undefined) return { items: bundled }
    const key = keyOf(devices)
    const known = own === undefined && refresh !== true ? held.get(key, at.getTime()) : undefined
    if (known !== undefined) return { ...known, items: [...bundled, ...known.items] }
    const { trustAnchors } = around.anchors(NVIDIA_ROOTS)
    const { items, missing, strangers } = await nvidiaItems(devices, services, { items: bundled, at, trustAnchors })
    for (const what of missing) around.trouble(what)
    const why = missing.length === 0 ? {} : { missing: missing.join('; ') }
    if (own === undefined) for (const item of items) around.noted(...questionAndAnswer(item))
    // What a forged report is given is nothing, and must not be what the device itself is given next.
    if (own === undefined && strangers === 0) {
      // A look that finds a service out of reach takes nothing away from whoever attests next.
      const before = missing.length === 0 ? [] : (held.get(key, at.getTime())?.items ?? [])
      const until = at.getTime() + (missing.length === 0 ? around.holdMs : RETRY_MS)
      held.set(key, { ...why, items: mergeBundles({ items }, { items: before }).items }, until)
    }
    return { ...why, items: [...bundled, ...items] }
  }
}

/** What an item is for, and what of it is news when it changes: of an OCSP answer only what it says. */
function questionAndAnswer(item: BundleItem): readonly [string, Uint8Array | undefined] {
  if (item.kind === 'nvidia-rim')
    return [`nvidia manifest ${item.collateral.product} ${item.collateral.version}`, item.collateral.manifest]
  if (item.kind !== 'nvidia-ocsp') return [item.kind, undefined]
  const { response, serials } = item.collateral
  const said = parseOcspResponse(response).answers.map(({ serial, status, reason }) => [serial, status, reason ?? ''])
  return [`nvidia certificate ${serials.join(' ')}`, Buffer.from(JSON.stringify(said))]
}

/** The same for devices of which the same has to be asked. */
function keyOf(devices: readonly NvidiaDevice[]): string {
  const parts = devices.map(({ facts, chain }) =>
    JSON.stringify([facts.rimIds, chain?.certificates.map(({ der }) => sha256(der)) ?? []]),
  )
  return sha256(Buffer.from([...new Set(parts)].sort().join('\n')))
}

/** As a bundle, which `sekisho verify --collateral` takes. */
function keptOf(items: readonly BundleItem[]): KeptCollateral {
  return items.length === 0 ? NOTHING_KEPT : keep(Buffer.from(writeBundle({ items })))
}

function readKept(bytes: Uint8Array): readonly BundleItem[] {
  const parts = new Map<string, unknown>(Object.entries(keptObject(bytes)))
  if (parts.has('format')) return readBundle(bytes).items
  // Former versions kept the parts of one device by their names.
  const list = parts.get('ocsp')
  const decoded = (one: unknown): Uint8Array => Buffer.from(String(one), 'base64')
  const rims = ['driverRim', 'vbiosRim'].filter((name) => parts.has(name)).map((name) => decoded(parts.get(name)))
  const answers = (Array.isArray(list) ? list : []).map(decoded)
  return [
    ...rims.map((one): BundleItem => ({ kind: 'nvidia-rim', collateral: describeNvidiaRim(one) })),
    ...answers.map((one): BundleItem => ({ kind: 'nvidia-ocsp', collateral: describeNvidiaOcsp(one) })),
  ]
}
