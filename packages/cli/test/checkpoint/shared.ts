import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { type Answered, type Runner, type RunOptions, runWithin } from '../run.ts'
import { savedWorld } from '../world.ts'
import { startUp, type Up } from './up.ts'

/** A checkpoint that trusts emulated platforms, and its owner, who is logged in. */
export interface Checkpoint {
  readonly up: Up
  readonly folder: string
  readonly data: string
  /** File of the emulated world. */
  readonly world: string
  readonly profile: string
}

/** Runs commands as the owner of one namespace. */
export interface Owner {
  readonly namespace: string
  readonly env: Readonly<Record<string, string>>
  /** A file or folder for this owner's tests. */
  path(name: string): string
  /** Writes a file. @returns its path */
  file(name: string, content: string | Uint8Array): string
  run(args: readonly string[], options?: RunOptions): Promise<Answered>
  /** Runs a command that has to succeed. @returns its standard output */
  ok(args: readonly string[], options?: RunOptions): Promise<string>
  /** The same with `--json`. @returns the JSON */
  json(args: readonly string[], options?: RunOptions): Promise<Record<string, unknown>>
}

const folder = mkdtempSync(join(tmpdir(), 'sekisho-checkpoint-'))
let running: Promise<Checkpoint> | undefined

// One checkpoint for all test files that run in one process: its emulated world costs seconds to make.
after(async () => {
  const checkpoint = await running?.catch(() => undefined)
  await checkpoint?.up.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** The checkpoint that test files share, each in a namespace of its own. */
export function sharedCheckpoint(): Promise<Checkpoint> {
  running ??= open()
  return running
}

async function open(): Promise<Checkpoint> {
  const data = join(folder, 'data')
  const profile = join(folder, 'profile.json')
  const world = join(data, 'world.json')
  mkdirSync(data, { mode: 0o700 })
  writeFileSync(world, await savedWorld(), { mode: 0o600 })
  const up = await startUp(['--emulated', '--offline', '--data', data])
  const login = await runWithin(['login', '--data', data], { env: { SEKISHO_PROFILE: profile } })
  assert.equal(login.code, 0, login.err)
  return { up, folder, data, world, profile }
}

/** The owner of a namespace at the shared checkpoint. `runner`: how commands are run, by default in this process. */
export async function ownerOf(
  namespace: string,
  runner: Runner = runWithin,
): Promise<Owner & { readonly checkpoint: Checkpoint }> {
  const checkpoint = await sharedCheckpoint()
  const home = mkdtempSync(join(checkpoint.folder, `${namespace}-`))
  return { ...ownerAt(checkpoint.profile, namespace, home, runner), checkpoint }
}

/** Commands with this profile, in this namespace, with files in this folder. */
export function ownerAt(profile: string, namespace: string, home: string, runner: Runner = runWithin): Owner {
  const env = { SEKISHO_PROFILE: profile, SEKISHO_NAMESPACE: namespace }
  const one = (args: readonly string[], options: RunOptions = {}): Promise<Answered> =>
    runner(args, { ...options, env: { ...env, ...options.env } })
  const ok = async (args: readonly string[], options: RunOptions = {}): Promise<string> => {
    const { code, out, err } = await one(args, options)
    assert.equal(code, 0, `sekisho ${args.join(' ')}: ${err}${out}`)
    return out
  }
  return {
    namespace,
    env,
    path: (name) => join(home, name),
    file: (name, content) => {
      writeFileSync(join(home, name), content)
      return join(home, name)
    },
    run: one,
    ok,
    json: async (args, options) => members(JSON.parse(await ok([...args, '--json'], options))),
  }
}

/** A JSON object. @throws AssertionError for anything else */
export function members(value: unknown): Record<string, unknown> {
  assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value), `no object: ${JSON.stringify(value)}`)
  return { ...value }
}

/** A list of JSON objects. */
export function rows(value: unknown): readonly Record<string, unknown>[] {
  assert.ok(Array.isArray(value), `no list: ${JSON.stringify(value)}`)
  return value.map(members)
}

/** Texts that tests compare. */
export function text(value: unknown): string {
  assert.ok(typeof value === 'string', `no text: ${JSON.stringify(value)}`)
  return value
}

/** Stores a secret, the starter policy for emulated platforms, and evidence of these kinds as known. */
export async function ready(owner: Owner, world: string, secret: string, kinds: readonly string[]): Promise<void> {
  await owner.ok(['secret', 'put', 'demo/db/password'], { input: secret })
  const policy = owner.file('emulated.cedar', await owner.ok(['policy', 'starter', 'emulated']))
  await owner.ok(['policy', 'set', policy])
  for (const kind of kinds) await know(owner, world, kind)
}

/** Takes what an emulated platform measures for known. */
export async function know(owner: Owner, world: string, kind: string, more: readonly string[] = []): Promise<void> {
  const evidence = owner.path(`${kind}.bin`)
  await owner.ok(['emulate', 'attest', kind, '--world', world, '-o', evidence, ...more])
  await owner.ok(['reference', 'from-evidence', kind, evidence])
}

/** What a workload of an emulated kind asks. */
export function asking(world: string, kind = 'snp', resource = 'demo/db/password'): readonly string[] {
  return ['request', resource, '--emulated', kind, '--world', world, '-o', '-']
}
