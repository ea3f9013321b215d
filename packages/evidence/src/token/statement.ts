import { isList, isObject, type Json, type JsonObject, memberOf, textOf, textsOf } from '../core/json.ts'
import type { Claims } from '../core/verdict.ts'
import { readEar, sampleAppraisals, unsettled } from '../eat/ear.ts'
import { DEBUG_STATES } from '../eat/names.ts'
import { itaAttester, itaNonce, itaPolicies } from './ita.ts'
import type { TokenService } from './services.ts'

/** What a service says about the evidence that it saw, in one shape. */
export interface Statement {
  readonly isolation: Claims['isolation']
  /** What was attested, as the service names it: `sgx`, `sevsnpvm`, `GCP_INTEL_TDX`, … */
  readonly attested: string
  readonly debug: boolean
  readonly measurement: string
  readonly signer?: string | undefined
  readonly svn?: number | undefined
  readonly reportData: string
  readonly hostData?: string | undefined
  /** TDX: RTMR0 to RTMR3, which what booted has extended. */
  readonly rtmrs?: readonly string[] | undefined
  readonly tcbStatus?: string | undefined
  readonly tcbDate?: string | undefined
  readonly advisories?: readonly string[] | undefined
  readonly nonces: readonly string[]
  /** The service's own judgement, where it is bad: what did not match. */
  readonly objections: readonly string[]
  /** Intel Trust Authority: policies that did not match. */
  readonly unmatched?: readonly string[] | undefined
  /** Where the claims contradict themselves, or break a rule of their profile. */
  readonly faults?: readonly string[] | undefined
  /** A claim that tokens of this service always have, and this one lacks. */
  readonly missing: string | undefined
}

/** Reads the claims of a service. Nothing is thrown: what is absent is empty, or `missing`. */
export function statementOf(service: TokenService, claims: JsonObject): Statement {
  return READERS[service](claims)
}

const NOTHING: Statement = {
  isolation: 'none',
  attested: '',
  debug: true,
  measurement: '',
  reportData: '',
  nonces: [],
  objections: [],
  missing: undefined,
}

const READERS: Readonly<Record<TokenService, (claims: JsonObject) => Statement>> = {
  azure,
  'confidential-space': confidentialSpace,
  ita,
  nras,
  ear,
  coco,
  unknown: () => ({ ...NOTHING, missing: 'the claims of a known service' }),
}

// What EAT calls the state of debugging stands beside the word of the hardware: a token that says both is not believed.
function deniesDisabled(...all: readonly Json[]): boolean {
  const states = all.map((one) => memberOf(one, 'dbgstat')).filter((state) => state !== undefined)
  return states.some((state) => typeof state !== 'string' || !DEBUG_STATES.slice(1).includes(state))
}

// Debugging is off only where the service says so: an absent claim must not pass for a good one.
function azure(claims: JsonObject): Statement {
  const tee = memberOf(claims, 'x-ms-isolation-tee')
  const from: Json = isObject(tee) ? tee : claims
  const type = textOf(from, 'x-ms-attestation-type') ?? ''
  const hardware = azureHardware(type, from)
  const debug = hardware.debug !== false || deniesDisabled(claims, from)
  const found = { ...NOTHING, ...hardware, debug, attested: type, nonces: azureNonces(claims) }
  return { ...found, missing: found.isolation !== 'none' && found.measurement === '' ? 'the measurement' : undefined }
}

function azureHardware(type: string, from: Json): Partial<Statement> {
  const snp = (name: string): Json | undefined => memberOf(from, `x-ms-sevsnpvm-${name}`)
  if (type === 'sgx')
    return {
      isolation: 'process',
      debug: memberOf(from, 'x-ms-sgx-is-debuggable') !== false,
      measurement: hexOf(memberOf(from, 'x-ms-sgx-mrenclave')),
      signer: hexOf(memberOf(from, 'x-ms-sgx-mrsigner')),
      svn: integerOf(memberOf(from, 'x-ms-sgx-svn')),
      reportData: hexOf(memberOf(from, 'x-ms-sgx-report-data')),
      hostData: hexOf(memberOf(from, 'x-ms-sgx-config-id')),
    }
  if (type === 'sevsnpvm')
    return {
      isolation: 'vm',
      debug: snp('is-debuggable') !== false,
      measurement: hexOf(snp('launchmeasurement')),
      signer: hexOf(snp('idkeydigest')),
      svn: integerOf(snp('guestsvn')),
      reportData: hexOf(snp('reportdata')),
      hostData: hexOf(snp('hostdata')),
      objections: snpObjections(snp('vmpl'), snp('migration-allowed')),
    }
  return type === 'tdxvm' ? tdx(from) : {}
}

// Of a report that comes itself, either is refused unless it is allowed by name.
function snpObjections(vmpl: Json | undefined, migration: Json | undefined): readonly string[] {
  return [
    ...(vmpl === undefined || vmpl === 0 ? [] : ['the report was asked for at another VMPL than 0']),
    ...(migration === undefined || migration === false ? [] : ['a migration agent may move the guest']),
  ]
}

function tdx(from: Json): Partial<Statement> {
  return {
    isolation: 'vm',
    debug: tdxDebug(from),
    measurement: hexOf(memberOf(from, 'tdx_mrtd')),
    reportData: hexOf(memberOf(from, 'tdx_report_data')),
    hostData: hexOf(memberOf(from, 'tdx_mrconfigid')),
    rtmrs: [0, 1, 2, 3].map((index) => hexOf(memberOf(from, `tdx_rtmr${index}`))),
    tcbStatus: textOf(from, 'attester_tcb_status'),
  }
}

// Tokens have one of two names for it, or both, which must then say the same.
function tdxDebug(from: Json): boolean {
  const said = ['tdx_td_attributes_debug', 'tdx_is_debuggable'].map((name) => memberOf(from, name))
  const known = said.filter((one) => one !== undefined)
  return known.length === 0 || known.some((one) => one !== false)
}

function azureNonces(claims: JsonObject): readonly string[] {
  const given = [textOf(claims, 'nonce'), textOf(claims, 'x-ms-runtime', 'client-payload', 'nonce')]
  return given.filter((one) => one !== undefined)
}

const SPACES: readonly string[] = ['GCP_AMD_SEV', 'GCP_AMD_SEV_ES', 'GCP_AMD_SEV_SNP', 'GCP_INTEL_TDX']

function confidentialSpace(claims: JsonObject): Statement {
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

function ita(claims: JsonObject): Statement {
  const { type: attested, from } = itaAttester(claims)
  const hardware: Partial<Statement> =
    attested === 'SGX'
      ? {
          isolation: 'process',
          debug: memberOf(from, 'sgx_is_debuggable') !== false,
          measurement: hexOf(memberOf(from, 'sgx_mrenclave')),
          signer: hexOf(memberOf(from, 'sgx_mrsigner')),
          svn: integerOf(memberOf(from, 'sgx_isvsvn')),
          reportData: hexOf(memberOf(from, 'sgx_report_data')),
        }
      : attested === 'TDX'
        ? tdx(from)
        : {}
  const { measurement = '' } = hardware
  return {
    ...NOTHING,
    ...hardware,
    debug: hardware.debug !== false || deniesDisabled(claims, from),
    attested,
    tcbStatus: textOf(from, 'attester_tcb_status'),
    tcbDate: textOf(from, 'attester_tcb_date'),
    advisories: textsOf(memberOf(from, 'attester_advisory_ids')),
    nonces: textsOf(itaNonce(claims, 'val')),
    unmatched: itaPolicies(claims, 'unmatched').map((one) => `policy ${quoted(textOf(one, 'id'))} did not match`),
    objections: gpuObjections(memberOf(claims, 'nvgpu')),
    missing: attested === '' ? 'attester_type' : measurement === '' ? 'the measurement' : undefined,
  }
}

/** How the versions of NVIDIA's claims say that all measurements of a device match. */
const MATCHED: readonly string[] = ['success', 'comparison-successful']

/** Whether the claims of a GPU or switch say that its measurements match. */
export function gpuMatches(claims: Json): boolean {
  return MATCHED.includes(textOf(claims, 'measres') ?? '')
}

// Version 2 of Intel's tokens has the claims of GPUs beside those of the machine: of one, or of several by name.
function gpuObjections(nvgpu: Json | undefined): readonly string[] {
  if (nvgpu === undefined) return []
  if (!isObject(nvgpu)) return ['the claims of the GPUs are none']
  const several = Object.entries(nvgpu).filter(([, one]) => memberOf(one, 'measres') !== undefined)
  const all = memberOf(nvgpu, 'measres') === undefined && several.length > 0 ? several : [['the GPU', nvgpu] as const]
  return [
    ...(memberOf(nvgpu, 'x-nvidia-overall-att-result') === false ? ['the overall result of the GPUs is not true'] : []),
    ...all.filter(([, one]) => !gpuMatches(one)).map(([name]) => `the measurements of ${quoted(name)} do not match`),
    ...all.filter(([, one]) => deniesDisabled(one)).map(([name]) => `debugging of ${quoted(name)} is not disabled`),
  ]
}

function ofDevice(claims: JsonObject): readonly string[] {
  return memberOf(claims, 'measres') === undefined ? [] : gpuObjections(claims)
}

function nras(claims: JsonObject): Statement {
  const overall = memberOf(claims, 'x-nvidia-overall-att-result')
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
        : isObject(memberOf(claims, 'submods'))
          ? undefined
          : 'submods',
  }
}

function ear(claims: JsonObject): Statement {
  const { appraisals, status, nonces, missing, faults } = readEar(claims)
  return {
    ...NOTHING,
    attested: appraisals
      .map(({ name }) => quoted(name))
      .join(', ')
      .slice(0, 256),
    debug: false,
    nonces,
    faults,
    objections: [
      ...(status === undefined || status === 'affirming' ? [] : ['the result as a whole is not affirming']),
      ...appraisals
        .filter((one) => one.status !== 'affirming')
        .map(({ name }) => `the appraisal of ${quoted(name)} is not affirming`),
      ...unsettled(claims).map(([name, category]) => `the verifier has not settled ${category} of ${quoted(name)}`),
      ...sampleAppraisals(claims).map(
        (name) => `${quoted(name)} is an appraisal of sample evidence, which proves nothing`,
      ),
    ],
    missing,
  }
}

// Before it wrote EAR: what evidence said, field by field under the name of its kind, and what each policy came to.
function coco(claims: JsonObject): Statement {
  const tcb = memberOf(claims, 'tcb-status')
  const names = isObject(tcb) ? Object.keys(tcb) : []
  const attested = names[0]?.split('.')[0]?.slice(0, 16) ?? ''
  const hardware: Partial<Statement> = attested === 'sgx' ? cocoSgx(tcb) : attested === 'tdx' ? cocoTdx(tcb) : {}
  const reports = memberOf(claims, 'evaluation-reports')
  return {
    ...NOTHING,
    ...hardware,
    attested,
    objections: cocoObjections(reports),
    missing: !isList(reports)
      ? 'evaluation-reports'
      : hardware.measurement === undefined || hardware.measurement === ''
        ? 'the measurement'
        : undefined,
  }
}

function cocoSgx(tcb: Json | undefined): Partial<Statement> {
  const flags = hexOf(memberOf(tcb, 'sgx.body.attributes.flags'))
  return {
    isolation: 'process',
    debug: flags.length < 2 || (Number.parseInt(flags.slice(0, 2), 16) & 2) !== 0,
    measurement: hexOf(memberOf(tcb, 'sgx.body.mr_enclave')),
    signer: hexOf(memberOf(tcb, 'sgx.body.mr_signer')),
    reportData: hexOf(memberOf(tcb, 'sgx.body.report_data')),
    hostData: hexOf(memberOf(tcb, 'sgx.body.config_id')),
  }
}

function cocoTdx(tcb: Json | undefined): Partial<Statement> {
  const attributes = hexOf(memberOf(tcb, 'tdx.quote.body.td_attributes'))
  return {
    isolation: 'vm',
    debug: attributes.length < 2 || (Number.parseInt(attributes.slice(0, 2), 16) & 1) !== 0,
    measurement: hexOf(memberOf(tcb, 'tdx.quote.body.mr_td')),
    reportData: hexOf(memberOf(tcb, 'tdx.quote.body.report_data')),
    hostData: hexOf(memberOf(tcb, 'tdx.quote.body.mr_config_id')),
  }
}

// Each result is JSON in a text: `{"allow": true}` is what the default policy says.
function cocoObjections(reports: Json | undefined): readonly string[] {
  if (!isList(reports) || reports.length === 0) return ['no policy was evaluated']
  return reports
    .filter((one) => textOf(one, 'evaluation-result')?.replace(/\s/g, '') !== '{"allow":true}')
    .map((one) => `the policy ${quoted(textOf(one, 'policy-id'))} does not simply allow`)
}

function quoted(text: string | undefined): string {
  return JSON.stringify((text ?? '').slice(0, 64))
}

function hexOf(value: Json | undefined): string {
  return typeof value === 'string' && value.length <= 256 && /^([0-9a-fA-F]{2})*$/.test(value)
    ? value.toLowerCase()
    : ''
}

function integerOf(value: Json | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
