import { isList, isObject, type Json, type JsonObject, memberOf, textOf, textsOf } from '../core/json.ts'
import { type Container, hexOf, NOTHING, type Statement } from './statement-model.ts'

const SPACES: readonly string[] = ['GCP_AMD_SEV', 'GCP_AMD_SEV_ES', 'GCP_AMD_SEV_SNP', 'GCP_INTEL_TDX']

/** Reads the claims of Google Confidential Space. */
export function confidentialSpace(claims: JsonObject): Statement {
  const attested = textOf(claims, 'hwmodel') ?? ''
  // The same service attests confidential machines of any image, which have no container.
  const plainMachine = textOf(claims, 'swname') === 'GCE'
  const digest = textOf(claims, 'submods', 'container', 'image_digest') ?? ''
  const measurement = hexOf(digest.startsWith('sha256:') ? digest.slice(7) : digest)
  return {
    ...NOTHING,
    attested,
    isolation: SPACES.includes(attested) ? 'vm' : 'none',
    debug: textOf(claims, 'dbgstat') !== 'disabled-since-boot',
    measurement,
    tcbStatus: textOf(claims, 'tdx', 'gcp_attester_tcb_status'),
    tcbDate: textOf(claims, 'tdx', 'gcp_attester_tcb_date'),
    nonces: textsOf(memberOf(claims, 'eat_nonce')),
    container: containerOf(claims),
    objections: [
      ...(memberOf(claims, 'secboot') === true ? [] : ['secure boot is off']),
      ...(plainMachine && measurement === '' ? ['it names no container: nothing tells what the machine runs'] : []),
    ],
    missing: attested === '' ? 'hwmodel' : measurement === '' && !plainMachine ? 'image_digest' : undefined,
  }
}

function containerOf(claims: JsonObject): Container {
  const container = memberOf(claims, 'submods', 'container')
  return {
    args: commandOf(memberOf(container, 'args')),
    commandOverride: commandOf(memberOf(container, 'cmd_override')),
    environmentOverride: variablesOf(memberOf(container, 'env_override')),
    supportAttributes: textsOf(memberOf(claims, 'submods', 'confidential_space', 'support_attributes')),
    projectId: textOf(claims, 'submods', 'gce', 'project_id'),
  }
}

// What has another form is told as it is: it must not pass for nothing.
function commandOf(value: Json | undefined): readonly string[] {
  if (value === undefined || value === null) return []
  return (isList(value) ? value : [value]).map(asText)
}

function variablesOf(value: Json | undefined): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {}
  if (!isObject(value)) return { '': asText(value) }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, asText(one)]))
}

function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
