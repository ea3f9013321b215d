import { equalBytes, toHex } from '../core/bytes.ts'
import { fail, notApplicable, pass, type Step, type StepGroup } from '../core/engine.ts'
import type { Finding, Remedy } from '../core/verdict.ts'
import type { IdBlockProof } from './id-block.ts'
import type { SnpState } from './state.ts'

const REMEDY: Remedy = {
  action: 'pass the ID block and authentication that the guest was launched with, or launch it with these',
  by: 'workload-owner',
}

function step(id: string, title: string, check: (proof: IdBlockProof, state: SnpState) => Finding): Step<SnpState> {
  return {
    id: `snp.id-block.${id}`,
    title,
    phase: 'authenticity',
    source: 'AMD 56860, ID block and ID authentication information',
    needs: id === 'well-formed' ? [] : ['snp.id-block.well-formed'],
    check: (state) => {
      const { error, value } = state.parts.idBlock
      if (error !== undefined)
        return fail(`the ID block or its authentication cannot be read: ${error.message}`, REMEDY, {
          expected: error.expected,
        })
      return value === undefined ? notApplicable('no ID block was given') : check(value, state)
    },
  }
}

function fields({ block }: IdBlockProof, { report }: SnpState): Finding {
  const compared: readonly (readonly [string, string, string])[] = [
    ['MEASUREMENT', toHex(block.launchDigest), toHex(report.measurement)],
    ['FAMILY_ID', toHex(block.familyId), toHex(report.familyId)],
    ['IMAGE_ID', toHex(block.imageId), toHex(report.imageId)],
    ['GUEST_SVN', String(block.guestSvn), String(report.guestSvn)],
    ['POLICY', `0x${block.policy.toString(16)}`, `0x${report.policy.toString(16)}`],
  ]
  const wrong = compared.find(([, block, report]) => block !== report)
  if (wrong === undefined) return pass('the report has what the ID block asks for')
  return fail(`${wrong[0]} of the report is not that of the ID block`, REMEDY, { expected: wrong[1], actual: wrong[2] })
}

function digests(proof: IdBlockProof, { report, keyInfo }: SnpState): Finding {
  if (!equalBytes(proof.idKeyDigest.result ?? new Uint8Array(), report.idKeyDigest)) {
    return fail('ID_KEY_DIGEST of the report is not the digest of this ID key', REMEDY, {
      actual: toHex(report.idKeyDigest),
    })
  }
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
    return fail(`AUTHOR_KEY_EN of the report is ${keyInfo.authorKeyEn ? 1 : 0}, against the ID authentication`, REMEDY)
  }
  return pass('the report was launched with these keys')
}

/** An ID block that the caller gave, against the report. */
export const ID_BLOCK_STEPS: StepGroup<SnpState> = {
  id: 'snp.id-block',
  title: 'ID block',
  steps: [
    step('well-formed', 'The ID block can be read', () => pass('block and authentication have their layout')),
    step('signature', 'The ID key signed the ID block', ({ signature }) =>
      signature?.result === true
        ? pass('the signature verifies')
        : fail('the ID key did not sign this ID block', REMEDY),
    ),
    step('author-signature', 'The author key signed the ID key', ({ auth, authorSignature }) => {
      if (auth.authorKeyAlgo === 0) return notApplicable('there is no author key')
      return authorSignature?.result === true
        ? pass('the signature verifies')
        : fail('the author key did not sign this ID key', REMEDY)
    }),
    step('fields', 'The report has what the ID block asks for', fields),
    step('keys', 'The report was launched with these keys', digests),
  ],
}
