/** Product generations whose certificates the kit can issue. */
export type AmdProduct = 'Milan' | 'Genoa' | 'Turin'

/** Security version numbers of a platform, by component; Turin alone has an FMC. */
export interface TcbParts {
  readonly fmc?: number
  readonly bootLoader: number
  readonly tee: number
  readonly snp: number
  readonly microcode: number
}

/** What differs between products. */
interface ProductFacts {
  /** Family, model and stepping of a processor. */
  readonly cpuid: readonly [family: number, model: number, stepping: number]
  /** The product as a VCEK names it; a VLEK has no stepping. */
  readonly vcekName: string
  /** The TCB of a platform that nobody updated. */
  readonly tcb: TcbParts
  /** Serial number of the ARK; those of the intermediates follow. */
  readonly serial: number
}

/** The facts of each product. */
export const AMD_PRODUCTS: Readonly<Record<AmdProduct, ProductFacts>> = {
  Milan: {
    cpuid: [0x19, 0x01, 0x01],
    vcekName: 'Milan-B0',
    tcb: { bootLoader: 4, tee: 0, snp: 24, microcode: 219 },
    serial: 0x10000,
  },
  Genoa: {
    cpuid: [0x19, 0x11, 0x01],
    vcekName: 'Genoa',
    tcb: { bootLoader: 10, tee: 0, snp: 24, microcode: 84 },
    serial: 0x20000,
  },
  Turin: {
    cpuid: [0x1a, 0x02, 0x01],
    vcekName: 'Turin',
    tcb: { fmc: 1, bootLoader: 2, tee: 1, snp: 4, microcode: 81 },
    serial: 0x30000,
  },
}

const PARTS = { ark: 0, ask: 1, asvk: 0x101 } as const

/** Serial number of a root or intermediate. */
export function amdSerial(product: AmdProduct, part: keyof typeof PARTS): number {
  return AMD_PRODUCTS[product].serial + PARTS[part]
}
