import type { SevLaunchOptions } from '@sekisho/evidence/sev'

/** What files hold for first-generation SEV: certificates in AMD's binary forms, and what the guest owner knows of the launch. */
export interface SevFiles {
  readonly certificates: Uint8Array[]
  launch: SevLaunchOptions | undefined
}

/** None yet. */
export function noSevFiles(): SevFiles {
  return { certificates: [], launch: undefined }
}

/** Names of files in a folder that are read as SEV collateral: by place, and as AMD publishes ASK and ARK of a product. */
export function isSevFile(name: string): boolean {
  return /^(ark|ask|cek|oca|pek|pdh|ask_ark_[a-z]+)\.cert$|^(cert-chain|ask-ark)\.bin$|^sev-launch\.json$/.test(name)
}

/**
 * Takes certificates of SEV's binary forms, or the JSON `{ "tik": …, "apiMajor": …, "apiMinor": …, "buildId": …, "policy": … }`.
 * @returns false when the bytes are neither
 */
export function takeSev(bytes: Uint8Array, into: SevFiles): boolean {
  if (isCertificate(bytes)) {
    into.certificates.push(bytes)
    return true
  }
  const launch = bytes.length < 4096 && bytes[0] === 0x7b ? launchOf(new TextDecoder().decode(bytes)) : undefined
  if (launch === undefined) return false
  into.launch = launch
  return true
}

// Version 1, then SEV's usage at byte 8, or the equal sizes of AMD's form at bytes 56 and 60.
function isCertificate(bytes: Uint8Array): boolean {
  if (bytes.length < 576) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const usage = view.getUint32(8, true)
  const bits = view.getUint32(56, true)
  return (
    view.getUint32(0, true) === 1 &&
    ((usage >= 0x1001 && usage <= 0x1004) || ((bits === 2048 || bits === 4096) && bits === view.getUint32(60, true)))
  )
}

function launchOf(text: string): SevLaunchOptions | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isLaunch(value) ? value : undefined
  } catch {
    // Whoever reads this file as something else says what is wrong with it.
    return undefined
  }
}

function isLaunch(value: unknown): value is SevLaunchOptions {
  const names: readonly string[] = typeof value === 'object' && value !== null ? Object.keys(value) : []
  return ['tik', 'apiMajor', 'apiMinor', 'buildId', 'policy'].every((name) => names.includes(name))
}
