import {
  AWS_NITRO_ROOTS,
  type NitroExpectations,
  nitroFields,
  nitroSkeleton,
  parseNitroDocument,
  verifyNitro,
} from '@sekisho/evidence/nitro'
import { commonOptions, type Door } from '../door.ts'

/** AWS Nitro behind the page. Its certificates come with the document. */
export const nitroDoor: Door = {
  roots: () => AWS_NITRO_ROOTS,
  titles: {},
  fields: (evidence) => nitroFields(parseNitroDocument(evidence)),
  skeleton: (evidence) => nitroSkeleton(parseNitroDocument(evidence)),
  verify: (request) => verifyNitro(request.evidence, commonOptions<NitroExpectations>(request)),
}
