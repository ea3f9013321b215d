import { ibmSeFields, ibmSeSkeleton, isSeExchange, parseSeExchange, verifyIbmSeSync } from '@sekisho/evidence/ibm-se'
import type { TeeDoor } from './door.ts'

/** IBM Secure Execution behind the commands. */
export const ibmSeDoor: TeeDoor = {
  async verify({ evidence, at, expect, waive, trustAnchors, anchorCertificates = [], files: { ibm } }) {
    return verifyIbmSeSync(evidence, {
      at,
      expect,
      waive,
      files: [...ibm.x509, ...anchorCertificates],
      ...(ibm.header === undefined ? {} : { header: ibm.header }),
      ...(ibm.protectionKey === undefined ? {} : { protectionKey: ibm.protectionKey }),
      ...(ibm.request === undefined ? {} : { request: ibm.request }),
      ...(trustAnchors === undefined ? {} : { trustAnchors }),
    })
  },
  fields: (evidence) => ibmSeFields(evidence),
  // A header alone names nothing that an exchange would be expected to have.
  skeleton: (evidence) => (isSeExchange(evidence) ? ibmSeSkeleton(parseSeExchange(evidence)) : {}),
}
