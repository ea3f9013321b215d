import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { JsonValue } from '../src/conformance/case.ts'
import { tokenCases } from '../src/conformance/token.ts'

const VECTORS = process.env.SEKISHO_VECTORS ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))
const FOLDER = join(VECTORS, 'tokens')
const skip = existsSync(FOLDER) ? false : `needs the token vectors in ${VECTORS} (SEKISHO_VECTORS)`

const SUPPORTED: readonly string[] = [
  'confidential-space-oidc-2025',
  'confidential-space-oidc-2025-nonce',
  'ear-parsec-tpm',
  'ear-trustee-cca',
  'ear-veraison-affirming',
  'ear-veraison-embedded-jwk',
  'ear-veraison-extensions',
  'ita-sgx-2023',
  'maa-azurevm-snp-2025',
  'maa-azurevm-trustedlaunch-2022',
  'maa-sevsnp-2025',
  'negatives',
  'nvidia-nras-gpu-2025',
]

const UNSUPPORTED: readonly string[] = ['cmw-samples', 'coco-as-2023', 'ear-claims-sets', 'eat-payloads']

async function outcome(name: string): Promise<string> {
  const folder = join(FOLDER, name)
  const content: JsonValue = JSON.parse(await readFile(join(folder, 'case.json'), 'utf8'))
  const result = await tokenCases.run(folder, name, content)
  return result.outcome === 'fail' ? `fail: ${result.message}` : result.outcome
}

describe('token vectors', { skip }, () => {
  for (const name of SUPPORTED) it(name, async () => assert.equal(await outcome(name), 'pass'))
  for (const name of UNSUPPORTED)
    it(`${name} is reported as not supported`, async () => assert.equal(await outcome(name), 'unsupported'))
})
