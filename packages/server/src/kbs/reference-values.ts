import { KbsError } from './errors.ts'

/** Values of one message, by the TEE and the member of its expectations that they are for. */
export interface NamedValue {
  readonly id: string
  readonly tee: string
  readonly member: string
  readonly value: unknown
}

/** Where a reference value id of the KBS protocol lives here. */
export interface ValuePlace {
  readonly tee: string
  readonly member: string
}

/** Ids that the policies of Trustee use. Every other id is written `TEE.member`, e.g. `tdx.rtmr1`. */
const KNOWN_IDS: Readonly<Record<string, ValuePlace>> = {
  snp_launch_measurement: { tee: 'snp', member: 'measurement' },
  snp_host_data: { tee: 'snp', member: 'hostData' },
  mr_td: { tee: 'tdx', member: 'measurement' },
  mr_config_id: { tee: 'tdx', member: 'hostData' },
  rtmr_0: { tee: 'tdx', member: 'rtmr0' },
  rtmr_1: { tee: 'tdx', member: 'rtmr1' },
  rtmr_2: { tee: 'tdx', member: 'rtmr2' },
  rtmr_3: { tee: 'tdx', member: 'rtmr3' },
  mr_enclave: { tee: 'sgx', member: 'measurement' },
  mr_signer: { tee: 'sgx', member: 'signer' },
}

const OWN_ID = /^([a-z][a-z-]{1,31})\.([A-Za-z][A-Za-z0-9]{0,63})$/
const MAX_VALUES = 256

/** The place of an id; undefined for one that nothing here is compared with. */
export function placeOf(id: string): ValuePlace | undefined {
  if (Object.hasOwn(KNOWN_IDS, id)) return KNOWN_IDS[id]
  const [, tee, member] = OWN_ID.exec(id) ?? []
  return tee === undefined || member === undefined ? undefined : { tee, member }
}

/** Name of the reference set that holds the values registered through the KBS protocol for one TEE. */
export function setName(tee: string): string {
  return `kbs-${tee}`
}

/**
 * Reads an RVPS message: `{"version":"0.1.0","type":"sample","payload":"<base64 of a JSON object>"}`.
 *
 * @throws KbsError `RvpsError` naming what is wrong. An id that nothing is compared with is refused: a value that is
 *   accepted and never looked at would be worse.
 */
export function readRvpsMessage(message: unknown, parse: (body: Uint8Array) => unknown): readonly NamedValue[] {
  const { version, type, payload } = recordOf(message, 'the message')
  if (version !== '0.1.0') throw rvps('member `version` must be 0.1.0')
  if (type !== 'sample') {
    throw rvps(
      'member `type` must be sample; other formats are imported by POST /api/v1/namespaces/NAME/references/import',
    )
  }
  if (typeof payload !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(payload)) {
    throw rvps('member `payload` must be base64 of a JSON object')
  }
  const values = Object.entries(recordOf(parse(Buffer.from(payload, 'base64')), 'the payload'))
  if (values.length > MAX_VALUES) throw rvps(`the payload may hold at most ${MAX_VALUES} values`)
  const taken = new Map<string, string>()
  return values.map(([id, value]) => {
    const place = placeOf(id)
    if (place === undefined) {
      throw rvps(
        `nothing is compared with \`${id.slice(0, 64)}\`; use ${Object.keys(KNOWN_IDS).join(', ')} or TEE.member`,
      )
    }
    const other = taken.get(`${place.tee} ${place.member}`)
    if (other !== undefined)
      throw rvps(`\`${other}\` and \`${id}\` are one value: give all that it may be under one of them, as a list`)
    taken.set(`${place.tee} ${place.member}`, id)
    // RVPS values are lists even when they hold one value.
    return { id, ...place, value: Array.isArray(value) && value.length === 1 ? value[0] : value }
  })
}

function recordOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw rvps(`${what} must be a JSON object`)
  return value as Readonly<Record<string, unknown>>
}

/** An error of the reference value service. */
export function rvps(detail: string): KbsError {
  return new KbsError('RvpsError', detail)
}
