import { canonicalJson, toHex } from '@sekisho/evidence'
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
      const collateral = given === undefined ? fromBundles(evidence, around, at) : readKept(given)
      const options: NvidiaVerifyOptions = {
        at,
        collateral,
        expect,
        memory: around.memory,
        ...around.anchors(NVIDIA_ROOTS),
        ...(waive === undefined ? {} : { waive }),
      }
      const alone = splitNvidiaEvidence(evidence).length === 1
      const verdict = alone ? verifyNvidiaSync(evidence, options) : verifyNvidiaNodeSync([{ evidence }], options)
      return { verdict, collateral: given === undefined ? keptOf(collateral) : keep(given) }
    },
  }
}

/** Manifests for the versions that the reports name, and the OCSP answers that hold now. */
function fromBundles(evidence: Uint8Array, { options }: Surroundings, at: Date): NvidiaCollateralInput {
  const { bundles = [] } = options
  if (bundles.length === 0) return {}
  const now = at.getTime()
  const holds = ({ window }: { readonly window: { readonly from: number; readonly to: number } }): boolean =>
    window.from <= now && now <= window.to
  const items = bundles.flatMap((bundle) => bundle.items)
  const devices = splitNvidiaEvidence(evidence).map(({ report }) => deviceFacts(parseNvidiaReport(report)))
  const manifest = (kind: 'driver' | 'vbios'): Uint8Array | undefined => {
    const versions = devices.map(({ versions: all }) => all[kind]?.toLowerCase())
    return items
      .flatMap((item) => (item.kind === 'nvidia-rim' ? [item.collateral] : []))
      .filter((one) => versions.includes(one.version.toLowerCase()) && holds(one))
      .sort((a, b) => b.window.from - a.window.from)[0]?.manifest
  }
  const driverRim = manifest('driver')
  const vbiosRim = manifest('vbios')
  const ocsp = items
    .flatMap((item) => (item.kind === 'nvidia-ocsp' && holds(item.collateral) ? [item.collateral.response] : []))
    .slice(0, MAX_ANSWERS)
  return {
    ...(driverRim === undefined ? {} : { driverRim }),
    ...(vbiosRim === undefined ? {} : { vbiosRim }),
    ...(ocsp.length === 0 ? {} : { ocsp }),
  }
}

function keptOf({ driverRim, vbiosRim, ocsp }: NvidiaCollateralInput): KeptCollateral {
  const text = (value: Uint8Array | undefined): string | undefined =>
    value === undefined ? undefined : Buffer.from(value).toString('base64')
  const parts = { driverRim: text(driverRim), vbiosRim: text(vbiosRim), ocsp: ocsp?.map((one) => text(one)) }
  return Object.values(parts).every((part) => part === undefined)
    ? NOTHING_KEPT
    : keep(Buffer.from(canonicalJson(parts)))
}

function readKept(bytes: Uint8Array): NvidiaCollateralInput {
  if (bytes.length === 0) return {}
  const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
  const parts = new Map(Object.entries(typeof value === 'object' && value !== null ? value : {}))
  const of = (name: string): Uint8Array | undefined => {
    const one: unknown = parts.get(name)
    return typeof one === 'string' ? Buffer.from(one, 'base64') : undefined
  }
  const [driverRim, vbiosRim] = [of('driverRim'), of('vbiosRim')]
  const list: unknown = parts.get('ocsp')
  const ocsp = Array.isArray(list) ? list.map((one) => Buffer.from(String(one), 'base64')) : undefined
  return {
    ...(driverRim === undefined ? {} : { driverRim }),
    ...(vbiosRim === undefined ? {} : { vbiosRim }),
    ...(ocsp === undefined ? {} : { ocsp }),
  }
}
