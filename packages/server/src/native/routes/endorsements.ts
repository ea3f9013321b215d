import { type BundleItem, CollateralError, type CollateralSource, mergeBundles, writeBundle } from '@sekisho/collateral'
import { type Static, type TString, Type } from '@sinclair/typebox'
import { HttpError, invalid, notFound } from '../../http/errors.ts'
import { anyObject, closed, oneOf } from '../common.ts'
import { jsonRoute, type Route } from '../route.ts'
import type { NativeServices } from '../services.ts'

const SVN = Type.Integer({ minimum: 0, maximum: 255, description: 'a whole number from 0 to 255' })
const AMD = closed({
  product: Type.String({ pattern: '^[A-Z][a-z]{2,15}$', description: 'a product line, e.g. Milan' }),
  chipId: Type.Optional(hexSchema(16, 128)),
  vlek: Type.Boolean(),
  leafGiven: Type.Optional(
    Type.Literal(true, { description: 'a hidden chip’s VCEK certificate is at hand: the rest, without `chipId`' }),
  ),
  tcb: closed({ fmc: Type.Optional(SVN), bootloader: SVN, tee: SVN, snp: SVN, microcode: SVN }),
})
const TEE = oneOf(['sgx', 'tdx'] as const)
const INTEL = closed({
  tee: TEE,
  fmspc: hexSchema(12, 12),
  ca: oneOf(['platform', 'processor'] as const),
})
const PLATFORM = closed({
  tee: TEE,
  encryptedPpid: Type.Optional(hexSchema(512, 768)),
  cpuSvn: hexSchema(32, 32),
  pceSvn: Type.Integer({ minimum: 0, maximum: 65535, description: 'a whole number from 0 to 65535' }),
  pceId: hexSchema(4, 4),
  qeId: Type.Optional(hexSchema(32, 32)),
})
const WANTED = closed({
  amd: Type.Optional(AMD),
  intel: Type.Optional(INTEL),
  intelPlatform: Type.Optional(PLATFORM),
})

/**
 * Endorsements for whoever verifies in the web page: asked for by what names the platform, so that the evidence itself
 * stays where it is. What is answered is unverified; the verifier checks all of it.
 */
export function endorsementRoutes({ auth, source }: NativeServices): readonly Route[] {
  let underway = 0
  return [
    jsonRoute({
      method: 'POST',
      path: '/endorsements',
      tag: 'endorsements',
      bearer: 'any-token',
      summary: 'Endorsements of a platform, from the vendor or the cache, as a bundle; for every token',
      body: WANTED,
      answer: anyObject('an endorsement bundle, docs/endorsement-bundle.md'),
      handle: async ({ call, body }) => {
        await auth.authenticate(call)
        if (source === undefined) throw notFound('this checkpoint asks nobody for endorsements')
        if (underway >= MOST_AT_ONCE)
          throw new HttpError(503, 'busy', 'endorsements of too many platforms are asked for at once; try again', {
            headers: { 'retry-after': '1' },
          })
        underway++
        try {
          return await bundleOf(source, body)
        } finally {
          underway--
        }
      },
    }),
  ]
}

/** The vendor counts requests by address: those of readers must not use up what evidence of workloads is judged with. */
const MOST_AT_ONCE = 8

async function bundleOf(
  source: CollateralSource,
  wanted: Static<typeof WANTED>,
): Promise<Readonly<Record<string, unknown>>> {
  const items = await answered(() => itemsOf(source, wanted))
  return JSON.parse(writeBundle(mergeBundles({ items }))) as Readonly<Record<string, unknown>>
}

async function itemsOf(source: CollateralSource, wanted: Static<typeof WANTED>): Promise<readonly BundleItem[]> {
  const items: BundleItem[] = []
  if (wanted.amd !== undefined) items.push({ kind: 'amd', collateral: await source.amd(wanted.amd) })
  if (wanted.intel !== undefined) items.push({ kind: 'intel', collateral: await source.intel(wanted.intel) })
  if (wanted.intelPlatform !== undefined) {
    const { tee, ...request } = wanted.intelPlatform
    const certificate = await source.pck(request)
    const { fmspc, ca } = certificate
    items.push({ kind: 'intel-pck', request, certificate })
    items.push({ kind: 'intel', collateral: await source.intel({ tee, fmspc, ca }) })
  }
  return items
}

/** What a source could not give is no fault of this server. */
async function answered<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    // What the members are together, only the source can tell: another product has other parts of a TCB.
    if (error instanceof TypeError && error.message.startsWith('`'))
      throw invalid(error.message, [{ field: '', expected: error.message }])
    if (!(error instanceof CollateralError)) throw error
    if (error.code === 'not-found') throw notFound(error.message)
    throw new HttpError(503, 'endorsements-unavailable', error.message, {
      cause: error,
      headers: { 'retry-after': String(Math.ceil((error.retryAfterMs ?? 5000) / 1000)) },
    })
  }
}

function hexSchema(least: number, most: number): TString {
  return Type.String({
    pattern: `^(?:[0-9a-fA-F]{2}){${least / 2},${most / 2}}$`,
    description: least === most ? `${least} hex digits` : `${least} to ${most} hex digits`,
  })
}
