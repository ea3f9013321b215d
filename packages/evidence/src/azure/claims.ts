import type { Assumption, Claims, Note } from '../core/verdict.ts'
import type { BootClaims, TpmClaims } from '../tpm/claims.ts'
import type { AzureState } from './state.ts'

/** What evidence of an Azure confidential VM claims. Hardware claims are the part's own. */
export interface AzureClaims extends Claims {
  readonly tee: 'azure-vtpm'
  readonly hardwareTee: 'snp' | 'tdx'
  /** Settings as they were configured; what was booted is for the PCRs to prove. */
  readonly vmConfiguration: Readonly<Record<string, string | number | boolean>>
  readonly vmUniqueId?: string
  /** What the guest put into its HCL report. */
  readonly guestUserData?: string
  readonly akSpkiSha256?: string
  /** Values of quoted PCRs of the bank judged by. */
  readonly pcrs: Readonly<Record<string, string>>
  readonly boot?: BootClaims
}

function tpmPart({ vtpm }: AzureState): TpmClaims | undefined {
  const claims = vtpm.value?.claims
  return claims?.tee === 'tpm' ? (claims as TpmClaims) : undefined
}

/** Claims of the whole; believable only as far as the verdict goes. */
export function azureClaims(state: AzureState): AzureClaims {
  const { hardware, hcl, claims } = state
  const below = hardware.value?.claims
  const tpm = tpmPart(state)
  const id = claims.value?.vmConfiguration['vmUniqueId']
  return {
    tee: 'azure-vtpm',
    vendor: hcl.hardware === 'snp' ? 'amd' : 'intel',
    ...(below?.product === undefined ? {} : { product: below.product }),
    isolation: 'vm',
    hardware: below?.hardware === true,
    debug: below?.debug === true,
    launchMeasurement: below?.launchMeasurement ?? '',
    runtimeMeasurements: tpm?.runtimeMeasurements ?? {},
    ...(below?.signer === undefined ? {} : { signer: below.signer }),
    userData: tpm?.extraData ?? '',
    ...(below?.hardwareId === undefined ? {} : { hardwareId: below.hardwareId }),
    tcb: below?.tcb ?? { components: {} },
    hardwareTee: hcl.hardware,
    // A copy: the claims may be remembered, and the verdict is the caller's.
    vmConfiguration: { ...claims.value?.vmConfiguration },
    ...(typeof id === 'string' ? { vmUniqueId: id } : {}),
    ...(claims.value?.userData === undefined ? {} : { guestUserData: claims.value.userData }),
    ...(tpm?.akSpkiSha256 === undefined ? {} : { akSpkiSha256: tpm.akSpkiSha256 }),
    pcrs: tpm?.pcrs ?? {},
    ...(tpm?.boot === undefined ? {} : { boot: tpm.boot }),
  }
}

/** What a verdict about this evidence relies on without evidence: what the parts rely on, and the paravisor. */
export function azureAssumptions({ hardware, vtpm, hcl }: AzureState): readonly Assumption[] {
  const paravisor: Assumption = {
    id: 'paravisor',
    statement:
      "Microsoft's paravisor, which makes the vTPM and holds its keys, does what it should: it alone vouches for the PCRs",
    because: `the ${hcl.hardware === 'snp' ? 'SNP report' : 'TD quote'} measures the paravisor, and its report data hold only a digest of what the paravisor says`,
  }
  const below = [...(hardware.value?.assumed ?? []), ...(vtpm.value?.assumed ?? [])].filter(
    ({ id }) => id !== 'paravisor',
  )
  const known = new Set<string>()
  const others = below.filter(({ id }) => !known.has(id) && known.add(id) !== undefined)
  return [paravisor, ...others]
}

/** Facts that change no outcome. */
export function azureNotes({ hcl, claims }: AzureState): readonly Note[] {
  const notes: Note[] = [
    {
      id: 'azure.header',
      text: 'the header of the HCL report and what follows its claims are covered by no signature, and were not looked at',
    },
  ]
  if (claims.value !== undefined && claims.value.userData === undefined)
    notes.push({ id: 'azure.user-data', text: 'the runtime claims have no user-data, as in images of early 2023' })
  if (hcl.requestType !== 2)
    notes.push({
      id: 'azure.request-type',
      text: `the unsigned header has the request type ${hcl.requestType}, where 2 is usual`,
    })
  return notes
}
