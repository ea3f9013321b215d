import { type JsonObject, memberOf, textOf, textsOf } from '../core/json.ts'
import { hexOf, NOTHING, type Statement } from './statement-model.ts'

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
    objections: [
      ...(memberOf(claims, 'secboot') === true ? [] : ['secure boot is off']),
      ...(plainMachine && measurement === '' ? ['it names no container: nothing tells what the machine runs'] : []),
    ],
    missing: attested === '' ? 'hwmodel' : measurement === '' && !plainMachine ? 'image_digest' : undefined,
  }
}
