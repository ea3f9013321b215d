import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateKey } from '@sekisho/emulator/kit'
import type { BrowserContextOptions } from 'playwright-core'
import type { Seen } from './browser.ts'
import type { CheckpointStage } from './checkpoint.ts'

/** A secret that workloads of {@link permitWorkloads} may have. */
export const RESOURCE = 'shop/database/password'

/** A value that must show nowhere. */
export const CANARY = 'correct-horse-canary-7421'

/** Keeps a secret, puts the policy for emulated platforms in force, and makes the workloads of two generations known. */
export async function permitWorkloads(stage: CheckpointStage): Promise<void> {
  const value = fileOf(stage, 'value.txt', CANARY)
  await stage.sekisho('secret', 'put', RESOURCE, value, '--content-type', 'text/plain')
  const policy = fileOf(stage, 'policy.cedar', await stage.sekisho('policy', 'starter', 'emulated'))
  await stage.sekisho('policy', 'set', policy)
  for (const [name, product] of [
    ['web', 'Milan'],
    ['batch', 'Genoa'],
  ] as const) {
    const report = join(stage.folder, `${name}.bin`)
    await stage.sekisho('emulate', 'attest', 'snp', '--product', product, '--world', stage.world, '-o', report)
    await stage.sekisho('reference', 'from-evidence', name, report, '--owner', 'the shop team')
  }
}

let asked = 0

/** A workload asks for the secret. @returns the id of its lease */
export async function hold(stage: CheckpointStage, product: 'Milan' | 'Genoa'): Promise<string> {
  const out = join(stage.folder, `held-${asked++}`)
  const args = [
    'request',
    RESOURCE,
    '-o',
    out,
    '--emulated',
    'snp',
    '--product',
    product,
    '--world',
    stage.world,
    '--json',
  ]
  return (JSON.parse(await stage.sekisho(...args)) as { lease: string }).lease
}

type Json = Readonly<Record<string, unknown>>

async function post(stage: CheckpointStage, path: string, body: Json, bearer?: string): Promise<Json> {
  const headers = { 'content-type': 'application/json', ...(bearer && { authorization: `Bearer ${bearer}` }) }
  const answer = await fetch(`${stage.url}api/v1/workload/${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${path}: ${text}`)
  return JSON.parse(text) as Json
}

/** A workload that goes on: it attests, holds the secret, and renews. @returns the id of its lease */
export async function holdAndRenew(stage: CheckpointStage): Promise<string> {
  const { x, y } = generateKey('P-256').publicKey.export({ format: 'jwk' })
  const key = { alg: 'ECDH-ES+A256KW', crv: 'P-256', kty: 'EC', x, y }
  const attest = async (): Promise<Json> => {
    const { session, nonce } = await post(stage, 'challenge', { namespace: 'default', tee: 'snp' })
    const bound = JSON.stringify({ 'additional-evidence': '', nonce, 'tee-pubkey': key })
    const data = createHash('sha384').update(bound).digest('hex')
    const args = ['emulate', 'attest', 'snp', '--product', 'Milan', '--world', stage.world, '--report-data', data]
    const evidence: unknown = JSON.parse(await stage.sekisho(...args, '--json'))
    return { session, tee: 'snp', evidence, runtimeData: { nonce, 'tee-pubkey': key } }
  }
  const attested = await attest()
  await post(stage, 'attest', attested)
  const released = await post(stage, 'release', { resource: RESOURCE, session: attested['session'] })
  const lease = released['lease'] as { readonly id: string; readonly secret: string }
  await post(stage, `leases/${lease.id}/renew`, await attest(), lease.secret)
  return lease.id
}

/** A file beside the stage's data. */
export function fileOf(stage: CheckpointStage, name: string, text: string): string {
  const path = join(stage.folder, name)
  writeFileSync(path, text)
  return path
}

/** A page of somebody who signed in with a token of these scopes alone, in the namespace `default`. */
export async function reader(
  stage: CheckpointStage,
  scopes: readonly string[],
  options?: BrowserContextOptions,
): Promise<Seen> {
  const made = await stage.sekisho('token', 'create', 'a reader', '--scope', ...scopes, '--json')
  const seen = await stage.visitor(options)
  await seen.page.goto(`${stage.url}#/ns/default/access/you`)
  await seen.page.getByLabel('Token').fill((JSON.parse(made) as { token: string }).token)
  await seen.page.getByRole('button', { name: 'Sign in' }).click()
  await seen.page.getByRole('button', { name: 'Sign out' }).waitFor()
  return seen
}
