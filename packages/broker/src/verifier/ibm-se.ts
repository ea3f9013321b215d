import { canonicalJson } from '@sekisho/evidence'
import { IBM_SE_ROOTS, seRequestFlags, verifyIbmSeSync } from '@sekisho/evidence/ibm-se'
import { fittedBinding, keep, keptObject } from './bytes.ts'
import { type Door, type Surroundings, UnboundEvidence } from './model.ts'
import { type SeAnswers, seAnswers } from './se-answers.ts'

const UNBOUND =
  'an answer of Secure Execution proves something only to whoever made its request and kept the protection key: ' +
  'this is none to a request that this checkpoint was given with its key, and nothing can be released on it'

/**
 * IBM Secure Execution: answers to the operator's own requests. A request may be answered any number of times: what
 * binds an answer to a session is the user data, which the measurement covers.
 */
export function ibmSeDoor(around: Surroundings): Door {
  const { files: own = [], ...asked } = around.options.secureExecution ?? {}
  const answers = seAnswers(asked)
  const collateral = keep(
    Buffer.from(canonicalJson({ files: own.map((file) => Buffer.from(file).toString('base64')) })),
  )
  return {
    // The user data is of one exchange, and what remains of an answer is whose measurement it is.
    skeleton({ evidence }) {
      const image = answers.read(evidence)?.image
      return image === undefined ? {} : { measurement: [image.measurement] }
    },
    binding({ evidence }, digest) {
      const answer = answers.read(evidence)
      if (answer === undefined) throw new UnboundEvidence(UNBOUND)
      return fittedBinding(digest, answer.exchange.entries.userData.bytes?.length ?? 0)
    },
    async verify({ evidence }, { expect, at, waive, kept }) {
      const answer = answers.read(evidence)
      const header = (answer?.image ?? answers.images[0])?.header.bytes
      const verdict = verifyIbmSeSync(answer?.exchange.bytes ?? evidence, {
        at,
        expect,
        files: kept === undefined ? own : readKept(kept),
        ...(header === undefined ? {} : { header }),
        ...(answer === undefined ? {} : { protectionKey: answer.asked.protectionKey }),
        ...around.anchors(IBM_SE_ROOTS),
        ...(waive === undefined ? {} : { waive }),
      })
      return { verdict, collateral: kept === undefined ? collateral : keep(kept) }
    },
    challenge: (nonce) => challengeOf(answers, nonce),
  }
}

function readKept(bytes: Uint8Array): readonly Uint8Array[] {
  const { files }: { readonly files?: unknown } = keptObject(bytes)
  return Array.isArray(files) ? files.map((file) => Buffer.from(String(file), 'base64')) : []
}

const MEASUREMENT_SIZE = 64

/**
 * What a guest of the KBS protocol is challenged with: the request that it hands to the Ultravisor, as JSON. The
 * session's bytes stand where other servers keep an encrypted nonce: guests give them back, and no session has those of another.
 *
 * @see KBS protocol, section 3
 */
function challengeOf({ requests, images }: SeAnswers, nonce: Uint8Array): string | undefined {
  const [asked] = requests
  const [image] = images
  if (asked === undefined || image === undefined) return undefined
  const { request } = asked
  const wanted = seRequestFlags(request.flags)
  const { pld, ald, tld, tag } = image.header
  return JSON.stringify({
    request_blob: Buffer.from(request.bytes).toString('base64'),
    measurement_size: MEASUREMENT_SIZE,
    additional_size:
      (wanted.imageHostKey ? 32 : 0) +
      (wanted.attestationHostKey ? 32 : 0) +
      (wanted.secretStore ? 64 : 0) +
      (wanted.firmwareState ? 320 : 0),
    encr_measurement_key: '',
    encr_request_nonce: Buffer.from(nonce).toString('base64'),
    image_hdr_tags: Buffer.concat([pld, ald, tld, tag]).toString('base64'),
  })
}
