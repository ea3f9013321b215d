import { createHash, randomBytes } from 'node:crypto'
import type { PolicyCase, PolicyContext, readPolicyCases as readCases } from '@sekisho/appraisal'
import type { Around } from '../around.ts'
import { serveWorld } from '../commands/emulate.ts'
import { usageError } from '../exit.ts'
import { type AttesterFlags, platformOf } from './attesters.ts'
import { PRODUCTS } from './emulated-machine.ts'
import { type KeptWorld, openWorld } from './world-file.ts'

/** A case as a file has it: complete, or with an emulated platform whose evidence gives its context. */
interface WrittenCase {
  readonly one: PolicyCase
  readonly platform?: Platform
  /** Whether the platform's values are among the reference values. */
  readonly known: boolean
}

type Platform = AttesterFlags & { readonly kind: string }

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
    throw usageError(`${file}: expected a list of 1 to ${MAX_CASES} cases`)
  const { readPolicyCases: readOne } = await import('@sekisho/appraisal')
  const written = content.map((one: unknown, index) => readCase(readOne, one, `${file}: case ${index + 1}`))
  const platforms = written.flatMap(({ platform }) => (platform === undefined ? [] : [platform]))
  const stage = platforms.length === 0 ? undefined : await openStage(platforms, worldFile, around)
  try {
    const cases: PolicyCase[] = []
    for (const { one, platform, known } of written) {
      const context = platform && (await stage?.contextOf(platform, known, one.resource))
      cases.push(context === undefined ? one : { ...one, context })
    }
    return cases
  } finally {
    await stage?.close()
  }
}

function readCase(readOne: typeof readCases, value: unknown, where: string): WrittenCase {
  if (!isMembers(value)) throw usageError(`${where}: expected { name, resource, permitted, platform }`)
  const { platform, known = true, ...rest } = value
  if ((rest['context'] === undefined) === (platform === undefined))
    throw usageError(`${where}: give either \`platform\` or \`context\``)
  if (typeof known !== 'boolean') throw usageError(`${where}.known: expected true or false`)
  if (platform === undefined) return { one: readAs(readOne, rest, where), known }
  if (!isPlatform(platform))
    throw usageError(`${where}: \`platform\` needs a \`kind\`: snp, tdx, sgx, nitro, cca or tpm`)
  // Its context is the evidence's; what stands here until then is read by nobody.
  return { one: readAs(readOne, { ...rest, context: { tee: 'snp' } }, where), platform, known }
}

function readAs(readOne: typeof readCases, written: object, where: string): PolicyCase {
  try {
    const [one] = readOne([written])
    if (one !== undefined) return one
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    const said = error.message.replace(/^cases\[0\]/, where)
    throw usageError(said.replace(/; known are name, .*/, (list) => `${list}, platform, known`))
  }
  throw usageError(`${where}: expected a case`)
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isPlatform(value: unknown): value is Platform {
  return isMembers(value) && typeof value['kind'] === 'string'
}

interface CaseStage {
  contextOf(platform: Platform, known: boolean, resource: string): Promise<PolicyContext>
  close(): Promise<void>
}

/** One emulated world for all cases of a run, with its services. Making one takes seconds: a file keeps it for the next. */
async function openStage(
  platforms: readonly Platform[],
  worldFile: string | undefined,
  around: Around,
): Promise<CaseStage> {
  const { networkSource } = await import('@sekisho/collateral')
  const { openVerifier } = await import('@sekisho/broker')
  const { appraise } = await import('@sekisho/appraisal')
  const { emulatedAttester } = await import('@sekisho/attester')
  const now = (): Date => around.now()
  const { world, save } = await worldOf(platforms, worldFile, now)
  const { url, close } = await serveWorld(async () => world, 0)
  const intel = { baseUrl: url, kind: 'pcs', rootCrlUrl: `${url}/IntelSGXRootCA.der` } as const
  const { anchors } = world
  const source = networkSource({ intel, amd: { baseUrl: url }, trustAnchors: anchors, now })
  const verifier = openVerifier({ source, trustAnchors: anchors })
  return {
    async contextOf({ kind, ...flags }, known, resource) {
      const digest = new Uint8Array(createHash('sha384').update(randomBytes(32)).digest())
      const { evidence, eventLog } = await emulatedAttester(world, platformOf(world, kind, flags)).attest({
        reportData: digest,
      })
      const received = verifier.recognise(evidence, eventLog)
      const binding = verifier.binding(received, digest)
      const values = known ? verifier.skeleton(received) : {}
      const expect = { ...values, ...binding, reportDataIsFresh: true, allowEmulated: true }
      const at = now()
      const { verdict } = await verifier.verify(received, { expect, at })
      const { context } = appraise(verdict, { references: known ? ['known'] : [], at, resource })
      // The case is about what hardware would be given: the platform plays it.
      return { ...context, hardware: true, emulated: false, vector: { ...context.vector, hardware: 2 } }
    },
    close: async () => {
      await close()
      await save()
    },
  }
}

async function worldOf(platforms: readonly Platform[], file: string | undefined, now: () => Date): Promise<KeptWorld> {
  if (file !== undefined) return openWorld(file, now)
  const { createWorld } = await import('@sekisho/emulator')
  // Each generation has roots of its own, and keys of that size take a second to make.
  const used = PRODUCTS.filter((one) =>
    platforms.some(({ kind, product = 'Genoa' }) => kind === 'snp' && product === one),
  )
  const products = used.length === 0 ? (['Genoa'] as const) : used
  return { world: createWorld({ now, products }), save: async () => undefined }
}
