import {
  IBM_SE_ROOTS,
  type IbmSeExpectations,
  ibmSeCatalogue,
  ibmSeFields,
  parseSeExchange,
  verifyIbmSe,
} from '@sekisho/evidence/ibm-se'
import { textOf, toHex } from '../bytes.ts'
import { commonOptions, type Door } from '../door.ts'

/** IBM Secure Execution behind the page. Protection keys are secrets and have no business in a page. */
export const ibmSeDoor: Door = {
  roots: () => IBM_SE_ROOTS,
  titles: ibmSeCatalogue,
  fields: (evidence) => ibmSeFields(evidence),
  skeleton(evidence) {
    if (textOf(evidence.subarray(0, 8)) !== 'pvattest') return {}
    const { userData } = parseSeExchange(evidence).entries
    return userData.bytes === undefined ? {} : { reportData: toHex(userData.bytes) }
  },
  verify: (request) =>
    verifyIbmSe(request.evidence, {
      ...commonOptions<IbmSeExpectations>(request),
      files: request.collateral.ibmFiles,
      ...(request.collateral.ibmHeader === undefined ? {} : { header: request.collateral.ibmHeader }),
    }),
}
