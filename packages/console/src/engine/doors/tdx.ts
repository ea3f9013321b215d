import {
  INTEL_ROOT,
  parseTdxQuote,
  prepareEventLog,
  type TdxExpectations,
  tdxCatalogue,
  tdxFields,
  tdxSkeleton,
  verifyTdx,
} from '@sekisho/evidence/tdx'
import { commonOptions, type Door } from '../door.ts'
import { intelCollateral, intelNeeds } from './intel.ts'

/** TDX behind the page. */
export const tdxDoor: Door = {
  roots: () => [INTEL_ROOT],
  titles: tdxCatalogue,
  fields: (evidence) => tdxFields(parseTdxQuote(evidence)),
  skeleton: (evidence) => tdxSkeleton(parseTdxQuote(evidence)),
  needs: (evidence) => intelNeeds('tdx', parseTdxQuote(evidence)),
  verify: (request) =>
    verifyTdx(request.evidence, {
      ...commonOptions<TdxExpectations>(request),
      collateral: intelCollateral('tdx', parseTdxQuote(request.evidence), request.collateral, request.at),
      ...(request.eventLog === undefined ? {} : { eventLog: prepareEventLog(request.eventLog) }),
    }),
}
