import {
  INTEL_ROOT,
  parseSgxQuote,
  type SgxExpectations,
  sgxCatalogue,
  sgxFields,
  sgxSkeleton,
  verifySgx,
} from '@sekisho/evidence/sgx'
import { commonOptions, type Door } from '../door.ts'
import { intelCollateral, intelNeeds } from './intel.ts'

/** SGX behind the page. */
export const sgxDoor: Door = {
  roots: () => [INTEL_ROOT],
  titles: sgxCatalogue,
  fields: (evidence) => sgxFields(parseSgxQuote(evidence)),
  skeleton: (evidence) => sgxSkeleton(parseSgxQuote(evidence)),
  needs: (evidence) => intelNeeds('sgx', parseSgxQuote(evidence)),
  verify: (request) =>
    verifySgx(request.evidence, {
      ...commonOptions<SgxExpectations>(request),
      collateral: intelCollateral('sgx', parseSgxQuote(request.evidence), request.collateral, request.at),
    }),
}
