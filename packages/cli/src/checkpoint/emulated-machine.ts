import type {
  CcaPlatform,
  NitroPlatform,
  SgxPlatform,
  SnpPlatform,
  TdxPlatform,
  TpmPlatform,
  World,
} from '@sekisho/emulator'

/** Generations of emulated SEV-SNP machines. */
export const PRODUCTS = ['Milan', 'Genoa', 'Turin'] as const

/** Kinds of platforms that a world has. */
export const KINDS = ['snp', 'tdx', 'sgx', 'nitro', 'cca', 'tpm'] as const

/** What a machine is like. */
export interface MachineOptions {
  readonly product?: string
  readonly measurement?: string
  readonly debug?: boolean
  readonly chip?: string
  /**
   * Levels of its firmware, by part; others are the newest. SEV-SNP: `bootLoader`, `tee`, `snp`, `microcode`, `fmc`. Intel: how many
   * publications it has taken over of `platform`, `qe`, `module`; -1 is older than the world.
   */
  readonly tcb?: Readonly<Record<string, number>>
  /** SEV-SNP: the host hides the chip id. */
  readonly maskedId?: boolean
  /** It binds other report data than it was asked for. */
  readonly wrongBinding?: boolean
}

type Machine = SnpPlatform | TdxPlatform | SgxPlatform | NitroPlatform | CcaPlatform | TpmPlatform

/** A machine of an emulated world. @throws TypeError for one that there is none of, or that cannot be as the options say */
export function emulatedMachine(world: World, kind: string, options: MachineOptions): Machine {
  const { measurement, debug, product, chip, tcb, maskedId, wrongBinding } = options
  const make = Object.hasOwn(MAKERS, kind) ? MAKERS[kind] : undefined
  if (make === undefined)
    throw new TypeError(`there is no emulated ${kind}; there are ${KINDS.slice(0, -1).join(', ')} and ${KINDS.at(-1)}`)
  return make(world, {
    ...(measurement === undefined ? {} : { measurement }),
    ...(debug === true ? { debug } : {}),
    ...(product === undefined ? {} : { product }),
    ...(chip === undefined ? {} : { chip }),
    ...(tcb === undefined ? {} : { tcb }),
    ...(maskedId === true ? { maskedId } : {}),
    ...(wrongBinding === true ? { wrongBinding } : {}),
  })
}

const MAKERS: Readonly<Record<string, (world: World, options: MachineOptions) => Machine>> = {
  snp: (world, { product: name, tcb, ...launch }) => {
    const product = name === undefined ? undefined : productOf(name)
    const options = { ...launch, ...(product === undefined ? {} : { product }) }
    if (tcb === undefined) return world.snp(options)
    const newest = world.snp(options).tcb
    return world.snp({ ...options, tcb: { ...newest, ...levels(tcb, Object.keys(newest)) } })
  },
  tdx: (world, options) => {
    const { tcb, ...launch } = only(options, 'measurement', 'debug', 'tcb', 'wrongBinding')
    return world.tdx(tcb === undefined ? launch : { ...launch, tcb: levels(tcb, ['platform', 'qe', 'module']) })
  },
  sgx: (world, options) => {
    const { tcb, ...launch } = only(options, 'measurement', 'debug', 'tcb', 'wrongBinding')
    return world.sgx(tcb === undefined ? launch : { ...launch, tcb: levels(tcb, ['platform', 'qe']) })
  },
  nitro: (world, options) => world.nitro(only(options, 'debug', 'wrongBinding')),
  cca: (world, options) => world.cca(only(options, 'measurement', 'debug', 'wrongBinding')),
  tpm: (world, options) => world.tpm(only(options, 'wrongBinding')),
}

/** Levels, when they are of parts that there are. @throws TypeError */
function levels(tcb: Readonly<Record<string, number>>, parts: readonly string[]): Readonly<Record<string, number>> {
  for (const [part, level] of Object.entries(tcb)) {
    if (!parts.includes(part)) throw new TypeError(`tcb.${part}: expected ${parts.join(', ')}`)
    if (!Number.isInteger(level)) throw new TypeError(`tcb.${part}: expected a whole number`)
  }
  return tcb
}

/** The options, when there are no others than those that such a machine has. @throws TypeError */
function only<N extends keyof MachineOptions>(
  options: MachineOptions,
  ...names: readonly N[]
): Pick<MachineOptions, N> {
  const other = Object.keys(options).find((one) => !names.some((name) => name === one))
  if (other !== undefined) throw new TypeError(`${other}: such an emulated machine has no choice of it`)
  return options
}

function productOf(name: string): (typeof PRODUCTS)[number] {
  const product = PRODUCTS.find((one) => one === name)
  if (product === undefined) throw new TypeError(`product ${name}: expected ${PRODUCTS.join(', ')}`)
  return product
}
