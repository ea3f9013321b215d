import type { TrustAnchor } from '@sekisho/evidence'
import {
  GOOGLE_TPM_ROOTS,
  parseAttest,
  parseTpmJson,
  type TpmActivation,
  tpmComparable,
  tpmSkeleton,
  verifyTpmSync,
} from '@sekisho/evidence/tpm'
import { fittedBinding, keep, keptObject, lasting, NOTHING_KEPT } from './bytes.ts'
import type { Door, KeptCollateral, Surroundings, VerifierOptions } from './model.ts'

/** TPM 2.0. Certificates come with the quote, or the key was enrolled by credential activation. */
export function tpmDoor(around: Surroundings): Door {
  const anchors = tpmAnchors(around.options)
  return {
    skeleton: ({ evidence }) => lasting(tpmSkeleton(parseTpmJson(evidence))),
    comparable: ({ evidence }) => lasting(tpmComparable(parseTpmJson(evidence))),
    binding({ evidence }, digest) {
      return fittedBinding(digest, parseAttest(parseTpmJson(evidence).message).extraData.length)
    },
    async verify({ evidence, eventLog }, { expect, at, waive, namespace, kept: given, past }) {
      const quote = parseTpmJson(evidence)
      const parts = eventLog === undefined || quote.eventLog !== undefined ? quote : { ...quote, eventLog }
      const { akPublic } = parts
      const enrolled = async (): Promise<TpmActivation | undefined> =>
        akPublic === undefined || namespace === undefined
          ? undefined
          : await around.options.activation?.(akPublic, namespace)
      const activation = past === true && given !== undefined ? readKept(given) : await enrolled()
      const verdict = verifyTpmSync(parts, {
        at,
        expect,
        memory: around.memory,
        trustAnchors: anchors,
        ...(waive === undefined ? {} : { waive }),
        ...(activation === undefined ? {} : { activation }),
      })
      // A certificate of the attestation key's own comes first, and then nobody asked for the enrolment.
      if (activation === undefined || (parts.certificates ?? []).length > 0)
        return { verdict, collateral: NOTHING_KEPT }
      return { verdict, collateral: kept(activation), enrolledKey: activation.akName }
    },
  }
}

/** An enrolment as it is kept with a decision: what vouched for the key then. */
function kept({ akName, ekCertificates }: TpmActivation): KeptCollateral {
  const certificates = ekCertificates.map((der) => Buffer.from(der).toString('base64'))
  return keep(new TextEncoder().encode(JSON.stringify({ akName, ekCertificates: certificates })))
}

function readKept(bytes: Uint8Array): TpmActivation | undefined {
  const { akName, ekCertificates }: { readonly akName?: unknown; readonly ekCertificates?: unknown } = keptObject(bytes)
  if (typeof akName !== 'string' || !Array.isArray(ekCertificates)) return undefined
  return { akName, ekCertificates: ekCertificates.map((one) => Buffer.from(String(one), 'base64')) }
}

/** Roots above TPMs' keys: those that are known, those that the operator named, and emulated ones where they are trusted. */
export function tpmAnchors({ trustAnchors = [], tpmRoots }: VerifierOptions): readonly TrustAnchor[] {
  return [...GOOGLE_TPM_ROOTS, ...(tpmRoots?.anchors ?? []), ...trustAnchors]
}
