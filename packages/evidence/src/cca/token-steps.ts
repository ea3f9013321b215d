import { keyNeeds } from '../arm/key-steps.ts'
import { algorithmName } from '../arm/signature.ts'
import { equalBytes, toHex } from '../core/bytes.ts'
import { fail, notApplicable, pass, REPLACE_EVIDENCE, type Step, type StepGroup } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import type { CcaState } from './state.ts'

const RMM = 'Arm DEN0137 (RMM), section A7.2'
const COSE = 'RFC 9052, section 4.4'

function step(
  id: string,
  title: string,
  source: string,
  check: (state: CcaState) => Finding,
  needs: readonly string[] = [],
): Step<CcaState> {
  return { id: `cca.${id}`, title, phase: 'authenticity', source, needs, check }
}

function platformSignature({ token, platformSignature, endorsed }: CcaState): Finding {
  const details = {
    actual: algorithmName(token.platform.cose),
    expected: `a signature with the ${endorsed?.key.kind ?? ''} key of the platform`,
  }
  if (platformSignature?.result === true) return pass("the platform token verifies with the platform's key", details)
  return fail(
    "the platform token does not verify with the platform's key: it is forged, was changed, or is of another device",
    REPLACE_EVIDENCE,
    details,
  )
}

function binding({ token, binding }: CcaState): Finding {
  const { challenge } = token.platform.claims
  const { publicKeyHashAlgorithm } = token.realm.claims
  if (binding?.result === undefined) {
    return fail('the realm token names no hash algorithm that is known for its key', REPLACE_EVIDENCE, {
      expected: 'sha-256, sha-384 or sha-512',
      actual: JSON.stringify(publicKeyHashAlgorithm.slice(0, 64)),
    })
  }
  const details = { expected: toHex(binding.result), actual: toHex(challenge) }
  if (equalBytes(binding.result, challenge)) return pass("the platform token vouches for the realm's key", details)
  return fail(
    "the platform token vouches for another key than the realm's: the two halves do not belong together",
    REPLACE_EVIDENCE,
    details,
  )
}

function realmSignature({ token, realmSignature }: CcaState): Finding {
  const details = {
    actual: algorithmName(token.realm.cose),
    expected: `a signature with the ${token.realm.claims.key.kind} key of the realm`,
  }
  if (realmSignature?.result === true) return pass("the realm token verifies with the realm's key", details)
  return fail(
    "the realm token does not verify with the realm's key: it is forged or was changed",
    REPLACE_EVIDENCE,
    details,
  )
}

function keyAttestation({ token, keyAttestation, challenge }: CcaState): Finding {
  if (token.keyAttestation === undefined || keyAttestation?.result === undefined)
    return notApplicable('no key attestation came with the token')
  const details = { expected: toHex(keyAttestation.result), actual: challenge }
  if (details.expected === challenge) return pass('the realm vouches for the key attestation beside it', details)
  return fail('the realm vouches for another key attestation than the one beside it', REPLACE_EVIDENCE, details)
}

/** Platform token, binding and realm token, in Arm's order. */
export const TOKEN_STEPS: StepGroup<CcaState> = {
  id: 'cca.token',
  title: 'Platform and realm tokens',
  steps: [
    step(
      'platform.signature',
      'The platform token is signed by the platform',
      COSE,
      platformSignature,
      keyNeeds('cca'),
    ),
    step('realm.binding', "The platform vouches for the realm's key", RMM, binding),
    step('realm.signature', 'The realm token is signed by the realm', COSE, realmSignature),
    step('key-attestation', 'The realm vouches for the key beside it', 'Parsec key attestation', keyAttestation),
  ],
}
