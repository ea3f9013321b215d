import { isList, isObject, type Json, type JsonObject, memberOf, textOf, textsOf } from '../core/json.ts'
import type { Token } from './model.ts'
import { deniesDisabled, NOTHING, quoted, type Statement } from './statement-model.ts'

/** Reads the main token of NVIDIA's remote attestation service. What it says of each device is in tokens of their own. */
export function nras(claims: JsonObject): Statement {
  const overall = memberOf(claims, 'x-nvidia-overall-att-result')
  const submods = memberOf(claims, 'submods')
  return {
    ...NOTHING,
    isolation: 'gpu',
    attested: 'nvidia',
    debug: false,
    nonces: textsOf(memberOf(claims, 'eat_nonce')),
    // The token of one device alone lacks the claim, and speaks for that device.
    objections: overall === undefined ? ofDevice(claims) : overall === true ? [] : ['the overall result is not true'],
    missing:
      overall === undefined
        ? 'x-nvidia-overall-att-result'
        : isObject(submods) && Object.keys(submods).length > 0
          ? undefined
          : 'submods',
  }
}

function ofDevice(claims: JsonObject): readonly string[] {
  return memberOf(claims, 'measres') === undefined ? [] : gpuObjections(claims)
}

/** Version 2 of Intel's tokens has the claims of GPUs beside those of the machine: of one, or of several by name. */
export function gpuObjections(nvgpu: Json | undefined): readonly string[] {
  if (nvgpu === undefined) return []
  if (!isObject(nvgpu)) return ['the claims of the GPUs are none']
  const several = Object.entries(nvgpu).filter(([, one]) => memberOf(one, 'measres') !== undefined)
  const all = memberOf(nvgpu, 'measres') === undefined && several.length > 0 ? several : [['the GPU', nvgpu] as const]
  return [
    ...(memberOf(nvgpu, 'x-nvidia-overall-att-result') === false ? ['the overall result of the GPUs is not true'] : []),
    ...all.flatMap(([name, one]) => deviceObjections(name, one)),
    ...all.filter(([, one]) => deniesDisabled(one)).map(([name]) => `debugging of ${quoted(name)} is not disabled`),
  ]
}

/** How the versions of NVIDIA's claims say that all measurements of a device match. */
const MATCHED: readonly string[] = ['success', 'comparison-successful']

/** Claims about one check each, by how their names end. Only `true` is good; version 2 has others than version 3. */
const CHECK =
  /^x-nvidia-.*-(?:verified|match|matches|validated|valid|parsed|fetched|schema-fetched|available|check|no-conflict)$/
/** Services need no nonce in the OCSP answers that they keep. */
const NO_CHECK = 'x-nvidia-cert-ocsp-nonce-matches'
/** The first firmware of Hopper states no FWID. */
const MAY_BE_NULL = /-fwid-match$/

const MOST_OBJECTIONS = 16
const MOST_LEVELS = 6

/**
 * What the claims of one GPU or switch say against it, by name of the claim. Absent claims say nothing: the versions
 * of the service differ in what they tell. The measurements alone must be there, and match.
 *
 * @see NVIDIA remote attestation service, claims versions 2 and 3
 */
export function deviceObjections(name: string, claims: Json): readonly string[] {
  const what = quoted(name)
  return [
    ...(MATCHED.includes(textOf(claims, 'measres') ?? '') ? [] : [`the measurements of ${what} do not match`]),
    ...(isSet(memberOf(claims, 'x-nvidia-mismatch-measurement-records'))
      ? [`the service names measurements of ${what} that do not match`]
      : []),
    ...(isObject(claims) ? failedChecks(claims, 0) : []).map(
      (claim) => `${JSON.stringify(claim.slice(0, 96))} of ${what} is not good`,
    ),
    ...(isOff(memberOf(claims, 'secboot')) ? [`secure boot of ${what} is off`] : []),
  ].slice(0, MOST_OBJECTIONS)
}

// Results of the certificates are an object each, and older versions nest all of a device.
function failedChecks(claims: JsonObject | readonly Json[], depth: number): readonly string[] {
  return Object.entries(claims).flatMap(([name, value]) => {
    if (!isObject(value) && !isList(value)) return isFailed(name, value) ? [name] : []
    // What is further down is read by nobody.
    return depth === MOST_LEVELS ? [name] : failedChecks(value, depth + 1).map(under(name))
  })
}

function under(name: string): (claim: string) => string {
  return (claim) => `${name}.${claim}`
}

function isFailed(name: string, value: Json): boolean {
  if (name === 'x-nvidia-cert-status') return value !== 'valid'
  if (name === 'x-nvidia-cert-ocsp-status') return value !== 'good'
  if (name === 'x-nvidia-cert-revocation-reason') return isSet(value)
  if (!CHECK.test(name) || name === NO_CHECK) return false
  if (value === null) return !MAY_BE_NULL.test(name)
  // Of a switch it names the architecture.
  return value !== true && !(typeof value === 'string' && name.endsWith('-arch-check') && !/^(?:false)?$/i.test(value))
}

function isSet(value: Json | undefined): boolean {
  return value !== undefined && value !== null && value !== '' && !(isList(value) && value.length === 0)
}

function isOff(value: Json | undefined): boolean {
  return value !== undefined && value !== true
}

/** One device of a bundle. */
export interface TokenDevice {
  readonly name: string
  readonly isSwitch: boolean
  readonly hardwareModel?: string
  /** Of a GPU. */
  readonly driverVersion?: string
  /** Of a GPU, or the BIOS of a switch. */
  readonly vbiosVersion?: string
}

/** The devices that a bundle has tokens of. */
export function devicesOf({ submodules }: Token): readonly TokenDevice[] {
  return submodules.map(({ name, token: { claims } }) => {
    const isSwitch = !hasClaims(claims, 'x-nvidia-gpu-') && hasClaims(claims, 'x-nvidia-switch-')
    const versions = {
      hardwareModel: textOf(claims, 'hwmodel'),
      driverVersion: textOf(claims, 'x-nvidia-gpu-driver-version'),
      vbiosVersion: textOf(claims, isSwitch ? 'x-nvidia-switch-bios-version' : 'x-nvidia-gpu-vbios-version'),
    }
    const told = Object.entries(versions).filter((pair): pair is [string, string] => pair[1] !== undefined)
    return { name, isSwitch, ...Object.fromEntries(told.map(([what, value]) => [what, value.slice(0, 64)])) }
  })
}

function hasClaims(claims: JsonObject, prefix: string): boolean {
  return Object.keys(claims).some((name) => name.startsWith(prefix))
}
