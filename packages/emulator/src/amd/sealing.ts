import type { AmdProduct, TcbParts } from '../kit/amd-products.ts'
import { encodeTcb, type SnpReportFields } from '../kit/amd-report.ts'
import { fromHex, le } from '../kit/bytes.ts'
import { type Context, derive } from '../secrets.ts'

/** What the guest may have mixed into a derived key. SEV-SNP ABI, table 18 (GUEST_FIELD_SELECT). */
export type DerivedKeyField =
  | 'guestPolicy'
  | 'imageId'
  | 'familyId'
  | 'measurement'
  | 'guestSvn'
  | 'tcb'
  | 'launchMitVector'

/** MSG_KEY_REQ. @see SEV-SNP Firmware ABI, section 7.2 */
export interface DerivedKeyRequest {
  /** `vcek` is a key of this chip at this TCB; `vmrk` is the migration agent's, the same on every machine of a group. */
  readonly root?: 'vcek' | 'vmrk'
  readonly fields?: readonly DerivedKeyField[]
  /** Not below the guest's own level: a guest has no key of more privileged code. Default: its own. */
  readonly vmpl?: number
  /** Not above the guest's own; mixed in with `guestSvn`. Default: the guest's own. */
  readonly guestSvn?: number
  /** Not above the committed one; mixed in with `tcb`. Default: the committed one. */
  readonly tcb?: TcbParts
}

const KEY_SIZE = 32

/**
 * The key that firmware derives for a guest, 32 bytes.
 * @throws RangeError for a level that the guest has not; TypeError for a field that there is none of
 */
export function derivedKey(
  chip: Uint8Array,
  product: AmdProduct,
  guest: SnpReportFields,
  request: DerivedKeyRequest,
): Uint8Array {
  const { root = 'vcek', fields = [], vmpl = guest.vmpl } = request
  const { guestSvn = guest.guestSvn, tcb = guest.committedTcb } = request
  if (!Number.isInteger(vmpl) || vmpl < guest.vmpl || vmpl > 3)
    throw new RangeError(`VMPL ${vmpl} is not one of this guest, which runs at ${guest.vmpl}`)
  if (guestSvn > guest.guestSvn) throw new RangeError(`guest SVN ${guestSvn} is above the guest's ${guest.guestSvn}`)
  if (exceeds(tcb, guest.committedTcb)) throw new RangeError('the TCB is above the committed one')
  const stranger = fields.find((field) => !ORDER.includes(field))
  if (stranger !== undefined) throw new TypeError(`\`fields\`: nothing is called ${JSON.stringify(stranger)}`)
  const values: Readonly<Record<DerivedKeyField, Uint8Array>> = {
    guestPolicy: le(guest.policy, 8),
    imageId: fromHex(guest.imageId),
    familyId: fromHex(guest.familyId),
    measurement: fromHex(guest.measurement),
    guestSvn: le(guestSvn, 4),
    tcb: encodeTcb(product, tcb),
    launchMitVector: le(guest.launchMitVector, 8),
  }
  const mixed: Context = ORDER.filter((field) => fields.includes(field)).flatMap((field) => [field, values[field]])
  return derive(rootKey(chip, product, guest, root), KEY_SIZE, 'derived key', vmpl, ...mixed)
}

const ORDER: readonly DerivedKeyField[] = [
  'guestPolicy',
  'imageId',
  'familyId',
  'measurement',
  'guestSvn',
  'tcb',
  'launchMitVector',
]

function rootKey(chip: Uint8Array, product: AmdProduct, guest: SnpReportFields, root: 'vcek' | 'vmrk'): Uint8Array {
  if (root === 'vcek') return derive(chip, 48, 'vcek root', encodeTcb(product, guest.reportedTcb))
  // No migration agent is bound to these guests: firmware makes the root anew at each launch.
  return derive(chip, 48, 'vmrk', fromHex(guest.reportId))
}

function exceeds(one: TcbParts, other: TcbParts): boolean {
  const parts = ['fmc', 'bootLoader', 'tee', 'snp', 'microcode'] as const
  return parts.some((part) => (one[part] ?? 0) > (other[part] ?? 0))
}
