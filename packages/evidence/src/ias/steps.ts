import { digestHex } from '../core/assemble.ts'
import { toHex } from '../core/bytes.ts'
import { compareOneOf, debugFinding, hardwareFinding } from '../core/compare.ts'
import { fail, mend, notApplicable, pass, REPLACE_EVIDENCE, type StepGroup, unchecked } from '../core/engine.ts'
import { isoTime } from '../core/time.ts'
import type { Finding } from '../core/verdict.ts'
import { hasBit } from '../dcap/flags.ts'
import { CHAIN } from './certificates.ts'
import { IAS_ACCEPTABLE } from './report.ts'
import { REVOCATION } from './revocation.ts'
import type { IasState } from './state.ts'
import { appraisal, authenticity } from './step.ts'

const API = 'Intel, Attestation Service for EPID, API version 4'
const SDM = 'Intel SDM, volume 3D, chapter 37'
/** Clocks may differ by this much, in milliseconds. */
const SLACK = 5 * 60 * 1000

function signature({ signature }: IasState): Finding {
  return signature?.result === true
    ? pass('the body as received is signed with the key of the service')
    : fail('the body does not verify with the key of the service: it is forged, or was written again', REPLACE_EVIDENCE)
}

function begun({ evidence: { report }, at }: IasState): Finding {
  if (at >= report.time)
    return pass('the report was made before the time it is judged at', {
      expected: `from ${isoTime(report.time)}`,
      actual: isoTime(at),
    })
  const details = { expected: `from ${isoTime(report.time - SLACK)}`, actual: isoTime(at) }
  return at >= report.time - SLACK
    ? pass('the report is of later, but within the 5 minutes by which clocks may differ', details)
    : fail('the report was made after the time it is judged at', mend('judge it at a later time'), details)
}

// These say that the quote itself is no proof of anything.
function accepted({ evidence: { report } }: IasState): Finding {
  const details = { actual: report.status }
  return report.status === 'OK' || IAS_ACCEPTABLE.includes(report.status)
    ? pass('the service found the quote genuine', details)
    : fail('the service refused the quote: it is forged, or its platform is revoked', REPLACE_EVIDENCE, details)
}

function status(state: IasState): Finding {
  const { status, advisories = [] } = state.evidence.report
  const { expect } = state
  const actual = [status, ...advisories.slice(0, 16)].join(', ')
  if (status === 'OK') return pass('the platform was up to date', { actual })
  // No policy can accept the others: what mends them is no policy either.
  if (!IAS_ACCEPTABLE.includes(status)) return accepted(state)
  const wanted = expect.acceptStatuses ?? []
  const details = { expected: ['OK', ...wanted].join(', '), actual }
  if (!wanted.includes(status))
    return fail(
      'the platform was not up to date, and you do not accept its status',
      mend(`accept \`${status}\` with \`acceptStatuses\`, and its advisories with \`acceptAdvisories\``),
      details,
    )
  if (advisories.length === 0) return pass('you accept the status; the report lists no advisories', details)
  const others = advisories.filter((one) => expect.acceptAdvisories?.includes(one) !== true)
  return others.length === 0
    ? pass('you accept the status and every advisory', details)
    : fail(
        `you do not accept the advisories ${others.slice(0, 8).join(', ')}`,
        mend('accept each with `acceptAdvisories`, once it does not concern you'),
        details,
      )
}

function hardware({ anchor, expect }: IasState): Finding {
  return anchor === undefined ? notApplicable('no authority is trusted') : hardwareFinding(anchor, expect)
}

function debug({ evidence, expect }: IasState): Finding {
  return debugFinding(hasBit(evidence.report.quote.report.attributes, 1), 'ATTRIBUTES.DEBUG', expect)
}

function tlsKey({ evidence, tlsDigests }: IasState): Finding {
  const { tls, report } = evidence
  if (tls === undefined) return notApplicable('the report came in no certificate')
  const data = toHex(report.quote.report.reportData)
  const bound = tls.key !== undefined && data === toHex(tls.key.bytes)
  return bound || tlsDigests.some((job) => data === digestHex(job).padEnd(128, '0'))
    ? pass('the report data names the key of the certificate', { actual: data })
    : unchecked(
        'the report data does not name the key of the certificate in a way that is known: anybody may show this report',
        mend('find out how its writer bound the key, and compare it yourself', 'relying-party'),
        { actual: data },
      )
}

function freshness({ evidence: { report }, expect }: IasState): Finding {
  const actual = JSON.stringify((report.nonce ?? '').slice(0, 64))
  if (expect.nonce === undefined)
    return unchecked(
      'nothing shows that the report was made for this exchange',
      mend('compare the nonce that was sent to the service with `nonce`, or waive this for an archive'),
      { actual },
    )
  const details = { expected: JSON.stringify(expect.nonce), actual }
  return report.nonce === expect.nonce
    ? pass('the report has your nonce', details)
    : fail('the report does not have your nonce', REPLACE_EVIDENCE, details)
}

function version({ evidence, expect }: IasState): Finding {
  const { isvSvn } = evidence.report.quote.report
  if (expect.minSvn === undefined)
    return expect.signer === undefined || expect.measurement !== undefined
      ? notApplicable('you ask for no lowest version')
      : unchecked('you accept a signer, and with it every old version of the enclave', mend('say `minSvn`'))
  const details = { expected: `${expect.minSvn} or more`, actual: `${isvSvn}` }
  return isvSvn >= expect.minSvn
    ? pass('the version is one that you accept', details)
    : fail('the version is older than you accept', mend('run a newer version', 'workload-owner'), details)
}

function product({ evidence, expect }: IasState): Finding {
  if (expect.isvProdId === undefined) return notApplicable('you expect no product')
  const actual = `${evidence.report.quote.report.isvProdId}`
  return compareOneOf({ what: 'the product id', actual, option: 'isvProdId' }, [`${expect.isvProdId}`])
}

/** Every step of a verification, in order. */
export const STEPS: readonly StepGroup<IasState>[] = [
  CHAIN,
  REVOCATION,
  {
    id: 'ias.report',
    title: 'Report',
    steps: [
      authenticity('signature', 'The report is signed by the service', `${API}, section 4.2`, signature, [
        'signature.present',
        'chain.signature',
        'chain.path',
      ]),
      authenticity('time', 'The report was made before now', `${API}, section 4.2`, begun),
      authenticity('quote', 'The service found the quote genuine', `${API}, section 4.2.2`, accepted),
    ],
  },
  {
    id: 'ias.appraisal',
    title: 'Expectations',
    steps: [
      appraisal('hardware', 'The anchor is a hardware vendor', API, hardware),
      appraisal('tcb', 'The platform was up to date', `${API}, section 4.2.2`, status),
      appraisal('debug', 'Debugging is off', SDM, debug),
      appraisal('tls-key', 'The certificate is the one of the enclave', 'RA-TLS', tlsKey, 'waivable'),
      appraisal(
        'expect.measurement',
        'The measurement is accepted',
        SDM,
        ({ evidence, expect }) =>
          expect.measurement === undefined && expect.signer !== undefined
            ? notApplicable('you accept what a signer signs, whatever its measurement')
            : compareOneOf(
                {
                  what: 'the measurement (MRENCLAVE)',
                  actual: toHex(evidence.report.quote.report.mrEnclave),
                  option: 'measurement',
                },
                expect.measurement,
              ),
        'waivable',
      ),
      appraisal(
        'expect.signer',
        'The signer is accepted',
        SDM,
        ({ evidence, expect }) =>
          compareOneOf(
            { what: 'the signer (MRSIGNER)', actual: toHex(evidence.report.quote.report.mrSigner), option: 'signer' },
            expect.signer,
            true,
          ),
        'waivable',
      ),
      appraisal('expect.product-id', 'The product is accepted', SDM, product, 'waivable'),
      appraisal('expect.svn', 'The version is accepted', SDM, version, 'waivable'),
      appraisal(
        'expect.report-data',
        'The user data is accepted',
        SDM,
        ({ evidence, expect }) => {
          const actual = toHex(evidence.report.quote.report.reportData)
          const wanted = expect.reportData?.padEnd(128, '0')
          const compared = { what: 'the report data', actual, option: 'reportData' }
          return compareOneOf(compared, wanted === undefined ? undefined : [wanted])
        },
        'waivable',
      ),
      appraisal('expect.freshness', 'The report was made for this exchange', API, freshness, 'waivable'),
    ],
  },
]
