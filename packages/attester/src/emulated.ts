import { type Attested, type KbsTee, kbsEvidence, type World } from '@sekisho/emulator'
import { type Attester, type Collected, checkReportData } from './attester.ts'

/** A platform of an emulated world. */
export interface EmulatedPlatform {
  readonly tee: KbsTee
  attest(reportData: Uint8Array): Attested
}

/** Evidence that no hardware vouches for. */
export interface EmulatedAttester extends Attester {
  /** The roots that a verifier must be told to trust; every one says `emulated: true`. */
  readonly anchors: World['anchors']
}

/** An emulated platform as an attester. */
export function emulatedAttester(world: Pick<World, 'anchors'>, platform: EmulatedPlatform): EmulatedAttester {
  return {
    tee: platform.tee,
    anchors: world.anchors,
    async attest({ reportData }): Promise<Collected> {
      checkReportData(reportData)
      const attested = platform.attest(reportData)
      return {
        tee: platform.tee,
        kbs: kbsEvidence(platform.tee, attested),
        evidence: withCertificates(attested),
        // A TPM's log is inside of its evidence.
        ...(attested.tee === 'tdx' ? { eventLog: attested.eventLog } : {}),
      }
    },
  }
}

// SEV-SNP: the certificate table stands right behind the report, as extended reports are written to files.
function withCertificates(attested: Attested): Uint8Array {
  if (!('certificateTable' in attested)) return attested.evidence
  return new Uint8Array(Buffer.concat([attested.evidence, attested.certificateTable]))
}
