import {
  IBM_SE_ROOTS,
  type IbmSeExpectations,
  ibmSeCatalogue,
  ibmSeFields,
  ibmSeSkeleton,
  isSeExchange,
  parseSeExchange,
  verifyIbmSe,
} from '@sekisho/evidence/ibm-se'
import { commonOptions, type Door } from '../door.ts'

/** IBM Secure Execution behind the page. Protection keys are secrets and have no business in a page. */
export const ibmSeDoor: Door = {
  roots: () => IBM_SE_ROOTS,
  titles: ibmSeCatalogue,
  fields: (evidence) => ibmSeFields(evidence),
  // A header alone names nothing that an exchange would be expected to have.
  skeleton: (evidence) => (isSeExchange(evidence) ? ibmSeSkeleton(parseSeExchange(evidence)) : {}),
  verify: (request) =>
    verifyIbmSe(request.evidence, {
      ...commonOptions<IbmSeExpectations>(request),
      files: request.collateral.ibmFiles,
      ...(request.collateral.ibmHeader === undefined ? {} : { header: request.collateral.ibmHeader }),
    }),
}
