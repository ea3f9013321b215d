import { createHmac, timingSafeEqual } from 'node:crypto'
import { concat, filled, fromHex, layout, le } from '../kit/bytes.ts'
import { encodeSgxReport, type SgxReportFields } from '../kit/intel-reports.ts'
import { type Context, derive } from '../secrets.ts'

/** What a sealing key is bound to. SDM volume 3D, section 38.18 (KEYREQUEST, KEYPOLICY). */
export interface SealingKeyRequest {
  /** `mrenclave`: this very enclave; `mrsigner`: enclaves of its signer, product id and lower versions. Default both bits off is not allowed; default `mrsigner`. */
  readonly policy?: 'mrenclave' | 'mrsigner' | 'both'
  /** Not above the enclave's own. Default: its own. */
  readonly isvSvn?: number
  /** 16 bytes in hex, no component above the platform's. Default: the platform's. */
  readonly cpuSvn?: string
  /** 32 bytes in hex; any value gives another key. Default zeros. */
  readonly keyId?: string
}

const KEY_SIZE = 16
const REPORT_SIZE = 384
const KEY_ID_SIZE = 32

/**
 * EGETKEY for SEAL_KEY, 16 bytes.
 * @throws RangeError for a security version above the enclave's or the platform's
 */
export function sealingKey(secret: Uint8Array, enclave: SgxReportFields, request: SealingKeyRequest): Uint8Array {
  const {
    policy = 'mrsigner',
    isvSvn = enclave.isvSvn,
    cpuSvn = enclave.cpuSvn,
    keyId = '00'.repeat(KEY_ID_SIZE),
  } = request
  if (isvSvn > enclave.isvSvn) throw new RangeError(`ISVSVN ${isvSvn} is above the enclave's ${enclave.isvSvn}`)
  const [asked, own] = [fromHex(cpuSvn), fromHex(enclave.cpuSvn)]
  if (asked.length !== own.length || asked.some((svn, i) => svn > (own[i] ?? 0)))
    throw new RangeError("the CPUSVN is above the platform's")
  const isEnclave = policy !== 'mrsigner'
  const isSigner = policy !== 'mrenclave'
  const context: Context = [
    policy,
    isEnclave ? enclave.mrEnclave : '',
    isSigner ? enclave.mrSigner : '',
    // The product id and the attributes (DEBUG among them) are always in it.
    enclave.isvProdId,
    enclave.attributes,
    isvSvn,
    toKey(cpuSvn),
    toKey(keyId),
  ]
  return derive(secret, KEY_SIZE, 'seal key', ...context)
}

function toKey(hex: string): string {
  return hex.toLowerCase()
}

/** TARGETINFO of an enclave, 512 bytes. SDM volume 3D, table 38-22. */
export function targetInfoOf(enclave: SgxReportFields): Uint8Array {
  return layout(512, [
    [0, 32, fromHex(enclave.mrEnclave)],
    [32, 16, fromHex(enclave.attributes)],
    [50, 2, le(enclave.configSvn, 2)],
    [52, 4, fromHex(enclave.miscSelect)],
    [64, 64, fromHex(enclave.configId)],
  ])
}

/**
 * EREPORT: a report for the enclave that `target` names, 432 bytes: the report, the key id, the MAC. The MAC is not
 * the processor's AES-CMAC but the first 16 bytes of an HMAC-SHA-256, which the runtime has: a local report is
 * of use within this world only, as a genuine one is of use within its machine only.
 * @throws RangeError when `target` has another size
 */
export function localReport(secret: Uint8Array, enclave: SgxReportFields, target: Uint8Array): Uint8Array {
  if (target.length !== 512) throw new RangeError('TARGETINFO has 512 bytes')
  const body = encodeSgxReport(enclave)
  const keyId = derive(secret, KEY_ID_SIZE, 'report key id')
  return concat(body, keyId, reportMac(secret, target, keyId, body))
}

/** Whether a report of 432 bytes was made on this machine for this enclave. */
export function verifyLocalReport(secret: Uint8Array, enclave: SgxReportFields, report: Uint8Array): boolean {
  if (report.length !== REPORT_SIZE + KEY_ID_SIZE + KEY_SIZE) return false
  const body = report.subarray(0, REPORT_SIZE)
  const keyId = report.subarray(REPORT_SIZE, REPORT_SIZE + KEY_ID_SIZE)
  const mac = reportMac(secret, targetInfoOf(enclave), keyId, body)
  return timingSafeEqual(mac, report.subarray(REPORT_SIZE + KEY_ID_SIZE))
}

function reportMac(secret: Uint8Array, target: Uint8Array, keyId: Uint8Array, body: Uint8Array): Uint8Array {
  const key = derive(secret, KEY_SIZE, 'report key', target.subarray(0, 128), keyId, filled(0))
  return new Uint8Array(createHmac('sha256', key).update(body).digest().subarray(0, KEY_SIZE))
}
