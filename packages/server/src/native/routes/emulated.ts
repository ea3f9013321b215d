import { Type } from '@sinclair/typebox'
import type { EmulatedEvidence, EmulatedMachine, EmulatedPlatforms } from '../../emulated-platforms.ts'
import { invalid, notFound, unexpected } from '../../http/errors.ts'
import { anyObject, base64Schema, bytesOf, closed } from '../common.ts'
import { jsonRoute, type Route } from '../route.ts'
import type { NativeServices } from '../services.ts'

const MAX_REPORT_DATA = 64
const MAX_BASE64 = 88
const NAME = '^[A-Za-z0-9-]{1,32}$'
const MACHINE = closed({
  tee: Type.String({ pattern: NAME, description: 'one of the platforms: snp, tdx, sgx, …' }),
  product: Type.Optional(Type.String({ pattern: NAME, description: 'one of the products of the platform' })),
  debug: Type.Optional(Type.Boolean({ description: 'launched so that its host may look into it' })),
  measurement: Type.Optional(
    Type.String({ pattern: '^[0-9a-f]+$', minLength: 2, maxLength: 128, description: 'a launch measurement in hex' }),
  ),
  chip: Type.Optional(Type.String({ pattern: NAME, description: 'the name of a chip' })),
  reportData: base64Schema(MAX_BASE64),
})

/**
 * Emulated machines that sign what they are given. Asking takes `admin` in all namespaces: where a policy lets emulated
 * machines have a secret, evidence on demand is that secret.
 */
export function emulatedRoutes({ emulated }: NativeServices): readonly Route[] {
  return [
    jsonRoute({
      method: 'GET',
      path: '/emulated',
      tag: 'emulated',
      summary: 'Emulated platforms that sign here, and their roots; 404 where there are none',
      scope: 'admin',
      answer: closed({
        platforms: Type.Array(closed({ tee: Type.String(), products: Type.Optional(Type.Array(Type.String())) })),
        anchors: Type.Array(anyObject('a trust anchor that says `emulated: true`')),
      }),
      handle: async () => {
        const { kinds, anchors } = present(emulated)
        return {
          platforms: kinds.map(({ tee, products }) => ({
            tee,
            ...(products === undefined ? {} : { products: [...products] }),
          })),
          anchors: anchors.map((one) => ({ ...one })),
        }
      },
    }),
    jsonRoute({
      method: 'POST',
      path: '/emulated/attest',
      tag: 'emulated',
      summary: 'Has an emulated machine sign at most 64 bytes; 404 where there are none',
      scope: 'admin',
      body: MACHINE,
      answer: closed({
        tee: Type.String(),
        evidence: anyObject('the KBS primary_evidence object'),
        reference: anyObject('members of the expectations of that TEE, docs/expectations.md'),
        emulated: Type.Literal(true),
      }),
      handle: async ({ body }) => {
        const platforms = present(emulated)
        const { reportData, ...machine } = body
        const bytes = bytesOf(reportData, '/reportData')
        if (bytes.length > MAX_REPORT_DATA)
          throw unexpected([{ field: '/reportData', expected: 'at most 64 bytes in base64' }])
        const { tee, evidence, reference } = await attested(platforms, machine, bytes)
        return { tee, evidence, reference, emulated: true as const }
      },
    }),
  ]
}

function present(emulated: EmulatedPlatforms | undefined): EmulatedPlatforms {
  if (emulated === undefined)
    throw notFound('no emulated platforms sign here; `sekisho up --emulated` starts a checkpoint with some')
  return emulated
}

async function attested(
  platforms: EmulatedPlatforms,
  machine: EmulatedMachine,
  reportData: Uint8Array,
): Promise<EmulatedEvidence> {
  try {
    return await platforms.attest(machine, reportData)
  } catch (error) {
    // A machine that there is none of is told with a TypeError that names the member.
    if (error instanceof TypeError) throw invalid(error.message, [{ field: '', expected: 'an emulated machine' }])
    throw error
  }
}
