import { IAS_ROOT, type IasExpectations, iasFields, iasSkeleton, parseIas, verifyIas } from '@sekisho/evidence/ias'
import { commonOptions, type Door } from '../door.ts'

/** Archived reports of Intel's attestation service behind the page. Their certificates come with them. */
export const iasDoor: Door = {
  roots: () => [IAS_ROOT],
  titles: {},
  fields: (evidence) => iasFields(parseIas(evidence)),
  skeleton: (evidence) => iasSkeleton(parseIas(evidence)),
  verify: (request) =>
    verifyIas(request.evidence, {
      ...commonOptions<IasExpectations>(request),
      ...(request.collateral.iasList === undefined ? {} : { crl: request.collateral.iasList }),
    }),
}
