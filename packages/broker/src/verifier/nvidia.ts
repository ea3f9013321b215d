import {
  type BundleItem,
  describeNvidiaOcsp,
  describeNvidiaRim,
  readBundle,
  selectNvidia,
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

/** NVIDIA GPUs and NVSwitches: one device, or all of a node. */
export function nvidiaDoor(around: Surroundings): Door {
  return {
    skeleton: ({ evidence }) =>
      lasting(nvidiaSkeleton(splitNvidiaEvidence(evidence).map(({ report }) => parseNvidiaReport(report)))),
    isDevice: () => true,
    // KBS protocol, section 6: the device's nonce is the first 32 bytes of the digest.
    binding: (_received, digest) => ({ nonce: toHex(digest.subarray(0, NONCE)) }),
    async verify({ evidence }, { expect, at, waive, kept: given }) {
      const items = given === undefined ? (around.options.bundles ?? []).flatMap((one) => one.items) : readKept(given)
      const used = new Set<BundleItem>()
      const collateral = (report: Uint8Array): NvidiaCollateralInput => {
        const { versions } = deviceFacts(parseNvidiaReport(report))
        const selected = selectNvidia({ items }, versions, given === undefined ? at : undefined)
        for (const item of selected.items) used.add(item)
        return selected.collateral
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

/** As a bundle, which `sekisho verify --collateral` takes. */
function keptOf(items: readonly BundleItem[]): KeptCollateral {
  return items.length === 0 ? NOTHING_KEPT : keep(Buffer.from(writeBundle({ items })))
}

function readKept(bytes: Uint8Array): readonly BundleItem[] {
  if (bytes.length === 0) return []
  const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
  const parts = new Map<string, unknown>(Object.entries(typeof value === 'object' && value !== null ? value : {}))
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
