import { toHex } from '../core/bytes.ts'
import type { LeafRole } from './certificates.ts'
import { decodeTcb, type SnpProduct, tcbLayout } from './products.ts'
import type { SnpReport } from './report.ts'

/** Host of AMD's key distribution service. @see AMD 57230 */
export const AMD_KDS: string = 'https://kdsintf.amd.com'

/** Path of a product's CA certificates (PEM: ASK or ASVK, then ARK). */
export function kdsChainPath(role: LeafRole, product: string): string {
  return `/${role}/v1/${product}/cert_chain`
}

/** Path of a product's revocation list (DER, issued by the ARK). */
export function kdsCrlPath(role: LeafRole, product: string): string {
  return `/${role}/v1/${product}/crl`
}

/**
 * Path of the VCEK certificate for a report's chip and reported TCB. Two reports with the same path
 * have the same key: it is the right key for a cache.
 *
 * @returns undefined when the chip id is masked: then the service cannot be asked
 */
export function kdsVcekPath(report: SnpReport, product: SnpProduct): string | undefined {
  if (report.chipId.every((byte) => byte === 0)) return undefined
  const layout = tcbLayout(product)
  const tcb = decodeTcb(report.reportedTcb, layout)
  // Turin's ids are eight bytes; the service answers 404 to all 64.
  const id = toHex(report.chipId.subarray(0, layout.hwIdLengths[0]))
  const fmc = tcb.fmc === undefined ? '' : `&fmcSPL=${two(tcb.fmc)}`
  return `/vcek/v1/${product}/${id}?blSPL=${two(tcb.bootloader)}&teeSPL=${two(tcb.tee)}&snpSPL=${two(tcb.snp)}&ucodeSPL=${two(tcb.microcode)}${fmc}`
}

function two(level: number | undefined): string {
  return String(level ?? 0).padStart(2, '0')
}
