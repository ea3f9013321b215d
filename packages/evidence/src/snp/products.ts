/** Product generations whose reports and certificates are known. Bergamo and Siena parts carry Genoa certificates. */
export type SnpProduct = 'Milan' | 'Genoa' | 'Turin'

/** Security version numbers of a TCB, by the part that they count. FMC exists from Turin on. */
export type TcbPart = 'fmc' | 'bootloader' | 'tee' | 'snp' | 'microcode'

/** How a product lays out its eight TCB_VERSION bytes, and which leaf extension names each of them. */
export interface TcbLayout {
  /** Byte of each part. */
  readonly parts: Readonly<Partial<Record<TcbPart, number>>>
  /** Bytes without a meaning, in order. */
  readonly reserved: readonly number[]
  /** For each byte the leaf extension with its value (last arcs below 1.3.6.1.4.1.3704.1). */
  readonly extensions: readonly string[]
  /** Value of the structVersion extension. */
  readonly structVersion: number
  /** Lengths of a hardware id in bytes. */
  readonly hwIdLengths: readonly number[]
}

const MILAN: TcbLayout = {
  parts: { bootloader: 0, tee: 1, snp: 6, microcode: 7 },
  reserved: [2, 3, 4, 5],
  extensions: ['3.1', '3.2', '3.4', '3.5', '3.6', '3.7', '3.3', '3.8'],
  structVersion: 0,
  hwIdLengths: [64],
}

const TURIN: TcbLayout = {
  parts: { fmc: 0, bootloader: 1, tee: 2, snp: 3, microcode: 7 },
  reserved: [4, 5, 6],
  extensions: ['3.9', '3.1', '3.2', '3.3', '3.5', '3.6', '3.7', '3.8'],
  structVersion: 1,
  hwIdLengths: [8, 64],
}

const LAYOUTS: Readonly<Record<SnpProduct, TcbLayout>> = { Milan: MILAN, Genoa: MILAN, Turin: TURIN }

/** Family, first model, last model. AMD 56860, CPUID fields of ATTESTATION_REPORT. */
const MODELS: readonly (readonly [number, number, number, SnpProduct])[] = [
  [0x19, 0x00, 0x0f, 'Milan'],
  [0x19, 0x10, 0x1f, 'Genoa'],
  [0x19, 0xa0, 0xaf, 'Genoa'],
  [0x1a, 0x00, 0x1f, 'Turin'],
]

/** Product of a combined CPUID family and model; undefined when it is not known, so that its TCB layout would be a guess. */
export function productOfCpuid(family: number, model: number): SnpProduct | undefined {
  return MODELS.find(([f, first, last]) => f === family && first <= model && model <= last)?.[3]
}

/**
 * Product of a name as certificates spell it: `Milan-B0`, `Genoa`, and common names such as
 * `SEV-VLEK-Turin` with their prefix taken off.
 */
export function productOfName(name: string): SnpProduct | undefined {
  const stem = name.replace(/-[A-Z]\d{1,2}$/, '')
  return stem === 'Milan' || stem === 'Genoa' || stem === 'Turin' ? stem : undefined
}

/** TCB layout of a product. Of an unknown one that of Milan: reports without a product are older than Turin. For display only. */
export function tcbLayout(product: SnpProduct | undefined): TcbLayout {
  return product === undefined ? MILAN : LAYOUTS[product]
}

/** A TCB_VERSION by parts. */
export type SnpTcb = Readonly<Partial<Record<TcbPart, number>>>

/** Parts of eight TCB_VERSION bytes, in the order of the layout. */
export function decodeTcb(raw: Uint8Array, layout: TcbLayout): SnpTcb {
  const tcb: Partial<Record<TcbPart, number>> = {}
  for (const part of TCB_PARTS) {
    const at = layout.parts[part]
    if (at !== undefined) tcb[part] = raw[at] as number
  }
  return tcb
}

/** All parts, in the order in which they are shown. */
export const TCB_PARTS: readonly TcbPart[] = ['fmc', 'bootloader', 'tee', 'snp', 'microcode']

/** What a byte of a TCB_VERSION counts, in words. */
export function tcbByteName(layout: TcbLayout, byte: number): string {
  return TCB_PARTS.find((part) => layout.parts[part] === byte) ?? `reserved byte ${byte}`
}

/** Bytes in which `low` is above `high`. Never compared as one number: the parts age separately. */
export function bytesAbove(low: Uint8Array, high: Uint8Array): readonly number[] {
  const found: number[] = []
  for (let i = 0; i < 8; i++) if ((low[i] as number) > (high[i] as number)) found.push(i)
  return found
}

/** The eight bytes of a TCB_VERSION by parts, e.g. `bootloader 10, tee 0, snp 24, microcode 84`. */
export function tcbText(tcb: ArrayLike<number>, { parts }: TcbLayout): string {
  let text = ''
  for (const part of TCB_PARTS) {
    const at = parts[part]
    if (at !== undefined) text += `${text === '' ? '' : ', '}${part} ${tcb[at]}`
  }
  return text
}
