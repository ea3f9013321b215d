import type { Ground } from '../ground.ts'
import type { AmdProduct, TcbParts } from '../kit/amd-products.ts'
import { pemChain } from '../kit/x509.ts'
import { found, refusal, type ServiceAnswer, throttled } from '../service.ts'
import { type AmdOffice, chipIdSize } from './authority.ts'

/** Answers as AMD's key service does; undefined for a path that is not the key service's. */
export type KeyService = (path: string, query: URLSearchParams) => ServiceAnswer | undefined

/**
 * The key service of a world: `cert_chain`, `crl`, and VCEK certificates of this world's chips at any TCB.
 * @see AMD 57230, Versioned Chip Endorsement Key (VCEK) Certificate and KDS Interface Specification, section 4
 */
export function keyService(ground: Ground, office: AmdOffice): KeyService {
  return (path, query) => {
    const [, role, version, product, what, ...more] = path.split('/')
    if (role !== 'vcek' && role !== 'vlek') return undefined
    const slow = throttled(ground.state.amd)
    if (slow !== undefined) return slow
    if (version !== 'v1' || product === undefined || what === undefined || more.length > 0)
      return refusal(404, 'Not Found')
    if (!isProduct(office, product)) return refusal(404, 'No such product')
    if (what === 'cert_chain') return chain(office, role, product)
    if (what === 'crl') return found('application/octet-stream', office.crl(product))
    // VLEK certificates are given to their provider alone.
    return role === 'vlek' ? refusal(404, 'Not Found') : vcek(ground, office, product, what, query)
  }
}

function isProduct(office: AmdOffice, name: string): name is AmdProduct {
  return office.products.some((product) => product === name)
}

function chain(office: AmdOffice, role: 'vcek' | 'vlek', product: AmdProduct): ServiceAnswer {
  const authority = office.authority(product)
  const issuer = role === 'vcek' ? authority.ask : authority.asvk
  return found('application/x-pem-file', pemChain(issuer.der, authority.ark.der))
}

function vcek(
  ground: Ground,
  office: AmdOffice,
  product: AmdProduct,
  id: string,
  query: URLSearchParams,
): ServiceAnswer {
  // Of Turin the service wants the first 8 bytes of the field and nothing behind them.
  if (!/^[0-9a-fA-F]+$/.test(id) || id.length !== 2 * chipIdSize(product)) return refusal(404, 'Invalid hardware id')
  const tcb = tcbOf(product, query)
  if (tcb === undefined) return refusal(400, 'Invalid or missing SPL parameter')
  const chip = new Uint8Array(Buffer.from(id, 'hex'))
  const revoked = ground.state.amd.revokedChips.includes(id.toLowerCase())
  if (revoked || !office.knows(product, chip)) return refusal(404, 'Unknown hardware id')
  return found('application/octet-stream', office.vcek(product, chip, tcb), {
    'content-disposition': 'attachment; filename=vcek.crt',
  })
}

function tcbOf(product: AmdProduct, query: URLSearchParams): TcbParts | undefined {
  const spl = (name: string): number | undefined => {
    const text = query.getAll(name)
    const value = Number(text[0])
    return text.length === 1 && /^\d{1,3}$/.test(text[0] ?? '') && value <= 255 ? value : undefined
  }
  const [bootLoader, tee, snp, microcode] = [spl('blSPL'), spl('teeSPL'), spl('snpSPL'), spl('ucodeSPL')]
  if (bootLoader === undefined || tee === undefined || snp === undefined || microcode === undefined) return undefined
  if (product !== 'Turin') return query.has('fmcSPL') ? undefined : { bootLoader, tee, snp, microcode }
  const fmc = spl('fmcSPL')
  return fmc === undefined ? undefined : { fmc, bootLoader, tee, snp, microcode }
}
