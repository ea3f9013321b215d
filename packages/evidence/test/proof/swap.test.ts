import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createIntelAuthority, generateKey, makeSgx, makeSnp, makeTdx } from '@sekisho/emulator/kit'
import { EvidenceError } from '../../src/core/errors.ts'
import type { Claims, Verdict } from '../../src/core/verdict.ts'
import { INTEL_SWAPS, type IntelPiece, ownSwaps, pieceOf, type Swapped } from './intel-swaps.ts'
import { KnownChecks } from './known-checks.ts'
import { intelSubject, madeSubjects } from './made-subjects.ts'
import { SNP_SWAPS, type SnpSwapped } from './snp-swaps.ts'
import {
  type IntelSubject,
  intelBaseline,
  judgeIntel,
  judgeSnp,
  objections,
  type SnpSubject,
  type Subject,
  snpBaseline,
  type Tell,
} from './subjects.ts'
import { intelCases, MISSING, snpCases, VECTORS } from './vector-subjects.ts'

/** Every subject is tried with parts of so many others, for each kind of part. */
const MOST_PARTNERS = 6

/** What `make` gives for a subject, made once: it is the same for every kind of part. */
function once<S extends Subject, T>(make: (subject: S) => T): (subject: S) => T {
  const kept = new Map<S, T>()
  return (subject) => {
    const known = kept.get(subject) ?? make(subject)
    kept.set(subject, known)
    return known
  }
}

// The same few chains meet in all of them.
const checks = new KnownChecks()
const tell: Tell = (story) => checks.learn(story)

const intelBase = once(intelBaseline)
const snpBase = once(snpBaseline)
const intelPiece = once(pieceOf)

function problem(verdict: Verdict<Claims>, checks: readonly string[]): string | undefined {
  const found = objections(verdict)
  if (verdict.outcome === 'verified' || verdict.authenticity === 'proven') return `ACCEPTED (${verdict.outcome})`
  return checks.some((check) => found.some((id) => id.startsWith(check)))
    ? undefined
    : `${checks.join(' or ')} expected: ${found.join(' ')}`
}

function intelProblem(piece: IntelPiece, base: ReturnType<typeof intelBaseline>, swap: Swapped): string | undefined {
  const { subject } = piece
  try {
    const { evidence = subject.evidence, collateral = subject.collateral } = swap
    const verdict = judgeIntel(subject, evidence, collateral, base, { tell })
    return problem(
      verdict,
      swap.checks.map((check) => `${subject.tee}.${check}`),
    )
  } catch (error) {
    if (error instanceof EvidenceError) return `${error.code}: ${error.message}`
    throw error
  }
}

function assertIntelSwaps(subjects: readonly IntelSubject[], name: string): number {
  const pieces = subjects.map(intelPiece)
  const problems: string[] = []
  let made = 0
  const look = (
    piece: IntelPiece,
    base: ReturnType<typeof intelBaseline>,
    swap: Swapped | undefined,
    from: string,
  ): void => {
    if (swap === undefined) return
    made++
    const found = intelProblem(piece, base, swap)
    if (found !== undefined) problems.push(`${piece.subject.name} with ${name} of ${from}: ${found}`)
  }
  for (const a of pieces) {
    const base = intelBase(a.subject)
    look(a, base, ownSwaps(a)[name], 'its own')
    let partners = 0
    for (const b of pieces) {
      if (partners >= MOST_PARTNERS) break
      const swap = a === b ? undefined : INTEL_SWAPS[name]?.(a, b)
      if (swap === undefined) continue
      partners++
      look(a, base, swap, b.subject.name)
    }
  }
  assert.deepEqual(problems.slice(0, 10), [])
  return made
}

function assertSnpSwaps(subjects: readonly SnpSubject[], name: string): number {
  const problems: string[] = []
  let made = 0
  for (const a of subjects) {
    const base = snpBase(a)
    let partners = 0
    for (const b of subjects) {
      if (partners >= MOST_PARTNERS) break
      const swap: SnpSwapped | undefined = a === b ? undefined : SNP_SWAPS[name]?.(a, b)
      if (swap === undefined) continue
      partners++
      made++
      const { evidence = a.evidence, collateral = a.collateral } = swap
      const found = problem(judgeSnp(a, evidence, collateral, base, { tell }), swap.checks)
      if (found !== undefined) problems.push(`${a.name} with ${name} of ${b.name}: ${found}`)
    }
  }
  assert.deepEqual(problems.slice(0, 10), [])
  return made
}

const isIntel = (subject: Subject): subject is IntelSubject => subject.tee !== 'snp'
const isSnp = (subject: Subject): subject is SnpSubject => subject.tee === 'snp'

/** Besides one of each layout: another platform, another root, an older set for the same quote. */
function madeForSwaps(): readonly Subject[] {
  const other = createIntelAuthority()
  const fresh = makeSgx()
  const window = { from: new Date('2026-04-01T00:00:00Z'), to: new Date('2026-05-01T00:00:00Z') }
  const older = makeSgx({ window }).collateral
  return [
    ...madeSubjects(),
    intelSubject(
      'another-platform',
      'sgx',
      makeSgx({ pck: { fmspc: 'c0ffee000009' }, enclave: { mrEnclave: 'e2'.repeat(32) } }),
    ),
    intelSubject('another-platform-tdx', 'tdx', makeTdx({ pck: { fmspc: 'c0ffee000009' } })),
    intelSubject('another-root', 'sgx', makeSgx({ authority: other })),
    intelSubject('now', 'sgx', fresh),
    intelSubject('then', 'sgx', { ...fresh, collateral: older, at: new Date('2026-04-15T00:00:00Z') }),
    snpSubject('genoa-vcek', makeSnp()),
    snpSubject('milan-vlek', makeSnp({ product: 'Milan', role: 'vlek' })),
    snpSubject('genoa-id-block-2', makeSnp({ idBlock: { idKey: generateKey('P-384') } })),
  ]
}

function snpSubject(name: string, { evidence, collateral, anchor, at }: ReturnType<typeof makeSnp>): SnpSubject {
  return { name: `made/${name}`, tee: 'snp', evidence, collateral, anchors: [anchor], at: at.getTime() }
}

const skip = MISSING.length === 0 ? false : `${MISSING.join(', ')} are missing in ${VECTORS}: set SEKISHO_VECTORS`
const made = madeForSwaps()
const intelNames = [
  ...Object.keys(INTEL_SWAPS),
  ...Object.keys(ownSwaps(pieceOf(made.filter(isIntel)[0] as IntelSubject))),
]
const genuine =
  skip === false
    ? intelCases(true).filter(
        ({ name }) =>
          !name.startsWith('intel-generated/') ||
          name.includes('sgx-v3-up') ||
          name.includes('uptodate') ||
          name.includes('processor'),
      )
    : []
const reports = skip === false ? snpCases() : []

describe('parts of other evidence in a quote or its collateral', () => {
  for (const name of intelNames) {
    it(`${name}: samples of the test kit`, () => assert.ok(assertIntelSwaps(made.filter(isIntel), name) > 0))
    it(`${name}: vectors`, { skip }, () => assert.ok(assertIntelSwaps(genuine, name) > 0))
  }
})

/** No two vectors that are accepted have such a part. */
const ONLY_MADE: readonly string[] = []

describe('parts of other evidence in a report or its endorsements', () => {
  for (const name of Object.keys(SNP_SWAPS)) {
    it(`${name}: samples of the test kit`, () => assert.ok(assertSnpSwaps(made.filter(isSnp), name) > 0))
    it(`${name}: vectors`, { skip }, () => assert.ok(assertSnpSwaps(reports, name) > 0 || ONLY_MADE.includes(name)))
  }
})
