import { untilText } from '../core/chain-values.ts'
import { fail, mend, notApplicable, pass, type StepGroup } from '../core/engine.ts'
import { EvidenceError } from '../core/errors.ts'
import { isoTime } from '../core/time.ts'
import type { Finding } from '../core/verdict.ts'
import type { PublicKey } from '../crypto/jobs.ts'
import { KEY_USAGE } from '../x509/certificate.ts'
import { parseCrl } from '../x509/crl.ts'
import { WIDE_PKCS1 } from '../x509/wide-algorithms.ts'
import type { IasList, IasState } from './state.ts'
import { authenticity } from './step.ts'

/** Reads a list; one that cannot be read is named by the verdict. */
export function readList(der: Uint8Array, authority: PublicKey | undefined): IasList {
  try {
    const crl = parseCrl(new Uint8Array(der), WIDE_PKCS1)
    return { crl, fault: undefined, signature: authority && crl.signed.by(authority) }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return { crl: undefined, fault: error.message, signature: undefined }
  }
}

const NOT_GIVEN = 'you gave no revocation list: see what is assumed'
const GET_LIST = mend('give the last list that the authority of the service has issued, or none')

function genuine(state: IasState): Finding {
  const { list } = state
  if (list === undefined) return notApplicable(NOT_GIVEN)
  const fault = listFault(list, state)
  return fault === undefined
    ? pass('the list is of the authority, and covers the time of the report or a later one', {
        expected: untilText(list.crl?.nextUpdate ?? 0),
      })
    : fail(`the revocation list says nothing: ${fault}`, GET_LIST)
}

// A later list knows more: the service may have revoked its key after it had signed the report. An older one knows too little.
function listFault(
  { crl, fault, signature }: IasList,
  { evidence: { chain, report }, at }: IasState,
): string | undefined {
  if (crl === undefined) return fault
  if (crl.issuer.key !== chain[0]?.issuer.key) return 'another authority than that of the signing certificate issued it'
  if (crl.unknownCritical.length > 0) return `it has a critical extension that is not known (${crl.unknownCritical[0]})`
  if (chain[1]?.keyUsage?.has(KEY_USAGE.crlSign) === false) return 'it is of an authority that must not sign lists'
  if (signature?.result !== true) return 'it is not signed by the authority'
  if (crl.thisUpdate > at) return `it is of ${isoTime(crl.thisUpdate)}, later than the time of judging`
  if (crl.nextUpdate === undefined) return 'it does not say until when it is current'
  return crl.nextUpdate < report.time ? `it ended on ${isoTime(crl.nextUpdate)}, before the report was made` : undefined
}

function notRevoked({ list, evidence: { chain } }: IasState): Finding {
  if (list?.crl === undefined) return notApplicable(NOT_GIVEN)
  const serial = chain[0]?.serial
  return serial !== undefined && list.crl.revoked.has(serial)
    ? fail(
        `the signing certificate with serial 0x${serial} is revoked: nothing that it signed counts`,
        mend('no archive of this key proves anything any more: attest anew, with DCAP', 'workload-owner'),
      )
    : pass('the signing certificate is not on the list', { actual: `0x${serial}` })
}

/** Whether the key of the service was revoked, by a list that the caller gave. */
export const REVOCATION: StepGroup<IasState> = {
  id: 'ias.revocation',
  title: 'Revocation',
  steps: [
    authenticity('crl.genuine', 'The revocation list is genuine and late enough', 'RFC 5280, section 6.3', genuine, [
      'chain.root',
      'chain.path',
    ]),
    authenticity('crl.not-revoked', 'The signing certificate is not revoked', 'RFC 5280, section 6.3', notRevoked, [
      'crl.genuine',
    ]),
  ],
}
