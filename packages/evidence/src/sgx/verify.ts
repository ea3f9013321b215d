import { settle, settleNow } from '#crypto'
import { allZero, toHex } from '../core/bytes.ts'
import { compareOneOf, debugFinding, freshnessFinding, userDataFinding } from '../core/compare.ts'
import { fail, notApplicable, pass, type Step, type StepGroup, unchecked } from '../core/engine.ts'
import type { Finding, Verdict } from '../core/verdict.ts'
import { commonAssumptions, commonNotes } from '../dcap/claims.ts'
import { documentGroups, quoteGroup } from '../dcap/document-groups.ts'
import type { EnclaveReport } from '../dcap/enclave-report.ts'
import { hasBit } from '../dcap/flags.ts'
import { platformGroups } from '../dcap/platform-groups.ts'
import type { DcapState } from '../dcap/state.ts'
import { tcbGroups } from '../dcap/tcb-groups.ts'
import { type DcapOptions, type DcapTee, run, runNow, verifyDcap } from '../dcap/verify.ts'
import { wishesFinding } from '../dcap/wishes.ts'
import { type SgxClaims, sgxClaims } from './claims.ts'
import { readSgxExpectations, type SgxExpectations } from './expectations.ts'
import { decodeSgxAttributes, SGX_ATTRIBUTES, SGX_QUOTES } from './report.ts'

/** Everything beside the evidence. */
export type SgxOptions = DcapOptions<SgxExpectations>

type State = DcapState<EnclaveReport, SgxExpectations>

/**
 * Verifies an SGX quote of format 3, 4 or 5.
 *
 * @throws EvidenceError when the quote cannot be read; TypeError when an option is wrong
 */
export function verifySgx(evidence: Uint8Array, options: SgxOptions): Promise<Verdict<SgxClaims>> {
  return run(story(evidence, options), settle)
}

/** As {@link verifySgx}, where cryptography is synchronous (Node.js). @throws TypeError elsewhere */
export function verifySgxSync(evidence: Uint8Array, options: SgxOptions): Verdict<SgxClaims> {
  return runNow(story(evidence, options), settleNow)
}

function* story(
  evidence: Uint8Array,
  options: SgxOptions,
): ReturnType<typeof verifyDcap<EnclaveReport, SgxExpectations, SgxClaims, object>> {
  return yield* verifyDcap(SGX, evidence, options, readSgxExpectations(options.expect), { own: {}, jobs: [] })
}

const SDM = 'Intel SDM, volume 3D, chapter 37'

function step(id: string, title: string, check: (state: State) => Finding): Step<State> {
  return { id: `sgx.${id}`, title, phase: 'appraisal', source: SDM, check }
}

function waivable(id: string, title: string, check: (state: State) => Finding): Step<State> {
  return { ...step(id, title, check), waivable: true }
}

const ENCLAVE: StepGroup<State> = {
  id: 'sgx.enclave',
  title: 'Enclave',
  steps: [
    step('enclave.debug', 'The enclave is not in debug mode', ({ quote, expect }) =>
      debugFinding(hasBit(quote.body.attributes, SGX_ATTRIBUTES.debug), 'ATTRIBUTES.DEBUG', expect),
    ),
    step('enclave.provision-key', 'The enclave may not identify the platform', provisionFinding),
    step('enclave.attributes', 'The attributes are as you wish', ({ quote, expect }) =>
      wishesFinding(decodeSgxAttributes(quote.body.attributes), expect.attributes, 'attributes'),
    ),
  ],
}

function provisionFinding({ quote, expect }: State): Finding {
  if (!hasBit(quote.body.attributes, SGX_ATTRIBUTES.provisionKey))
    return pass('the enclave has no access to provisioning keys')
  if (expect.allowProvisionKey !== false)
    return pass('the enclave has access to provisioning keys, and you did not refuse that')
  return fail('the enclave has access to provisioning keys, which identify the platform', {
    action: 'run an enclave without the attribute PROVISION_KEY',
    by: 'workload-owner',
  })
}

const EXPECTED: StepGroup<State> = {
  id: 'sgx.expect',
  title: 'What you expect',
  steps: [
    waivable('expect.measurement', 'The code is what you expect (MRENCLAVE)', ({ quote, expect }) =>
      expect.measurement === undefined && expect.signer !== undefined
        ? notApplicable('you accept what a signer signs, whatever its measurement')
        : compareOneOf(
            { what: 'the launch measurement (MRENCLAVE)', actual: toHex(quote.body.mrEnclave), option: 'measurement' },
            expect.measurement,
          ),
    ),
    waivable('expect.signer', 'The code is signed by whom you expect (MRSIGNER)', ({ quote, expect }) =>
      compareOneOf(
        { what: 'the signer (MRSIGNER)', actual: toHex(quote.body.mrSigner), option: 'signer' },
        expect.signer,
        true,
      ),
    ),
    waivable('expect.product-id', 'It is the enclave of that signer that you mean (ISVPRODID)', productFinding),
    waivable('expect.svn', "The enclave's version is not below your lowest one (ISVSVN)", svnFinding),
    waivable('expect.host-data', 'The launch-time configuration is what you expect (CONFIGID)', ({ quote, expect }) =>
      compareOneOf(
        { what: 'the configuration (CONFIGID)', actual: toHex(quote.body.configId), option: 'hostData' },
        expect.hostData,
        allZero(quote.body.configId),
      ),
    ),
    waivable(
      'expect.config-svn',
      'The configuration is not below your lowest version (CONFIGSVN)',
      ({ quote, expect }) => atLeast(quote.body.configSvn, expect.minConfigSvn, 'CONFIGSVN', 'minConfigSvn'),
    ),
    waivable(
      'expect.extended-product-id',
      'The extended product id is what you expect (ISVEXTPRODID)',
      ({ quote, expect }) =>
        compareOneOf(
          { what: 'ISVEXTPRODID', actual: toHex(quote.body.isvExtProdId), option: 'isvExtProdId' },
          expect.isvExtProdId,
          true,
        ),
    ),
    waivable('expect.family-id', 'The product family is what you expect (ISVFAMILYID)', ({ quote, expect }) =>
      compareOneOf(
        { what: 'ISVFAMILYID', actual: toHex(quote.body.isvFamilyId), option: 'isvFamilyId' },
        expect.isvFamilyId,
        true,
      ),
    ),
    waivable('expect.report-data', 'The report data is what you expect', ({ quote, expect }) =>
      userDataFinding(toHex(quote.body.reportData), expect),
    ),
    waivable('expect.freshness', 'The evidence was made for this exchange', ({ quote, expect }) =>
      freshnessFinding(toHex(quote.body.reportData), expect),
    ),
  ],
}

function productFinding({ quote, expect }: State): Finding {
  const { isvProdId } = quote.body
  if (expect.isvProdId === undefined && (expect.signer === undefined || expect.measurement !== undefined))
    return notApplicable('you name no signer to tell products of')
  return compareOneOf(
    { what: 'the product id (ISVPRODID)', actual: String(isvProdId), option: 'isvProdId' },
    expect.isvProdId === undefined ? undefined : [String(expect.isvProdId)],
  )
}

function svnFinding({ quote, expect }: State): Finding {
  if (expect.minSvn === undefined && expect.signer !== undefined && expect.measurement === undefined) {
    return unchecked('you accept a signer, and with it every old version of the enclave', {
      action: `say the lowest version that you accept with \`minSvn\`; this one is ${quote.body.isvSvn}`,
      by: 'relying-party',
    })
  }
  return atLeast(quote.body.isvSvn, expect.minSvn, 'ISVSVN', 'minSvn')
}

function atLeast(actual: number, floor: number | undefined, what: string, option: string): Finding {
  if (floor === undefined) return notApplicable('you ask for no lowest version')
  const details = { expected: `${floor} or more`, actual: String(actual) }
  if (actual >= floor) return pass(`${what} is not below your lowest one`, details)
  return fail(
    `${what} is ${actual}, you ask for ${floor}`,
    { action: `run version ${floor} or later, or lower \`${option}\``, by: 'workload-owner' },
    details,
  )
}

const SGX: DcapTee<EnclaveReport, SgxExpectations, SgxClaims, object> = {
  kind: SGX_QUOTES,
  groups: [
    ...platformGroups('sgx'),
    ...documentGroups('sgx'),
    quoteGroup('sgx'),
    ...tcbGroups('sgx'),
    ENCLAVE,
    EXPECTED,
  ],
  svns: () => undefined,
  claims: sgxClaims,
  assumed: commonAssumptions,
  notes: commonNotes,
}
