import type { Verdict } from '@sekisho/evidence'
import { createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import { useLanguage } from './language.ts'
import { compileSentences, type Sentences } from './sentences.ts'
import type { SentencePairs } from './sentences-ja/sentences.ts'

type Load = () => Promise<{ readonly sentences: SentencePairs }>

const FILES = {
  core: () => import('./sentences-ja/core.ts'),
  faults: () => import('./sentences-ja/faults.ts'),
  snp: () => import('./sentences-ja/snp.ts'),
  sev: () => import('./sentences-ja/sev.ts'),
  dcap: () => import('./sentences-ja/dcap.ts'),
  tdx: () => import('./sentences-ja/tdx.ts'),
  sgx: () => import('./sentences-ja/sgx.ts'),
  ias: () => import('./sentences-ja/ias.ts'),
  nitro: () => import('./sentences-ja/nitro.ts'),
  arm: () => import('./sentences-ja/arm.ts'),
  cca: () => import('./sentences-ja/cca.ts'),
  psa: () => import('./sentences-ja/psa.ts'),
  tpm: () => import('./sentences-ja/tpm.ts'),
  'tpm-log': () => import('./sentences-ja/tpm-log.ts'),
  azure: () => import('./sentences-ja/azure.ts'),
  nvidia: () => import('./sentences-ja/nvidia.ts'),
  'nvidia-endorsements': () => import('./sentences-ja/nvidia-endorsements.ts'),
  'ibm-se': () => import('./sentences-ja/ibm-se.ts'),
  token: () => import('./sentences-ja/token.ts'),
  composite: () => import('./sentences-ja/composite.ts'),
  checkpoint: () => import('./sentences-ja/checkpoint.ts'),
  policy: () => import('./sentences-ja/policy.ts'),
} as const satisfies Readonly<Record<string, Load>>

type File = keyof typeof FILES

/** Files by kind: the part of a check's id before its first dot, or a page's own word. */
const NEEDS: Readonly<Record<string, readonly File[]>> = {
  snp: ['snp'],
  sev: ['sev'],
  tdx: ['dcap', 'tdx'],
  sgx: ['dcap', 'sgx'],
  ias: ['ias'],
  nitro: ['nitro'],
  cca: ['arm', 'cca'],
  psa: ['arm', 'psa'],
  tpm: ['tpm', 'tpm-log'],
  azure: ['azure', 'tpm', 'tpm-log', 'snp', 'dcap', 'tdx'],
  nvidia: ['nvidia', 'nvidia-endorsements'],
  'ibm-se': ['ibm-se'],
  token: ['token'],
  composite: ['composite'],
  checkpoint: ['checkpoint'],
  policy: ['policy'],
}

const SHARED: readonly File[] = ['core', 'faults']

const loaded = new Map<string, Sentences>()

/** The kinds of which ids of checks are, for {@link japaneseSentences}; what has no dot in it is a kind itself. */
export function kindsOf(ids: Iterable<string>): readonly string[] {
  const kinds = new Set<string>()
  for (const id of ids) {
    const kind = id.split('.', 1)[0] ?? ''
    if (Object.hasOwn(NEEDS, kind)) kinds.add(kind)
  }
  return [...kinds].sort()
}

/** Ids of the groups of a verdict and its parts. */
export function idsOf(verdict: Verdict): readonly string[] {
  return [...verdict.checks.map(({ id }) => id), ...(verdict.parts ?? []).flatMap((part) => idsOf(part.verdict))]
}

/** Every sentence of a verdict; `expected` and `actual` are values and not among them. */
export function sentencesOf(verdict: Verdict): readonly string[] {
  return [
    verdict.summary,
    ...verdict.checks.flatMap(({ checks }) => checks.flatMap(({ reason, remedy }) => [reason, remedy?.action ?? ''])),
    ...verdict.assumed.flatMap(({ statement, because }) => [statement, because]),
    ...verdict.notes.map(({ text }) => text),
    ...(verdict.parts ?? []).flatMap((part) => sentencesOf(part.verdict)),
  ].filter((text) => text !== '')
}

/** The Japanese sentences of some kinds. */
export async function japaneseSentences(kinds: readonly string[]): Promise<Sentences> {
  const key = kinds.join()
  const known = loaded.get(key)
  if (known !== undefined) return known
  const files = new Set([...SHARED, ...kinds.flatMap((kind) => NEEDS[kind] ?? [])])
  const lists = await Promise.all([...files].map(async (file) => (await FILES[file]()).sentences))
  const made = compileSentences(lists)
  loaded.set(key, made)
  return made
}

/** How a part of the page tells sentences of the verdict. */
export interface Speech {
  /** The sentence in the reader's language; undefined where it is told as it is, in English. */
  say(english: string): string | undefined
  /** False until it is known what can be told. */
  readonly isReady: boolean
}

const ENGLISH: Speech = { say: () => undefined, isReady: false }

/** Gives sentences of a verdict to the components that show them. */
export const SpeechContext: import('preact').Context<Speech> = createContext<Speech>(ENGLISH)

/** The speech of the verdict that a component stands in. */
export function useSpeech(): Speech {
  return useContext(SpeechContext)
}

/**
 * Sentences in the reader's language.
 *
 * @param ids of checks whose sentences will be told, so that their kinds are loaded
 */
export function useSentences(ids: readonly string[]): Speech {
  const isJapanese = useLanguage() === 'ja'
  const kinds = kindsOf(ids)
  const key = kinds.join()
  const [failed, setFailed] = useState('')
  const [, setTurn] = useState(0)
  useEffect(() => {
    let wanted = isJapanese && !loaded.has(key)
    if (!wanted) return undefined
    japaneseSentences(kinds).then(
      () => {
        if (wanted) setTurn((before) => before + 1)
      },
      // Offline before they were kept: the sentences stay English.
      () => {
        if (wanted) setFailed(key)
      },
    )
    return () => {
      wanted = false
    }
  }, [key, isJapanese])
  if (!isJapanese) return ENGLISH
  const sentences = loaded.get(key)
  return { say: (english) => sentences?.say(english), isReady: sentences !== undefined || failed === key }
}
