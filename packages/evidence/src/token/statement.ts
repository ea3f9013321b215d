import { isList, isObject, type Json, type JsonObject, memberOf, textOf, textsOf } from '../core/json.ts'
import { readEar, sampleAppraisals, unsettled } from '../eat/ear.ts'
import { azure } from './azure.ts'
import { confidentialSpace } from './confidential-space.ts'
import { eat } from './generic-eat.ts'
import { itaAttester, itaNonce, itaPolicies } from './ita.ts'
import { gpuObjections, nras } from './nvidia.ts'
import type { TokenService } from './services.ts'
import { deniesDisabled, hexOf, integerOf, NOTHING, quoted, type Statement } from './statement-model.ts'
import { tdx } from './tdx.ts'

/** Reads the claims of a service. Nothing is thrown: what is absent is empty, or `missing`. */
export function statementOf(service: TokenService, claims: JsonObject): Statement {
  return READERS[service](claims)
}

const READERS: Readonly<Record<TokenService, (claims: JsonObject) => Statement>> = {
  azure,
  'confidential-space': confidentialSpace,
  ita,
  nras,
  ear,
  coco,
  eat,
  unknown: () => ({ ...NOTHING, missing: 'the claims of a known service' }),
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
          productId: integerOf(memberOf(from, 'sgx_isvprodid')),
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
    appraisals,
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
