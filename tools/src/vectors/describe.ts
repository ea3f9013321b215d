import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { foldersIn } from '../files.ts'
import { sha256 } from './find.ts'
import type { CaseEntry, Item, Source, VectorsManifest } from './manifest.ts'

const GENUINE: readonly string[] = ['intel-sgx', 'intel-tdx', 'amd-sev-snp']
const HEAD_BYTES = 16

/** Describes the genuine cases below `folder` (sources and digests, no content), for whoever fetches them anew. */
export function describeVectors(folder: string): VectorsManifest {
  const sources: Source[] = []
  const cases = GENUINE.flatMap((kind) =>
    foldersIn(join(folder, kind))
      .filter((name) => readdirSync(join(folder, kind, name)).includes('case.json'))
      .map((name) => describeCase(folder, `${kind}/${name}`, sources)),
  )
  return { version: 1, sources, cases }
}

function describeCase(folder: string, name: string, sources: Source[]): CaseEntry {
  const home = join(folder, name)
  const content = record(JSON.parse(readFileSync(join(home, 'case.json'), 'utf8')))
  const expect = record(content.expect)
  return {
    name,
    tee: String(content.tee),
    ...(typeof content.version === 'number' ? { version: content.version } : {}),
    ...(typeof content.evaluateAt === 'string' ? { evaluateAt: content.evaluateAt } : {}),
    expect: Object.fromEntries(
      ['verdict', 'error', 'reason', 'tcbStatus'].flatMap((key) =>
        typeof expect[key] === 'string' ? [[key, expect[key]]] : [],
      ),
    ),
    sources: [...new Set(sourcesOf(content).map((source) => indexOf(sources, source)))],
    items: itemsOf(home),
  }
}

function sourcesOf(content: Readonly<Record<string, unknown>>): Source[] {
  const { source, collateralSource } = content
  const all = [...(Array.isArray(source) ? source : [source]), ...Object.values(record(collateralSource))]
  return all.map(record).flatMap(({ repo, commit, path, license }) => {
    if (typeof repo !== 'string' || typeof commit !== 'string' || typeof path !== 'string') return []
    return [{ repo: repo.replace(/^(https:\/\/)?github\.com\//, ''), commit, path, license: String(license) }]
  })
}

function indexOf(sources: Source[], source: Source): number {
  const key = JSON.stringify(source)
  const known = sources.findIndex((each) => JSON.stringify(each) === key)
  return known >= 0 ? known : sources.push(source) - 1
}

function itemsOf(home: string): Item[] {
  const names = readdirSync(home, { withFileTypes: true })
  const items: Item[] = []
  for (const entry of names) {
    if (entry.isDirectory())
      items.push(...readdirSync(join(home, entry.name)).map((name) => fileItem(home, `${entry.name}/${name}`)))
    else if (entry.name === 'collateral.json') items.push(...collateralItems(join(home, entry.name)))
    else if (entry.name !== 'case.json') items.push(fileItem(home, entry.name))
  }
  return items
}

function fileItem(home: string, name: string): Item {
  return item(name, 'raw', readFileSync(join(home, name)))
}

function collateralItems(path: string): Item[] {
  const members = Object.entries(record(JSON.parse(readFileSync(path, 'utf8'))))
  return members.flatMap(([member, value]) => {
    if (typeof value !== 'string') return []
    const hex = /^([0-9a-f]{2})+$/.test(value)
    return [item(`collateral.json#${member}`, hex ? 'hex' : 'text', Buffer.from(value, hex ? 'hex' : 'utf8'))]
  })
}

function item(into: string, as: Item['as'], bytes: Buffer): Item {
  return { into, as, size: bytes.length, sha256: sha256(bytes), head: bytes.subarray(0, HEAD_BYTES).toString('hex') }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
