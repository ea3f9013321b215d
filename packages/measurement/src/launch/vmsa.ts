import { PAGE_SIZE } from '../firmware/table.ts'

/** Whose first register values a guest gets: QEMU with KVM, Amazon EC2, Google Compute Engine. */
export const HYPERVISORS = ['qemu', 'ec2', 'gce'] as const

/** One of {@link HYPERVISORS}. */
export type Hypervisor = (typeof HYPERVISORS)[number]

/** Whether a name is that of a known hypervisor. */
export function isHypervisor(name: string): name is Hypervisor {
  return HYPERVISORS.some((known) => known === name)
}

/** Registers whose first values changed from one version of a hypervisor to the next; `x87Fcw` is the x87 control word. */
export const RESET_REGISTERS = ['rdx', 'mxcsr', 'x87Fcw'] as const

/** Their values, instead of the hypervisor's own. */
export type ResetRegisters = { readonly [name in (typeof RESET_REGISTERS)[number]]?: number }

/** What a processor's state page is made from. */
export interface VmsaOptions {
  readonly hypervisor: Hypervisor
  /** The first processor, which begins at the reset vector. */
  readonly isBoot: boolean
  /** Address of the first instruction. */
  readonly eip: number
  readonly cpuSignature: number
  /** SEV_FEATURES; zero before SNP. */
  readonly features: bigint
  readonly registers?: ResetRegisters
}

interface Segment {
  readonly selector: number
  readonly attributes: number
  readonly limit: number
  readonly base: number
}

/** Offsets of the segments, 16 bytes each: selector, attributes, limit, base. */
const SEGMENTS = {
  es: 0x000,
  cs: 0x010,
  ss: 0x020,
  ds: 0x030,
  fs: 0x040,
  gs: 0x050,
  gdtr: 0x060,
  ldtr: 0x070,
  idtr: 0x080,
  tr: 0x090,
} as const

interface Profile {
  readonly csOfBoot: number
  readonly ss: number
  readonly tr: number
  readonly pat: bigint
  /** Undefined where RDX holds the CPU's signature. */
  readonly rdx: number | undefined
  readonly mxcsr: number
  readonly x87Fcw: number
}

const PAT = 0x0007040600070406n

const PROFILES: Readonly<Record<Hypervisor, Profile>> = {
  qemu: { csOfBoot: 0x9b, ss: 0x93, tr: 0x8b, pat: PAT, rdx: undefined, mxcsr: 0x1f80, x87Fcw: 0x37f },
  ec2: { csOfBoot: 0x9a, ss: 0x92, tr: 0x83, pat: PAT, rdx: 0x600, mxcsr: 0, x87Fcw: 0 },
  gce: { csOfBoot: 0x9b, ss: 0x93, tr: 0x8b, pat: 0x0000000000070106n, rdx: 0x600, mxcsr: 0, x87Fcw: 0 },
}

/** Attributes of a code segment that is no boot processor's. */
const CS = 0x9b

/**
 * The state page (VMSA) of a processor in real mode, as the hypervisor measures it: everything else in it is zero.
 *
 * @returns 4096 bytes
 * @see AMD64 Architecture Programmer's Manual, volume 2, appendix B, table B-4; section 14.1.3 for values after reset
 */
export function vmsaPage({ hypervisor, isBoot, eip, cpuSignature, features, registers = {} }: VmsaOptions): Uint8Array {
  const profile = PROFILES[hypervisor]
  const real = (attributes: number): Segment => ({ selector: 0, attributes, limit: 0xffff, base: 0 })
  const base = eip - (eip % 0x10000)
  return page({
    segments: {
      es: real(0x93),
      cs: { selector: 0xf000, attributes: isBoot ? profile.csOfBoot : CS, limit: 0xffff, base },
      ss: real(profile.ss),
      ds: real(0x93),
      fs: real(0x93),
      gs: real(0x93),
      tr: real(profile.tr),
    },
    cr0: 0x10,
    rip: eip % 0x10000,
    pat: profile.pat,
    rdx: registers.rdx ?? profile.rdx ?? cpuSignature,
    features,
    mxcsr: registers.mxcsr ?? profile.mxcsr,
    x87Fcw: registers.x87Fcw ?? profile.x87Fcw,
  })
}

/**
 * The state page of every processor under COCONUT-SVSM: protected mode with flat segments.
 * @returns 4096 bytes
 */
export function svsmVmsaPage(rip: number, cpuSignature: number): Uint8Array {
  const data: Segment = { selector: 16, attributes: 0xc93, limit: 0xffffffff, base: 0 }
  return page({
    segments: {
      es: data,
      cs: { selector: 8, attributes: 0xc9b, limit: 0xffffffff, base: 0 },
      ss: data,
      ds: data,
      fs: data,
      gs: { selector: 0, attributes: 0x93, limit: 0xffff, base: 0 },
      tr: { selector: 0, attributes: 0x8b, limit: 0xffff, base: 0 },
    },
    cr0: 0x11,
    rip,
    pat: PAT,
    rdx: cpuSignature,
    features: 1n,
    mxcsr: 0x1f80,
    x87Fcw: 0,
  })
}

interface State {
  readonly segments: Readonly<Record<'es' | 'cs' | 'ss' | 'ds' | 'fs' | 'gs' | 'tr', Segment>>
  readonly cr0: number
  readonly rip: number
  readonly pat: bigint
  readonly rdx: number
  readonly features: bigint
  readonly mxcsr: number
  readonly x87Fcw: number
}

function page({ segments, cr0, rip, pat, rdx, features, mxcsr, x87Fcw }: State): Uint8Array {
  const view = new DataView(new ArrayBuffer(PAGE_SIZE))
  const table = { selector: 0, attributes: 0, limit: 0xffff, base: 0 }
  const all = { ...segments, gdtr: table, ldtr: { ...table, attributes: 0x82 }, idtr: table }
  for (const [name, at] of Object.entries(SEGMENTS) as [keyof typeof SEGMENTS, number][])
    putSegment(view, at, all[name])
  const u64 = (at: number, value: number | bigint): void => view.setBigUint64(at, BigInt(value), true)
  u64(0x0d0, 0x1000) // EFER: SVM enabled
  u64(0x148, 0x40) // CR4: machine checks enabled
  u64(0x158, cr0)
  u64(0x160, 0x400) // DR7
  u64(0x168, 0xffff0ff0) // DR6
  u64(0x170, 2) // RFLAGS
  u64(0x178, rip)
  u64(0x268, pat)
  u64(0x310, rdx)
  u64(0x3b0, features)
  u64(0x3e8, 1) // XCR0: x87
  view.setUint32(0x408, mxcsr, true)
  view.setUint16(0x410, x87Fcw, true)
  return new Uint8Array(view.buffer)
}

function putSegment(view: DataView, at: number, { selector, attributes, limit, base }: Segment): void {
  view.setUint16(at, selector, true)
  view.setUint16(at + 2, attributes, true)
  view.setUint32(at + 4, limit, true)
  view.setBigUint64(at + 8, BigInt(base), true)
}
