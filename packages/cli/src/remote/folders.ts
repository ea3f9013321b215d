import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Around } from '../around.ts'

/** Where a checkpoint keeps its database and keys: `--data`, `SEKISHO_DATA`, else the user's state folder. */
export function dataFolder(given: string | undefined, { env }: Around): string {
  return given ?? nonEmpty(env['SEKISHO_DATA']) ?? join(baseOf(env, 'XDG_STATE_HOME', '.local/state'), 'sekisho')
}

/** Where the command line keeps which checkpoint it talks to, and the token for it. */
export function profileFile({ env }: Around): string {
  return nonEmpty(env['SEKISHO_PROFILE']) ?? join(baseOf(env, 'XDG_CONFIG_HOME', '.config'), 'sekisho', 'profile.json')
}

function baseOf(env: Around['env'], variable: string, folder: string): string {
  return nonEmpty(env[variable]) ?? join(homedir(), folder)
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text
}
