import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { createWorld, kbsEvidence } from '@sekisho/emulator'
import { keptRsaKeys } from '@sekisho/emulator/kit'
import type { Check, Verdict } from '@sekisho/evidence'
import type { GivenFile } from '../src/engine/messages.ts'
import { WORK } from '../src/engine/work.ts'
import { japaneseSentences, kindsOf } from '../src/text/sentence-files.ts'
import { idsOf, sentencesOf } from '../src/text/use-sentences.ts'
import { ROOT } from './browser.ts'

const VECTORS = process.env['SEKISHO_VECTORS'] ?? join(ROOT, '..', 'shared', 'vectors')
const skip = statSync(VECTORS, { throwIfNoEntry: false }) === undefined ? `no vectors (${VECTORS})` : false
const MAX_VECTOR = 200_000
const MAX_COMPANIONS = 12
/** Places at which one file of each form is damaged. */
const DAMAGES = 12
const NOW = Date.UTC(2026, 10, 21)

/** Values of checks that are words, and no values: told in Japanese. What decoding expects is the documents' own words. */
function wordsOf({ checks }: Verdict): readonly string[] {
  const isWords = (text: string): boolean => /^[a-z]+ [a-z]+/.test(text) && !/["(:]|https?/.test(text)
  return checks
    .flatMap((group) => group.checks)
    .filter(({ id }: Check) => !/well-formed|readable|hardware$|format$/.test(id))
    .flatMap(({ expected, actual }) => [expected, actual])
    .filter((text): text is string => text !== undefined && isWords(text))
}

interface Coverage {
  readonly told: Map<string, Set<string>>
  readonly lacking: Map<string, string>
}

async function cover(verdict: Verdict, { told, lacking }: Coverage, words = true): Promise<void> {
  const kinds = kindsOf(idsOf(verdict))
  const kind = verdict.checks[0]?.id.split('.')[0] ?? ''
  const { say } = await japaneseSentences(kinds)
  const known = told.get(kind) ?? new Set<string>()
  told.set(kind, known)
  for (const text of [...sentencesOf(verdict), ...(words ? wordsOf(verdict) : [])])
    if (say(text) === undefined) lacking.set(text, kind)
    else known.add(text)
}

async function judge(
  file: GivenFile,
  files: readonly GivenFile[],
  expect: Readonly<Record<string, unknown>>,
  at = NOW,
): Promise<Verdict | undefined> {
  try {
    return (
      await WORK.verify({
        file: file.bytes,
        part: 0,
        files,
        eventLog: undefined,
        expect,
        waive: [],
        anchors: [],
        distrust: [],
        at,
      })
    ).verdict
  } catch {
    // What is no evidence, or broken beyond reading, has no verdict.
    return undefined
  }
}

/** Expectations that the evidence meets, and the same with another digit in every value. */
async function expectationsFor(file: GivenFile): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const place = await WORK.place({ file, part: 0 }).catch(() => undefined)
  if (place?.as !== 'evidence') return []
  const text = JSON.stringify(place.opened.skeleton)
  const other = text.replace(
    /"([0-9a-f]+)([0-9a-f])"/g,
    (_, start: string, end: string) => `"${start}${end === '0' ? '1' : '0'}"`,
  )
  const lenient = { allowDebug: true, allowEmulated: true, nonce: '00'.repeat(32) }
  return [{}, JSON.parse(other), { ...JSON.parse(text), ...lenient }]
}

async function coverFile(
  file: GivenFile,
  files: readonly GivenFile[],
  coverage: Coverage,
): Promise<string | undefined> {
  let kind: string | undefined
  for (const expect of await expectationsFor(file)) {
    const verdict = await judge(file, files, expect)
    if (verdict === undefined) continue
    kind = `${verdict.tee} ${verdict.format}`
    await cover(verdict, coverage)
  }
  const early = await judge(file, files, {}, Date.UTC(2012, 0, 1))
  if (early !== undefined) await cover(early, coverage)
  return kind
}

async function coverDamaged(file: GivenFile, files: readonly GivenFile[], coverage: Coverage): Promise<void> {
  for (let i = 0; i < DAMAGES; i++) {
    const bytes = file.bytes.slice()
    const at = Math.floor((i * bytes.length) / DAMAGES)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (i % 8))
    const verdict = await judge({ ...file, bytes }, files, {})
    if (verdict !== undefined) await cover(verdict, coverage, false)
  }
}

function listed(coverage: Coverage): readonly string[] {
  return [...coverage.lacking].map(([text, kind]) => `${kind}: ${text.slice(0, 200)}`)
}

function fileOf(folder: string, name: string): GivenFile | undefined {
  const stat = statSync(join(folder, name), { throwIfNoEntry: false })
  if (stat?.isFile() !== true || stat.size > MAX_VECTOR || stat.size < 40) return undefined
  return { name, bytes: new Uint8Array(readFileSync(join(folder, name))) }
}

function filesIn(folder: string): readonly GivenFile[] {
  return readdirSync(folder).flatMap((name) => fileOf(folder, name) ?? [])
}

describe('sentences of verdicts in Japanese', () => {
  it('of every emulated platform, damaged or not, has none in English', async () => {
    const coverage: Coverage = { told: new Map(), lacking: new Map() }
    const world = createWorld({ products: ['Genoa'], rsaKey: keptRsaKeys() })
    for (const kind of ['snp', 'tdx', 'sgx', 'nitro', 'cca', 'tpm'] as const) {
      const evidence = JSON.stringify(kbsEvidence(kind, world[kind]({}).attest(new Uint8Array(48))))
      const file = { name: kind, bytes: new TextEncoder().encode(evidence) }
      assert.ok((await coverFile(file, [], coverage)) !== undefined, kind)
      await coverDamaged(file, [], coverage)
    }
    assert.deepEqual(listed(coverage), [])
    assert.ok(coverage.told.size >= 6)
  })

  it('of every example has none in English', async () => {
    const coverage: Coverage = { told: new Map(), lacking: new Map() }
    const examples = join(ROOT, 'examples')
    for (const folder of readdirSync(examples)) {
      if (!statSync(join(examples, folder)).isDirectory()) continue
      const files = filesIn(join(examples, folder))
      for (const file of files)
        await coverFile(file, files.filter((one) => one !== file).slice(0, MAX_COMPANIONS), coverage)
    }
    assert.deepEqual(listed(coverage), [])
    assert.ok(coverage.told.size >= 3, [...coverage.told.keys()].join())
  })

  it('of all real evidence has none in English', { skip }, async () => {
    const coverage: Coverage = { told: new Map(), lacking: new Map() }
    const damaged = new Set<string>()
    const folders = new Map<string, readonly GivenFile[]>()
    for (const path of readdirSync(VECTORS, { recursive: true, encoding: 'utf8' })) {
      const folder = dirname(join(VECTORS, path))
      const file = fileOf(VECTORS, path)
      if (file === undefined) continue
      const all = folders.get(folder) ?? filesIn(folder)
      folders.set(folder, all)
      const files = all.filter(({ name }) => !path.endsWith(name)).slice(0, MAX_COMPANIONS)
      const kind = await coverFile(file, files, coverage)
      if (kind === undefined || damaged.has(kind)) continue
      damaged.add(kind)
      await coverDamaged(file, files, coverage)
    }
    assert.deepEqual(listed(coverage), [])
    for (const kind of ['snp', 'sev', 'tdx', 'sgx', 'nitro', 'cca', 'psa', 'azure', 'nvidia', 'ibm-se', 'token', 'ias'])
      assert.ok((coverage.told.get(kind)?.size ?? 0) > 20, `${kind}: ${coverage.told.get(kind)?.size}`)
  })
})
