import { describeAmd, describeIntel, describePck } from './describe.ts'
import { describeNvidiaOcsp, describeNvidiaRim } from './nvidia.ts'
import { bad, isRecord } from './reading.ts'
import type {
  AmdCollateral,
  AmdTcb,
  IntelCollateral,
  IntelCollateralInput,
  NvidiaOcspCollateral,
  NvidiaRimCollateral,
  PckCertificate,
  PckRequest,
  Window,
} from './types.ts'

/** One endorsement in a bundle. */
export type BundleItem =
  | { readonly kind: 'intel'; readonly collateral: IntelCollateral }
  | { readonly kind: 'intel-pck'; readonly request: PckRequest; readonly certificate: PckCertificate }
  | { readonly kind: 'amd'; readonly collateral: AmdCollateral }
  | { readonly kind: 'nvidia-rim'; readonly collateral: NvidiaRimCollateral }
  | { readonly kind: 'nvidia-ocsp'; readonly collateral: NvidiaOcspCollateral }

type Json = Readonly<Record<string, unknown>>

/** The JSON value of an item, as docs/endorsement-bundle.md lays it down. */
export function itemToJson(item: BundleItem): Json {
  switch (item.kind) {
    case 'intel': {
      const { window, ...rest } = item.collateral
      return { kind: item.kind, ...rest, ...windowToJson(window) }
    }
    case 'intel-pck': {
      const { window, ...rest } = item.certificate
      return { kind: item.kind, request: requestToJson(item.request), ...rest, ...windowToJson(window) }
    }
    case 'amd': {
      const { window, leaf, intermediate, root, crl, ...rest } = item.collateral
      const certificates = {
        ...(leaf === undefined ? {} : { leaf: toBase64(leaf) }),
        intermediate: toBase64(intermediate),
        root: toBase64(root),
      }
      return { kind: item.kind, ...rest, ...windowToJson(window), certificates, crl: toBase64(crl) }
    }
    case 'nvidia-rim': {
      const { window, manifest, ...rest } = item.collateral
      return { kind: item.kind, ...rest, ...windowToJson(window), manifest: toBase64(manifest) }
    }
    case 'nvidia-ocsp': {
      const { window, response, serials } = item.collateral
      // One text: lists are compared by no reader.
      return { kind: item.kind, serials: serials.join(' '), ...windowToJson(window), response: toBase64(response) }
    }
  }
}

const READERS: ReadonlyMap<string, (json: Json) => BundleItem> = new Map<string, (json: Json) => BundleItem>([
  ['intel', readIntel],
  ['intel-pck', readPck],
  ['amd', readAmd],
  ['nvidia-rim', (json) => ({ kind: 'nvidia-rim', collateral: describeNvidiaRim(base64(json, 'manifest')) })],
  ['nvidia-ocsp', (json) => ({ kind: 'nvidia-ocsp', collateral: describeNvidiaOcsp(base64(json, 'response')) })],
])

/**
 * Reads an item. What it says it is for is read from its content again, so that a wrong label cannot stand.
 * @returns undefined when its kind is not known
 * @throws Error when it cannot be read, says something else than its content, or has members that do not belong to it
 */
export function itemFromJson(json: Json): BundleItem | undefined {
  const { kind } = json
  if (typeof kind !== 'string') throw bad('no `kind`')
  const item = READERS.get(kind)?.(json)
  if (item === undefined) return undefined
  const difference = firstDifference(json, itemToJson(item), '')
  if (difference !== undefined) throw bad(`\`${difference}\` is not what the content says`)
  return item
}

function readIntel({ collateral, update }: Json): BundleItem {
  if (update !== undefined && update !== 'standard' && update !== 'early')
    throw bad('`update` is neither standard nor early')
  const described = describeIntel(readIntelInput(collateral))
  return { kind: 'intel', collateral: update === undefined ? described : { ...described, update } }
}

const INTEL_TEXTS = [
  'pck_crl_issuer_chain',
  'root_ca_crl',
  'pck_crl',
  'tcb_info_issuer_chain',
  'tcb_info',
  'tcb_info_signature',
  'qe_identity_issuer_chain',
  'qe_identity',
  'qe_identity_signature',
] as const

/**
 * Reads Intel collateral from JSON, in the form that the field's tools exchange: PEM, hex and exact texts.
 * @throws CollateralError `bad-answer` naming the member that is missing
 */
export function readIntelInput(value: unknown): IntelCollateralInput {
  const json = record(value, 'collateral')
  const texts = Object.fromEntries(INTEL_TEXTS.map((name) => [name, text(json, name)])) as Record<
    (typeof INTEL_TEXTS)[number],
    string
  >
  const { pck_certificate_chain: chain } = json
  return chain === undefined ? texts : { ...texts, pck_certificate_chain: text(json, 'pck_certificate_chain') }
}

function readPck(json: Json): BundleItem {
  const request = record(json['request'], 'request')
  const { pceSvn, encryptedPpid, qeId } = request
  if (!Number.isInteger(pceSvn) || (pceSvn as number) < 0 || (pceSvn as number) > 0xffff)
    throw bad('`request.pceSvn` is no integer of two bytes')
  if (encryptedPpid === undefined && qeId === undefined) throw bad('`request` names no platform')
  return {
    kind: 'intel-pck',
    request: {
      ...(encryptedPpid === undefined ? {} : { encryptedPpid: hex(request, 'encryptedPpid') }),
      cpuSvn: hex(request, 'cpuSvn', 16),
      pceSvn: pceSvn as number,
      pceId: hex(request, 'pceId', 2),
      ...(qeId === undefined ? {} : { qeId: hex(request, 'qeId', 16) }),
    },
    certificate: describePck(text(json, 'chain')),
  }
}

function readAmd(json: Json): BundleItem {
  const certificates = record(json['certificates'], 'certificates')
  const described = describeAmd({
    ...(certificates['leaf'] === undefined ? {} : { leaf: base64(certificates, 'leaf') }),
    intermediate: base64(certificates, 'intermediate'),
    root: base64(certificates, 'root'),
    crl: base64(json, 'crl'),
  })
  return { kind: 'amd', collateral: described }
}

/** Path of the first member in which two JSON values differ; undefined when they are equal. */
function firstDifference(a: unknown, b: unknown, path: string): string | undefined {
  if (a === b) return undefined
  if (!isRecord(a) || !isRecord(b)) return path
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const difference = firstDifference(own(a, name), own(b, name), path === '' ? name : `${path}.${name}`)
    if (difference !== undefined) return difference.slice(0, 64)
  }
  return undefined
}

// What every object inherits is no member: a file may have one of the name `__proto__`.
function own(json: Json, name: string): unknown {
  return Object.hasOwn(json, name) ? json[name] : undefined
}

function requestToJson({ encryptedPpid, cpuSvn, pceSvn, pceId, qeId }: PckRequest): PckRequest {
  return {
    ...(encryptedPpid === undefined ? {} : { encryptedPpid: encryptedPpid.toLowerCase() }),
    cpuSvn: cpuSvn.toLowerCase(),
    pceSvn,
    pceId: pceId.toLowerCase(),
    ...(qeId === undefined ? {} : { qeId: qeId.toLowerCase() }),
  }
}

function windowToJson({ from, to }: Window): { readonly from: string; readonly to: string } {
  return { from: isoTime(from), to: isoTime(to) }
}

/** ISO 8601 in UTC to the second. */
function isoTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

function record(value: unknown, name: string): Json {
  if (!isRecord(value)) throw bad(`\`${name}\` is no object`)
  return value
}

function text(json: Json, name: string): string {
  const value = json[name]
  if (typeof value !== 'string') throw bad(`\`${name}\` is no text`)
  return value
}

function hex(json: Json, name: string, bytes?: number): string {
  const value = text(json, name)
  const fits = bytes === undefined ? value.length % 2 === 0 : value.length === 2 * bytes
  if (!fits || !/^[0-9a-f]+$/.test(value))
    throw bad(`\`${name}\` is not lower-case hexadecimal${bytes === undefined ? '' : ` of ${bytes} bytes`}`)
  return value
}

function base64(json: Json, name: string): Uint8Array {
  const value = text(json, name)
  const bytes = new Uint8Array(Buffer.from(value, 'base64'))
  if (toBase64(bytes) !== value) throw bad(`\`${name}\` is not base64`)
  return bytes
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

/** Whether two TCBs are the same in every part. */
export function sameTcb(a: AmdTcb | undefined, b: AmdTcb): boolean {
  return (
    a !== undefined && (['fmc', 'bootloader', 'tee', 'snp', 'microcode'] as const).every((part) => a[part] === b[part])
  )
}
