import { COSE_ALGORITHMS } from '../cbor/sign1.ts'
import { fail, pass, REPLACE_EVIDENCE, type StepGroup } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import type { NitroState } from './state.ts'
import { authenticity } from './step.ts'

const PROCESS = 'AWS Nitro Enclaves, attestation process, section 3.1'
const ES384 = -35

function algorithm({ document }: NitroState): Finding {
  const { algorithm, headers } = document.cose
  const expected = 'ES384 and no other protected header'
  if (algorithm === ES384 && headers.entries.length === 1) return pass('the protected header says ES384', { expected })
  const actual = algorithm === undefined ? 'none' : (COSE_ALGORITHMS.get(algorithm)?.name ?? String(algorithm))
  return fail('the protected header is none of an attestation document', REPLACE_EVIDENCE, {
    expected,
    actual: `${actual}, ${headers.entries.length} headers`,
  })
}

function signature({ signature }: NitroState): Finding {
  if (signature?.result === true) return pass('it verifies with the key of the leaf')
  return fail('the document does not verify with the key of the leaf: it is forged or was changed', REPLACE_EVIDENCE)
}

/** The document's own signature. */
export const DOCUMENT_STEPS: StepGroup<NitroState> = {
  id: 'nitro.document',
  title: 'Attestation document',
  steps: [
    authenticity('document.algorithm', 'The document is signed with ES384', PROCESS, [], algorithm),
    authenticity(
      'document.signature',
      'The document is signed by the leaf',
      'RFC 9052, section 4.4',
      ['document.algorithm', 'chain.well-formed', 'chain.algorithms'],
      signature,
    ),
  ],
}
