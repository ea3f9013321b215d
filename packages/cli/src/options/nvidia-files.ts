import type { NvidiaCollateralInput } from '@sekisho/evidence/nvidia'

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
 * Takes a manifest (XML), an OCSP response (DER), or a PEM chain that NVIDIA issued. A manifest is the
 * driver's or the VBIOS's as its own version says; whether it may say so is for the verifier.
 *
 * @returns false when the bytes are none of these
 */
export function takeNvidia(bytes: Uint8Array, into: NvidiaFiles): boolean {
  const start = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart()
  if (/^<(\?xml|[A-Za-z]*:?SoftwareIdentity)/.test(start)) {
    const driver = isDriverVersion(/\bcolloquialVersion="([^"]{1,64})"/.exec(new TextDecoder().decode(bytes))?.[1])
    if (driver) into.driverRim = bytes
    else into.vbiosRim = bytes
    into.manifests.push(bytes)
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
