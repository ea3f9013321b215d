import type { TrustAnchor } from '@sekisho/evidence'
import {
  architectureOf,
  type Chain,
  type DeviceFacts,
  deviceFacts,
  NVIDIA_ROOTS,
  type NvidiaDeviceEvidence,
  type OcspAnswer,
  parseNvidiaReport,
  parseNvidiaRim,
  parseOcspResponse,
  parsePemChain,
} from '@sekisho/evidence/nvidia'
import { Signed, verifiesUnder } from '@sekisho/evidence/x509'
import type { BundleItem } from './bundle-items.ts'
import { chainFault } from './nvidia-chain.ts'
import { isRimId, rimName, statusName } from './nvidia-service.ts'
import { encodeOcspRequest, isAbout, type OcspCertId, ocspCertId } from './ocsp-request.ts'
import { isCollateralError } from './requests.ts'
import { type NvidiaSelection, selectNvidia } from './select.ts'
import type { NvidiaOcspRequest, NvidiaRimCollateral, NvidiaRimRequest, NvidiaSource } from './types.ts'

/** One device: its report, and its chain where it is known. */
export interface NvidiaDevice {
  /** The exchange as the driver returned it. */
  readonly report: Uint8Array
  readonly facts: DeviceFacts
  readonly chain: Chain | undefined
}

/** What is there already, and what counts as genuine. */
export interface NvidiaHeld {
  /** Items that need not be asked for while they hold at `at`. */
  readonly items: readonly BundleItem[]
  readonly at: Date
  /** Default NVIDIA's own roots. */
  readonly trustAnchors?: readonly TrustAnchor[] | undefined
}

/** What was found for devices. */
export interface NvidiaFound {
  /** What was asked for, each once; not what was held. */
  readonly items: readonly BundleItem[]
  /** What could not be had, in words, each fault once. */
  readonly missing: readonly string[]
  /** Devices for which nothing was asked, since nothing proves that they are any. */
  readonly strangers: number
}

/** Reads a device's report and chain. @throws EvidenceError when the report cannot be read */
export function nvidiaDevice({ report: bytes, certificateChain }: NvidiaDeviceEvidence): NvidiaDevice {
  const report = parseNvidiaReport(bytes)
  const chain = certificateChain === undefined ? undefined : readChain(certificateChain)
  return { report: bytes, facts: deviceFacts(report, chain?.certificates), chain }
}

function readChain(pem: Uint8Array): Chain | undefined {
  try {
    return parsePemChain(pem, [])
  } catch {
    // The verifier's own check says what is wrong with it; nothing can be asked for with it.
    return undefined
  }
}

/** What `items` hold for a device, as the verifier takes it. @param at as {@link selectNvidia} */
export function nvidiaSelection(
  { facts, chain }: NvidiaDevice,
  items: readonly BundleItem[],
  at: Date | undefined,
): NvidiaSelection {
  return selectNvidia({ items }, facts.versions, at, { architecture: facts.architecture, chain })
}

/**
 * Asks for the manifests of devices, then whether the certificates of their chains and of the manifests' are revoked:
 * those that verifiers must know of, each once. For a device whose chain leads to no trusted root, or whose report its
 * leaf did not sign, nothing is asked: whoever has no device must not have others asked. A service that is silent, or
 * wishes a pause, is asked nothing more.
 *
 * @throws CollateralError `aborted` only
 * @see NVIDIA attestation, certificate chain and reference integrity manifests
 */
export async function nvidiaItems(
  devices: readonly NvidiaDevice[],
  source: NvidiaSource,
  held: NvidiaHeld,
): Promise<NvidiaFound> {
  const anchors = held.trustAnchors ?? NVIDIA_ROOTS
  const missing = new Set<string>()
  const known = devices.filter((one) => isGenuine(one, anchors))
  const genuine = distinctChains(known.flatMap(({ chain }) => chain ?? []))
  const wanted = distinct(
    known.flatMap(({ facts }) => rimRequests(facts)),
    ({ id }) => id,
  )
  const [have, lacking] = split(wanted, (one) => heldRim(one, held))
  const fetched = await askAll(
    lacking,
    (one) => rimName(one.id),
    (one) => source.rim(one),
    missing,
  )
  const ofManifests = distinctChains(
    [...have, ...fetched].map(({ manifest }) => parseNvidiaRim(manifest).chain),
  ).filter((chain) => chainFault(dersOf(chain), anchors) === undefined)
  const asked = [
    // The leaf answers to nobody but the device: NVIDIA's responder knows the certificates above it.
    ...genuine.flatMap((chain) => ocspRequests(chain, 1)),
    ...ofManifests.flatMap((chain) => ocspRequests(chain, 0)),
  ]
  const there = heldAnswers(held)
  const open = distinct(asked, ({ key }) => key).filter(({ id }) => !there.some((answer) => isAbout(answer, id)))
  const answers = await askAll(
    open,
    ({ serial }) => statusName(serial),
    ({ request }) => source.ocsp(request),
    missing,
  )
  return {
    items: [
      ...fetched.map((collateral): BundleItem => ({ kind: 'nvidia-rim', collateral })),
      ...answers.map((collateral): BundleItem => ({ kind: 'nvidia-ocsp', collateral })),
    ],
    missing: [...missing],
    strangers: devices.length - known.length,
  }
}

function isGenuine({ report, chain }: NvidiaDevice, anchors: readonly TrustAnchor[]): boolean {
  const key = chain?.certificates[0]?.key
  if (chain === undefined || key === undefined || chainFault(dersOf(chain), anchors) !== undefined) return false
  const { response, signed } = parseNvidiaReport(report)
  return verifiesUnder(new Signed(signed, 'ecdsa-p384-sha384', response.signature), key)
}

function rimRequests({ architecture, rimIds, versions }: DeviceFacts): readonly NvidiaRimRequest[] {
  return (['driver', 'vbios'] as const).flatMap((kind): readonly NvidiaRimRequest[] => {
    const [id, version] = [rimIds[kind], versions[kind]]
    if (id === undefined || version === undefined || !isRimId(id)) return []
    return [{ kind, id, version, ...(architecture === undefined ? {} : { architecture }) }]
  })
}

function heldRim(
  { version, architecture }: NvidiaRimRequest,
  { items, at }: NvidiaHeld,
): NvidiaRimCollateral | undefined {
  for (const item of items) {
    if (item.kind !== 'nvidia-rim' || !holds(item, at)) continue
    const { collateral } = item
    if (collateral.version.toLowerCase() !== version.toLowerCase()) continue
    if (architecture === undefined || architectureOf(collateral.product) === architecture) return collateral
  }
  return undefined
}

interface Question {
  readonly request: NvidiaOcspRequest
  readonly id: OcspCertId
  /** Hex of the request: the same for the same certificate in whatever chain. */
  readonly key: string
  readonly serial: string
}

/** One for each certificate from position `first` up to the one below the root. */
function ocspRequests(chain: Chain, first: number): readonly Question[] {
  const ders = dersOf(chain)
  return chain.certificates.slice(first, -1).map(({ serial }, i) => {
    const from = first + i
    const id = ocspCertId(ders[from] as Uint8Array, ders[from + 1] as Uint8Array)
    const key = Buffer.from(encodeOcspRequest(id)).toString('hex')
    return { request: { chain: ders.slice(from) }, id, key, serial }
  })
}

function heldAnswers({ items, at }: NvidiaHeld): readonly OcspAnswer[] {
  return items.flatMap((item) =>
    item.kind === 'nvidia-ocsp' && holds(item, at) ? parseOcspResponse(item.collateral.response).answers : [],
  )
}

function holds(item: Extract<BundleItem, { kind: 'nvidia-rim' | 'nvidia-ocsp' }>, at: Date): boolean {
  const { from, to } = item.collateral.window
  return from <= at.getTime() && at.getTime() <= to
}

const AT_ONCE = 4
const SILENT: readonly string[] = ['unreachable', 'timeout', 'throttled']

/** What is had of `wanted`, in order, a few at a time; why the rest is not goes into `missing`. */
async function askAll<W, T>(
  wanted: readonly W[],
  nameOf: (one: W) => string,
  ask: (one: W) => Promise<T>,
  missing: Set<string>,
): Promise<readonly T[]> {
  const had = new Map<W, T>()
  const waiting = [...wanted]
  let silent = false
  const worker = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined && !silent; one = waiting.shift()) {
      try {
        had.set(one, await ask(one))
      } catch (error) {
        if (!isCollateralError(error) || error.code === 'aborted') throw error
        silent ||= SILENT.includes(error.code)
        const name = nameOf(one)
        missing.add(silent || error.message.includes(name) ? error.message : `${name}: ${error.message}`)
      }
    }
  }
  const workers = Array.from({ length: AT_ONCE }, worker)
  // Waits for all before it fails: no request is left running behind the caller's back.
  await Promise.allSettled(workers)
  await Promise.all(workers)
  return wanted.flatMap((one) => {
    const found = had.get(one)
    return found === undefined ? [] : [found]
  })
}

function split<W, T>(all: readonly W[], find: (one: W) => T | undefined): readonly [readonly T[], readonly W[]] {
  const had: T[] = []
  const lacking = all.filter((one) => {
    const found = find(one)
    if (found !== undefined) had.push(found)
    return found === undefined
  })
  return [had, lacking]
}

function dersOf({ certificates }: Chain): readonly Uint8Array[] {
  return certificates.map(({ der }) => der)
}

function keyOfChain({ certificates }: Chain): string {
  return certificates.map(({ der }) => Buffer.from(der).toString('base64')).join()
}

function distinctChains(chains: readonly Chain[]): readonly Chain[] {
  return distinct(chains, keyOfChain)
}

function distinct<T>(all: readonly T[], keyOf: (one: T) => string): readonly T[] {
  return [...new Map(all.map((one) => [keyOf(one), one])).values()]
}
