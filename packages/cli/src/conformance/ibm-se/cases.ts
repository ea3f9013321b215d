import { parseSeHeader, verifyIbmSeSync } from '@sekisho/evidence/ibm-se'
import type { CaseRunner, Comparison, JsonValue } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import { compareTree, same } from '../compare.ts'
import { type JsonRecord, listOf, member, textMember, timeOf } from '../json.ts'
import { checksOf, holds, type ReasonWords, type Ruling, ruling } from '../ruling.ts'
import { type CaseRun, casesOf, unknownIn } from '../run.ts'
import { emulatedAnchor } from '../values.ts'
import { headerValues, keySlotValues } from './headers.ts'
import { attestationValues, productionValues, requestValues, z16Values } from './requests.ts'
import {
  addSecretValues,
  componentValues,
  discoveryValues,
  exchangeValues,
  measurementValues,
  recordValues,
  type Values,
} from './values.ts'

/** Runs cases of IBM Secure Execution. */
export const ibmSeCases: CaseRunner = casesOf({
  tees: ['ibm-se'],
  read: async (files, content) => {
    const version = textMember(content, 'version') ?? ''
    const scenarios = version === 'hkd-x509' ? await files.readJson('scenarios.json') : undefined
    if (scenarios !== undefined) return readScenarios(files, scenarios)
    if ((await files.read('response.pvattest')) !== undefined) return readAttestation(files, content)
    const recipe = RECIPES.get(version)
    return recipe === undefined ? unknownIn('version') : knownAnswers(await recipe(files, content))
  },
})

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

async function readScenarios(files: CaseFiles, scenarios: JsonValue): Promise<CaseRun> {
  const comparisons: Comparison[] = []
  let valid = 0
  for (const scenario of listOf(scenarios)) {
    const ruled = await judgeScenario(files, scenario)
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
  // The case has a verdict for each scenario, and none of its own.
  const fields = { scenarios: listOf(scenarios).length, valid, ...(await hostHashes(files)) }
  return knownAnswers({ fields }, comparisons)
}

async function judgeScenario(files: CaseFiles, scenario: JsonValue): Promise<Ruling> {
  const read = (file: string): Promise<Uint8Array> => files.need(`files/${file}`)
  const list = (key: string): readonly string[] => listOf(member(scenario, key)).map(String)
  const root = await read(textMember(scenario, 'root') ?? '')
  const given = await Promise.all([...list('signing'), ...list('intermediates'), ...list('crls')].map(read))
  const hkd = await read(textMember(scenario, 'hkd') ?? '')
  return ruling(
    () => verifyIbmSeSync(hkd, { at: timeOf(scenario), files: [...given, root], trustAnchors: [emulatedAnchor(root)] }),
    WORDS,
  )
}

async function hostHashes(files: CaseFiles): Promise<JsonRecord> {
  const hash = async (file: string): Promise<JsonValue> =>
    verifyIbmSeSync(await files.need(`files/${file}`), { at: new Date(0) }).claims.hosts[0]?.keyHash ?? null
  return { hostCrtPublicKeyHash: await hash('host.crt'), host2CrtPublicKeyHash: await hash('host2.crt') }
}

/** Responses come with their host key document alone: what is missing above it is not the case's. */
async function readAttestation(files: CaseFiles, content: JsonValue): Promise<CaseRun> {
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
  const { fields } = await attestationValues(files, evidence, parseSeHeader(header))
  return { ruling: bound && !failed ? { ...ruled, verdict: 'valid', reasons: [] } : ruled, found: { fields } }
}

const RECIPES: ReadonlyMap<string, (files: CaseFiles, content: JsonValue) => Promise<Values>> = new Map<
  string,
  (files: CaseFiles, content: JsonValue) => Promise<Values>
>([
  ['asrcb-0x100', addSecretValues],
  ['components-v1', componentValues],
  ['pvattest-0x100', exchangeValues],
  ['hyper-protect-basic', recordValues],
  ['image-metadata-1', discoveryValues],
  ['keyslot-80', keySlotValues],
  ['hmac-sha512', measurementValues],
  ['se-header-0x100', headerValues],
  ['hkd-x509', productionValues],
  [
    'arcb-0x100',
    async (files, content) =>
      (await files.read('request.pvattest')) === undefined ? requestValues(files) : z16Values(files, timeOf(content)),
  ],
])

/** Known answers are right when every value comes out, also those of the rows and `more`. */
function knownAnswers({ fields, rows }: Values, more: readonly Comparison[] = []): CaseRun {
  return { ruling: 'known-answers', found: { fields }, last: [same('rows', true, rows ?? true), ...more], prose: PROSE }
}

/** Verdicts of cases that judge nothing by themselves. */
const PROSE: readonly string[] = ['parse-only', 'per-scenario', 'per-recipe']
