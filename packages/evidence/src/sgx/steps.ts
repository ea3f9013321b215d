import { allZero, toHex } from '../core/bytes.ts'
import { compareOneOf, debugFinding, freshnessFinding, userDataFinding } from '../core/compare.ts'
import { mend, notApplicable, type Step, type StepGroup, unchecked } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import type { EnclaveReport } from '../dcap/enclave-report.ts'
import { hasBit } from '../dcap/flags.ts'
import type { DcapState } from '../dcap/state.ts'
import { appraised, finding, waivable } from '../dcap/steps.ts'
import { wishesFinding } from '../dcap/wishes.ts'
import type { SgxExpectations } from './expectations.ts'
import { SGX_ATTRIBUTES } from './report.ts'

type State = DcapState<EnclaveReport, SgxExpectations>

const SDM = 'Intel SDM, volume 3D, chapter 37'

/** Steps about how the enclave was built. */
export const ENCLAVE: StepGroup<State> = {
  id: 'enclave',
  steps: [
    appraised('enclave.debug', SDM, [], ({ quote, expect }) =>
      debugFinding(hasBit(quote.body.attributes, SGX_ATTRIBUTES.debug), 'ATTRIBUTES.DEBUG', expect),
    ),
    appraised('enclave.provision-key', SDM, [], ({ quote, expect }) => {
      const isOn = hasBit(quote.body.attributes, SGX_ATTRIBUTES.provisionKey)
      const isAllowed = expect.allowProvisionKey !== false
      return finding(
        isAllowed || !isOn,
        'the enclave has access to provisioning keys, which identify the platform',
        mend('run an enclave without the attribute PROVISION_KEY', 'workload-owner'),
        `PROVISION_KEY ${isAllowed ? 'on or off' : 'off'}`,
        `PROVISION_KEY ${isOn ? 'on' : 'off'}`,
      )
    }),
    appraised('enclave.attributes', SDM, [], ({ quote, expect }) =>
      wishesFinding(quote.body.attributes, SGX_ATTRIBUTES, expect.attributes, 'attributes'),
    ),
  ],
}

type Identifier = 'mrSigner' | 'configId' | 'isvExtProdId' | 'isvFamilyId'
type Option = 'signer' | 'hostData' | 'isvExtProdId' | 'isvFamilyId'

// What nobody compares is a gap where whoever launches the enclave chooses it.
function fieldStep(id: string, field: Identifier, option: Option): Step<State> {
  return waivable(`expect.${id}`, SDM, [], ({ quote, expect }) => {
    const value = quote.body[field]
    const compared = { what: field.toUpperCase(), actual: toHex(value), option }
    return compareOneOf(compared, expect[option], field !== 'configId' || allZero(value))
  })
}

function productFinding({ quote, expect }: State): Finding {
  if (expect.isvProdId === undefined && (expect.signer === undefined || expect.measurement !== undefined))
    return notApplicable('you name no signer to tell products of')
  return compareOneOf(
    { what: 'the product id (ISVPRODID)', actual: `${quote.body.isvProdId}`, option: 'isvProdId' },
    expect.isvProdId === undefined ? undefined : [`${expect.isvProdId}`],
  )
}

function svnFinding({ quote, expect }: State): Finding {
  const { isvSvn } = quote.body
  if (expect.minSvn === undefined && expect.signer !== undefined && expect.measurement === undefined) {
    return unchecked(
      'you accept a signer, and with it every old version of the enclave',
      mend(`say the lowest version that you accept with \`minSvn\`; this one is ${isvSvn}`),
    )
  }
  return atLeast(isvSvn, expect.minSvn, 'minSvn')
}

function atLeast(actual: number, floor: number | undefined, option: string): Finding {
  if (floor === undefined) return notApplicable('you ask for no lowest version')
  return finding(
    actual >= floor,
    `the version is ${actual}, you ask for ${floor} or later`,
    mend(`run version ${floor} or later, or lower \`${option}\``, 'workload-owner'),
    `${floor} or more`,
    `${actual}`,
  )
}

/** Steps about what the relying party expects. */
export const EXPECTED: StepGroup<State> = {
  id: 'expect',
  steps: [
    waivable('expect.measurement', SDM, [], ({ quote, expect }) =>
      expect.measurement === undefined && expect.signer !== undefined
        ? notApplicable('you accept what a signer signs, whatever its measurement')
        : compareOneOf(
            { what: 'the launch measurement (MRENCLAVE)', actual: toHex(quote.body.mrEnclave), option: 'measurement' },
            expect.measurement,
          ),
    ),
    fieldStep('signer', 'mrSigner', 'signer'),
    waivable('expect.product-id', SDM, [], productFinding),
    waivable('expect.svn', SDM, [], svnFinding),
    fieldStep('host-data', 'configId', 'hostData'),
    waivable('expect.config-svn', SDM, [], ({ quote, expect }) =>
      atLeast(quote.body.configSvn, expect.minConfigSvn, 'minConfigSvn'),
    ),
    fieldStep('extended-product-id', 'isvExtProdId', 'isvExtProdId'),
    fieldStep('family-id', 'isvFamilyId', 'isvFamilyId'),
    waivable('expect.report-data', SDM, [], ({ quote, expect }) =>
      userDataFinding(toHex(quote.body.reportData), expect),
    ),
    waivable('expect.freshness', SDM, [], ({ quote, expect }) =>
      freshnessFinding(toHex(quote.body.reportData), expect),
    ),
  ],
}
