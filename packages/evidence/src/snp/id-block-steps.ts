import { equalBytes, toHex } from '../core/bytes.ts'
import { fail, mend, notApplicable, pass, type Step, type StepGroup } from '../core/engine.ts'
import type { Finding, Remedy } from '../core/verdict.ts'
import { hex64 } from './bits.ts'
import type { IdBlockProof } from './id-block.ts'
import { ABI } from './sources.ts'
import type { SnpState } from './state.ts'

const REMEDY: Remedy = mend(
  'pass the ID block and authentication that the guest was launched with, or launch it with these',
  'workload-owner',
)

function step(id: string, check: (proof: IdBlockProof, state: SnpState) => Finding): Step<SnpState> {
  return {
    id: `snp.id-block.${id}`,
    phase: 'authenticity',
    source: ABI,
    needs: id === 'well-formed' ? [] : ['snp.id-block.well-formed'],
    check: (state) => {
      const { error, value } = state.parts.idBlock
      if (error !== undefined)
        return fail(`the ID block or its authentication cannot be read: ${error.message}`, REMEDY)
      return value === undefined ? notApplicable('no ID block was given') : check(value, state)
    },
  }
}

function fields({ block }: IdBlockProof, { report }: SnpState): Finding {
  const compared: readonly (readonly [string, string, string])[] = [
    ['MEASUREMENT', toHex(block.launchDigest), toHex(report.measurement)],
    ['FAMILY_ID', toHex(block.familyId), toHex(report.familyId)],
    ['IMAGE_ID', toHex(block.imageId), toHex(report.imageId)],
    ['GUEST_SVN', `${block.guestSvn}`, `${report.guestSvn}`],
    ['POLICY', hex64(block.policy), hex64(report.policy)],
  ]
  const wrong = compared.find(([, block, report]) => block !== report)
  // Of what agrees, the measurement says most.
  if (wrong === undefined) return pass(undefined, { expected: compared[0]?.[1] ?? '', actual: compared[0]?.[2] ?? '' })
  return fail(`${wrong[0]} of the report is not that of the ID block`, REMEDY, { expected: wrong[1], actual: wrong[2] })
}

function digests(proof: IdBlockProof, { report, keyInfo }: SnpState): Finding {
  const idKey = proof.idKeyDigest.result ?? new Uint8Array()
  const details = { expected: toHex(idKey), actual: toHex(report.idKeyDigest) }
  if (!equalBytes(idKey, report.idKeyDigest))
    return fail('ID_KEY_DIGEST of the report is not the digest of this ID key', REMEDY, details)
  // Without an author key the digest is zero and the flag clear.
  const author =
    proof.authorKeyDigest === undefined ? new Uint8Array(48) : (proof.authorKeyDigest.result ?? new Uint8Array())
  if (!equalBytes(author, report.authorKeyDigest)) {
    return fail('AUTHOR_KEY_DIGEST of the report is not the digest of this author key', REMEDY, {
      expected: toHex(author),
      actual: toHex(report.authorKeyDigest),
    })
  }
  if (keyInfo.authorKeyEn !== (proof.authorKeyDigest !== undefined)) {
    const actual = keyInfo.authorKeyEn ? 1 : 0
    return fail(`AUTHOR_KEY_EN of the report is ${actual}, against the ID authentication`, REMEDY, {
      expected: `${1 - actual}`,
      actual: `${actual}`,
    })
  }
  return pass(undefined, details)
}

/** An ID block that the caller gave, against the report. */
export const ID_BLOCK_STEPS: StepGroup<SnpState> = {
  id: 'snp.id-block',
  steps: [
    step('well-formed', () => pass()),
    step('signature', ({ signature }) =>
      signature?.result === true ? pass() : fail('the ID key did not sign this ID block', REMEDY),
    ),
    step('author-signature', ({ auth, authorSignature }) => {
      if (auth.authorKeyAlgo === 0) return notApplicable('there is no author key')
      return authorSignature?.result === true ? pass() : fail('the author key did not sign this ID key', REMEDY)
    }),
    step('fields', fields),
    step('keys', digests),
  ],
}
