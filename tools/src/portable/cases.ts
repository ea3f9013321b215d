import { createHash, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { parse } from 'yaml'
import { filesBelow } from '../files.ts'
import { editedFile, mutationsOf } from './mutations.ts'
import type { PortableCase } from './suite.ts'

type Json = Readonly<Record<string, unknown>>

/** Every case below `folder` that has evidence, with its collateral, its time and its anchor. Empty when the folder is not there. */
export function vectorCases(folder: string): PortableCase[] {
  const kinds = ['intel-sgx', 'intel-tdx', 'intel-generated', 'amd-sev-snp']
  return kinds.flatMap((kind) =>
    filesBelow(join(folder, kind), 'case.json')
      .filter((path) => existsSync(join(folder, kind, dirname(path), 'evidence.bin')))
      .map((path) => vectorCase(join(folder, kind, dirname(path)), `${kind}/${dirname(path)}`, kind)),
  )
}

/** Every edited copy of a case of SEV-SNP, at its own time. */
export function mutatedCases(folder: string): PortableCase[] {
  const home = join(folder, 'amd-sev-snp')
  return mutationsOf(home).flatMap((mutation) => {
    const evidence = editedFile(home, mutation, 'evidence.bin')
    const whole = vectorCaseOf(home, mutation.base)
    if (evidence === undefined || whole === undefined) return []
    const { at } = optionsOf(whole)
    const collateral = Object.fromEntries(
      SNP_PARTS.flatMap((part) => {
        const file = part === 'crl' ? 'crl.der' : `certs/${part}.der`
        const edited = editedFile(home, mutation, file)
        return edited === undefined ? [] : [[part, { $hex: Buffer.from(edited).toString('hex') }]]
      }),
    )
    const time = mutation.evaluateAt === undefined ? at : date(mutation.evaluateAt)
    return [
      {
        ...whole,
        name: `amd-sev-snp/${mutation.id}`,
        evidence: { $hex: Buffer.from(evidence).toString('hex') },
        options: { ...optionsOf(whole), at: time, collateral },
      },
    ]
  })
}

function vectorCaseOf(home: string, base: string): PortableCase | undefined {
  const folder = join(home, base)
  return existsSync(join(folder, 'case.json')) && existsSync(join(folder, 'evidence.bin'))
    ? vectorCase(folder, base, 'amd-sev-snp')
    : undefined
}

function optionsOf({ options }: PortableCase): Json {
  return typeof options === 'object' && options !== null ? { ...options } : {}
}

const SNP_PARTS: readonly string[] = ['vcek', 'vlek', 'ask', 'asvk', 'ark', 'crl']

/** The examples of this repository, as cases: the suite has something to say without the vectors too. */
export function exampleCases(folder: string): PortableCase[] {
  const trustAnchors: unknown = JSON.parse(readFileSync(join(folder, 'example-root.json'), 'utf8'))
  return filesBelow(folder, '.bin')
    .filter((path) => /(^|\/)(quote|report)\.bin$/.test(path))
    .map((path) => {
      const home = join(folder, dirname(path))
      const tee = path.startsWith('snp') ? 'snp' : path.startsWith('sgx') ? 'sgx' : 'tdx'
      const expect: unknown = parse(readFileSync(join(home, 'expect.yaml'), 'utf8'))
      const options = { at: date('2026-06-15T12:00:00Z'), trustAnchors, expect, ...collateralOf(home) }
      return { name: `examples/${path}`, tee, evidence: bytes(join(folder, path)), options }
    })
}

function vectorCase(home: string, name: string, kind: string): PortableCase {
  const content: Json = JSON.parse(readFileSync(join(home, 'case.json'), 'utf8'))
  const tee = content.tee === 'sgx' || content.tee === 'tdx' ? content.tee : 'snp'
  const at = typeof content.evaluateAt === 'string' ? content.evaluateAt : '2026-01-01T00:00:00Z'
  const anchor = anchorFile(home, kind, content)
  const trustAnchors = anchor === undefined ? {} : { trustAnchors: [anchorOf(anchor)], expect: { allowEmulated: true } }
  return {
    name,
    tee,
    evidence: bytes(join(home, 'evidence.bin')),
    options: { at: date(at), ...trustAnchors, ...collateralOf(home) },
  }
}

/** Endorsements in the layouts of the vectors and of the examples. */
function collateralOf(home: string): Json {
  const intel = join(home, 'collateral.json')
  const eventLog = join(home, 'ccel.bin')
  if (existsSync(intel)) {
    return {
      collateral: JSON.parse(readFileSync(intel, 'utf8')),
      ...(existsSync(eventLog) ? { eventLog: bytes(eventLog) } : {}),
    }
  }
  const parts = [
    ...filesBelow(join(home, 'certs'), '.der').map((name) => join(home, 'certs', name)),
    join(home, 'crl.der'),
  ]
  const found = parts.filter(
    (path) => existsSync(path) && ['vcek', 'vlek', 'ask', 'asvk', 'ark', 'crl'].includes(basename(path, '.der')),
  )
  return found.length === 0
    ? {}
    : { collateral: Object.fromEntries(found.map((path) => [basename(path, '.der'), bytes(path)])) }
}

function anchorFile(home: string, kind: string, { anchor, trustAnchor }: Json): string | undefined {
  if (typeof trustAnchor === 'string') return join(home, trustAnchor)
  if (kind !== 'intel-generated' || anchor === 'intel') return undefined
  const own = join(home, 'trust-anchor.pem')
  return existsSync(own) ? own : join(dirname(home), 'trust-anchor.pem')
}

function anchorOf(path: string): Json {
  const spki = new X509Certificate(readFileSync(path)).publicKey.export({ type: 'spki', format: 'der' })
  const spkiSha256 = createHash('sha256').update(spki).digest('hex')
  return { id: 'test-root', name: 'Test root', vendor: 'nobody', spkiSha256, emulated: true }
}

function bytes(path: string): Json {
  return { $hex: readFileSync(path).toString('hex') }
}

function date(text: string): Json {
  return { $date: text }
}
