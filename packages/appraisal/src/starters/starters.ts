/** A policy to start from. */
export interface StarterPolicy {
  readonly name: string
  readonly title: string
  /** Cedar, ready to be compiled. */
  readonly text: string
}

/** What differs between the starters of TEEs. */
interface Start {
  readonly name: string
  /** The machine's kind, or kinds. */
  readonly tee: string | readonly string[]
  readonly title: string
  /** Conditions beside those that all have. */
  readonly also?: readonly string[]
  /** True where there is no hardware vendor behind the root that the evidence ends at. */
  readonly virtual?: true
}

const TEES: readonly Start[] = [
  { name: 'snp', tee: 'snp', title: 'AMD SEV-SNP: confidential VMs' },
  { name: 'tdx', tee: 'tdx', title: 'Intel TDX: confidential VMs', also: upToDate() },
  { name: 'sgx', tee: 'sgx', title: 'Intel SGX: enclaves', also: upToDate() },
  { name: 'sev', tee: 'sev', title: 'AMD SEV and SEV-ES: encrypted VMs of the generations before SNP' },
  { name: 'nitro', tee: 'nitro', title: 'AWS Nitro: enclaves' },
  { name: 'cca', tee: 'cca', title: 'Arm CCA: realms' },
  { name: 'psa', tee: 'psa', title: 'Arm PSA: devices with a root of trust' },
  { name: 'tpm', tee: 'tpm', title: 'TPM 2.0: measured boot, no encrypted memory', virtual: true },
  {
    name: 'azure-vtpm',
    tee: 'azure-vtpm',
    title: 'Azure: confidential VMs behind a vTPM',
  },
  {
    name: 'nvidia-gpu',
    tee: ['snp', 'tdx', 'azure-vtpm'],
    title: 'NVIDIA: GPUs in confidential mode, beside the confidential VM that uses them',
    also: ['context.parts.contains("nvidia-gpu")'],
  },
  { name: 'ibm-se', tee: 'ibm-se', title: 'IBM Secure Execution: guests on Z and LinuxONE' },
  { name: 'token', tee: 'token', title: 'Tokens of attestation services, where you trust the service' },
]

function upToDate(): readonly string[] {
  return ['context.tcb has status && context.tcb.status == "UpToDate"']
}

// A reference set must have been met: without one, genuine hardware that runs anything would do.
function starter({ name, tee, title, also = [], virtual }: Start): StarterPolicy {
  const conditions = [
    typeof tee === 'string'
      ? `context.tee == "${tee}"`
      : `${JSON.stringify(tee).replaceAll(',', ', ')}.contains(context.tee)`,
    'context.verdict.outcome == "verified"',
    'context.verdict.authenticity == "proven"',
    virtual === true ? '!context.emulated' : 'context.hardware',
    '!context.debug',
    '!context.references.isEmpty()',
    ...also,
  ]
  return {
    name,
    title,
    text: `// ${title}: genuine, verified, and met by one of your reference sets.
@id("${name}")
permit (principal, action, resource)
when
{
  ${conditions.join(' &&\n  ')}
};
`,
  }
}

const DENY_ONE_GENERATION = `// Any confidential VM that met one of your reference sets, of any vendor…
@id("confidential-vms")
permit (principal, action, resource)
when
{
  ["snp", "tdx", "cca"].contains(context.tee) &&
  context.verdict.outcome == "verified" &&
  context.hardware &&
  !context.debug &&
  !context.references.isEmpty()
};

// …but none on this one generation of this one vendor. Its other generations stay.
@id("deny-one-generation")
forbid (principal, action, resource)
when
{
  context.vendor == "amd" &&
  context has product &&
  context.product == "Milan"
};

// A generation that the evidence does not tell may be that one.
@id("deny-untold-generation")
forbid (principal, action, resource)
when { context.vendor == "amd" && !(context has product) };
`

const EMULATED = `// For demonstrations and tests on emulated platforms: a production server refuses these before any policy.
@id("emulated")
@allow("emulated-allowed")
permit (principal, action, resource)
when
{
  context.emulated &&
  context.verdict.outcome == "verified" &&
  context.verdict.authenticity == "proven" &&
  !context.debug &&
  !context.references.isEmpty()
};
`

/**
 * Policies to start from: one for each TEE, `deny-one-generation` (one vendor's one CPU generation is
 * refused, its others and other vendors stay) and `emulated` (for demonstrations).
 */
export const STARTER_POLICIES: readonly StarterPolicy[] = [
  ...TEES.map(starter),
  {
    name: 'deny-one-generation',
    title: 'Confidential VMs of all vendors, except one CPU generation',
    text: DENY_ONE_GENERATION,
  },
  { name: 'emulated', title: 'Emulated platforms, for demonstrations and tests only', text: EMULATED },
]
