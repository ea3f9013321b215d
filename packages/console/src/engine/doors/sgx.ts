import {
  INTEL_ROOT,
  parseSgxQuote,
  type SgxExpectations,
  sgxCatalogue,
  sgxFields,
  verifySgx,
} from '@sekisho/evidence/sgx'
import { isZero, toHex } from '../bytes.ts'
import { commonOptions, type Door } from '../door.ts'
import { intelCollateral } from './intel.ts'

/** SGX behind the page. */
export const sgxDoor: Door = {
  roots: () => [INTEL_ROOT],
  titles: sgxCatalogue,
  fields: (evidence) => sgxFields(parseSgxQuote(evidence)),
  skeleton(evidence) {
    const { body } = parseSgxQuote(evidence)
    return {
      measurement: [toHex(body.mrEnclave)],
      reportData: toHex(body.reportData),
      ...(isZero(body.configId) ? {} : { hostData: [toHex(body.configId)] }),
    }
  },
  verify: (request) =>
    verifySgx(request.evidence, {
      ...commonOptions<SgxExpectations>(request),
      collateral: intelCollateral('sgx', parseSgxQuote(request.evidence), request.collateral, request.at),
    }),
}
