import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContextOptions } from 'playwright-core'
import type { Seen } from './browser.ts'
import type { CheckpointStage } from './checkpoint.ts'

/** What a told story left behind. */
export interface DecisionStory {
  /** Of a refusal for want of reference values. */
  readonly refused: string
  readonly released: string
  readonly lease: string
  readonly revoked: string
}

export const RESOURCE = 'demo/db/password'

const FORBID = `@id("tls-stays")
forbid (principal, action, resource)
when { context has resource && context.resource == "demo/tls/key" };
`

/**
 * Makes decisions of every kind as a working day does: a policy, a workload that is refused and then released to, another
 * one that is not known, one that the policy forbids, a lease that is revoked.
 */
export async function tellDecisions(stage: CheckpointStage): Promise<DecisionStory> {
  const { folder, world, sekisho } = stage
  const file = (name: string): string => join(folder, name)
  writeFileSync(file('password.txt'), 'correct horse')
  await sekisho('secret', 'put', RESOURCE, file('password.txt'))
  await sekisho('secret', 'put', 'demo/tls/key', file('password.txt'))
  const starter = await sekisho('policy', 'starter', 'emulated')
  writeFileSync(file('policy.cedar'), starter)
  await sekisho('policy', 'set', file('policy.cedar'), '--note', 'the first one')
  const ask = (resource: string, output: string, ...more: readonly string[]): Promise<string> =>
    sekisho('request', resource, '--emulated', 'snp', '--world', world, ...more, '-o', file(output))
  const milan = ['--product', 'Milan']
  const refused = decisionIn(await outputOfRefusal(ask(RESOURCE, 'none', ...milan)))
  await sekisho('emulate', 'attest', 'snp', ...milan, '--world', world, '-o', file('report.bin'))
  await sekisho('reference', 'from-evidence', 'web', file('report.bin'), '--owner', 'the web team')
  const told = await ask(RESOURCE, 'secret-1', ...milan, '--json')
  const { decision: released, lease } = JSON.parse(told) as { decision: string; lease: string }
  for (const digit of ['1', '2', '3'])
    await outputOfRefusal(ask(RESOURCE, 'none', ...milan, '--measurement', digit.repeat(96)))
  await outputOfRefusal(sekisho('request', RESOURCE, '--emulated', 'nitro', '--world', world, '-o', file('none')))
  writeFileSync(file('forbid.cedar'), `${starter}\n${FORBID}`)
  await sekisho('policy', 'set', file('forbid.cedar'), '--note', 'TLS keys stay here')
  await outputOfRefusal(ask('demo/tls/key', 'none', ...milan))
  await ask(RESOURCE, 'secret-2', ...milan)
  await sekisho('lease', 'revoke', lease, '--reason', 'moved to another machine')
  const listed = JSON.parse(await sekisho('decision', 'list', '--outcome', 'revoked', '--json')) as {
    decisions: readonly { id: string }[]
  }
  return { refused, released, lease, revoked: listed.decisions[0]?.id ?? '' }
}

/** Decisions as a hostile server would list them: the text stands wherever a text can. */
export function manyDecisions(count: number, hostile: string): readonly { readonly id: string }[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `dec_${String(99_999 - i).padStart(26, '0')}`,
    at: '2026-11-21T10:00:00.000Z',
    kind: i % 2 === 0 ? hostile : 'release',
    outcome: i % 3 === 0 ? hostile : 'refused',
    emulated: true,
    reasons: [hostile],
    remedies: [{ action: hostile, by: 'constructor' }],
    resource: hostile,
    reasonCode: hostile,
    tee: hostile,
    workload: hostile,
  }))
}

/** What a command that must be refused said. @throws Error when it was not refused */
async function outputOfRefusal(running: Promise<string>): Promise<string> {
  const said = await running.then(
    (text) => `not refused: ${text}`,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
  if (!said.includes('refused:')) throw new Error(said)
  return said
}

function decisionIn(text: string): string {
  const found = /dec_[0-9a-z]{26}/.exec(text)?.[0]
  if (found === undefined) throw new Error(`no decision in: ${text}`)
  return found
}

/** The administrator's page of decisions, at `at` behind its address, as soon as it has loaded. */
export async function openDecisions(
  stage: CheckpointStage,
  at: string,
  options?: BrowserContextOptions,
): Promise<Seen> {
  const seen = await stage.administrator(options)
  await seen.page.goto(`${stage.url}#/ns/default/decisions${at}`)
  await seen.page.locator('h1').waitFor()
  await seen.page.locator('.loading').first().waitFor({ state: 'detached' })
  return seen
}
