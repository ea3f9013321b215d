import { CPU_MODELS, signatureOfModel } from './cpu-models.ts'
import { HYPERVISORS, type Hypervisor, isHypervisor, RESET_REGISTERS, type ResetRegisters, vmsaPage } from './vmsa.ts'

/** What a launch measurement covers of the virtual machine beside its memory: the first state of its processors. */
export interface Machine {
  /** Number of virtual processors, 1 to 4096. */
  readonly vcpus: number
  /** QEMU's CPU model (`EPYC-v4`), or the CPU signature itself. Needed for `qemu`; no other hypervisor shows it in this state. */
  readonly cpu?: string | number
  /** Default `qemu`. */
  readonly hypervisor?: Hypervisor
  /** SEV_FEATURES of an SNP guest, default 1 (SNP active). Some host kernels set 0x21, with the debug registers swapped. */
  readonly features?: bigint
  /** First values that another version of the hypervisor sets. */
  readonly registers?: ResetRegisters
}

const MAX_VCPUS = 4096
const MAX_U64 = 2n ** 64n
/** Where an x86 processor begins. */
const RESET_VECTOR = 0xfffffff0

/** A machine whose values make sense. */
export interface CheckedMachine {
  readonly vcpus: number
  readonly hypervisor: Hypervisor
  readonly cpuSignature: number
  readonly features: bigint
  readonly registers: ResetRegisters
}

/** @throws TypeError that names the member and what was expected */
export function checkMachine(machine: Machine): CheckedMachine {
  const { vcpus, hypervisor = 'qemu', features = 1n, registers = {} } = machine
  if (!Number.isSafeInteger(vcpus) || vcpus < 1 || vcpus > MAX_VCPUS)
    throw new TypeError(`vcpus: expected a whole number from 1 to ${MAX_VCPUS}`)
  if (!isHypervisor(hypervisor)) throw new TypeError(`hypervisor: expected one of ${HYPERVISORS.join(', ')}`)
  if (typeof features !== 'bigint' || features < 0n || features >= MAX_U64)
    throw new TypeError('features: expected a bigint of 64 bits')
  checkRegisterNames(registers)
  checkRegister('rdx', registers.rdx, 0xffffffff)
  checkRegister('mxcsr', registers.mxcsr, 0xffffffff)
  checkRegister('x87Fcw', registers.x87Fcw, 0xffff)
  return { vcpus, hypervisor, features, registers, cpuSignature: signatureFor(machine) }
}

// One that is not known would leave the hypervisor's value in its place without a word.
function checkRegisterNames(registers: ResetRegisters): void {
  const unknown = Object.keys(registers).find((name) => !RESET_REGISTERS.some((known) => known === name))
  if (unknown !== undefined) throw new TypeError(`registers.${unknown}: expected one of ${RESET_REGISTERS.join(', ')}`)
}

function checkRegister(name: string, value: number | undefined, most: number): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0 && value <= most))
    throw new TypeError(`registers.${name}: expected a whole number up to 0x${most.toString(16)}`)
}

function signatureFor({ cpu, hypervisor = 'qemu' }: Machine): number {
  // No other hypervisor shows the CPU in a processor's first state.
  if (cpu === undefined && hypervisor !== 'qemu') return 0
  if (typeof cpu !== 'number') {
    const known = signatureOfModel(cpu ?? '')
    if (known !== undefined) return known
    const names = CPU_MODELS.join(', ')
    throw new TypeError(
      `cpu: expected one of ${names}, a version of one such as EPYC-v4, or a CPU signature such as 0x800f12`,
    )
  }
  if (!Number.isSafeInteger(cpu) || cpu < 0 || cpu > 0xffffffff)
    throw new TypeError('cpu: expected a CPU signature of 32 bits')
  return cpu
}

/** State pages of the first processor, and of each further one. */
export function statePages(
  { hypervisor, cpuSignature, features, registers }: CheckedMachine,
  resetEip: number,
): { readonly boot: Uint8Array; readonly further: Uint8Array } {
  const common = { hypervisor, cpuSignature, features, registers }
  return {
    boot: vmsaPage({ ...common, isBoot: true, eip: RESET_VECTOR }),
    further: vmsaPage({ ...common, isBoot: false, eip: resetEip }),
  }
}
