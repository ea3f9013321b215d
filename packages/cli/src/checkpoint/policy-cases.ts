import type { PolicyCase, WrittenCase } from '@sekisho/appraisal'
import type { Around } from '../around.ts'
import { unreadable } from '../exit.ts'
import { playedBy, sourceAt } from './case-contexts.ts'
import { PRODUCTS } from './emulated-machine.ts'
import { serveWorld } from './served-world.ts'
import { type KeptWorld, openWorld } from './world-file.ts'

const MAX_CASES = 1000

/**
 * Reads test cases of policies. A `platform` is emulated: its evidence, in real wire format, is verified by the
 * same code as any, and policies see it as they would see hardware.
 *
 * @param worldFile keeps the emulated world from run to run; undefined makes one for this run
 * @throws CliError (usage) that names the case and the member
 */
export async function readPolicyCases(
  content: unknown,
  file: string,
  worldFile: string | undefined,
  around: Around,
): Promise<readonly PolicyCase[]> {
  if (!Array.isArray(content) || content.length === 0 || content.length > MAX_CASES)
    throw unreadable(`${file}: expected a list of 1 to ${MAX_CASES} cases`)
  const { readPolicyCases: read } = await import('@sekisho/appraisal')
  try {
    return await played(read(content), worldFile, around)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    const said = error.message.replace(/^cases\[(\d+)\]/, (_, index: string) => `case ${Number(index) + 1}`)
    throw unreadable(`${file}: ${said}`, error)
  }
}

/** One emulated world for all cases of a run, with its services. Making one takes seconds: a file keeps it for the next. */
async function played(
  written: readonly WrittenCase[],
  worldFile: string | undefined,
  around: Around,
): Promise<readonly PolicyCase[]> {
  const { playCases } = await import('@sekisho/appraisal')
  const now = (): Date => around.now()
  const products = written.flatMap((one) =>
    'platform' in one && one.platform.kind === 'snp' ? [one.platform.product ?? 'Genoa'] : [],
  )
  if (!written.some((one) => 'platform' in one))
    return playCases(written, () => Promise.reject(new Error('no case has a platform')))
  const { world, save } = await worldOf(products, worldFile, now)
  const { url, close } = await serveWorld(async () => world, 0)
  try {
    const { anchors } = world
    const source = sourceAt(url, anchors, now)
    return await playCases(
      written,
      playedBy(async () => world, { source, anchors, arm: world.arm.endorsements(), now }),
    )
  } finally {
    await close()
    await save()
  }
}

async function worldOf(products: readonly string[], file: string | undefined, now: () => Date): Promise<KeptWorld> {
  if (file !== undefined) return openWorld(file, now)
  const { createWorld } = await import('@sekisho/emulator')
  // Each generation has roots of its own, and keys of that size take a second to make.
  const used = PRODUCTS.filter((one) => products.includes(one))
  return { world: createWorld({ now, products: used.length === 0 ? ['Genoa'] : used }), save: async () => undefined }
}
