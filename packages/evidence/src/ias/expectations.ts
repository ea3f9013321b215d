import {
  commonFields,
  type FieldKinds,
  integerField,
  listOf,
  readExpectations,
  textField,
  wordField,
} from '../core/expectations.ts'
import type { CommonExpectations } from '../core/options.ts'
import { IAS_ACCEPTABLE, type IasStatus } from './report.ts'

/** What a relying party may expect of an archived report. `nonce` is the text that was sent to the service. */
export interface IasExpectations
  extends Pick<
    CommonExpectations,
    'measurement' | 'signer' | 'minSvn' | 'reportData' | 'allowDebug' | 'allowEmulated'
  > {
  readonly nonce?: string
  readonly isvProdId?: number
  /** Statuses beside `OK` that are accepted, when every advisory is. */
  readonly acceptStatuses?: readonly IasStatus[]
  /** Advisories that are accepted; with a status that lists others the report is refused. */
  readonly acceptAdvisories?: readonly string[]
}

const COMMON = commonFields({ measurement: 32, signer: 32, hostData: 64 })

const KINDS: FieldKinds<IasExpectations> = {
  measurement: COMMON.measurement,
  signer: COMMON.signer,
  minSvn: COMMON.minSvn,
  reportData: COMMON.reportData,
  allowDebug: COMMON.allowDebug,
  allowEmulated: COMMON.allowEmulated,
  nonce: textField(64),
  isvProdId: integerField(0, 0xffff),
  acceptStatuses: listOf(wordField(...IAS_ACCEPTABLE)),
  acceptAdvisories: listOf(textField(64)),
}

/** Checks a caller's expectations at the edge. @throws TypeError that names the field */
export function readIasExpectations(input: unknown): IasExpectations {
  return readExpectations<IasExpectations>(input ?? {}, KINDS)
}
