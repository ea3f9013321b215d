import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CheckpointStage } from './checkpoint.ts'

/** What the demonstration's policy permits, and two statements more, of which one is probably not meant. */
export const SECOND_POLICY = `// Emulated machines, for the demonstration.
@id("emulated")
@allow("emulated-allowed")
permit (principal, action, resource)
when
{
  context.emulated &&
  context.verdict.outcome == "verified" &&
  context.verdict.authenticity == "proven" &&
  !context.debug &&
  !context.references.isEmpty()
};

// The generation that we are leaving behind gets no key of the payroll.
@id("payroll-off-milan")
forbid (
  principal,
  action,
  resource in Sekisho::Folder::"payroll"
)
when { context has product && context.product == "Milan" };
`

/** A file in the stage's folder. */
export function storyFile(stage: CheckpointStage, name: string, text: string): string {
  const path = join(stage.folder, name)
  writeFileSync(path, text)
  return path
}

/** Secrets, two versions of a policy, reference sets, workloads that got something and one that did not: all real. */
export async function tellPolicyStory(stage: CheckpointStage): Promise<void> {
  const run = stage.sekisho
  const secret = storyFile(stage, 'secret.txt', 'correct horse')
  await run('secret', 'put', 'payroll/db/password', secret)
  await run('secret', 'put', 'web/tls/key', secret)
  const first = storyFile(stage, 'policy.cedar', await run('policy', 'starter', 'emulated'))
  await run('policy', 'set', first, '--note', 'the first one')
  for (const product of ['Milan', 'Genoa']) {
    const report = join(stage.folder, `${product}.bin`)
    await run('emulate', 'attest', 'snp', '--product', product, '--world', stage.world, '-o', report)
    const name = `web-${product.toLowerCase()}`
    const printed = await run('reference', 'from-evidence', name, report, '--print', '--json')
    const provenance = { kind: 'measurement', source: `${product}.bin` }
    const set = { ...(JSON.parse(printed) as object), owner: 'the web team', provenance }
    await run('reference', 'put', name, storyFile(stage, `${name}.json`, JSON.stringify(set)))
  }
  await run('policy', 'set', storyFile(stage, 'second.cedar', SECOND_POLICY), '--note', 'payroll leaves Milan')
  let turn = 0
  for (const [path, product] of [
    ['web/tls/key', 'Milan'],
    ['web/tls/key', 'Genoa'],
    ['payroll/db/password', 'Genoa'],
    ['payroll/db/password', 'Milan'],
  ] as const) {
    turn++
    const out = join(stage.folder, `out-${turn}`)
    // The last one is refused: that is what the story is about.
    await run('request', path, '--emulated', 'snp', '--product', product, '--world', stage.world, '-o', out).catch(
      (error: unknown) => {
        if (!String(error).includes('policy-deny')) throw error
      },
    )
  }
}
