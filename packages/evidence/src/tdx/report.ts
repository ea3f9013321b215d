import { decodeFlags, type Flags, XFEATURES } from '../dcap/flags.ts'
import { encodeLayout, type Parsed, parseLayout } from '../dcap/layout.ts'
import { parseQuote, type Quote, type TeeKind } from '../dcap/quote.ts'

/**
 * TD report body of TDX 1.0, 584 bytes.
 * @see Intel TDX DCAP Quote Generation Library and Quote Verification Library, appendix A.3.2
 */
export const TD_REPORT_10 = {
  teeTcbSvn: 16,
  mrSeam: 48,
  mrSignerSeam: 48,
  seamAttributes: 8,
  tdAttributes: 8,
  xfam: 8,
  mrTd: 48,
  mrConfigId: 48,
  mrOwner: 48,
  mrOwnerConfig: 48,
  rtmr0: 48,
  rtmr1: 48,
  rtmr2: 48,
  rtmr3: 48,
  reportData: 64,
} as const

const ADDED_15 = {
  teeTcbSvn2: 16,
  mrServiceTd: 48,
} as const

const ADDED_EXTENDED = {
  vmId: 'u8',
  tdId: 32,
  deviceInfo: 48,
  initialServiceTdHash: 48,
  initialServiceTdAttributes: 8,
  initialCpuSvn: 16,
  initialTeeTcbSvn: 16,
  initialTeeFmspc: 12,
  currentServiceTdHash: 48,
  currentServiceTdAttributes: 8,
} as const

/** TD report body of TDX 1.5, 648 bytes. @see the same, appendix A.3.3 */
export const TD_REPORT_15: typeof TD_REPORT_10 & typeof ADDED_15 = { ...TD_REPORT_10, ...ADDED_15 }

/** TD report body of TDX 1.5, extended, 885 bytes. */
export const TD_REPORT_15_EXTENDED: typeof TD_REPORT_15 & typeof ADDED_EXTENDED = { ...TD_REPORT_15, ...ADDED_EXTENDED }

type Extra = Parsed<typeof ADDED_15 & typeof ADDED_EXTENDED>

/** The registers that a TD extends after launch, in order. */
export const RTMRS = ['rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'] as const

/** A TD report body. What only TDX 1.5 reports is undefined before it. Byte strings are views, in report order. */
export type TdReport = Parsed<typeof TD_REPORT_10> & { readonly [K in keyof Extra]?: Extra[K] }

/** TDX quotes: format 4, and format 5 with body types 2, 3 and 4. */
export const TDX_QUOTES: TeeKind<TdReport> = {
  tee: 'tdx',
  teeType: 0x81,
  versions: [4, 5],
  bodies: [
    { type: 2, name: 'TD report 1.0', size: 584, parse: (bytes) => parseLayout(bytes, TD_REPORT_10) },
    { type: 3, name: 'TD report 1.5', size: 648, parse: (bytes) => parseLayout(bytes, TD_REPORT_15) },
    { type: 4, name: 'TD report 1.5 extended', size: 885, parse: (bytes) => parseLayout(bytes, TD_REPORT_15_EXTENDED) },
  ],
}

/** Parses a TDX quote; `bytes` is kept, not copied. @throws EvidenceError */
export function parseTdxQuote(bytes: Uint8Array): Quote<TdReport> {
  return parseQuote(bytes, TDX_QUOTES)
}

/** Bytes of a TD report 1.0. @throws RangeError when a value does not fit its field */
export function encodeTdReport10(report: Parsed<typeof TD_REPORT_10>): Uint8Array {
  return encodeLayout(report, TD_REPORT_10)
}

/** Bytes of a TD report 1.5. @throws RangeError when a value does not fit its field */
export function encodeTdReport15(report: Parsed<typeof TD_REPORT_15>): Uint8Array {
  return encodeLayout(report, TD_REPORT_15)
}

/** Bytes of an extended TD report 1.5. @throws RangeError when a value does not fit its field */
export function encodeTdReport15Extended(report: Parsed<typeof TD_REPORT_15_EXTENDED>): Uint8Array {
  return encodeLayout(report, TD_REPORT_15_EXTENDED)
}

/**
 * TDATTRIBUTES by bit number. Bits 0 to 7 (TUD): any that is set makes the TD untrusted.
 * @see Intel TDX Module 1.5 ABI Specification, section 3.4.1 (ATTRIBUTES)
 */
export const TD_ATTRIBUTES = {
  debug: 0,
  hgsPlusProf: 4,
  perfProf: 5,
  pmtProf: 6,
  icssd: 16,
  lass: 27,
  septVeDisable: 28,
  migratable: 29,
  pks: 30,
  kl: 31,
  tpa: 62,
  perfmon: 63,
} as const

/** TDATTRIBUTES by name. */
export interface TdAttributes extends Flags<typeof TD_ATTRIBUTES> {
  /** Whether any of the bits 0 to 7 is set, known or not. */
  readonly tudNonZero: boolean
}

/** Decodes the 8 bytes of TDATTRIBUTES. */
export function decodeTdAttributes(attributes: Uint8Array): TdAttributes {
  return Object.assign(decodeFlags(attributes, TD_ATTRIBUTES), { tudNonZero: attributes[0] !== 0 })
}

/** Decodes the 8 bytes of XFAM. */
export function decodeXfam(xfam: Uint8Array): Flags<typeof XFEATURES> {
  return decodeFlags(xfam, XFEATURES)
}
