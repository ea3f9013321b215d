import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createWorld, kbsEvidence } from '@sekisho/emulator'
import { keptRsaKeys } from '@sekisho/emulator/kit'
import { toHex, type Verdict } from '@sekisho/evidence'
import { compositeCheckIds } from '@sekisho/evidence/composite'
import { ibmSeCatalogue } from '@sekisho/evidence/ibm-se'
import { nvidiaCatalogue } from '@sekisho/evidence/nvidia'
import { sgxCatalogue } from '@sekisho/evidence/sgx'
import { snpCatalogue } from '@sekisho/evidence/snp'
import { tdxCatalogue } from '@sekisho/evidence/tdx'
import { WORK } from '../src/engine/work.ts'
import { japaneseTitle } from '../src/text/check-titles.ts'
import { ROOT } from './browser.ts'

const VECTORS = process.env['SEKISHO_VECTORS'] ?? join(ROOT, '..', 'shared', 'vectors')
const MAX_VECTOR = 200_000
const JAPANESE = /[\u3040-\u30ff\u4e00-\u9fff]/
/** What is called the same in Japanese. */
const NAMES = new Set(['azure.vtpm'])

async function lacking(ids: Iterable<string>): Promise<readonly string[]> {
  const found: string[] = []
  for (const id of new Set(ids)) {
    const title = await japaneseTitle(id)
    if (title === undefined || !(JAPANESE.test(title) || NAMES.has(id))) found.push(id)
  }
  return found
}

function idsOf(verdict: Verdict): readonly string[] {
  return [
    ...verdict.checks.flatMap(({ id, checks }) => [id, ...checks.map((check) => check.id)]),
    ...(verdict.parts ?? []).flatMap((part) => idsOf(part.verdict)),
  ]
}

/** Ids of all checks of the verdict on a file, whatever it is; none where it is no evidence. */
async function idsIn(name: string, bytes: Uint8Array): Promise<readonly string[]> {
  try {
    const place = await WORK.place({ file: { name, bytes }, part: 0 })
    if (place.as !== 'evidence') return []
    const { verdict } = await WORK.verify({
      file: bytes,
      part: 0,
      files: [],
      eventLog: undefined,
      expect: {},
      waive: [],
      anchors: [],
      distrust: [],
      at: Date.UTC(2026, 10, 21),
    })
    return idsOf(verdict)
  } catch {
    // Most vectors are no evidence, or broken on purpose.
    return []
  }
}

describe('Japanese titles of checks', () => {
  for (const [tee, catalogue] of Object.entries({
    snpCatalogue,
    tdxCatalogue,
    sgxCatalogue,
    nvidiaCatalogue,
    ibmSeCatalogue,
  }))
    it(`${tee}: every id has one`, async () => {
      assert.ok(Object.keys(catalogue).length > 30)
      assert.deepEqual(await lacking(Object.keys(catalogue)), [])
    })

  it('every check of several pieces of evidence has one, and their group', async () => {
    assert.deepEqual(await lacking(['composite.parts', ...compositeCheckIds()]), [])
  })

  it('every check of every emulated platform has one', async () => {
    const world = createWorld({ products: ['Genoa'], rsaKey: keptRsaKeys() })
    for (const kind of ['snp', 'tdx', 'sgx', 'nitro', 'cca', 'tpm'] as const) {
      const evidence = JSON.stringify(kbsEvidence(kind, world[kind]({}).attest(new Uint8Array(48))))
      const ids = await idsIn(kind, new TextEncoder().encode(evidence))
      assert.ok(ids.length > 15, `${kind}: ${ids.length}`)
      assert.deepEqual(await lacking(ids), [], kind)
    }
  })

  it('every check of real evidence has one', {
    skip: statSync(VECTORS, { throwIfNoEntry: false }) === undefined ? `no vectors (${VECTORS})` : false,
  }, async () => {
    const kinds = new Map<string, number>()
    const ids = new Set<string>()
    for (const name of readdirSync(VECTORS, { recursive: true, encoding: 'utf8' })) {
      const path = join(VECTORS, name)
      const { size } = statSync(path)
      if (!statSync(path).isFile() || size > MAX_VECTOR || size < 100) continue
      const found = await idsIn(name, new Uint8Array(readFileSync(path)))
      const kind = found[0]?.split('.')[0]
      if (kind !== undefined) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
      for (const id of found) ids.add(id)
    }
    for (const kind of [
      'snp',
      'sev',
      'tdx',
      'sgx',
      'nitro',
      'cca',
      'psa',

      'azure',
      'nvidia',
      'ibm-se',
      'token',
      'ias',
    ])
      assert.ok(kinds.has(kind), `no evidence of ${kind} among the vectors: ${JSON.stringify([...kinds])}`)
    assert.deepEqual(await lacking(ids), [])
  })

  it('an id that nobody knows has none', async () => {
    for (const id of ['', 'snp', 'snp.', 'other.check', '__proto__.x', 'snp.constructor', toHex(new Uint8Array(4))])
      assert.equal(await japaneseTitle(id), undefined, id)
  })
})
