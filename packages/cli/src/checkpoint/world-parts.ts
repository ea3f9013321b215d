import type { World } from '@sekisho/emulator'
import { PRODUCTS } from './emulated-machine.ts'

/** What can be done to a part of a world. `renew` takes back both. */
export type PartAct = 'revoke' | 'expire' | 'renew'

type Acts = Readonly<Partial<Record<PartAct, (world: World) => void>>>

const AMD = ['crl', 'ask', 'asvk', 'ark', 'vlek'] as const
const INTEL = ['tcb-info', 'qe-identity', 'pck-crl', 'root-crl', 'pck'] as const
/** Certificates above them, and how revoking calls them. */
const INTEL_CAS = [
  ['platform-ca', 'platform'],
  ['processor-ca', 'processor'],
  ['tcb-signing', 'tcbSigning'],
] as const
/** As `MachineTcb` bounds them. */
const MOST_LEVELS = 255
const AWS = ['root', 'region', 'zone', 'instance', 'enclave'] as const

/** Parts by their names: vendor, product where there are several, part. */
const PARTS: ReadonlyMap<string, Acts> = new Map<string, Acts>([
  ...PRODUCTS.flatMap((product) =>
    AMD.map((part): [string, Acts] => [
      `amd/${product}/${part}`,
      {
        expire: ({ amd }) => amd.expire({ product, part }),
        renew: ({ amd }) => amd.renew({ product, part }),
        ...(part === 'ask' || part === 'asvk' ? { revoke: ({ amd }: World) => amd.revoke({ product, part }) } : {}),
      },
    ]),
  ),
  ...PRODUCTS.map((product): [string, Acts] => [
    `amd/${product}/chip`,
    {
      revoke: (world) => world.amd.revoke({ chip: world.snp({ product }).chipId }),
      renew: (world) => world.amd.renew({ chip: world.snp({ product }).chipId }),
    },
  ]),
  ...INTEL.map((part): [string, Acts] => [
    `intel/${part}`,
    {
      expire: ({ intel }) => intel.expire(part),
      renew: ({ intel }) => intel.renew(part),
      ...(part === 'pck' ? { revoke: revokePcks } : {}),
    },
  ]),
  ...INTEL_CAS.map(([part, revoked]): [string, Acts] => [
    `intel/${part}`,
    {
      expire: ({ intel }) => intel.expire(part),
      renew: ({ intel }) => intel.renew(part),
      revoke: ({ intel }) => intel.revokePart(revoked),
    },
  ]),
  ...AWS.map((part): [string, Acts] => [
    `aws/${part}`,
    { expire: ({ aws }) => aws.expire(part), renew: ({ aws }) => aws.renew(part) },
  ]),
])

/** The machine of SGX and TDX has a PCK certificate for each level of its firmware. */
function revokePcks(world: World): void {
  const newest = world.tdx()
  for (let platform = -1; platform <= MOST_LEVELS; platform++) {
    const { ca, pckSerial } = world.tdx({ tcb: { platform } })
    world.intel.revokePck({ ca, pckSerial })
    if (pckSerial === newest.pckSerial) return
  }
}

/** Names of the parts that something can be done to. */
export function partsFor(act: PartAct): readonly string[] {
  return [...PARTS].flatMap(([name, acts]) => (acts[act] === undefined ? [] : [name]))
}

/** Revokes a part of a world, lets it run out, or has it issued again. @throws TypeError for one that there is none of */
export function changePart(world: World, act: PartAct, name: string): void {
  const change = PARTS.get(name)?.[act]
  if (change === undefined)
    throw new TypeError(`${act} ${JSON.stringify(name.slice(0, 64))}: expected one of ${partsFor(act).join(', ')}`)
  change(world)
}
