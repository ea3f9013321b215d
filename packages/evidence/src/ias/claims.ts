import { toHex } from '../core/bytes.ts'
import { isoTime } from '../core/time.ts'
import type { Assumption, Claims, Note } from '../core/verdict.ts'
import { hasBit } from '../dcap/flags.ts'
import type { IasStatus } from './report.ts'
import type { IasState } from './state.ts'

/** What an archived report claims, beside what all evidence does. */
export interface IasClaims extends Claims {
  readonly tee: 'sgx-epid'
  readonly status: IasStatus
  readonly isvProdId: number
  readonly isvSvn: number
  readonly attributes: string
  /** ISO 8601: when the service judged the quote. */
  readonly reportedAt: string
}

/** Claims of a report; believable only as far as the verdict goes. */
export function iasClaims({ evidence, anchor }: IasState): IasClaims {
  const { report } = evidence
  const body = report.quote.report
  return {
    tee: 'sgx-epid',
    vendor: 'intel',
    isolation: 'process',
    hardware: anchor !== undefined && anchor.emulated !== true,
    debug: hasBit(body.attributes, 1),
    launchMeasurement: toHex(body.mrEnclave),
    runtimeMeasurements: {},
    signer: toHex(body.mrSigner),
    svn: body.isvSvn,
    userData: toHex(body.reportData),
    tcb: {
      status: report.status,
      date: isoTime(report.time),
      ...(report.advisories === undefined ? {} : { advisories: report.advisories.map((one) => one.slice(0, 64)) }),
      components: {},
    },
    status: report.status,
    isvProdId: body.isvProdId,
    isvSvn: body.isvSvn,
    attributes: toHex(body.attributes),
    reportedAt: isoTime(report.time),
  }
}

/** What a verdict about a report relies on without evidence. */
export function iasAssumptions({ list }: IasState): readonly Assumption[] {
  const all: readonly Assumption[] = [
    {
      id: 'service',
      statement: "Intel's attestation service judged the quote as it should, and kept its signing key secret",
      because: 'an archived report is a statement about a quote, whose own signature is not in it',
    },
    {
      id: 'not-revoked',
      statement: 'the signing certificate was not revoked when the report was made',
      because: 'archives hold no revocation list',
    },
  ]
  return list === undefined ? all : all.filter(({ id }) => id !== 'not-revoked')
}

/** Facts that change no outcome. */
export function iasNotes(): readonly Note[] {
  return [{ id: 'ias.ended', text: 'the service ended in 2025: this says how things stood when the report was made' }]
}
