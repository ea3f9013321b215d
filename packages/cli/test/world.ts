import { createWorld, type World } from '@sekisho/emulator'
import { keptRsaKeys } from '@sekisho/emulator/kit'

/** When the world of this process was made. */
export const WORLD_AT: Date = new Date('2026-06-15T12:00:00Z')

const rsaKey = keptRsaKeys()
let saved: Promise<string> | undefined

/**
 * An emulated world, saved: one for all test files that run in one process. Whoever opens it has a copy, so that what one
 * file revokes is revoked for no other.
 */
export function savedWorld(): Promise<string> {
  saved ??= made()
  return saved
}

async function made(): Promise<string> {
  const world = createWorld({ now: () => WORLD_AT, rsaKey })
  await world.ready()
  return world.save()
}

/** A copy of that world whose clock stands still. */
export async function worldAtRest(): Promise<World> {
  return createWorld({ saved: await savedWorld(), now: () => WORLD_AT })
}

/** A world that has nothing in common with that one: another seed, and a root whose key is of no root there. */
export function strangersWorld(): World {
  return createWorld({
    products: ['Genoa'],
    rsaKey: (name, bits) => rsaKey(name === 'Genoa ark' ? 'Milan ask' : 'Turin ask', bits),
  })
}
