import {
  booleanField,
  type FieldKind,
  type FieldKinds,
  hexField,
  listOf,
  readExpectations,
  textField,
} from '../core/expectations.ts'
import { isRecord } from '../core/input.ts'
import type { CommonExpectations } from '../core/options.ts'
import { readSnpExpectations, type SnpExpectations } from '../snp/expectations.ts'
import { readTdxExpectations, type TdxExpectations } from '../tdx/expectations.ts'
import type { TpmExpectations } from '../tpm/expectations.ts'

/**
 * What a relying party may expect of an Azure confidential VM. `measurement` is of the paravisor
 * (MEASUREMENT or MRTD), which each image release changes; `hardware.signer` pins its maker instead.
 */
export interface AzureExpectations
  extends Pick<
    CommonExpectations,
    'measurement' | 'nonce' | 'reportData' | 'reportDataIsFresh' | 'allowDebug' | 'allowEmulated'
  > {
  /** Of the SNP report or TD quote; report data and freshness are seen to here. */
  readonly hardware?: Omit<SnpExpectations & TdxExpectations, 'reportData' | 'nonce' | 'reportDataIsFresh'>
  /** Of the vTPM's quote: PCRs, and what the event log must prove. */
  readonly vtpm?: Omit<TpmExpectations, 'reportData' | 'nonce' | 'reportDataIsFresh'>
  /** The 64 bytes that the guest put into its HCL report; a shorter value is followed by zeros. */
  readonly userData?: string
  /** Accepted VMs, by vmUniqueId. */
  readonly vmIds?: readonly string[]
}

// The parts' own verifiers check these.
function anyObject<T>(): FieldKind<T> {
  return {
    expected: 'an object of expectations',
    // The part's verifier refuses whatever is none of its fields, before anything is verified.
    read: (value) => (isRecord(value) ? (value as T) : undefined),
  }
}

const KINDS: FieldKinds<AzureExpectations> = {
  measurement: listOf(hexField(48)),
  nonce: hexField(8, 66),
  reportData: hexField(1, 66),
  reportDataIsFresh: booleanField,
  allowDebug: booleanField,
  allowEmulated: booleanField,
  hardware: anyObject<NonNullable<AzureExpectations['hardware']>>(),
  vtpm: anyObject<NonNullable<AzureExpectations['vtpm']>>(),
  userData: hexField(1, 64),
  vmIds: listOf(textField(64)),
}

/** Checks a caller's expectations at the edge. @throws TypeError that names the field */
export function readAzureExpectations(input: unknown): AzureExpectations {
  return readExpectations<AzureExpectations>(input ?? {}, KINDS)
}

/**
 * Whether what is expected of the hardware can be expected of the other kind alone. That is no mistake of the caller's, since
 * whoever sends evidence chooses its kind; what fits neither is one, and the part's own reader names it.
 */
export function isForOther(kind: 'snp' | 'tdx', { hardware }: AzureExpectations): boolean {
  if (hardware === undefined) return false
  const [own, other] =
    kind === 'snp' ? [readSnpExpectations, readTdxExpectations] : [readTdxExpectations, readSnpExpectations]
  return !isRead(() => own(hardware)) && isRead(() => other(hardware))
}

function isRead(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}
