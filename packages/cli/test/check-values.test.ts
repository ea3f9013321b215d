import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Check, Verdict } from '@sekisho/evidence'
import { ccaCases } from '../src/conformance/arm/cca.ts'
import { psaCases } from '../src/conformance/arm/psa.ts'
import { azureCases } from '../src/conformance/azure.ts'
import type { CaseRunner, JsonValue } from '../src/conformance/case.ts'
import { parseCaseJson } from '../src/conformance/case-files.ts'
import { findCases } from '../src/conformance/find.ts'
import { ibmSeCases } from '../src/conformance/ibm-se/cases.ts'
import { textMember } from '../src/conformance/json.ts'
import { nitroCases } from '../src/conformance/nitro/cases.ts'
import { nvidiaCases } from '../src/conformance/nvidia/cases.ts'
import { sevCases } from '../src/conformance/sev/cases.ts'
import { tokenCases } from '../src/conformance/token/cases.ts'
import { iasCases } from '../src/conformance/token/ias.ts'
import { tpmCases } from '../src/conformance/tpm/cases.ts'

const VECTORS = process.env.SEKISHO_VECTORS ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))

/** Families of vectors, what runs them, and how many verdicts they have at least. */
const FAMILIES: readonly (readonly [folder: string, runners: readonly CaseRunner[], verdicts: number])[] = [
  ['aws-nitro', [nitroCases], 19],
  ['arm-cca', [ccaCases], 10],
  ['arm-psa', [psaCases], 2],
  ['tpm', [tpmCases], 10],
  ['azure-vtpm', [azureCases], 9],
  ['nvidia-gpu', [nvidiaCases], 20],
  ['ibm-se', [ibmSeCases], 5],
  ['amd-sev', [sevCases], 5],
  ['tokens', [tokenCases, iasCases], 15],
]

/**
 * Checks that hold or fail without a value, since there is none that says more than their label and their reason: by id
 * and outcome, with why. Those of SNP, SGX and TDX are in the tests of the evidence package.
 */
const LABEL_SAYS_ALL: readonly (readonly [ids: RegExp, why: string])[] = [
  [/^(snp|sgx|tdx)\./, 'of another test'],
  [/\.(present|known|request\.key|chain\.crl|chain\.crl-current) pass$/, 'something is there, or is not'],
  [/\.(well-formed|readable|additional) /, 'bytes can be read or not; the reason has the place and what was expected'],
  [/(\.|-)(signatures?|tag|genuine) /, 'a signature verifies or not; which key it has to be of is in the label'],
  [/\.chain\.(constraints|algorithms|strength) pass$/, 'they are those of the label; what else is found is named'],
  [/\.ocsp\.(binding|responder|nonce) pass$/, 'they are those that were asked for; one that is not is named'],
  [/\.hkd\.strength pass$/, 'the same of one certificate'],
  [/^token\.(crit|judgement|mandatory|profile) /, 'nothing is missing or odd; what is, is told in words'],
  [/\.log\.(separators|after-separator|event-digests) pass$/, 'nothing is odd; what is odd is told in words'],
  [/\.(open|runtime)-pcrs pass$|\.measurements\.conflicts pass$/, 'none is left; those that are left are named'],
]

function isSilent({ id, outcome, expected, actual }: Check): boolean {
  const isMade = outcome === 'pass' || outcome === 'fail'
  if (!isMade || expected !== undefined || actual !== undefined) return false
  return !LABEL_SAYS_ALL.some(([ids]) => ids.test(`${id} ${outcome}`))
}

function allChecks({ checks, parts = [] }: Verdict): readonly Check[] {
  return [...checks.flatMap((group) => group.checks), ...parts.flatMap(({ verdict }) => allChecks(verdict))]
}

async function verdictsOf(folder: string, runners: readonly CaseRunner[]): Promise<readonly Verdict[]> {
  const found: Verdict[] = []
  for (const { path } of await findCases(folder)) {
    if (!path.endsWith('case.json')) continue
    const content: JsonValue = parseCaseJson(await readFile(path, 'utf8'), path)
    const runner = runners.find(({ tees }) => tees.includes(textMember(content, 'tee') ?? ''))
    const verdict = await runner?.verdict(dirname(path), content)
    if (verdict !== undefined) found.push(verdict)
  }
  return found
}

describe('checks that were made name what was expected or found', () => {
  for (const [family, runners, atLeast] of FAMILIES) {
    const folder = join(VECTORS, family)
    const skip = existsSync(folder) ? false : `needs the vectors in ${folder} (SEKISHO_VECTORS)`
    it(`of every vector of ${family}`, { skip }, async () => {
      const verdicts = await verdictsOf(folder, runners)
      assert.ok(verdicts.length >= atLeast, `${verdicts.length} verdicts`)
      const silent = verdicts.flatMap(allChecks).filter(isSilent)
      assert.deepEqual([...new Set(silent.map(({ id, outcome }) => `${id} (${outcome})`))].sort(), [])
    })
  }
})
