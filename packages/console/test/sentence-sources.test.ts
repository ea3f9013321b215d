import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { parseSync } from 'oxc-parser'
import { isRecord } from '../src/engine/json.ts'
import { compileSentences } from '../src/text/sentences.ts'
import { ROOT } from './browser.ts'
import { sentenceFiles } from './sentence-files.ts'

const SOURCES = join(ROOT, 'packages', 'evidence', 'src')
/** Functions whose arguments are sentences of a verdict. */
const TELLING = new Set([
  'pass',
  'fail',
  'unchecked',
  'notApplicable',
  'mend',
  'finding',
  'fault',
  'each',
  'eachHost',
  'eachOfPath',
])
/** Members that are sentences of a verdict. */
const MEMBERS = new Set(['action', 'statement', 'because', 'text', 'reason', 'explanation'])

/** Files whose functions judge: what they return is told. */
const JUDGING =
  /(steps|chain|certificates|revocation|check|groups|wishes|shortfall|compare|findings|facts|windows)\.ts$/

interface Found {
  readonly file: string
  /** The text with `¤` and a number for each expression in it. */
  readonly text: string
}

/** The text of a literal or template; undefined for anything else. */
function textOf(node: Readonly<Record<string, unknown>>): string | undefined {
  if (node['type'] === 'Literal') return typeof node['value'] === 'string' ? node['value'] : undefined
  if (node['type'] !== 'TemplateLiteral' || !Array.isArray(node['quasis'])) return undefined
  return node['quasis'].map((quasi, i) => (i === 0 ? '' : `¤${i}`) + cooked(quasi)).join('')
}

function cooked(quasi: unknown): string {
  const value = isRecord(quasi) ? quasi['value'] : undefined
  return isRecord(value) ? String(value['cooked']) : ''
}

function nameOf(node: unknown): string {
  return isRecord(node) ? String(node['name'] ?? node['value'] ?? '') : ''
}

/** Collects the sentences under a node. */
function collect(node: unknown, file: string, found: Found[]): void {
  if (Array.isArray(node)) for (const one of node) collect(one, file, found)
  if (!isRecord(node)) return
  const type = node['type']
  // Decoding tells of bytes, in the words of their documents.
  if (type === 'ThrowStatement') return
  const told: unknown[] = []
  if (type === 'CallExpression' && TELLING.has(nameOf(node['callee'])) && Array.isArray(node['arguments']))
    told.push(...node['arguments'])
  if (type === 'Property' && MEMBERS.has(nameOf(node['key']))) told.push(node['value'])
  // Functions that say what is wrong return half a sentence, and what several checks say has a name.
  if (type === 'ReturnStatement' && JUDGING.test(file)) told.push(node['argument'])
  if (type === 'ArrowFunctionExpression' && JUDGING.test(file)) told.push(node['body'])
  if (type === 'VariableDeclarator' && JUDGING.test(file)) told.push(node['init'])
  for (const one of told.flatMap(branchesOf)) {
    const text = isRecord(one) ? textOf(one) : undefined
    if (text !== undefined && /^(?![A-Z]).*[a-z]{2,} [a-z]/.test(text)) found.push({ file, text })
  }
  for (const value of Object.values(node)) if (typeof value === 'object') collect(value, file, found)
}

/** Both sides of a choice. */
function branchesOf(node: unknown): readonly unknown[] {
  if (!isRecord(node) || node['type'] !== 'ConditionalExpression') return [node]
  return [...branchesOf(node['consequent']), ...branchesOf(node['alternate'])]
}

/** Every sentence of verdicts as the sources have it. */
function sentencesInSources(): readonly Found[] {
  const found: Found[] = []
  for (const name of readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue
    collect(parseSync(name, readFileSync(join(SOURCES, name), 'utf8')).program, name, found)
  }
  return found
}

describe('Japanese sentences and the sources of the English ones', () => {
  const all = compileSentences(Object.values(sentenceFiles))
  // What an expression in a template may stand for: each pattern asks for one of these in its holes.
  const STAND_INS = ['¤', '7', 'x-1', '"quoted"', 'it is so', 'the leaf', 'is revoked'] as const

  // What half a sentence is said of.
  const SUBJECTS = [
    '',
    'the leaf ',
    'certificate 1 ',
    'certificate 1 of the chain, "x", ',
    'the responder for certificate 1 ',
  ] as const

  function isKnown(text: string): boolean {
    return STAND_INS.some((value) => {
      const whole = text.replace(/¤\d+/g, value)
      return SUBJECTS.some((subject) => all.say(`${subject}${whole}`) !== undefined)
    })
  }

  it('every sentence that the sources tell has a pattern', () => {
    const found = sentencesInSources()
    assert.ok(found.length > 900, `only ${found.length} sentences were found`)
    const lacking = found.filter(({ text }) => !isKnown(text)).map(({ file, text }) => `${file}: ${text}`)
    assert.deepEqual(
      lacking.filter((one) => !COMPOSED.has(one)),
      [],
    )
    assert.deepEqual(
      [...COMPOSED].filter((one) => !lacking.includes(one)),
      [],
    )
  })
})

/** Sentences of which an expression holds half the words: the catalogue has each of their forms. */
const COMPOSED: ReadonlySet<string> = new Set([
  'cca/appraisal-steps.ts: the platform is in the state ¤1: it does not protect realms¤2',
  'dcap/tcb-groups.ts: ¤1, or drop `platform.¤2`',
  'dcap/tcb-groups.ts: use another platform',
  'dcap/tcb-groups.ts: ¤1 from the platform owner',
  'dcap/tcb-groups.ts: the TDX module was updated after the launch: relaunch the TD; ¤1',
  'ibm-se/host-steps.ts: no usable revocation list of the signing key is at hand¤1',
  'nvidia/measurement-steps.ts: ¤1 golden values are met¤2',
  'nvidia/measurement-steps.ts: install genuine firmware: ¤1 that runs is not the one NVIDIA describes',
  'nvidia/ocsp-steps.ts: certificate ¤1 is revoked¤2',
  'nvidia/ocsp-steps.ts: replace the device or firmware¤1',
  'snp/crl-steps.ts: ¤1 is missing: a revoked ASK or ASVK would pass (AMD has revoked one)',
  'snp/crl-steps.ts: ¤1 is of another issuer: it says nothing about this chain',
  'snp/report-steps.ts: the signature ¤1¤2',
  'tpm/log-steps.ts: the log replays to the quoted PCR ¤1 of the ¤2 bank¤3',
  'tpm/log-steps.ts: switch secure boot ¤1 and boot again',
  'tpm/log-steps.ts: switch it ¤1 and boot again',
  // Parts of those above and of others, which are told whole.
  'dcap/tcb-groups.ts: the exception ¤1 does not apply',
  'dcap/tcb-groups.ts: set ¤1 to ¤2 in the BIOS and have the platform certified anew',
  'nvidia/measurement-steps.ts: ; ¤1 left out, as NVDEC0 is disabled',
  'nvidia/ocsp-steps.ts: , on hold',
  'sev/chain-steps.ts: has no one signature by ¤1 that can be checked',
  'snp/crl-steps.ts: the revocation list',
  'snp/report-steps.ts: is none: R and S must be 1 to n-1, and zero above 48 bytes',
  'snp/report-steps.ts: does not verify with the key of the leaf: the report was changed, or another key signed it',
  'snp/report-steps.ts:  (MASK_CHIP_KEY is set: the host switched the chip key off)',
  'tpm/log-steps.ts: ; PCR ¤1 went on after the log, which proves nothing of them',
  // Names of documents, parties and facts.
  'ibm-se/host-steps.ts: ¤1, verifying the host key document',
  'nvidia/appraisal-steps.ts: relying party',
  'sev/chain-steps.ts: ¤1, chapter 2 "Key management" and appendices B, C',
  'sev/guest-steps.ts: ¤1, chapter 3 "Guest policy"',
  "token/claim-steps.ts: documentation of the service's claims",
  "token/expect-steps.ts: documentation of the service's claims",
  'tpm/boot/facts.ts: a certificate that cannot be read',
])
