import { createHash } from 'node:crypto'
import type { Check, TrustAnchor } from '@sekisho/evidence'
import {
  architectureOf,
  NVIDIA_ROOTS,
  type NvidiaCollateralInput,
  parseOcspResponse,
  verifyNvidiaChain,
  verifyNvidiaRim,
} from '@sekisho/evidence/nvidia'
import { readJsonObject } from './json-text.ts'
import { describeNvidiaOcsp, describeNvidiaRim } from './nvidia.ts'
import { chainFault } from './nvidia-chain.ts'
import type { Checked, Obtain, Part } from './obtain.ts'
import { encodeOcspRequest, isAbout, type OcspCertId, ocspCertId, serialOf } from './ocsp-request.ts'
import { below } from './origins.ts'
import { bad, utf8 } from './reading.ts'
import type { NvidiaOcspCollateral, NvidiaOcspRequest, NvidiaRimCollateral, NvidiaRimRequest, Window } from './types.ts'

/** NVIDIA's services for manifests and for revocation, or mirrors of them, as configured. */
export interface NvidiaService {
  readonly rims: URL
  readonly ocsp: URL
  /** Sent to both, as a bearer token. */
  readonly serviceKey: string | undefined
  /** Undefined for NVIDIA's own. */
  readonly anchors: readonly TrustAnchor[] | undefined
}

const MAX_RIM_ANSWER = 1024 * 1024
const MAX_OCSP = 64 * 1024
const MAX_CHAIN = 8
const LIMITS = { maxDepth: 4, maxTokens: 256 }
const DAY_MS = 86_400_000
// Answers live for a day. One that has hours left is not asked for again for each report.
const OCSP_FRESH_MS = 6 * 3_600_000

/** How a manifest is called in messages. */
export function rimName(id: string): string {
  return `manifest ${id}`
}

/** How an OCSP answer is called in messages. @param serial of the certificate that it is about, hex */
export function statusName(serial: string): string {
  return `revocation status of NVIDIA’s certificate ${serial.slice(0, 40)}`
}

/** Whether a text can be the name of a manifest: much of it comes from a report that nobody has verified. */
export function isRimId(id: string): boolean {
  return /^NV_[A-Za-z0-9_.-]{1,120}$/.test(id)
}

/**
 * Fetches the manifest of a driver or a VBIOS.
 * @throws TypeError when the request is not well-formed; CollateralError, `not-found` when NVIDIA has published none
 * @see NVIDIA attestation, RIM service, version 1: `GET /v1/rim/{id}`
 */
export async function nvidiaRim(
  request: NvidiaRimRequest,
  service: NvidiaService,
  obtain: Obtain,
): Promise<NvidiaRimCollateral> {
  const { id } = request
  if (!isRimId(id)) throw new TypeError('`id` must be the name of a manifest, e.g. NV_GPU_DRIVER_GH100_550.90.07')
  const { value } = await obtain<NvidiaRimCollateral>({
    what: rimName(id),
    url: below(service.rims, `/v1/rim/${id}`),
    maxBytes: MAX_RIM_ANSWER,
    keep: [],
    ...secretsOf(service),
    // One may be withdrawn, and published again with other values.
    freshMs: DAY_MS,
    dated: true,
    check: ({ body }, at) => checkRim(manifestOf(body, id), request, service.anchors, at),
  })
  return value
}

// Members beside these say when it was published and under which number it was asked for.
function manifestOf(body: Uint8Array, id: string): Uint8Array {
  const { id: named = id, rim, rim_format: format = 'TCG', sha256 } = readJsonObject(utf8(body), LIMITS).value
  if (named !== id) throw bad('the answer is another manifest, says its `id`')
  if (format !== 'TCG') throw bad('`rim_format` is not TCG: a manifest in another form')
  if (typeof rim !== 'string') throw bad('`rim` is no text')
  const manifest = new Uint8Array(Buffer.from(rim, 'base64'))
  if (manifest.length === 0 || Buffer.from(manifest).toString('base64') !== rim) throw bad('`rim` is not base64')
  if (sha256 !== undefined && sha256 !== createHash('sha256').update(manifest).digest('hex'))
    throw bad('`sha256` is not the digest of `rim`')
  return manifest
}

async function checkRim(
  manifest: Uint8Array,
  { kind, version, architecture }: NvidiaRimRequest,
  anchors: readonly TrustAnchor[] | undefined,
  at: number,
): Promise<Checked<NvidiaRimCollateral>> {
  const collateral = describeNvidiaRim(manifest)
  const { window, product } = collateral
  if (collateral.version.toLowerCase() !== version.toLowerCase()) throw bad('the manifest is for another version')
  if (architecture !== undefined && architectureOf(product) !== architecture)
    throw bad(`the manifest is not for ${architecture}`)
  const scope = `nvidia.rim.${kind}`
  const input = kind === 'driver' ? { driverRim: manifest } : { vbiosRim: manifest }
  const { checks } = await verifyNvidiaRim(kind, input, {
    at: new Date(within(window, at)),
    waive: [`${scope}.chain.ocsp.present`],
    ...(anchors === undefined ? {} : { trustAnchors: anchors }),
  })
  mustHold(checks.flatMap((group) => group.checks).filter(({ id }) => id.startsWith(`${scope}.`)))
  return { value: collateral, ...window }
}

/**
 * Asks whether a certificate is revoked.
 * @throws TypeError when the request is not well-formed; CollateralError, `bad-answer` for a chain to no trusted root, which nobody is asked about
 * @see RFC 6960, section 4.2 and appendix A.1
 */
export async function nvidiaOcsp(
  request: NvidiaOcspRequest,
  service: NvidiaService,
  obtain: Obtain,
): Promise<NvidiaOcspCollateral> {
  const { chain } = request
  const [certificate, issuer] = chain
  if (certificate === undefined || issuer === undefined || chain.length > MAX_CHAIN)
    throw new TypeError(`\`chain\` must be 2 to ${MAX_CHAIN} certificates, DER`)
  const fault = chainFault(chain, service.anchors ?? NVIDIA_ROOTS)
  if (fault !== undefined) throw bad(fault)
  const { value } = await obtain(ocspPart(request, ocspCertId(certificate, issuer), service))
  return value
}

function ocspPart({ chain }: NvidiaOcspRequest, id: OcspCertId, service: NvidiaService): Part<NvidiaOcspCollateral> {
  return {
    what: statusName(serialOf(id)),
    url: service.ocsp,
    body: encodeOcspRequest(id),
    media: { 'content-type': 'application/ocsp-request', accept: 'application/ocsp-response' },
    maxBytes: MAX_OCSP,
    keep: [],
    ...secretsOf(service),
    freshMs: OCSP_FRESH_MS,
    dated: true,
    check: ({ body }, at) => checkOcsp(body, chain, id, at),
  }
}

// What the answer says of the certificate is for the verifier: that one is revoked is as good to know as that it is not.
async function checkOcsp(
  body: Uint8Array,
  chain: readonly Uint8Array[],
  id: OcspCertId,
  at: number,
): Promise<Checked<NvidiaOcspCollateral>> {
  const { answers } = parseOcspResponse(body)
  if (answers.filter((answer) => isAbout(answer, id)).length !== 1)
    throw bad('it does not answer about this certificate')
  const collateral = describeNvidiaOcsp(body)
  const { window } = collateral
  const input: NvidiaCollateralInput = { certificateChain: pemOf(chain), ocsp: [body] }
  const { checks } = await verifyNvidiaChain(input, {
    at: new Date(within(window, at)),
    waive: ['nvidia.chain.ocsp.present'],
  })
  const asked = ['binding', 'responder', 'signature', 'current'].map((part) => `nvidia.chain.ocsp.${part}`)
  mustHold(checks.flatMap((group) => group.checks).filter((check) => asked.includes(check.id)))
  return { value: collateral, ...window }
}

function mustHold(checks: readonly Check[]): void {
  const wrong = checks.find(({ outcome, waived }) => waived !== true && (outcome === 'fail' || outcome === 'unchecked'))
  if (wrong !== undefined) throw bad(wrong.reason)
}

// Whether it is over or yet to come is said by its window, in words of its own.
function within({ from, to }: Window, at: number): number {
  return Math.max(from, Math.min(at, to))
}

function pemOf(ders: readonly Uint8Array[]): Uint8Array {
  const block = (der: Uint8Array): string =>
    `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`
  return new TextEncoder().encode(ders.map(block).join(''))
}

function secretsOf({ serviceKey }: NvidiaService): Pick<Part<unknown>, 'secrets'> {
  return serviceKey === undefined ? {} : { secrets: { authorization: `Bearer ${serviceKey}` } }
}
