import { createWorld, type World } from '@sekisho/emulator'
import { type AmdAuthority, createAmdAuthority, keyFromPem } from '@sekisho/emulator/kit'

/** When the world of this process was made. */
export const WORLD_AT: Date = new Date('2026-06-15T12:00:00Z')

let saved: Promise<string> | undefined

/**
 * An emulated world, saved: one for all test files that run in one process, since AMD's RSA keys take a second each.
 * Whoever opens it has a copy, so that what one file revokes is revoked for no other.
 */
export function savedWorld(): Promise<string> {
  saved ??= made()
  return saved
}

async function made(): Promise<string> {
  const world = createWorld({ now: () => WORLD_AT })
  await world.ready()
  return world.save()
}

/** A copy of that world whose clock stands still. */
export async function worldAtRest(): Promise<World> {
  return createWorld({ saved: await savedWorld(), now: () => WORLD_AT })
}

/** A world that has nothing in common with that one: another seed, and roots whose keys are of no root there. */
export async function strangersWorld(): Promise<World> {
  const { rsa } = JSON.parse(await savedWorld())
  const state = JSON.parse(createWorld({ products: ['Genoa'] }).save())
  return createWorld({
    saved: JSON.stringify({ ...state, rsa: { 'Genoa ark': rsa['Milan ask'], 'Genoa ask': rsa['Turin ask'] } }),
  })
}

/** AMD's authority for Genoa with the keys of that world, for evidence that the kit makes. */
export async function genoaAuthority(): Promise<AmdAuthority> {
  const { rsa }: { rsa: Readonly<Record<string, string>> } = JSON.parse(await savedWorld())
  const [ark, ask] = ['ark', 'ask'].map((part) => keyFromPem(rsa[`Genoa ${part}`] ?? ''))
  if (ark === undefined || ask === undefined) throw new TypeError('the world has no keys for Genoa')
  return createAmdAuthority('Genoa', { keys: { ark, ask } })
}
