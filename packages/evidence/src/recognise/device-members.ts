import { encodeBase64 } from '../core/base64url.ts'
import { fromHex } from '../core/bytes.ts'
import { decodeBase64, decodePem } from '../x509/pem.ts'
import { beginsWith, type Member } from './members.ts'
import { byteArray } from './snp-structure.ts'
import { tried } from './tried.ts'

type Members = Readonly<Record<string, unknown>>

/** SPDM 1.1, GET_MEASUREMENTS with a signature wanted: in base64, in hexadecimal, and in base64 of hexadecimal. */
const EXCHANGE = /^\s*(?:EeAB|(?:0x)?11e001|MTFlMDAx|MTFFMDAx)/
const EXCHANGE_BYTES: readonly number[] = [0x11, 0xe0, 0x01]
const VENDOR = 'NVIDIA'
const LONG = 64

/**
 * Evidence of a GPU or NVSwitch under other names, or in another encoding, than those of NVIDIA's library today: a
 * SPDM exchange, and the chain of its device as PEM, both members of one object. Written as that library writes it.
 *
 * @see NVIDIA nvtrust, guest tools (`attestationReportHexStr`, `certChainBase64Encoded`) and its requests of before
 *   2025, which hold base64 of hexadecimal
 * @returns undefined unless there is one exchange, and not yet in that form
 */
export function deviceOfMembers(value: Members): Members | undefined {
  // All of them: what is not taken stays in the object.
  const own = Object.entries(value).map(([name, one]): Member => ({ name, value: one, path: [] }))
  const [exchange, second] = own.filter(isExchange)
  const report = exchange === undefined || second !== undefined ? undefined : exchangeIn(exchange.value)
  if (exchange === undefined || report === undefined) return undefined
  const chains = own.flatMap((one) => {
    const chain = chainIn(one.value)
    return chain === undefined ? [] : [{ one, chain }]
  })
  const [found, another] = chains
  if (another !== undefined || isRead(value, exchange, found?.one)) return undefined
  const device = {
    evidence: encodeBase64(report),
    ...(found === undefined ? {} : { certificate: encodeBase64(new TextEncoder().encode(found.chain)) }),
  }
  const rest = own.filter((one) => one !== exchange && one !== found?.one)
  const members = Object.fromEntries(rest.map((one) => [one.name, one.value]))
  // Beside other evidence it is a member of its own.
  return rest.some(isLong) ? { ...members, [exchange.name]: device } : { ...members, ...device }
}

function isExchange({ value }: Member): boolean {
  return typeof value === 'string' ? EXCHANGE.test(value.slice(0, LONG)) : beginsWith(value, EXCHANGE_BYTES)
}

function exchangeIn(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string') return byteArray(value)
  const bytes = fromHex(value.trim().replace(/^0x/i, '')) ?? decodeBase64(value)
  return bytes?.[0] === EXCHANGE_BYTES[0] ? bytes : bytes && fromHex(new TextDecoder().decode(bytes).trim())
}

function isRead(value: Members, { name }: Member, chain: Member | undefined): boolean {
  const evidence = value['evidence']
  const isForm = name === 'evidence' && typeof evidence === 'string' && evidence.startsWith('EeAB')
  return isForm && (chain === undefined || chain.name === 'certificate')
}

// A chain names its vendor; one of the machine beside it does not.
function chainIn(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length < LONG) return undefined
  const start = value.trimStart()
  const bytes = start.startsWith('LS0tLS1C') ? decodeBase64(value) : undefined
  const text = start.startsWith('-----B') ? value : bytes && new TextDecoder().decode(bytes)
  const ders = text === undefined ? undefined : tried(() => decodePem(text, 'CERTIFICATE', 'certificates'))
  const isVendors = ders?.some((der) => new TextDecoder('latin1').decode(der).includes(VENDOR))
  return isVendors === true ? text : undefined
}

function isLong({ value }: Member): boolean {
  return typeof value === 'object' ? value !== null : typeof value === 'string' && value.length > 2 * LONG
}
