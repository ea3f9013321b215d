import type { NvidiaCollateralInput } from '@sekisho/evidence/nvidia'
import { isRecord } from './record.ts'

/** What files hold of the endorsements of NVIDIA devices. */
export interface NvidiaFiles {
  certificateChain: Uint8Array | undefined
  driverRim: Uint8Array | undefined
  vbiosRim: Uint8Array | undefined
  /** All manifests: a device takes one of each kind, and a bundle holds those of many. */
  readonly manifests: Uint8Array[]
  readonly ocsp: Uint8Array[]
}

/** None yet. */
export function noNvidiaFiles(): NvidiaFiles {
  return { certificateChain: undefined, driverRim: undefined, vbiosRim: undefined, manifests: [], ocsp: [] }
}

/** Names of files in a folder that are read as endorsements of NVIDIA devices. */
export function isNvidiaFile(name: string): boolean {
  return /\.xml$|^cert-chain\.pem$|\.ocsp$/.test(name)
}

const OCSP_SUCCESSFUL = Buffer.from('0a0100', 'hex')

/**
 * Takes a manifest (XML, or the answer of NVIDIA's service around it), an OCSP response (DER), or a PEM chain that NVIDIA
 * issued. A manifest is the driver's or the VBIOS's as its own version says; whether it may say so is for the verifier.
 *
 * @returns false when the bytes are none of these
 */
export function takeNvidia(bytes: Uint8Array, into: NvidiaFiles): boolean {
  const start = startOf(bytes)
  const manifest = isManifest(start) ? bytes : start.startsWith('{') ? manifestIn(bytes) : undefined
  if (manifest !== undefined) {
    const driver = isDriverVersion(VERSION.exec(new TextDecoder().decode(manifest))?.[2])
    if (driver) into.driverRim = manifest
    else into.vbiosRim = manifest
    into.manifests.push(manifest)
    return true
  }
  if (bytes[0] === 0x30 && Buffer.from(bytes.subarray(0, 8)).includes(OCSP_SUCCESSFUL)) {
    into.ocsp.push(bytes)
    return true
  }
  if (!start.startsWith('-----BEGIN CERTIFICATE-----') || !isNvidiaChain(bytes)) return false
  into.certificateChain = bytes
  return true
}

function startOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, 64)).trimStart()
}

function isManifest(start: string): boolean {
  return /^<(\?xml|[A-Za-z]*:?SoftwareIdentity)/.test(start)
}

const VERSION = /\bcolloquialVersion\s*=\s*(["'])([^"']{1,64})\1/

/** The manifest in an answer of the service, whose other members only say where it is from. @see NVIDIA attestation, RIM service, version 1 */
function manifestIn(answer: Uint8Array): Uint8Array | undefined {
  const text = new TextDecoder().decode(answer)
  if (!text.includes('"rim"')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    const rim = isRecord(value) ? value['rim'] : undefined
    const bytes = typeof rim === 'string' ? new Uint8Array(Buffer.from(rim, 'base64')) : undefined
    return bytes !== undefined && isManifest(startOf(bytes)) ? bytes : undefined
  } catch {
    // Whoever takes other JSON says what is wrong with it.
    return undefined
  }
}

// A VBIOS has five numbers of two hexadecimal digits; a driver two or three decimal ones.
function isDriverVersion(version: string | undefined): boolean {
  return version !== undefined && /^\d{3,}(\.\d+){1,2}$/.test(version)
}

const ISSUER = Buffer.from('NVIDIA')

function isNvidiaChain(pem: Uint8Array): boolean {
  const body = /-----BEGIN CERTIFICATE-----([^-]*)-----/.exec(new TextDecoder().decode(pem))?.[1]
  return body !== undefined && Buffer.from(body, 'base64').includes(ISSUER)
}

/** The parts as the verifier takes them. */
export function nvidiaCollateral({ certificateChain, driverRim, vbiosRim, ocsp }: NvidiaFiles): NvidiaCollateralInput {
  return {
    ...(certificateChain === undefined ? {} : { certificateChain }),
    ...(driverRim === undefined ? {} : { driverRim }),
    ...(vbiosRim === undefined ? {} : { vbiosRim }),
    ...(ocsp.length === 0 ? {} : { ocsp }),
  }
}
