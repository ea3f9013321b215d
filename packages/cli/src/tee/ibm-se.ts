import { ibmSeFields, parseSeExchange, verifyIbmSeSync } from '@sekisho/evidence/ibm-se'
import type { TeeDoor } from './door.ts'
import { toHex } from './shared.ts'

/** IBM Secure Execution behind the commands. */
export const ibmSeDoor: TeeDoor = {
  async verify({ evidence, at, expect, waive, trustAnchors, files: { ibm } }) {
    return verifyIbmSeSync(evidence, {
      at,
      expect,
      waive,
      files: ibm.x509,
      ...(ibm.header === undefined ? {} : { header: ibm.header }),
      ...(ibm.protectionKey === undefined ? {} : { protectionKey: ibm.protectionKey }),
      ...(ibm.request === undefined ? {} : { request: ibm.request }),
      ...(trustAnchors === undefined ? {} : { trustAnchors }),
    })
  },
  fields: (evidence) => ibmSeFields(evidence),
  skeleton(evidence) {
    if (Buffer.from(evidence.subarray(0, 8)).toString('latin1') !== 'pvattest') return {}
    const { userData } = parseSeExchange(evidence).entries
    return userData.bytes === undefined ? {} : { reportData: toHex(userData.bytes) }
  },
}
