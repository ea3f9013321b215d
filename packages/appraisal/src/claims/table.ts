import type { PolicyContext } from '../model.ts'
import { REFERENCE_TEES } from '../references/members.ts'

/** Types of claims, in Cedar's words. */
export type ClaimType = 'String' | 'Long' | 'Bool' | 'datetime' | 'Set<String>'

/** One claim that policies can name. */
export interface ClaimRow {
  /** Below `context`, with dots: `tcb.status`. */
  readonly path: string
  readonly type: ClaimType
  /** True where evidence may lack it: a policy must ask with `has` first. */
  readonly optional?: true
  readonly meaning: string
  /** All values there are, where they are few: comparing with another is an error at upload. */
  readonly values?: readonly string[]
  /** True for lower-case hex. */
  readonly hex?: true
}

type TopLevel = keyof PolicyContext

const TIERS: readonly PolicyContext['status'][] = ['none', 'affirming', 'warning', 'contraindicated']

function numbered(prefix: string, from: number, to: number): readonly string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `${prefix}${from + i}`)
}

const COMPONENTS: readonly string[] = [
  ...['fmc', 'bootloader', 'tee', 'snp', 'microcode', 'pce', 'qe'],
  ...numbered('sgx', 1, 16),
  ...numbered('tdx', 1, 16),
]
const REGISTERS: readonly string[] = [...numbered('rtmr', 0, 3), ...numbered('REM', 0, 3), ...numbered('PCR', 0, 31)]

const COMPONENT_MEANINGS: Readonly<Record<string, string>> = {
  fmc: 'SNP (Turin): security version of the FMC firmware',
  bootloader: 'SNP: security version of the boot loader',
  tee: 'SNP: security version of the PSP operating system',
  snp: 'SNP: security version of the SNP firmware',
  microcode: 'SNP: patch level of the microcode',
  pce: 'SGX, TDX: security version of the PCE',
  qe: 'SGX, TDX: security version of the Quoting Enclave',
}

function componentMeaning(name: string): string {
  const number = name.slice(3)
  return (
    COMPONENT_MEANINGS[name] ??
    (name.startsWith('sgx') ? `SGX, TDX: platform component ${number}` : `TDX: module component ${number}`)
  )
}

function registerMeaning(name: string): string {
  if (name.startsWith('rtmr')) return `TDX: run-time measurement register ${name.slice(4)}`
  if (name.startsWith('REM')) return `CCA: realm extensible measurement ${name.slice(3)}`
  return `TPM, Nitro: platform configuration register ${name.slice(3)}`
}

/** Claims outside records, in the order of the documentation. */
const TOP: Readonly<Partial<Record<TopLevel, Omit<ClaimRow, 'path'>>>> = {
  tee: { type: 'String', values: REFERENCE_TEES, meaning: 'kind of evidence' },
  vendor: {
    type: 'String',
    meaning: 'who made the root of trust, in one lower-case word: `intel`, `amd`, `aws`, `arm`, …',
  },
  product: {
    type: 'String',
    optional: true,
    meaning: 'product generation: `Milan`, `Genoa`, `Turin`; for Intel the FMSPC in hex',
  },
  isolation: { type: 'String', values: ['process', 'vm', 'gpu', 'none'], meaning: 'what is isolated' },
  hardware: { type: 'Bool', meaning: "true only under a hardware vendor's root" },
  emulated: { type: 'Bool', meaning: "true when the chain ends at a root that is no hardware vendor's" },
  debug: { type: 'Bool', meaning: 'the host can read and change the memory' },
  measurement: {
    type: 'String',
    hex: true,
    meaning: 'launch measurement: MRENCLAVE, MRTD, SNP MEASUREMENT, PCR0 of Nitro, RIM',
  },
  signer: {
    type: 'String',
    hex: true,
    optional: true,
    meaning: 'who signed the workload: MRSIGNER, ID key digest, PCR8 of Nitro',
  },
  svn: { type: 'Long', optional: true, meaning: "the workload's own security version" },
  userData: { type: 'String', hex: true, optional: true, meaning: 'data that the workload chose: report data' },
  hostData: {
    type: 'String',
    hex: true,
    optional: true,
    meaning: 'data that whoever launched the workload chose: HOST_DATA, MRCONFIGID, CONFIGID',
  },
  hardwareId: {
    type: 'String',
    optional: true,
    meaning: 'which machine: chip id, platform instance id, EC2 instance, serial number',
  },
  parts: { type: 'Set<String>', values: REFERENCE_TEES, meaning: 'kinds of the parts of composite evidence' },
  references: { type: 'Set<String>', meaning: 'names of the reference sets that the evidence met' },
  status: { type: 'String', values: TIERS, meaning: 'AR4SI status of the appraisal' },
  namespace: { type: 'String', meaning: 'namespace of the request' },
  resource: { type: 'String', meaning: 'path of the secret: `repo/type/tag`' },
  now: { type: 'datetime', meaning: 'time of the decision' },
}

const VERDICT: readonly ClaimRow[] = [
  {
    path: 'verdict.outcome',
    type: 'String',
    values: ['verified', 'incomplete', 'rejected'],
    meaning: "the verifier's answer",
  },
  {
    path: 'verdict.authenticity',
    type: 'String',
    values: ['proven', 'unproven', 'refuted'],
    meaning: 'whether genuine hardware signed the evidence',
  },
  { path: 'verdict.waived', type: 'Set<String>', meaning: 'ids of checks that the verifier was told to do without' },
]

const TCB: readonly ClaimRow[] = [
  {
    path: 'tcb.status',
    type: 'String',
    optional: true,
    meaning: "the vendor's word: `UpToDate`, `OutOfDate`, `SWHardeningNeeded`, …",
  },
  { path: 'tcb.date', type: 'datetime', optional: true, meaning: 'date of the TCB level' },
  {
    path: 'tcb.advisories',
    type: 'Set<String>',
    meaning: 'ids of advisories that the platform is open to: `INTEL-SA-00615`, …',
  },
]

const VECTOR_NAMES: Readonly<Record<keyof PolicyContext['vector'], string>> = {
  instanceIdentity: 'instance-identity',
  configuration: 'configuration',
  executables: 'executables',
  fileSystem: 'file-system',
  hardware: 'hardware',
  runtimeOpaque: 'runtime-opaque',
  storageOpaque: 'storage-opaque',
  sourcedData: 'sourced-data',
}

/** Every claim that a policy can name: the schema, the context of a decision and the documentation all come from here. */
export const CLAIMS: readonly ClaimRow[] = [
  ...Object.entries(TOP).map(([path, row]) => ({ path, ...row })),
  ...TCB,
  ...COMPONENTS.map(
    (name): ClaimRow => ({
      path: `tcb.components.${name}`,
      type: 'Long',
      optional: true,
      meaning: componentMeaning(name),
    }),
  ),
  ...REGISTERS.map(
    (name): ClaimRow => ({
      path: `registers.${name}`,
      type: 'String',
      hex: true,
      optional: true,
      meaning: registerMeaning(name),
    }),
  ),
  ...VERDICT,
  ...Object.entries(VECTOR_NAMES).map(
    ([name, category]): ClaimRow => ({
      path: `vector.${name}`,
      type: 'Long',
      optional: true,
      meaning: `AR4SI claim \`${category}\`; absent where no statement is made`,
    }),
  ),
]

/** The claims by path. */
export const CLAIMS_BY_PATH: ReadonlyMap<string, ClaimRow> = new Map(CLAIMS.map((row) => [row.path, row]))
