import { AMD_PRODUCTS, type AmdProduct, type TcbParts } from '../kit/amd-products.ts'
import { integerOption } from '../options.ts'
import type { FirmwareRelease, WorldState } from '../state.ts'

/** All firmware releases of a product, oldest first; the first one is as old as the world. */
export function firmwareOf(state: WorldState, product: AmdProduct): readonly FirmwareRelease[] {
  const first = { product, tcb: AMD_PRODUCTS[product].tcb, date: state.born, advisories: [] }
  return [first, ...state.amd.firmware.filter((one) => one.product === product)]
}

/** A TCB that a caller wrote: each part a byte, and an FMC for Turin alone. @throws TypeError that names the part */
export function checkTcb(product: AmdProduct, tcb: TcbParts): TcbParts {
  for (const [part, value] of Object.entries(tcb)) integerOption(value, `tcb.${part}`, 255, 0)
  if ((product === 'Turin') !== (tcb.fmc !== undefined))
    throw new TypeError(`\`tcb.fmc\` ${product === 'Turin' ? 'must be given for Turin' : `is unknown to ${product}`}`)
  return tcb
}

/** The TCB of the newest release. */
export function latestTcb(state: WorldState, product: AmdProduct): TcbParts {
  return firmwareOf(state, product).at(-1)?.tcb ?? AMD_PRODUCTS[product].tcb
}
