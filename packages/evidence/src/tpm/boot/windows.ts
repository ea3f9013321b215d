import { toHex } from '../../core/bytes.ts'
import type { SecureBoot } from './facts.ts'
import { numberOf, numbersOf, type VsmKey, vsmKeyOf, type WindowsLog } from './wbcl.ts'

/** A conclusion about Windows, with what it rests on or what is missing. */
export interface WindowsFinding {
  readonly state: 'on' | 'off' | 'unproven'
  /** One plain sentence. */
  readonly because: string
}

/** What a Windows log says in plain words. */
export interface WindowsClaims {
  /** Numbers by name, each as often as it was measured. */
  readonly values: Readonly<Record<string, readonly number[]>>
  /** PCRs that each name was measured into, ascending. */
  readonly pcrs: Readonly<Record<string, readonly number[]>>
  /** Virtualization-based security. */
  readonly vbs: WindowsFinding
  /** Code integrity enforced by the hypervisor (memory integrity). */
  readonly hvci: WindowsFinding
  readonly bootDebugging: WindowsFinding
  readonly kernelDebugging: WindowsFinding
  readonly testSigning: WindowsFinding
  readonly codeIntegrity: WindowsFinding
  readonly safeMode: WindowsFinding
  /** How the volume was unlocked, in words; `locked or unused` when nothing was, and nothing where the log does not prove it. */
  readonly bitlocker: readonly string[]
  /** Whether an early-launch anti-malware driver was measured. */
  readonly elam: WindowsFinding
  /** Data execution prevention: `opt-in` is the default of clients, and not off. */
  readonly dep?: string
  readonly vsmKeys: Readonly<
    Record<string, { readonly pcr: number; readonly bits: number; readonly exponent: string; readonly modulus: string }>
  >
  readonly bootCounter?: number
}

const UNLOCK: readonly (readonly [number, string])[] = [
  [1, 'cached key'],
  [2, 'key on media'],
  [4, 'TPM'],
  [0x10, 'PIN'],
  [0x20, 'external key'],
  [0x40, 'recovery password'],
]

const DEP: readonly string[] = ['opt-in', 'opt-out', 'off', 'always on']

/** Concludes from a Windows log what it proves, given what PCR 7 says of secure boot. */
export function windowsClaims(log: WindowsLog, secureBoot: SecureBoot): WindowsClaims {
  const values: Record<string, number[]> = {}
  const pcrs: Record<string, number[]> = {}
  for (const value of log.values) {
    const number = value.name === undefined || SHOWN_OTHERWISE.has(value.name) ? undefined : numberOf(value)
    if (value.name === undefined || number === undefined) continue
    const list = values[value.name]
    if (list === undefined) values[value.name] = [number]
    else list.push(number)
    const seen = pcrs[value.name] ?? []
    pcrs[value.name] = seen.includes(value.pcr) ? seen : [...seen, value.pcr]
  }
  for (const seen of Object.values(pcrs)) seen.sort((a, b) => a - b)
  const faults = logFaults(log)
  const flag = (name: string): WindowsFinding => settingOf(log, name, faults)
  const vbs = vbsFinding(log, secureBoot, faults)
  const dep = values['DataExecutionPrevention']?.[0]
  const counter = values['BootCounter']?.[0]
  const claims: WindowsClaims = {
    values,
    pcrs,
    vbs,
    hvci: hvciFinding(log, vbs, faults),
    bootDebugging: flag('BootDebugging'),
    kernelDebugging: flag('OsKernelDebug'),
    testSigning: flag('TestSigning'),
    codeIntegrity: flag('CodeIntegrity'),
    safeMode: flag('SafeMode'),
    bitlocker: unlockWords(values['BitlockerUnlock'], faults),
    elam: elamFinding(log, faults),
    vsmKeys: keysOf(log),
  }
  return {
    ...claims,
    ...(dep === undefined ? {} : { dep: DEP[dep] ?? String(dep) }),
    ...(counter === undefined ? {} : { bootCounter: counter }),
  }
}

// Containers and byte strings, not numbers.
const SHOWN_OTHERWISE: ReadonlySet<string> = new Set([
  'TrustBoundary',
  'ElamAggregation',
  'LoadedModuleAggregation',
  'Information',
  'ModulePath',
  'ImageSize',
  'HashAlgorithm',
  'AuthenticodeHash',
  'AuthorityIssuer',
  'AuthoritySerial',
  'ImageBase',
  'AuthorityPublisher',
  'AuthorityThumbprint',
  'ImageValidated',
  'ModuleSvn',
  'SystemRoot',
  'OsDevice',
  'SvnChainStatus',
  'ApplicationSvn',
  'AuthorityPublicKey',
  'NoAuthority',
  'ElamKeyName',
  'ElamConfiguration',
  'ElamPolicy',
  'ElamMeasured',
  'VsmIdkInfo',
  'VsmIdksInfo',
  'SiPolicy',
  'BootRevocationList',
  'OsRevocationList',
  'HypervisorPath',
  'TransferControl',
  'ApplicationReturn',
  'CounterId',
  'DumpEncryptionKeyDigest',
  'MorBitNotCancelable',
  'MorBitApiStatus',
])

/** Why nothing may be concluded from a Windows log; undefined when its events are where and what they should be. */
export function logFaults(log: WindowsLog): string | undefined {
  if (log.separatorTwice.length > 0) return `PCR ${log.separatorTwice[0]} has a second separator`
  if (log.afterSeparator.length > 0)
    return `event ${log.afterSeparator[0]} comes after the separator of its PCR, where the running system can write`
  if (log.separatorMissing.length > 0) return `PCR ${log.separatorMissing[0]} has no separator: the log was cut`
  if (log.unbound.length > 0) return `the data of event ${log.unbound[0]} do not have the event's digest`
  if (log.hidden.length > 0) return `event ${log.hidden[0]} is of a type that could hide a setting`
  return undefined
}

function settingOf(log: WindowsLog, name: string, faults: string | undefined): WindowsFinding {
  const found = new Set(numbersOf(log, name))
  if (found.size === 0) return { state: 'unproven', because: `${name} was not measured` }
  if (found.size > 1) return { state: 'unproven', because: `${name} was measured with different values` }
  if (faults !== undefined) return { state: 'unproven', because: faults }
  const [value] = found
  return value === 0 ? { state: 'off', because: `${name} is 0` } : { state: 'on', because: `${name} is ${value}` }
}

/** What every trust boundary has to say for VBS to be on. */
const VBS_NEEDS: readonly (readonly [string, number])[] = [
  ['BootDebugging', 0],
  ['OsKernelDebug', 0],
  ['TestSigning', 0],
  ['CodeIntegrity', 1],
  ['SafeMode', 0],
  ['WinPE', 0],
  ['HypervisorLaunchType', 1],
  ['VsmLaunchType', 1],
]

function vbsFinding(log: WindowsLog, secureBoot: SecureBoot, faults: string | undefined): WindowsFinding {
  const launch = settingOf(log, 'VsmLaunchType', faults)
  if (launch.state === 'off') return { state: 'off', because: 'VsmLaunchType is 0' }
  if (faults !== undefined) return { state: 'unproven', because: faults }
  for (const [name, wanted] of VBS_NEEDS) {
    const found = numbersOf(log, name)
    if (found.length === 0) return { state: 'unproven', because: `${name} was not measured` }
    const other = found.find((value) => value !== wanted)
    if (other !== undefined)
      return { state: 'unproven', because: `${name} is ${other}, and would have to be ${wanted}` }
  }
  if (secureBoot.enabled !== true)
    return { state: 'unproven', because: 'secure boot is not proven to be on, so that anything may have measured this' }
  return {
    state: 'on',
    because: 'hypervisor and virtual secure mode were launched under secure boot, without debugging',
  }
}

function hvciFinding(log: WindowsLog, vbs: WindowsFinding, faults: string | undefined): WindowsFinding {
  const found = numbersOf(log, 'VbsHvciPolicy')
  if (vbs.state === 'off') return { state: 'off', because: 'virtualization-based security is off' }
  if (faults !== undefined) return { state: 'unproven', because: faults }
  if (found.length === 0) return { state: 'unproven', because: 'VbsHvciPolicy was not measured' }
  if (found.some((value) => value !== 1))
    return {
      state: found.every((value) => value === 0) ? 'off' : 'unproven',
      because: 'VbsHvciPolicy is not 1 everywhere',
    }
  return vbs.state === 'on'
    ? { state: 'on', because: 'VbsHvciPolicy is 1, and virtualization-based security is on' }
    : vbs
}

function elamFinding(log: WindowsLog, faults: string | undefined): WindowsFinding {
  const found = log.values.some(
    ({ name }) => name === 'ElamAggregation' || name === 'ElamKeyName' || name === 'ElamMeasured',
  )
  if (found && faults === undefined)
    return { state: 'on', because: 'an early-launch anti-malware driver and its settings were measured' }
  // What was not measured is off only in a whole log of a boot: a resume starts no drivers, and has no such setting.
  const boot = settingOf(log, 'OsKernelDebug', faults)
  return boot.state === 'unproven'
    ? boot
    : { state: 'off', because: 'no early-launch anti-malware driver was measured' }
}

function unlockWords(values: readonly number[] | undefined, faults: string | undefined): readonly string[] {
  if (faults !== undefined) return []
  const found: string[] = []
  for (const value of values ?? []) {
    for (const [bit, word] of UNLOCK) if ((value & bit) !== 0 && !found.includes(word)) found.push(word)
  }
  return found.length === 0 && values !== undefined ? ['locked or unused'] : found
}

function keysOf(log: WindowsLog): WindowsClaims['vsmKeys'] {
  const keys: Record<string, { pcr: number; bits: number; exponent: string; modulus: string }> = {}
  for (const value of log.values) {
    if (value.name !== 'VsmIdkInfo' && value.name !== 'VsmIdksInfo') continue
    const key: VsmKey | undefined = vsmKeyOf(value)
    if (key?.algorithm === 1)
      keys[value.name] ??= { pcr: key.pcr, bits: key.bits, exponent: toHex(key.exponent), modulus: toHex(key.modulus) }
  }
  return keys
}
