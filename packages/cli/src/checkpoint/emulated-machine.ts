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
}

type Machine = SnpPlatform | TdxPlatform | SgxPlatform | NitroPlatform | CcaPlatform | TpmPlatform

/** A machine of an emulated world. @throws TypeError for one that there is none of, or that cannot be as the options say */
export function emulatedMachine(world: World, kind: string, options: MachineOptions): Machine {
  const { measurement, debug, product, chip } = options
  const make = Object.hasOwn(MAKERS, kind) ? MAKERS[kind] : undefined
  if (make === undefined)
    throw new TypeError(`there is no emulated ${kind}; there are ${KINDS.slice(0, -1).join(', ')} and ${KINDS.at(-1)}`)
  return make(world, {
    ...(measurement === undefined ? {} : { measurement }),
    ...(debug === true ? { debug } : {}),
    ...(product === undefined ? {} : { product }),
    ...(chip === undefined ? {} : { chip }),
  })
}

const MAKERS: Readonly<Record<string, (world: World, options: MachineOptions) => Machine>> = {
  snp: (world, { product, ...launch }) =>
    world.snp({ ...launch, ...(product === undefined ? {} : { product: productOf(product) }) }),
  tdx: (world, options) => world.tdx(only(options, 'measurement', 'debug')),
  sgx: (world, options) => world.sgx(only(options, 'measurement', 'debug')),
  nitro: (world, options) => world.nitro(only(options, 'debug')),
  cca: (world, options) => world.cca(only(options, 'measurement', 'debug')),
  tpm: (world, options) => world.tpm(only(options)),
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
