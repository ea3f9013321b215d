import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSeHeader, verifyIbmSeSync } from '@sekisho/evidence/ibm-se'
import type { CaseResult, CaseRunner, Comparison, JsonValue } from './case.ts'
import { headerValues, keySlotValues } from './ibm-se-headers.ts'
import { attestationValues, productionValues, requestValues, z16Values } from './ibm-se-requests.ts'
import {
  addSecretValues,
  componentValues,
  discoveryValues,
  exchangeValues,
  measurementValues,
  recordValues,
  type Values,
} from './ibm-se-values.ts'
import { checksOf, conclude, expectedMembers, holds, type ReasonWords, type Ruling, ruling } from './judged.ts'
import { CaseFiles, emulatedAnchor, member, textMember } from './snp-files.ts'
import { compareTree } from './snp-tree.ts'

/** Runs cases of IBM Secure Execution. */
export const ibmSeCases: CaseRunner = {
  tees: ['ibm-se'],
  run: async (folder, name, content) => {
    const files = new CaseFiles(folder)
    const version = textMember(content, 'version') ?? ''
    if (version === 'hkd-x509' && (await files.read('scenarios.json')) !== undefined)
      return runScenarios(files, folder, name, content)
    if ((await files.read('response.pvattest')) !== undefined) return runAttestation(files, name, content)
    return runValues(files, name, content, version)
  },
}

const WORDS: ReasonWords = {
  'ibm-se.signing-key.present': ['no-signing-key'],
  'ibm-se.signing-key.single': ['many-signing-keys'],
  'ibm-se.chain.complete': ['chain-incomplete'],
  'ibm-se.root.pinned': ['untrusted-root', 'chain-incomplete'],
  'ibm-se.chain.signature': ['chain-signature', 'chain-incomplete'],
  'ibm-se.chain.not-after': ['chain-expired'],
  'ibm-se.chain.not-before': ['chain-not-yet-valid'],
  'ibm-se.chain.crl': ['chain-no-crl'],
  'ibm-se.chain.crl-current': ['chain-crl-expired'],
  'ibm-se.chain.not-revoked': ['chain-revoked'],
  'ibm-se.hkd.akid': ['hkd-akid', 'hkd-signature'],
  'ibm-se.hkd.signature': ['hkd-signature'],
  'ibm-se.hkd.not-before': ['hkd-not-yet-valid'],
  'ibm-se.hkd.not-after': ['hkd-expired'],
  'ibm-se.hkd.crl': ['hkd-no-crl'],
  'ibm-se.hkd.not-revoked': ['hkd-revoked'],
  'ibm-se.request.tag': ['request-tag-mismatch'],
  'ibm-se.measurement': ['measurement-mismatch'],
}

function timeOf(content: JsonValue): Date {
  return new Date(textMember(content, 'evaluateAt') ?? Number.NaN)
}

async function runScenarios(files: CaseFiles, folder: string, name: string, content: JsonValue): Promise<CaseResult> {
  const scenarios: JsonValue = JSON.parse(new TextDecoder().decode(await files.need('scenarios.json')))
  const comparisons: Comparison[] = []
  let valid = 0
  for (const scenario of Array.isArray(scenarios) ? scenarios : []) {
    const ruled = await judgeScenario(folder, scenario)
    const label = textMember(scenario, 'name') ?? '?'
    const expect = member(scenario, 'expect')
    const verdict = ruled.verdict === 'unverifiable' ? 'invalid' : ruled.verdict
    if (verdict === 'valid') valid++
    const reason = textMember(expect, 'reason')
    // A word that stands for no refusal here is a name that the list has chosen: refused it must be all the same.
    const isFree = reason !== undefined && ruled.vocabulary?.has(reason) === false && verdict === 'invalid'
    const fits = reason !== undefined && (isFree || ruled.reasons.includes(reason))
    const found = fits ? reason : (ruled.reasons[0] ?? null)
    comparisons.push(...compareTree(label, expect ?? null, { verdict, reason: found }))
  }
  const fields: Values = {
    fields: { scenarios: Array.isArray(scenarios) ? scenarios.length : 0, valid, ...(await hostHashes(folder)) },
  }
  // The case has a verdict for each scenario, and none of its own.
  return concludeValues(name, content, fields, comparisons)
}

async function judgeScenario(folder: string, scenario: JsonValue): Promise<Ruling> {
  const read = async (file: string): Promise<Uint8Array> => new Uint8Array(await readFile(join(folder, 'files', file)))
  const list = (key: string): readonly string[] => {
    const value = member(scenario, key)
    return Array.isArray(value) ? value.map(String) : []
  }
  const root = await read(textMember(scenario, 'root') ?? '')
  const given = await Promise.all([...list('signing'), ...list('intermediates'), ...list('crls')].map(read))
  const hkd = await read(textMember(scenario, 'hkd') ?? '')
  return ruling(
    () => verifyIbmSeSync(hkd, { at: timeOf(scenario), files: [...given, root], trustAnchors: [emulatedAnchor(root)] }),
    WORDS,
  )
}

async function hostHashes(folder: string): Promise<Record<string, JsonValue>> {
  const hash = async (file: string): Promise<JsonValue> => {
    const verdict = verifyIbmSeSync(new Uint8Array(await readFile(join(folder, 'files', file))), { at: new Date(0) })
    return verdict.claims.hosts[0]?.keyHash ?? null
  }
  return { hostCrtPublicKeyHash: await hash('host.crt'), host2CrtPublicKeyHash: await hash('host2.crt') }
}

/** Responses come with their host key document alone: what is missing above it is not the case's. */
async function runAttestation(files: CaseFiles, name: string, content: JsonValue): Promise<CaseResult> {
  const evidence = await files.need('response.pvattest')
  const header = await files.need('se-header.bin')
  const options = {
    at: timeOf(content),
    files: [await files.need('hkd.crt')],
    header,
    protectionKey: await files.need('protection-key.bin'),
  }
  const ruled = await ruling(() => verifyIbmSeSync(evidence, options), WORDS)
  const bound =
    holds(ruled.found, 'ibm-se.measurement') === true &&
    holds(ruled.found, 'ibm-se.attestation-key') === true &&
    holds(ruled.found, 'ibm-se.image-key') === true
  const failed =
    ruled.found !== undefined &&
    checksOf(ruled.found).some((check) => check.phase === 'authenticity' && check.outcome === 'fail')
  const judged: Ruling = bound && !failed ? { ...ruled, verdict: 'valid', reasons: [] } : ruled
  const values = await attestationValues(files, evidence, parseSeHeader(header))
  const comparisons = expectedMembers(content).flatMap(([path, expected]) => compareTree(path, expected, values[path]))
  return conclude(name, content, judged, comparisons, [])
}

const RECIPES: Readonly<Record<string, (files: CaseFiles, content: JsonValue) => Promise<Values>>> = {
  'asrcb-0x100': addSecretValues,
  'components-v1': componentValues,
  'pvattest-0x100': exchangeValues,
  'hyper-protect-basic': recordValues,
  'image-metadata-1': discoveryValues,
  'keyslot-80': keySlotValues,
  'hmac-sha512': measurementValues,
  'se-header-0x100': headerValues,
  'hkd-x509': productionValues,
  'arcb-0x100': async (files, content) =>
    (await files.read('request.pvattest')) === undefined ? requestValues(files) : z16Values(files, timeOf(content)),
}

async function runValues(files: CaseFiles, name: string, content: JsonValue, version: string): Promise<CaseResult> {
  const recipe = RECIPES[version]
  if (recipe === undefined) return conclude(name, content, { verdict: 'unverifiable', reasons: [] }, [], ['version'])
  return concludeValues(name, content, await recipe(files, content), [])
}

/** Known answers are right when every value comes out; `checks` are comparisons of their own. */
function concludeValues(name: string, content: JsonValue, values: Values, more: readonly Comparison[]): CaseResult {
  const unknown = expectedMembers(content)
    .filter(([path]) => values[path] === undefined)
    .map(([path]) => `expect.${path}`)
  const comparisons = [
    ...expectedMembers(content).flatMap(([path, expected]) => compareTree(path, expected, values[path])),
    ...compareTree('rows', true, values.rows ?? true),
    ...more,
  ]
  const right = comparisons.every((one) => one.equal)
  const expected = textMember(member(content, 'expect'), 'verdict') ?? ''
  const result = conclude(name, content, { verdict: right ? 'valid' : 'invalid', reasons: [] }, comparisons, unknown)
  if (!PROSE.includes(expected) || !right || unknown.length > 0) return result
  const { message: _message, ...rest } = result
  return { ...rest, outcome: 'pass', actualVerdict: expected }
}

/** Verdicts of cases that judge nothing by themselves. */
const PROSE: readonly string[] = ['parse-only', 'per-scenario', 'per-recipe']
