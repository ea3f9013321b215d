import { compileSentences, type Sentences } from './sentences.ts'
import type { SentencePairs } from './sentences-ja/sentences.ts'

type Load = () => Promise<{ readonly sentences: SentencePairs }>

const FILES = {
  core: () => import('./sentences-ja/core.ts'),
  faults: () => import('./sentences-ja/faults.ts'),
  snp: () => import('./sentences-ja/snp.ts'),
  'snp-leaf': () => import('./sentences-ja/snp-leaf.ts'),
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
  'token-services': () => import('./sentences-ja/token-services.ts'),
  composite: () => import('./sentences-ja/composite.ts'),
  checkpoint: () => import('./sentences-ja/checkpoint.ts'),
  policy: () => import('./sentences-ja/policy.ts'),
  input: () => import('./sentences-ja/input.ts'),
} as const satisfies Readonly<Record<string, Load>>

type File = keyof typeof FILES

/** Files by kind: the part of a check's id before its first dot, or a page's own word. */
const NEEDS: Readonly<Record<string, readonly File[]>> = {
  snp: ['snp', 'snp-leaf'],
  sev: ['sev'],
  tdx: ['dcap', 'tdx'],
  sgx: ['dcap', 'sgx'],
  ias: ['ias'],
  nitro: ['nitro'],
  cca: ['arm', 'cca'],
  psa: ['arm', 'psa'],
  tpm: ['tpm', 'tpm-log'],
  azure: ['azure', 'tpm', 'tpm-log', 'snp', 'snp-leaf', 'dcap', 'tdx'],
  nvidia: ['nvidia', 'nvidia-endorsements'],
  'ibm-se': ['ibm-se'],
  token: ['token', 'token-services'],
  composite: ['composite'],
  checkpoint: ['checkpoint'],
  policy: ['policy'],
  input: ['input'],
}

const SHARED: readonly File[] = ['core', 'faults']

const made = new Map<string, Sentences>()

/** The kinds of which ids of checks are, for {@link japaneseSentences}; what has no dot in it is a kind itself. */
export function kindsOf(ids: Iterable<string>): readonly string[] {
  const kinds = new Set<string>()
  for (const id of ids) {
    const kind = id.split('.', 1)[0] ?? ''
    if (Object.hasOwn(NEEDS, kind)) kinds.add(kind)
  }
  return [...kinds].sort()
}

/** The Japanese sentences of some kinds. */
export async function japaneseSentences(kinds: readonly string[]): Promise<Sentences> {
  const key = kinds.join()
  const known = made.get(key)
  if (known !== undefined) return known
  const files = new Set([...SHARED, ...kinds.flatMap((kind) => NEEDS[kind] ?? [])])
  const sentences = compileSentences(await Promise.all([...files].map(async (file) => (await FILES[file]()).sentences)))
  made.set(key, sentences)
  return sentences
}
