import type { Verdict } from '../core/verdict.ts'
import { type Story, tell, tellNow } from '../crypto/story.ts'
import { commonAssumptions, commonNotes } from '../dcap/claims.ts'
import { DOCUMENT_GROUPS, QUOTE_GROUP } from '../dcap/document-groups.ts'
import type { EnclaveReport } from '../dcap/enclave-report.ts'
import { PLATFORM_GROUPS } from '../dcap/platform-groups.ts'
import { ofTee } from '../dcap/steps.ts'
import { TCB_GROUPS } from '../dcap/tcb-groups.ts'
import { type DcapOptions, type DcapTee, verifyDcap } from '../dcap/verify.ts'
import { type SgxClaims, sgxClaims } from './claims.ts'
import { readSgxExpectations, type SgxExpectations } from './expectations.ts'
import { SGX_QUOTES } from './report.ts'
import { ENCLAVE, EXPECTED } from './steps.ts'

/** Everything beside the evidence. */
export type SgxOptions = DcapOptions<SgxExpectations>

type Tee = DcapTee<EnclaveReport, SgxExpectations, SgxClaims>

const GROUPS: Tee['groups'] = ofTee('sgx', [
  ...PLATFORM_GROUPS,
  ...DOCUMENT_GROUPS,
  QUOTE_GROUP,
  ...TCB_GROUPS,
  ENCLAVE,
  EXPECTED,
])

const SGX: Tee = {
  kind: SGX_QUOTES,
  groups: GROUPS,
  readExpectations: readSgxExpectations,
  svns: () => undefined,
  claims: sgxClaims,
  assumed: commonAssumptions,
  notes: commonNotes,
}

/**
 * Verifies an SGX quote of format 3, 4 or 5.
 *
 * @throws EvidenceError when the quote cannot be read; TypeError when an option is wrong
 */
export function verifySgx(evidence: Uint8Array, options: SgxOptions): Promise<Verdict<SgxClaims>> {
  return tell(sgxStory(evidence, options))
}

/** As {@link verifySgx}, where cryptography is synchronous (Node.js). @throws TypeError elsewhere */
export function verifySgxSync(evidence: Uint8Array, options: SgxOptions): Verdict<SgxClaims> {
  return tellNow(sgxStory(evidence, options))
}

/** One verification, told in turns. */
export function sgxStory(evidence: Uint8Array, options: SgxOptions): Story<Verdict<SgxClaims>> {
  return verifyDcap(SGX, evidence, options)
}
