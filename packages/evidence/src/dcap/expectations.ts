import {
  booleanField,
  type FieldKind,
  type FieldKinds,
  hexField,
  integerField,
  listOf,
  objectField,
  wordField,
} from '../core/expectations.ts'
import type { CommonExpectations } from '../core/options.ts'
import { parseIsoTime } from '../core/time.ts'
import { SGX_TYPES } from './pck.ts'
import type { TcbStatus } from './tcb.ts'
import { PLATFORM_STATUSES } from './tcb-info.ts'

/** An exception for platforms whose TCB is not up to date. It applies only if all of it does. */
export interface TcbException {
  /** Shows in the verdict. */
  readonly name: string
  readonly statuses: readonly TcbStatus[]
  /** Every advisory of the evidence must be listed here. */
  readonly advisories: readonly string[]
  /** ISO 8601 in UTC, inclusive: an exception without an end is a policy. */
  readonly until: string
}

/** How the platform must be set up, as its PCK certificate says. */
export interface PlatformWishes {
  readonly smtEnabled?: boolean
  readonly dynamicPlatform?: boolean
  readonly cachedKeys?: boolean
  /** Accepted SGX types: `standard`, `scalable`, `scalable-with-integrity`. */
  readonly sgxTypes?: readonly string[]
}

/** What a relying party may expect of Intel platforms, beside what it may expect of any. */
export interface DcapExpectations extends Omit<CommonExpectations, 'signer' | 'minSvn'> {
  /** Lowest TCB evaluation data number accepted: judged on the lower one of TCB info and QE identity. */
  readonly minTcbEvaluationDataNumber?: number
  readonly platform?: PlatformWishes
  readonly acceptTcb?: readonly TcbException[]
}

const STATUSES: readonly string[] = [
  ...PLATFORM_STATUSES,
  'TDRelaunchAdvised',
  'TDRelaunchAdvisedConfigurationNeeded',
].filter((one) => one !== 'Revoked')

const tcbException: FieldKind<TcbException> = {
  expected: `{ name, statuses, advisories, until: an ISO 8601 time in UTC } with statuses of ${STATUSES.join(', ')}`,
  read(value) {
    if (typeof value !== 'object' || value === null) return undefined
    const one: { [K in keyof TcbException]?: unknown } = value
    const { name, statuses, advisories, until } = one
    if (typeof name !== 'string' || name.length === 0 || name.length > 64) return undefined
    if (!isTexts(statuses) || !statuses.every(isStatus) || !isTexts(advisories)) return undefined
    if (typeof until !== 'string' || parseIsoTime(until) === undefined || Object.keys(value).length !== 4)
      return undefined
    return { name, statuses, advisories, until }
  },
}

function isStatus(word: string): word is TcbStatus {
  return STATUSES.includes(word)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= 1024 && value.every((one) => typeof one === 'string')
}

/** Kinds of the fields that only Intel platforms have; `products` are FMSPCs. */
export const DCAP_FIELDS: FieldKinds<
  Pick<DcapExpectations, 'minTcbEvaluationDataNumber' | 'platform' | 'acceptTcb' | 'products'>
> = {
  minTcbEvaluationDataNumber: integerField(0, 0xffffffff),
  platform: objectField<PlatformWishes>({
    smtEnabled: booleanField,
    dynamicPlatform: booleanField,
    cachedKeys: booleanField,
    sgxTypes: listOf(wordField(...SGX_TYPES)),
  }),
  acceptTcb: listOf(tcbException),
  products: listOf(hexField(6)),
}
